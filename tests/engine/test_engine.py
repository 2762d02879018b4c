"""What the engine does beyond the recordings: failures around it, its seams, and what it refuses."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from google.protobuf import empty_pb2
from pulumi.runtime.proto import provider_pb2, provider_pb2_grpc

from components.base.problems import InvalidInputError
from herd.engine import Backend, Engine, Program, Secret, UnsupportedError


def errors(outcome) -> list[str]:
    return [d.message for d in outcome.diagnostics if d.severity == "error"]


def warnings(outcome) -> list[str]:
    return [d.message for d in outcome.diagnostics if d.severity == "warning"]


# --- the program


def test_a_run_error_is_told_by_its_message_alone(stack) -> None:
    outcome = stack.program("raise pulumi.RunError('no such zone')").engine().up()
    assert (outcome.exit_code, outcome.result, errors(outcome)) == (1, "failed", ["no such zone"])


def test_what_the_program_prints_and_logs_is_heard(stack) -> None:
    source = """
        import sys
        print("to out")
        print("to err", file=sys.stderr)
        pulumi.warn("careful", resource=Thing("a"))
        pulumi.log.debug("quiet")
    """
    outcome = stack.program(source).engine().up()
    said = {(d.severity, d.message.strip(), d.urn.rsplit("::", 1)[-1]) for d in outcome.diagnostics}
    assert said == {("info", "to out", ""), ("info#err", "to err", ""), ("warning", "careful", "a")}


def test_a_program_that_dies_is_a_failure(stack) -> None:
    outcome = stack.program("import os\nos._exit(5)").engine().up()
    assert (outcome.exit_code, errors(outcome)) == (1, ["Program exited with non-zero exit code: 5"])


@pytest.mark.parametrize(
    ("leave", "code", "said"), [("0", 0, []), ("", 0, []), ("3", 1, ["exit code: 3"]), ("'why'", 1, ["exit code: 1"])]
)
def test_a_program_that_leaves_early_is_judged_by_its_exit_code(stack, leave: str, code: int, said: list[str]) -> None:
    outcome = stack.program(f"import sys\nThing('a')\nsys.exit({leave})").engine().up()
    assert (outcome.exit_code, [m[-len(said[0]) :] for m in errors(outcome)] if said else errors(outcome)) == (
        code,
        said,
    )
    assert sorted(stack.resources()) == ["a", "default", "vec-dev"]


def test_the_program_knows_where_it_is(stack) -> None:
    source = """
        import os
        pulumi.export("root", pulumi.get_root_directory())
        pulumi.export("cwd", os.getcwd())
        pulumi.export("names", [pulumi.get_project(), pulumi.get_stack(), pulumi.get_organization()])
        pulumi.export("dry", pulumi.runtime.is_dry_run())
    """
    outputs = stack.program(source).engine().preview().outputs
    folder = str(stack.folder.resolve())
    assert outputs == {"root": folder, "cwd": folder, "names": ["vec", "dev", "organization"], "dry": True}


def test_a_folder_with_a_main_module_runs_without_preloading(tmp_path: Path) -> None:
    main = tmp_path / "infra"
    main.mkdir()
    (main / "__main__.py").write_text("import helper, pulumi\npulumi.export('from', helper.WHERE)")
    (main / "helper.py").write_text("WHERE = 'beside it'")
    engine = Engine("p", "s", Backend(tmp_path / "state", "p", "s", "x"), {}, Program(tmp_path, main), {})
    outcome = engine.up()
    assert (outcome.exit_code, outcome.outputs) == (0, {"from": "beside it"})


def test_configuration_of_every_kind_reaches_the_program_and_stays_secret(stack) -> None:
    source = """
        config = pulumi.Config()
        pulumi.export("n", config.require_int("n"))
        pulumi.export("on", config.require_bool("on"))
        pulumi.export("list", config.require_object("list"))
        pulumi.export("other", pulumi.Config("other").require("key"))
        pulumi.export("password", config.require_secret("password"))
    """
    config = {"n": 3, "on": True, "list": [1, {"a": 2}], "other:key": "v", "password": Secret("hunter2")}
    outcome = stack.program(source).engine(config=config).up()
    assert outcome.outputs == {"n": 3, "on": True, "list": [1, {"a": 2}], "other": "v", "password": "hunter2"}
    for file, content in stack.files().items():
        assert b"hunter2" not in content, file
    assert "hunter2" not in stack.backend.events_file.read_text()
    assert "hunter2" not in outcome.plan.to_json()


# --- state


def test_pending_creations_are_named_carried_and_cleared(stack) -> None:
    stack.program("Thing('a')").engine().up()
    deployment = stack.backend.export_deployment()
    lost = stack.resources()["a"] | {"urn": "urn:pulumi:dev::vec::probe:index:Thing::lost", "id": ""}
    updating = stack.resources()["a"]
    operations = [{"type": "creating", "resource": lost}, {"type": "updating", "resource": updating}]
    deployment["deployment"]["pending_operations"] = operations
    stack.backend.import_deployment(deployment)

    assert warnings(stack.engine().preview()) == []
    outcome = stack.engine().up()
    assert [(i.operation, i.urn) for i in outcome.interrupted] == [
        ("creating", lost["urn"]),
        ("updating", updating["urn"]),
    ]
    assert len(warnings(outcome)) == 1
    assert lost["urn"] in warnings(outcome)[0]
    pending = stack.backend.export_deployment()["deployment"]["pending_operations"]
    assert [(p["type"], p["resource"]["urn"]) for p in pending] == [("creating", lost["urn"])]

    outcome = stack.engine().refresh()
    assert warnings(outcome) == []
    assert len(stack.backend.export_deployment()["deployment"]["pending_operations"]) == 1
    stack.engine().refresh(clear_pending_creates=True)
    assert "pending_operations" not in stack.backend.export_deployment()["deployment"]


def test_a_preview_writes_nothing_and_needs_no_lock(stack) -> None:
    stack.program("Thing('a')").engine().up()
    before = stack.files()
    with stack.backend.run():
        held = stack.files()
        assert stack.engine().preview().exit_code == 0
        assert stack.files() == held
    assert stack.files() == before


def test_a_wrong_passphrase_is_said_before_anything_happens(stack) -> None:
    stack.program("Thing('a', {'p': pulumi.Output.secret('x')})").engine().up()
    before, calls = stack.files(), stack.calls()
    other = stack.engine()
    other.backend = Backend(stack.backend.directory, "vec", "dev", "wrong")
    with pytest.raises(InvalidInputError, match="incorrect passphrase"):
        other.up()
    assert (stack.files(), stack.calls()) == (before, calls)


def test_a_held_stack_is_not_touched(stack) -> None:
    stack.program("Thing('a')")
    with stack.backend.run(), pytest.raises(InvalidInputError, match="locked by"):
        stack.engine().up()
    assert stack.calls() == []


def test_a_full_disk_is_one_clear_error_and_the_next_run_goes_on(stack, monkeypatch) -> None:
    from herd.engine.journal import Journal

    def full(self, lines) -> None:
        if any(b'"begin"' in line for line in lines):
            raise OSError(28, "No space left on device", "the journal")
        store(self, lines)

    store = Journal._store
    stack.program("Thing('a')")
    monkeypatch.setattr(Journal, "_store", full)
    with pytest.raises(InvalidInputError, match="No space left on device"):
        stack.engine().up()
    assert stack.calls("Create") == []
    monkeypatch.undo()
    assert stack.engine().up().changes == {"same": 1, "create": 1}


def test_events_are_written_as_lines_and_handed_on_alike(stack) -> None:
    heard = []
    stack.program("Thing('a')").engine(on_event=heard.append).up()
    assert [json.loads(line) for line in stack.backend.events_file.read_text().splitlines()] == heard
    assert [e["sequence"] for e in heard] == list(range(len(heard)))
    assert "preludeEvent" in heard[0]
    assert "cancelEvent" in heard[-1]


# --- options


def test_up_can_refresh_first(stack) -> None:
    stack.program("Thing('a', {'size': 1})").engine().up()
    stack.overrides(a={"set": {"size": 2}})
    assert stack.engine().up().changes == {"same": 2}
    outcome = stack.engine().up(refresh=True)
    assert outcome.changes == {"same": 1, "update": 1}
    assert stack.resources()["a"]["inputs"] == {"size": 1}


def test_a_refresh_that_fails_for_one_takes_over_the_others_and_fails(stack) -> None:
    stack.program("for n in 'abc': Thing(n, {'size': 1})").engine().up()
    stack.overrides(a={"failRead": True}, b={"set": {"size": 2}}, c={"gone": True})
    outcome = stack.engine().refresh()
    assert (outcome.exit_code, outcome.changes) == (1, {"same": 1, "update": 1, "delete": 1})
    assert errors(outcome) == ["read of a failed", "update failed"]
    assert stack.resources()["b"]["inputs"] == {"size": 2}
    assert sorted(stack.resources()) == ["a", "b", "default", "vec-dev"]
    stack.overrides(a={"failRead": True})
    failed = stack.engine().up(refresh=True)
    assert (failed.exit_code, errors(failed)) == (1, ["read of a failed", "update failed"])


POOLS = """
a = Thing('a', {{'n': 1{fail}}})
on_a = Thing('on-a', {{'of': a.id}})
comp = Comp('comp', opts=Opts(depends_on=[a]))
Thing('inner', {{}}, Opts(parent=comp))
b = Thing('b', {{'n': 1}})
Thing('on-b', {{'of': b.id}})
pulumi.export('a', a.id)
pulumi.export('b', b.id)
"""


def test_what_does_not_hang_on_a_failure_goes_on_and_the_next_run_heals(stack) -> None:
    failing = POOLS.format(fail=", 'failCreate': True")
    outcome = stack.program("Thing('old')\n" + failing).engine().up(continue_on_error=True)
    assert (outcome.exit_code, errors(outcome)) == (1, ["create of a failed", "update failed"])
    assert sorted(stack.resources()) == ["b", "default", "old", "on-b", "vec-dev"]
    assert outcome.outputs == {"a": None, "b": "b-1"}
    assert stack.resources()["vec-dev"]["outputs"] == {"b": "b-1"}, "no unknowns in a state"
    assert "delete" not in stack.program(failing).engine().up(continue_on_error=True).changes
    healed = stack.program(POOLS.format(fail="")).engine().up()
    assert (healed.exit_code, healed.changes) == (0, {"same": 3, "create": 4, "delete": 1})
    assert healed.outputs == {"a": "a-1", "b": "b-1"}


def test_without_continuing_nothing_new_starts_after_a_failure(stack) -> None:
    stack.program("a = Thing('a', {'failCreate': True})\nThing('b', {'of': a.id})")
    assert stack.engine().up().exit_code == 1
    assert sorted(stack.resources()) == ["default", "vec-dev"]


def test_a_destroy_that_continues_leaves_only_what_a_failed_deletion_needs(stack) -> None:
    stack.program("a = Thing('a')\nThing('b', {'of': a.id, 'failDelete': True})\nThing('c')").engine().up()
    assert stack.engine().destroy(continue_on_error=True).exit_code == 1
    assert sorted(stack.resources()) == ["a", "b", "default", "vec-dev"]


def test_protection_can_be_ignored(stack) -> None:
    stack.program("Thing('a', {'fixedSize': 1}, Opts(protect=True))").engine().up()
    assert stack.engine().destroy().exit_code == 1
    stack.program("Thing('a', {'fixedSize': 2}, Opts(protect=True))")
    assert stack.engine().up().exit_code == 1
    assert stack.engine().up(ignore_protect=True).changes == {"same": 1, "replace": 1}
    assert stack.engine().destroy(ignore_protect=True).exit_code == 0


@pytest.mark.parametrize("option", ["targets", "replace", "target_dependents", "excludes"])
def test_options_it_lacks_are_refused_by_name(stack, option: str) -> None:
    with pytest.raises(UnsupportedError, match=option) as caught:
        stack.program("Thing('a')").engine().up(**{option: ["x"]})
    assert caught.value.feature == f"the option {option}"
    assert stack.files() == {}


def test_a_state_or_configuration_it_would_not_honour_is_refused_untouched(stack) -> None:
    stack.program("Thing('a')").engine().up()
    with pytest.raises(UnsupportedError, match="autonaming"):
        stack.engine(config={"pulumi:autonaming": {"mode": "verbatim"}}).up()
    deployment = stack.backend.export_deployment()
    deployment["deployment"]["resources"][-1]["resourceHooks"] = {"beforeDelete": ["stop"]}
    stack.backend.import_deployment(deployment)
    before = stack.files()
    with pytest.raises(UnsupportedError, match="resourceHooks"):
        stack.engine().destroy()
    assert stack.files() == before


@pytest.mark.parametrize(
    ("source", "feature"),
    [
        ("Thing('a', opts=Opts(import_='a-ext'))", "import"),
        ("pulumi.runtime.register_resource_transform(lambda a: None)\nThing('a')", "transforms"),
        ("Thing('a', opts=Opts(transforms=[lambda a: None]))", "transforms"),
        (
            """
            hook = pulumi.ResourceHook('h', lambda a: None)
            Thing('a', opts=Opts(hooks=pulumi.ResourceHookBinding(before_create=[hook])))
            """,
            "resource hooks",
        ),
        ("pulumi.ComponentResource('probe:index:Remote', 'a', {}, Opts(), True)", "remote components (Construct)"),
        ("pulumi.StackReference('other')", "the built-in pulumi:pulumi:StackReference"),
        ("Thing('a', {'x': pulumi.FileArchive('.')})", "archives"),
    ],
)
def test_features_it_lacks_end_the_run_with_their_name(stack, source: str, feature: str) -> None:
    outcome = stack.program(source).engine().up()
    assert (outcome.exit_code, outcome.result, outcome.refused) == (1, "failed", feature)
    assert errors(outcome)[0].startswith(f"the embedded engine does not support {feature}")
    assert stack.calls("Create") == []


# --- providers


class Servicer(provider_pb2_grpc.ResourceProviderServicer):
    """A provider in this process that speaks an older protocol: no handshake, no secrets, no previews, no diffs."""

    def __init__(self) -> None:
        self.created: list[dict] = []

    def CheckConfig(self, request, context):
        return provider_pb2.CheckResponse(inputs=request.news)

    def Configure(self, request, context):
        return provider_pb2.ConfigureResponse()

    def Check(self, request, context):
        return provider_pb2.CheckResponse(inputs=request.news)

    def Diff(self, request, context):
        return provider_pb2.DiffResponse()

    def Create(self, request, context):
        self.created.append(dict(request.properties))
        return provider_pb2.CreateResponse(id="made", properties=request.properties)

    def Update(self, request, context):
        return provider_pb2.UpdateResponse(properties=request.news)

    def Delete(self, request, context):
        return empty_pb2.Empty()


def local(stack, servicer) -> Engine:
    program = Program(stack.folder, stack.folder / "main.py", {"PYTHONPATH": stack.engine()._program.env["PYTHONPATH"]})
    return Engine("vec", "dev", stack.backend, {"probe": lambda: servicer}, program, {})


def test_an_old_provider_in_this_process_gets_plain_values_and_no_previews(stack) -> None:
    servicer = Servicer()
    stack.program("Thing('a', {'p': pulumi.Output.secret('x'), 'deep': {'n': 1}})")
    assert local(stack, servicer).preview().changes == {"create": 2}
    assert servicer.created == []
    assert local(stack, servicer).up().exit_code == 0
    assert servicer.created[0]["p"] == "x"
    assert b'"x"' not in stack.backend.state_file.read_bytes()
    stack.program("Thing('a', {'p': pulumi.Output.secret('y'), 'deep': {'n': 2}})")
    outcome = local(stack, servicer).up()
    step = next(s for s in outcome.plan.steps if s.op == "update")
    assert (step.diffs, [c.path for c in step.detailed]) == (("deep", "p"), ["deep.n", "p"])


def test_a_missing_plugin_is_named(stack) -> None:
    outcome = Engine("vec", "dev", stack.backend, {}, stack.program("Thing('a')").engine()._program, {}).up()
    assert errors(outcome) == ["no plugin is known for package 'probe' (known: none)"]


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ({}, "no plugin for provider probe"),
        ({"PulumiPlugin.yaml": "runtime: nodejs"}, "only python"),
        ({"PulumiPlugin.yaml": "{"}, "PulumiPlugin.yaml"),
    ],
)
def test_a_folder_that_is_no_plugin_is_one_clear_error(stack, tmp_path: Path, files: dict[str, str], said: str) -> None:
    folder = tmp_path / "plugin"
    folder.mkdir()
    for name, text in files.items():
        (folder / name).write_text(text)
    program = stack.program("Thing('a')").engine()._program
    with pytest.raises(InvalidInputError, match=said):
        Engine("vec", "dev", stack.backend, {"probe": folder}, program, {}).up()


def test_a_plugin_that_does_not_start_tells_why(stack, tmp_path: Path) -> None:
    folder = tmp_path / "plugin"
    folder.mkdir()
    (folder / "PulumiPlugin.yaml").write_text("runtime:\n  name: python\n")
    (folder / "__main__.py").write_text("raise SystemExit('no licence')")
    program = stack.program("Thing('a')").engine()._program
    outcome = Engine("vec", "dev", stack.backend, {"probe": folder}, program, {}).up()
    assert errors(outcome) == ["the plugin of provider probe did not start: no licence"]


def test_a_python_plugin_folder_is_run_with_this_interpreter(stack, tmp_path: Path, vectors: Path) -> None:
    folder = tmp_path / "plugin"
    folder.mkdir()
    (folder / "PulumiPlugin.yaml").write_text("runtime: python\n")
    (folder / "__main__.py").write_bytes((vectors / "provider" / "pulumi-resource-probe").read_bytes())
    engine = stack.program("Thing('a')").engine()
    engine._providers = {"probe": folder}
    assert engine.up().exit_code == 0


def test_default_providers_can_be_forbidden(stack) -> None:
    config = {"pulumi:disable-default-providers": ["probe"]}
    outcome = stack.program("Thing('a')").engine(config=config).up()
    assert "Default provider for 'probe' disabled" in errors(outcome)[0]
    explicit = "Thing('a', opts=Opts(provider=Provider('p')))"
    assert stack.program(explicit).engine(config=config).up().exit_code == 0


def test_a_provider_whose_configuration_is_not_known_yet_gives_an_unknown_preview(stack) -> None:
    source = """
        first = Thing("first", {"n": 1}, opts=Opts(provider=Provider("known")))
        p = Provider("p", {"key": first.arn})
        a = Thing("a", {"n": 1}, opts=Opts(provider=p))
        pulumi.export("n", a.n)
    """
    outcome = stack.program(source).engine().preview()
    assert (outcome.exit_code, outcome.outputs) == (0, {"n": None})
    assert ("Check", "a") not in stack.calls()
    assert stack.engine().up().outputs == {"n": 1}
    assert stack.engine().preview().outputs == {"n": 1}


def test_a_replaced_provider_replaces_what_it_manages(stack) -> None:
    source = "Thing('a', {{'n': 1}}, opts=Opts(provider=Provider('p', {{'fixedRegion': '{}'}})))"
    stack.program(source.format("one")).engine().up()
    outcome = stack.program(source.format("two")).engine().up()
    assert outcome.changes == {"same": 1, "replace": 2}
    replaced = {s.name: s.keys for s in outcome.plan.steps if s.op == "create-replacement"}
    assert replaced == {"p": ("fixedRegion",), "a": ("provider",)}
    assert stack.resources()["a"]["id"] == "a-2"


SCRIPT = """
import sys
from pathlib import Path
from herd.engine import Backend, Engine, Program
root, vectors = Path(sys.argv[1]), Path(sys.argv[2])
backend = Backend(root / "state", "vec", "dev", "a passphrase")
program = Program(root, root / "main.py", {"PYTHONPATH": str(vectors)})
environment = {"PROBE_DIR": str(root / "probe")}
outcome = Engine("vec", "dev", backend, {"probe": vectors / "provider"}, program, {}, environment=environment).up()
print([d.message for d in outcome.diagnostics])
"""


def wait_for_call(stack, method: str) -> None:
    deadline = time.monotonic() + 60
    while not stack.calls(method):
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_an_interrupt_lets_what_is_under_way_finish_and_starts_nothing_more(stack, vectors: Path) -> None:
    stack.program("Thing('b', {'of': Thing('a', {'sleepMs': 1500}).id})")
    command = [sys.executable, "-c", SCRIPT, str(stack.folder), str(vectors)]
    engine = subprocess.Popen(command, stdout=subprocess.PIPE)
    wait_for_call(stack, "Create")
    engine.send_signal(signal.SIGINT)
    said, _ = engine.communicate(timeout=60)
    assert b"update canceled" in said
    assert sorted(stack.resources()) == ["a", "default", "vec-dev"]
    assert stack.calls("Create") == [("Create", "a")]
    assert not stack.backend.journal_file.exists()


def test_plugin_processes_end_with_an_engine_that_is_killed(stack, vectors: Path) -> None:
    stack.program("Thing('slow', {'sleepMs': 60000})")
    engine = subprocess.Popen([sys.executable, "-c", SCRIPT, str(stack.folder), str(vectors)])
    wait_for_call(stack, "Create")
    deadline = time.monotonic() + 60
    mine = [p for p in processes() if str(stack.probe) in p[1] or str(stack.folder) in p[1]]
    assert len(mine) >= 2, "the plugin and the program are running"
    engine.kill()
    engine.wait()
    while (left := [p for p in processes() if p[0] in {m[0] for m in mine}]) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert left == []
    outcome = stack.program("Thing('slow')").engine().up()
    assert [(i.operation, i.urn.rsplit("::", 1)[-1]) for i in outcome.interrupted] == [("creating", "slow")]
    assert len(warnings(outcome)) == 2, "the lock was taken over, and an operation is pending"


def processes() -> list[tuple[int, str]]:
    """(pid, command line and environment) of the processes that can be looked at."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and int(entry.name) != os.getpid():
            try:
                text = (entry / "cmdline").read_bytes() + b" " + (entry / "environ").read_bytes()
                state = (entry / "stat").read_text().rsplit(")", 1)[1].split()[0]
            except OSError:
                continue
            if state != "Z":
                found.append((int(entry.name), text.decode(errors="replace")))
    return found


def test_a_provider_that_vanishes_fails_the_step_and_the_next_run_goes_on(stack, tmp_path: Path, vectors: Path) -> None:
    folder = tmp_path / "plugin"
    folder.mkdir()
    (folder / "PulumiPlugin.yaml").write_text("runtime: python\n")
    text = (vectors / "provider" / "pulumi-resource-probe").read_text()
    (folder / "__main__.py").write_text(text.replace("        dwell(props)\n", "        os._exit(1)\n", 1))
    engine = stack.program("Thing('a')").engine()
    engine._providers = {"probe": folder}
    outcome = engine.up()
    assert outcome.exit_code == 1
    assert errors(outcome)[-1] == "update failed"
    assert stack.engine().up().changes == {"same": 1, "create": 1}
