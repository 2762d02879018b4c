"""What the pack does with rules that can't say, crash or are waived, and what it sees of a stack."""

import json
from datetime import date, timedelta
from types import SimpleNamespace

import pytest
from google.protobuf import struct_pb2
from pulumi.runtime.proto import analyzer_pb2
from pulumi_policy.deserialize import SPECIAL_SECRET_SIG, SPECIAL_SIG_KEY
from pulumi_policy.proxy import UNKNOWN_STRING_VALUE

from components.base.context import Environment
from policies.engine.rule import GraphRule, ResourceRule, Severity, StackRule, Violation, everywhere, only_in
from policies.engine.waivers import Waiver
from policies.pack import servicer as module
from policies.pack.run import Run
from policies.pack.servicer import Servicer

TODAY = date(2026, 1, 1)
THING, OTHER = "aws:x/thing:Thing", "aws:x/other:Other"
ADVISORY, MANDATORY = analyzer_pb2.ADVISORY, analyzer_pb2.MANDATORY
HIGH = everywhere(Severity.HIGH)


def rule(check, kind=ResourceRule, severity=HIGH, number=1, types=(THING,)):
    texts = {"title": "Things are good", "why": "It is so.", "fix": "Make it good."}
    names = {"id": f"HERD-{900 + number}", "name": f"rule-{number}", "pack": "cattle", "properties": ("size",)}
    return kind(**texts, **names, severity=severity, types=types, check=check)


def small(resource, facts):
    """Things are small."""
    if resource.props.number("size", default=0) > 3:
        yield Violation(resource.props.at("size"), "is too large")


def crashes(resource, facts):
    yield from ()
    raise ZeroDivisionError("a bug")


def run(stack="prod", *, preview=False):
    return Run("app", stack, {}, preview)


def pack_of(*rules, of=None):
    return Servicer(rules, of or run(), today=lambda: TODAY)


def made(props, kind=THING, name="it", *, request=analyzer_pb2.AnalyzeRequest, stack="prod", **more):
    properties = struct_pb2.Struct()
    properties.update(props)
    urn = f"urn:pulumi:{stack}::app::{kind}::{name}"
    return request(type=kind, urn=urn, name=name, properties=properties, **more)


def told(pack, *requests):
    """Levels and messages of what the pack says of resources before they are made."""
    return [(one.enforcementLevel, one.message) for each in requests for one in pack.Analyze(each, None).diagnostics]


def told_in_the_end(pack, *resources):
    """What it says of the stack, as (policy, level, message)."""
    response = pack.AnalyzeStack(analyzer_pb2.AnalyzeStackRequest(resources=resources), None)
    return [(one.policyName, one.enforcementLevel, one.message) for one in response.diagnostics]


@pytest.mark.parametrize("stack", ["dev", "prod"])
def test_a_rule_that_crashes_stops_and_hides_no_other(stack):
    pack = pack_of(rule(crashes), rule(small, number=2), of=run(stack, preview=True))
    response = pack.Analyze(made({"size": 4}, stack=stack), None).diagnostics
    level = ADVISORY if stack == "dev" else MANDATORY
    assert [(one.policyName, one.enforcementLevel) for one in response] == [("rule-2", level), ("rule-1", MANDATORY)]
    assert "not evaluated: the rule itself failed at test_pack.py" in response[1].message
    assert "ZeroDivisionError: a bug" in response[1].message


def test_a_pack_that_fails_itself_stops_the_run(monkeypatch):
    pack = pack_of(rule(small))
    monkeypatch.setattr(module, "subject_of", lambda *_: 1 / 0)
    ((level, message),) = told(pack, made({"size": 1}))
    assert level == MANDATORY
    assert "the pack itself failed at test_pack.py" in message


@pytest.mark.parametrize(
    ("severity", "preview", "expected"),
    [
        (Severity.CRITICAL, True, ADVISORY),
        (Severity.CRITICAL, False, MANDATORY),
        (Severity.HIGH, False, ADVISORY),
    ],
)
def test_a_critical_rule_that_cant_say_stops_an_up(severity, preview, expected):
    pack = pack_of(rule(small, severity=everywhere(severity)), of=run(preview=preview))
    ((level, message),) = told(pack, made({"size": UNKNOWN_STRING_VALUE}))
    assert level == expected
    assert "not evaluated: size: the value is unknown" in message


