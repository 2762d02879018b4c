"""A run's events become operations the law judges; a file that isn't a whole run is refused."""

import json
from dataclasses import replace
from datetime import date
from itertools import permutations

import pytest

from components.base.context import Environment
from components.base.problems import InvalidInputError
from herd.check import judge
from herd.check.plan_verdict import judge_plan
from herd.check.planned import plan_of, read_events
from herd.engine.values import UNKNOWN_STRING
from herd.plan import Plan as Steps
from policies.engine.evaluate import NotEvaluated
from policies.engine.facts import Facts
from policies.engine.plan import evaluate_plan
from policies.engine.rule import Severity
from policies.engine.subject import Place, Stack
from policies.engine.values import Reason
from policies.engine.waivers import Waiver
from policies.rules import plan_rules

TODAY = date(2026, 11, 23)
BUCKET = "aws:s3/bucket:Bucket"


def urn(name, kind=BUCKET):
    return f"urn:pulumi:prod::herd::{kind}::{name}"


def pre(op, name, kind=BUCKET, **more):
    metadata = {"op": op, "urn": urn(name, kind), "type": kind, "old": None, "new": None, **more}
    return {"resourcePreEvent": {"metadata": metadata, "planning": True}}


def state(**inputs):
    return {"type": BUCKET, "inputs": inputs, "outputs": {}, "id": "x"}


SUMMARY = {"summaryEvent": {"result": "succeeded", "resourceChanges": {}, "isPreview": True}}
REPLACED = [
    pre("create-replacement", "data", old=state(), new=state(), keys=["bucket"]),
    pre("replace", "data", old=state(), new=state(), keys=["bucket"]),
    pre("delete-replaced", "data", old=state()),
]


def found(events, environment=Environment.PROD, **more):
    plan = plan_of(Steps.from_events([*events, SUMMARY]), stack="prod", project="herd", silent=(), **more)
    results = evaluate_plan(plan, plan_rules(), Facts(environment=environment))
    return plan, {(finding.rule, finding.resource.rsplit("::", 1)[-1]) for finding in results.findings}


def test_a_replacement_is_one_operation():
    plan, findings = found(REPLACED)
    assert [operation.op for operation in plan.operations] == ["replace"]
    assert ("HERD-P1", "data") in findings


@pytest.mark.parametrize(
    ("events", "op"),
    [
        ([REPLACED[0], REPLACED[2]], ["replace"]),
        # An earlier run made the new one and failed to delete the old one.
        ([pre("same", "data", old=state(), new=state()), REPLACED[2]], ["same", "delete"]),
    ],
)
def test_a_part_of_a_replacement_deletes_even_where_it_is_alone(events, op):
    plan, findings = found(events)
    assert [operation.op for operation in plan.operations] == op
    assert findings == {("HERD-P1", "data")}


def test_what_a_refresh_found_is_not_done_by_the_run():
    gone = pre("delete", "data", old=state())["resourcePreEvent"]
    refreshed = [pre("refresh", "data", old=state(), new=state()), {"resOutputsEvent": gone}]
    assert found(refreshed)[1] == set()
    plan, findings = found([*refreshed, pre("create", "data", new=state())])
    assert ([operation.op for operation in plan.operations], findings) == (["create"], set())


def test_what_is_only_read_is_somebody_elses():
    kind = "aws:ec2/securityGroupRule:SecurityGroupRule"
    assert found([pre("read", "r", kind, new=state(securityGroupId="sg-1"))])[1] == set()


def test_what_is_kept_in_aws_only_leaves_the_program():
    kept = pre("delete", "pool", "aws:eks/nodeGroup:NodeGroup", old={**state(), "retainOnDelete": True})
    assert found([kept])[1] == set()


def test_a_secret_is_not_read():
    kind = "aws:ec2/securityGroup:SecurityGroup"
    blinded = {"4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270", "ciphertext": "[secret]"}
    events = [pre("update", "g", kind, old=state(ingress=[]), new=state(ingress=blinded)), SUMMARY]
    plan = plan_of(Steps.from_events(events), stack="prod", project="herd", silent=())
    silent = evaluate_plan(plan, plan_rules(), Facts()).not_evaluated
    assert [(one.property, one.reason) for one in silent if one.rule == "HERD-P5"] == [("ingress", Reason.SECRET)]


def test_the_hash_is_of_what_a_change_comes_to_and_not_of_names_made_up():
    kind = "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule"

    def hashed(**inputs):
        return found([pre("update", "r", kind, old=state(), new=state(**inputs), diffs=["cidrIpv4"])])[0].hash

    assert hashed(cidrIpv4="10.0.0.0/16") != hashed(cidrIpv4="0.0.0.0/0")
    assert hashed(role="a-1a2b3c4", name="x1", __defaults=["name"], tags={"commit": "1"}) == hashed(
        role="a-5d6e7f8", name="x2", __defaults=["name"], tags={"commit": "2"}
    )
    protected = {**state(), "protect": True}
    lifted, kept = (found([pre("same", "data", old=protected, new=new)])[0].hash for new in (state(), protected))
    assert lifted != kept


