"""What Pulumi's source says and the recordings don't show, each a small program on the recordings' provider."""

from herd.engine.values import equal


def urns(outcome, severity="error"):
    return [d.urn.rsplit("::", 1)[-1] for d in outcome.diagnostics if d.severity == severity and d.urn]


def test_a_protected_dependent_is_told_on_what_would_take_it_along(stack):
    program = "a = Thing('a', {'fixedv': %d, 'dbr': True}); Thing('b', {'fixedv': a.arn}, Opts(protect=True))"
    assert stack.program(program % 1).engine().up().exit_code == 0
    outcome = stack.program(program % 2).engine().preview()
    assert outcome.exit_code != 0
    assert urns(outcome) == ["a"]


def test_a_dependents_unconfigured_provider_ends_a_preview_in_words(stack):
    program = """
        q = Thing('q', {%s})
        p = Provider('p', {'k': q.arn})
        a = Thing('a', {'fixedv': %d, 'dbr': True}, Opts(depends_on=[p]))
        Thing('c', {'fixedv': a.arn}, Opts(provider=p))
    """
    assert stack.program(program % ("'v': 1", 1)).engine().up().exit_code == 0
    outcome = stack.program(program % ("'fixedv': 1", 2)).engine().preview()
    assert outcome.exit_code != 0
    assert urns(outcome) == ["a"]


def test_nested_ignored_changes_of_a_component_stay_as_they_were_in_the_state(stack):
    stack.program("Comp('k', {'m': {'a': 1, 'b': 1}, 't': 1})").engine().up()
    outcome = (
        stack.program("Comp('k', {'m': {'a': 2, 'b': 1}, 't': 2}, Opts(ignore_changes=['m.a', 't']))").engine().up()
    )
    assert outcome.changes == {"same": 2}
    assert stack.resources()["k"]["inputs"] == {"m": {"a": 1, "b": 1}, "t": 2}


def test_what_replaces_with_a_renamed_resource_follows_its_name(stack):
    rest = "Thing('z', {'v': %s}, Opts(replace_with=[d], deleted_with=d, depends_on=[d]))"
    stack.program("d = Thing('d', {'v': 1}); " + rest % 1).engine().up()
    renamed = "d = Thing('d2', {'v': 1}, Opts(aliases=[pulumi.Alias(name='d')])); "
    for options in ({}, {"refresh": True}):
        outcome = stack.program(renamed + rest % "2, 'failUpdate': True").engine().up(**options)
        assert outcome.exit_code != 0
        z = stack.resources()["z"]
        referred = [*z["replaceWith"], z["deletedWith"], *z["dependencies"]]
        assert {urn.rsplit("::", 1)[-1] for urn in referred} == {"d2"}


def test_null_is_absent_but_not_to_a_trigger():
    assert equal({"m": {"a": 1}}, {"m": {"a": 1, "b": None}})
    assert not equal({"a": 1}, {"a": 1, "b": None}, strict=True)
    assert not equal({"a": None}, {"a": False})


def test_a_lock_names_a_user_without_an_entry_by_number(stack, monkeypatch):
    def unknown():
        raise KeyError("getpwuid(): uid not found: 4242")

    monkeypatch.setattr("getpass.getuser", unknown)
    monkeypatch.setattr("os.getuid", lambda: 4242)
    seen = []
    stack.program("Thing('a')").engine(on_event=lambda _: seen.append(stack.backend.lock_file.read_text())).up()
    assert "uid 4242" in seen[0]