def test_a_critical_rule_about_what_the_protocol_hides_stops_nothing():
    def retained(resource, facts):
        if not resource.options.flag("retainOnDelete"):
            yield Violation(resource.props, "is not retained")

    ((level, message),) = told(pack_of(rule(retained, severity=everywhere(Severity.CRITICAL))), made({}))
    assert level == ADVISORY
    assert "not evaluated: retainOnDelete: Pulumi's policy protocol doesn't show it" in message
    assert "herd check" in message


def test_options_that_the_protocol_shows_are_seen():
    def protected(resource, facts):
        if not resource.options.flag("protect"):
            yield Violation(resource.props, "is not protected")

    pack = pack_of(rule(protected))
    assert len(told(pack, made({}))) == 1
    assert told(pack, made({}, options=analyzer_pb2.AnalyzerResourceOptions(protect=True))) == []


def test_a_providers_own_inputs_are_read_as_they_are_meant():
    def tagged(resource, facts):
        if not resource.provider.has("defaultTags", "tags", "owner"):
            yield Violation(resource.props, "has no owner")

    def provided(tags):
        properties = struct_pb2.Struct()
        properties.update({"defaultTags": tags})
        return analyzer_pb2.AnalyzerProviderResource(type="pulumi:providers:aws", properties=properties)

    pack = pack_of(rule(tagged))
    assert told(pack, made({}, provider=provided('{"tags": {"owner": "ada"}}'))) == []
    assert len(told(pack, made({}, provider=provided('{"tags": {}}')))) == 1


def test_unknowns_and_secrets_stand_in_a_providers_json_too():
    def owned(resource, facts):
        if resource.provider.text("defaultTags", "tags", "owner") != "ada":
            yield Violation(resource.props, "isn't ada's")

    def provided(owner):
        properties = struct_pb2.Struct()
        properties.update({"defaultTags": json.dumps({"tags": {"owner": owner}})})
        return analyzer_pb2.AnalyzerProviderResource(type="pulumi:providers:aws", properties=properties)

    pack = pack_of(rule(owned))
    assert told(pack, made({}, provider=provided({SPECIAL_SIG_KEY: SPECIAL_SECRET_SIG, "value": "ada"}))) == []
    ((_, message),) = told(pack, made({}, provider=provided(UNKNOWN_STRING_VALUE)))
    assert "not evaluated: defaultTags.tags.owner: the value is unknown" in message


def test_the_settings_of_a_stack_are_read_once(monkeypatch):
    read = []
    monkeypatch.setattr("policies.pack.run._settings_of", lambda _, *stack: read.append(stack) or {})
    pack = pack_of(rule(small), of=Run())
    told(pack, *(made({}, name=name, stack=stack) for stack in ("dev", "prod") for name in "abc"))
    assert read == [("", ""), ("app", "dev"), ("app", "prod")]


def test_without_a_stack_from_the_engine_the_urn_says_which(monkeypatch):
    pack = pack_of(
        rule(small), rule(small, severity=only_in(Environment.PROD, severity=Severity.LOW), number=2), of=Run()
    )
    assert [level for level, _ in told(pack, made({"size": 4}, stack="prod"))] == [MANDATORY, MANDATORY]
    assert [level for level, _ in told(pack, made({"size": 4}, stack="dev"))] == [ADVISORY]
    # Nobody knows what kind of stack it is.
    assert [level for level, _ in told(pack, made({"size": 4}, stack="sandbox"))] == [MANDATORY, MANDATORY]


def waiver(**changes):
    fields = {
        "rule": "HERD-901",
        "urn": made({}).urn,
        "stack": "prod",
        "reason": "it shrinks next month",
        "owner": "platform",
        "author": "ada",
        "approver": "grace",
        "created": TODAY,
        "expires": TODAY + timedelta(days=9),
    }
    return Waiver(**fields | changes)


def test_a_waived_finding_is_shown_and_stops_nothing():
    pack = pack_of(rule(small))
    pack._waivers = (waiver(),)
    ((level, message),) = told(pack, made({"size": 4}))
    assert level == ADVISORY
    assert "waived until 2026-01-10: it shrinks next month (platform; agreed by grace)" in message
    assert "size: is too large" in message
    assert [level for level, _ in told(pack, made({"size": 4}, name="another"))] == [MANDATORY]


