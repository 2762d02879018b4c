"""A run's events become operations the law judges; a file that isn't a whole run is refused."""

import json

import pytest

from components.base.context import Environment
from components.base.problems import InvalidInputError
from herd.check.planned import plan_of, read_events
from herd.engine.values import UNKNOWN_STRING
from herd.plan import Plan as Steps
from policies.engine.facts import Facts
from policies.engine.plan import evaluate_plan
from policies.rules import plan_rules

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
    ],
)
def test_a_file_that_is_no_whole_run_is_refused(tmp_path, text, line, message):
    path = tmp_path / "events.jsonl"
    path.write_text(text)
    with pytest.raises(InvalidInputError, match=message) as refused:
        read_events(path)
    assert refused.value.problems[0].line == line


def test_a_whole_file_is_read(tmp_path):
    path = tmp_path / "events.jsonl"
    path.write_text("\n".join(map(json.dumps, [*REPLACED, SUMMARY])))
    assert [step.op for step in read_events(path).steps][:1] == ["create-replacement"]