def test_the_order_of_events_changes_no_hash():
    events = [*REPLACED, pre("delete", "old", old=state()), pre("refresh", "data", old=state(), new=state())]
    assert len({found(order)[0].hash for order in permutations(events)}) == 1


def test_names_that_hold_the_stack_are_the_same_in_staging():
    def named(stack, account, name):
        step = pre("create", name.format(stack=stack, account=account), new=state())
        step["resourcePreEvent"]["metadata"]["urn"] = step["resourcePreEvent"]["metadata"]["urn"].replace("prod", stack)
        return step

    for name in ("{stack}-data-{account}", "load-test", "nvidia-{stack}"):
        staging = Steps.from_events([named("test", "1" * 12, name), SUMMARY])
        assert found([named("prod", "2" * 12, name)], staging=staging)[1] == set()
        assert found([named("prod", "2" * 12, "more")], staging=staging)[1] == {("HERD-P7", "more")}


def test_protection_that_goes_without_any_change_is_seen():
    _, findings = found([pre("same", "data", old={**state(), "protect": True}, new=state())])
    assert findings == {("HERD-P3", "data")}


def test_what_a_preview_does_not_know_is_no_value():
    kind = "aws:eks/cluster:Cluster"
    events = [pre("update", "c", kind, old=state(version="1.34"), new=state(version=UNKNOWN_STRING))]
    plan = plan_of(Steps.from_events([*events, SUMMARY]), stack="prod", project="herd", silent=())
    results = evaluate_plan(plan, plan_rules(), Facts())
    assert [(silent.rule, silent.property) for silent in results.not_evaluated if silent.rule == "HERD-P6"] == [
        ("HERD-P6", "version")
    ]


def test_a_version_goes_back_from_what_runs_and_not_from_what_was_asked_for():
    kind = "aws:rds/cluster:Cluster"
    before = {**state(), "outputs": {"engineVersion": "15.6"}}
    assert found([pre("update", "db", kind, old=before, new=state(engineVersion="15.4"))])[1] == {("HERD-P6", "db")}
    for op, diffs in (("same", []), ("update", ["tags"])):
        assert found([pre(op, "db", kind, old=before, new=state(engineVersion="15.4"), diffs=diffs)])[1] == set()


def test_staging_is_the_measure_in_prod_alone():
    events = [pre("create", "data", new=state())]
    staging = Steps.from_events([pre("create", "data", new=state()), SUMMARY])
    assert found(events, staging=staging)[1] == set()
    assert found(events, staging=Steps.from_events([SUMMARY]))[1] == {("HERD-P7", "data")}
    assert found(events, Environment.TEST)[1] == set()


def test_the_hash_is_of_what_is_done_and_not_of_when():
    one, other = (found([pre("delete", "data", old=state(n=n))])[0] for n in (1, 2))
    assert one.hash == other.hash
    assert one.hash != found([pre("delete", "more", old=state())])[0].hash


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("nothing\n", 1, "no engine event"),
        ('{"a": 1}\n[]\n', 2, "no engine event"),
        (json.dumps(pre("create", "data")) + "\n", 0, "has no summary"),
        ('{"resourcePreEvent": {"metadata": 1}}\n', 0, "isn't Pulumi's events"),
        ('{"summaryEvent": {"result": "succeeded", "durationSeconds": "long"}}\n', 0, "isn't Pulumi's events"),
        ('{"summaryEvent": {"result": "succeeded"}}\n', 0, "has no step"),
        (f"{json.dumps(pre('create', 'data'))}\n{2 * (json.dumps(SUMMARY) + chr(10))}", 0, "holds 2 runs"),
        (json.dumps(pre("create", "data")) + '\n{"summaryEvent": {"result": "failed"}}', 0, "is of a run that failed"),
    ],
)
def test_a_file_that_is_no_whole_run_is_refused(tmp_path, text, line, message):
    path = tmp_path / "events.jsonl"
    path.write_text(text)
    with pytest.raises(InvalidInputError, match=message) as refused:
        read_events(path)
    assert refused.value.problems[0].line == line


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"urn": 3}, "the urn of a step isn't text"),
        ({"type": ["x"]}, "the type of a step isn't text"),
        ({"keys": [{}]}, "a key of the step of .* isn't text"),
        ({"new": [3]}, "new of the step of .* isn't a resource"),
        ({"old": {"outputs": "x"}}, "old of the step of .* isn't a resource"),
    ],
)
def test_a_step_that_is_none_is_refused(tmp_path, changed, message):
    path = tmp_path / "events.jsonl"
    event = pre("create", "data")
    event["resourcePreEvent"]["metadata"].update(changed)
    path.write_text(f"{json.dumps(event)}\n{json.dumps(SUMMARY)}\n")
    with pytest.raises(InvalidInputError, match=message):
        read_events(path)