def test_a_waiver_that_ended_takes_nothing():
    pack = pack_of(rule(small))
    pack._waivers = (waiver(created=TODAY - timedelta(days=9), expires=TODAY - timedelta(days=1)),)
    ((level, message),) = told(pack, made({"size": 4}))
    assert level == MANDATORY
    assert "its waiver ended on 2025-12-31" in message


def names(resource, stack, facts):
    found = stack.named_by(resource.props.at("other"))
    yield Violation(resource.props.at("other"), f"names {found.name if found else 'nobody here'}")


def last(props, kind=THING, name="it", *, sources=(), **more):
    from_ = {"other": analyzer_pb2.AnalyzerPropertyDependencies(urns=sources)} if sources else {}
    return made(props, kind, name, request=analyzer_pb2.AnalyzerResource, propertyDependencies=from_, **more)


ONE, TWO = (made({}, OTHER, name).urn for name in ("one", "two"))


@pytest.mark.parametrize(
    ("other", "sources", "says"),
    [
        ("o-1", (), "other: names one"),
        ("arn:one", (), "other: names one"),
        ("o-9", (), "other: names nobody here"),
        (UNKNOWN_STRING_VALUE, (ONE,), "other: names one"),
        (UNKNOWN_STRING_VALUE, (ONE, TWO), "not evaluated: other: the value is unknown"),
        (UNKNOWN_STRING_VALUE, (), "not evaluated: other: the value is unknown"),
    ],
)
def test_a_property_names_another_resource_by_id_or_by_what_it_comes_from(other, sources, says):
    pack = pack_of(rule(names, GraphRule), of=run(preview=True))
    others = (last({"id": "o-1", "arn": "arn:one"}, OTHER, "one"), last({"id": "o-2"}, OTHER, "two"))
    found = [
        message
        for name, _, message in told_in_the_end(pack, last({"other": other}, sources=sources), *others)
        if name == "rule-1"
    ]
    assert [says in message for message in found] == [True]


def test_what_a_value_comes_from_is_no_value():
    def reads(resource, stack, facts):
        if resource.props.text("other") == "bad":
            yield Violation(resource.props, "is bad")

    pack = pack_of(rule(reads, GraphRule), of=run(preview=True))
    found = told_in_the_end(pack, last({"other": UNKNOWN_STRING_VALUE}, sources=(ONE,)), last({}, OTHER, "one"))
    assert "not evaluated: other" in found[0][2]


def sizes(resource, stack, facts):
    yield Violation(
        resource.props.at("size"), f"asks for {resource.props.text('size')}, has {resource.outputs.text('size')}"
    )


def test_the_stack_is_judged_by_the_inputs_that_were_shown_before():
    pack = pack_of(rule(sizes, GraphRule))
    told(pack, made({"size": 1}))
    assert "asks for 1, has 2" in told_in_the_end(pack, last({"size": 2}))[0][2]
    assert "asks for 3, has 3" in told_in_the_end(pack, last({"size": 3}, name="new"))[0][2]


def test_a_urn_that_stands_twice_is_judged_twice():
    found = told_in_the_end(pack_of(rule(sizes, GraphRule)), last({"size": 2}), last({"size": 3}))
    assert sorted(message.splitlines()[1] for _, _, message in found) == [
        "size: asks for 2, has 2",
        "size: asks for 3, has 3",
    ]


def test_a_run_begins_without_what_the_one_before_it_showed():
    pack = pack_of(rule(sizes, GraphRule), rule(small, number=2))
    root = "pulumi:pulumi:Stack"
    told(pack, made({}, root), made({"size": UNKNOWN_STRING_VALUE}))
    pack.ConfigureStack(analyzer_pb2.AnalyzerStackConfigureRequest(project="app", stack="prod"), None)
    found = told_in_the_end(pack, last({}, root), last({"size": 2}))
    assert [(name, message.splitlines()[1]) for name, _, message in found] == [("rule-1", "size: asks for 2, has 2")]


def test_what_the_program_only_reads_is_somebody_elses():
    pack = pack_of(rule(sizes, GraphRule))
    root = "pulumi:pulumi:Stack"
    told(pack, made({}, root), made({"size": 1}))
    found = told_in_the_end(pack, last({}, root), last({"size": 1}), last({"size": 2}, name="read"))
    assert [name for name, _, _ in found] == ["rule-1", "law"]
    assert "not judged: 1 resources that the program only reads" in found[1][2]


