"""A plan is folded from engine events, whichever engine emitted them."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from herd.plan import Plan, PropertyChange

URN = "urn:pulumi:dev::vec::probe:index:Thing::"
SECRET = {"4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270", "ciphertext": "[secret]"}


def state(name: str, **more: Any) -> dict[str, Any]:
    return {"type": "probe:index:Thing", "urn": URN + name, "id": "", "parent": "", "inputs": {}, "outputs": {}} | more


def metadata(op: str, name: str, **more: Any) -> dict[str, Any]:
    base = {"op": op, "urn": URN + name, "type": "probe:index:Thing", "old": None, "new": state(name), "provider": "p"}
    return base | {"detailedDiff": None} | more


def before(op: str, name: str, **more: Any) -> dict[str, Any]:
    return {"resourcePreEvent": {"metadata": metadata(op, name, **more)}}


def after(op: str, name: str, **more: Any) -> dict[str, Any]:
    return {"resOutputsEvent": {"metadata": metadata(op, name, **more)}}


def test_a_replacement_is_several_steps_with_its_reasons() -> None:
    why = {
        "keys": ["size"],
        "diffs": ["size"],
        "detailedDiff": {"size": {"diffKind": "update-replace", "inputDiff": True}},
    }
    old, new = state("a", id="a-1"), state("a", id="a-2")
    plan = Plan.from_events(
        [
            before("create-replacement", "a", **why),
            after("create-replacement", "a", old=old, new=new, **why),
            before("replace", "a", **why),
            after("replace", "a", **why),
            before("delete-replaced", "a", old=old, new=None),
            after("delete-replaced", "a", old=old, new=None),
            {"summaryEvent": {"resourceChanges": {"replace": 1}, "result": "succeeded", "durationSeconds": 2}},
        ]
    )
    assert [(s.op, s.status) for s in plan.steps] == [
        ("create-replacement", "done"),
        ("replace", "done"),
        ("delete-replaced", "done"),
    ]
    first, replace, last = plan.steps
    assert (first.old["id"], first.new["id"], dict(last.new)) == ("a-1", "a-2", {})
    assert (replace.keys, replace.diffs) == (("size",), ("size",))
    assert replace.detailed == (PropertyChange("size", "update-replace", input=True),)
    assert (plan.changes, plan.result, plan.seconds) == ({"replace": 1}, "succeeded", 2.0)
    assert [s.op for s in plan.changed()] == ["replace"]


def test_a_failed_step_is_marked_and_a_stream_that_breaks_off_tells_what_it_can() -> None:
    failed = {"resOpFailedEvent": {"metadata": metadata("update", "b"), "status": 2, "steps": 1}}
    plan = Plan.from_events([before("create", "a"), before("update", "b"), failed])
    assert [(s.name, s.status) for s in plan.steps] == [("a", "planned"), ("b", "failed")]
    assert (plan.result, plan.changes) == ("", {})


def test_a_refresh_is_reported_as_what_it_found() -> None:
    plan = Plan.from_events(
        [before("refresh", "a"), before("refresh", "b"), after("delete", "b", new=None), after("update", "a")]
    )
    assert [(s.name, s.op, s.status) for s in plan.steps] == [("a", "update", "done"), ("b", "delete", "done")]


def test_several_deletions_under_one_urn_are_several_steps() -> None:
    events = [before("delete-replaced", "a", old=state("a", id=i)) for i in ("a-1", "a-2")]
    events += [after("delete-replaced", "a", old=state("a", id=i)) for i in ("a-2", "a-1")]
    plan = Plan.from_events(events)
    assert [s.status for s in plan.steps] == ["done", "done"]
    assert {s.old["id"] for s in plan.steps} == {"a-1", "a-2"}


def test_stack_outputs_and_messages_are_kept_and_secrets_stay_blinded() -> None:
    stack = {"urn": "urn:pulumi:dev::vec::pulumi:pulumi:Stack::vec-dev", "type": "pulumi:pulumi:Stack"}
    new = state("x", outputs={"password": SECRET, "n": 1})
    plan = Plan.from_events(
        [
            {"preludeEvent": {"config": {}}},
            {"diagnosticEvent": {"severity": "warning", "message": "careful", "urn": URN + "a"}},
            {"diagnosticEvent": {"severity": "info", "message": "progress", "ephemeral": True}},
            {"resourcePreEvent": {"metadata": metadata("update", "x") | stack, "planning": True}},
            {"resOutputsEvent": {"metadata": metadata("update", "x", new=new) | stack, "planning": True}},
            {"somethingNewEvent": {}},
        ]
    )
    assert plan.outputs == {"password": SECRET, "n": 1}
    assert plan.diagnostics == (("warning", URN + "a", "careful"),)
    assert plan.preview


def test_the_real_cli_spells_kinds_in_its_preview_digest_differently() -> None:
    plan = Plan.from_events([before("update", "a", detailedDiff={"n": {"kind": "add", "inputDiff": False}})])
    assert plan.steps[0].detailed == (PropertyChange("n", "add", input=False),)


def test_json_is_stable_and_complete() -> None:
    plan = Plan.from_events([before("create", "a"), after("create", "a", new=state("a", id="a-1"))])
    data = json.loads(plan.to_json())
    assert data["steps"][0]["new"]["id"] == "a-1"
    assert plan.to_json() == plan.to_json()


names = st.sampled_from("abc")
ops = st.sampled_from(["create", "update", "same", "delete", "refresh"])


@given(st.lists(st.tuples(st.sampled_from([before, after]), ops, names), max_size=12))
def test_no_order_of_events_loses_a_step_or_makes_one_up(rows: list[Any]) -> None:
    plan = Plan.from_events([kind(op, name) for kind, op, name in rows])
    begun = sum(kind is before for kind, _, _ in rows)
    assert begun <= len(plan.steps) <= len(rows)
    assert {s.name for s in plan.steps} == {name for _, _, name in rows}