def test_a_step_that_nests_too_deep_is_refused():
    deep = 1
    for _ in range(900):
        deep = [deep]
    steps = Steps.from_events([pre("update", "data", old=state(), new=state(deep=deep)), SUMMARY])
    with pytest.raises(InvalidInputError, match="nest too deep"):
        plan_of(steps, stack="prod", project="herd")


def test_a_whole_file_is_read(tmp_path):
    path = tmp_path / "events.jsonl"
    path.write_text("\n".join(map(json.dumps, [*REPLACED, SUMMARY])))
    assert [step.op for step in read_events(path).steps][:1] == ["create-replacement"]


def test_a_line_ends_where_json_says(tmp_path):
    path = tmp_path / "events.jsonl"
    events = [pre("create", "data"), {"diagnosticEvent": {"message": "a\u0085b\u2028c"}}, SUMMARY]
    path.write_text("\n".join(json.dumps(event, ensure_ascii=False) for event in events))
    assert [step.op for step in read_events(path).steps] == ["create"]


class TestVerdict:
    @pytest.fixture
    def judged(self):
        facts = Facts(environment=Environment.PROD, project="herd", stack="prod")
        return judge(Stack((), "prod", "herd"), facts)

    def events(self, folder, *events):
        path = folder / "prod.events"
        path.write_text("\n".join(json.dumps(event) for event in (*events, SUMMARY)))
        return path

    def waiver(self, rule, plan, name="data"):
        made = {"created": TODAY, "expires": TODAY, "author": "ada", "approver": "grace", "owner": "platform"}
        return Waiver(rule=rule, urn=urn(name), stack="prod", reason="moved to another account", plan=plan, **made)

    def test_a_plan_rule_stops(self, tmp_path, judged):
        verdict = judge_plan(self.events(tmp_path, *REPLACED), judged, today=TODAY)
        assert {finding.rule for finding in verdict.results.findings} == {"HERD-P1"}
        assert verdict.stops
        assert verdict.plan in verdict.name

    def test_a_waiver_is_for_one_plan(self, tmp_path, judged):
        events = self.events(tmp_path, *REPLACED)
        plan = judge_plan(events, judged, today=TODAY).plan
        allowed = judge_plan(events, judged, [self.waiver("HERD-P1", plan)], today=TODAY)
        assert (allowed.stops, len(allowed.waived)) == (False, 1)
        other = judge_plan(events, judged, [self.waiver("HERD-P1", "0" * 12)], today=TODAY)
        assert other.stops
        assert "this plan is" in other.problems[0].message

    def test_critical_rules_that_could_not_say_stop_it(self, tmp_path, judged):
        silent = NotEvaluated("HERD-052", Severity.CRITICAL, urn("data"), "", Reason.UNKNOWN, "unknown", Place())
        unsure = replace(judged, results=replace(judged.results, not_evaluated=(silent,)))
        verdict = judge_plan(self.events(tmp_path, pre("same", "data", old=state(), new=state())), unsure, today=TODAY)
        assert {finding.rule for finding in verdict.results.findings} == {"HERD-P8"}

    def test_staging_is_another_stack_of_the_project(self, tmp_path, judged):
        events = self.events(tmp_path, *REPLACED)
        with pytest.raises(InvalidInputError, match="is a run of prod itself"):
            judge_plan(events, judged, staging=events)
        staging = tmp_path / "staging.events"
        with pytest.raises(InvalidInputError, match="--staging: can't be read"):
            judge_plan(events, judged, staging=staging)
        text = events.read_text()
        staging.write_text(text.replace("urn:pulumi:prod::herd::", "urn:pulumi:test::other::"))
        with pytest.raises(InvalidInputError, match="is a run of test of other, not of another stack of herd"):
            judge_plan(events, judged, staging=staging)
        staging.write_text(text.replace("urn:pulumi:prod::", "urn:pulumi:test::"))
        found = {finding.rule for finding in judge_plan(events, judged, staging=staging).results.findings}
        assert found == {"HERD-P1"}

    def test_a_critical_rule_that_was_not_asked_could_not_say(self, tmp_path, judged):
        few = replace(judged, rules={})
        silent = judge_plan(self.events(tmp_path, *REPLACED), few, today=TODAY).results.not_evaluated
        assert "HERD-P8" in {one.rule for one in silent}

    def test_a_run_of_another_stack_is_refused(self, tmp_path, judged):
        other = replace(judged, facts=replace(judged.facts, stack="test"))
        with pytest.raises(InvalidInputError, match="is a run of prod of herd, not of test of herd"):
            judge_plan(self.events(tmp_path, *REPLACED), other)