def test_children_follow_their_parents_and_no_order_of_the_engine_matters():
    def family(stack, facts):
        order = " ".join(subject.name for subject in stack.subjects)
        yield Violation(stack.subjects[0].props, f"{order}: {len(stack.children(stack.subjects[0]))}")

    above, below = last({}, name="z-above"), last({}, name="a-below", parent=made({}, name="z-above").urn)
    for resources in ((above, below), (below, above)):
        found = told_in_the_end(pack_of(rule(family, StackRule, types=("*",))), *resources)
        assert "z-above a-below: 1" in found[0][2]


def test_a_stack_that_is_gone_lacks_nothing():
    def lacking(stack, facts):
        yield Violation(SimpleNamespace(subject=None, path=()), "there is no budget")

    pack = pack_of(rule(lacking, StackRule, types=("*",)))
    assert told_in_the_end(pack) == []
    ((_, level, message),) = told_in_the_end(pack, last({}))
    assert (level, "there is no budget" in message) == (MANDATORY, True)


def oversized(resource, stack, facts):
    yield from small(resource, facts)
    if len(stack.of_type(THING)) > 1:
        yield Violation(resource.props, "is one of several")


def test_what_nothing_can_excuse_is_told_before_the_resource_is_made_and_not_again():
    early = GraphRule(**(vars(rule(oversized, GraphRule, everywhere(Severity.CRITICAL))) | {"early": small}))
    pack = pack_of(early, of=run("dev"))
    for name in ("a", "b"):
        ((level, message),) = told(pack, made({"size": 5}, name=name, stack="dev"))
        assert (level, message.split("\n")[1]) == (MANDATORY, "size: is too large")
    both = [made({"size": 5}, name=name, stack="dev", request=analyzer_pb2.AnalyzerResource) for name in ("a", "b")]
    in_the_end = told_in_the_end(pack, *both)
    assert [message.split("\n")[1] for _, _, message in in_the_end] == ["is one of several"] * 2


def test_what_a_rule_cant_tell_early_is_told_in_the_end_alone():
    careful = GraphRule(**(vars(rule(oversized, GraphRule)) | {"early": small}))
    pack = pack_of(careful)
    assert told(pack, made({"size": UNKNOWN_STRING_VALUE})) == []
    crashing = GraphRule(**(vars(rule(oversized, GraphRule)) | {"early": crashes}))
    assert [level for level, _ in told(pack_of(crashing), made({}))] == [MANDATORY]


def test_the_end_of_the_run_counts_what_was_not_evaluated():
    pack = pack_of(rule(small), of=run(preview=True))
    told(pack, made({"size": UNKNOWN_STRING_VALUE}), made({"size": UNKNOWN_STRING_VALUE}, name="too"))
    ((name, level, message),) = told_in_the_end(pack, last({}))
    assert (name, level) == ("law", ADVISORY)
    assert "not evaluated: 2 times (HERD-901 2)" in message


@pytest.mark.parametrize("dry", [True, False])
def test_both_ways_of_hearing_about_the_run_say_the_same(dry):
    environment = {
        "PULUMI_PROJECT": "app",
        "PULUMI_STACK": "dev",
        "PULUMI_CONFIG": '{"app:environment": "test"}',
        "PULUMI_DRY_RUN": str(dry).lower(),
    }
    request = analyzer_pb2.AnalyzerStackConfigureRequest(
        project="app", stack="dev", config={"app:environment": "test"}, dry_run=dry
    )
    assert Run.from_environment(environment) == Run.from_request(request)
    assert Run.from_request(request) == Run("app", "dev", {"app:environment": "test"}, dry)


def test_a_rule_that_doesnt_hold_here_cant_be_switched_on():
    pack = pack_of(rule(small, severity=only_in(Environment.PROD, severity=Severity.HIGH)), of=run("dev"))
    levels = {"rule-1": analyzer_pb2.PolicyConfig(enforcementLevel=MANDATORY)}
    pack.Configure(analyzer_pb2.ConfigureAnalyzerRequest(policyConfig=levels), None)
    assert told(pack, made({"size": 4}, stack="dev")) == []


def test_a_rule_about_everything_is_asked_about_everything():
    pack = pack_of(rule(small, types=("*",)))
    assert len(told(pack, made({"size": 4}), made({"size": 4}, "kubernetes:core/v1:Pod"))) == 2
