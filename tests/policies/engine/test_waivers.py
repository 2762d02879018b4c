"""Waivers: what they take, what they never take, and which ones may stand at all."""

import os
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from components.base.problems import InvalidInputError
from policies.engine.evaluate import Finding
from policies.engine.rule import Enforcement, ResourceRule, Severity, everywhere
from policies.engine.subject import Place
from policies.engine.waivers import FILE, Waiver, apply, load

TODAY = date(2026, 3, 1)
BUCKET = "urn:pulumi:prod::herd::herd:storage:Storage$aws:s3/bucket:Bucket::"
NAMES = ("data", "data-2", "db", "node[0]", "*")
RULES = ("HERD-901", "HERD-902")
PLANS = (None, "0a1b2c3d4e5f", "f" * 12)


def waiver(**changes):
    given_ = {
        "rule": "HERD-901",
        "urn": f"{BUCKET}data",
        "stack": "prod",
        "reason": "until the migration is over",
        "owner": "platform",
        "author": "ada",
        "approver": "grace",
        "created": TODAY - timedelta(days=5),
        "expires": TODAY + timedelta(days=5),
    }
    return Waiver(**(given_ | changes))


def finding(rule="HERD-901", resource=f"{BUCKET}data"):
    return Finding(rule, Severity.HIGH, Enforcement.MANDATORY, resource, "acl", "is public", "fix it", Place("a.py", 3))


URNS = st.sampled_from([f"{BUCKET}{name}" for name in NAMES])
FINDINGS = st.lists(st.builds(finding, st.sampled_from(RULES), st.one_of(URNS, st.just(""))), max_size=6, unique=True)
WAIVERS = st.lists(
    st.builds(
        lambda start, days, **fields: waiver(
            created=TODAY + timedelta(days=start), expires=TODAY + timedelta(days=start + days), **fields
        ),
        start=st.integers(-20, 3),
        days=st.integers(0, 30),
        rule=st.sampled_from(RULES),
        urn=st.one_of(URNS, st.sampled_from(["stack", f"{BUCKET}data*", f"{BUCKET}*data"])),
        stack=st.sampled_from(["prod", "test"]),
        plan=st.sampled_from(PLANS),
    ),
    max_size=5,
)


@given(WAIVERS, FINDINGS, st.sampled_from(PLANS))
def test_what_is_found_is_left_or_waived_and_each_waiver_has_its_reason(waivers, findings, plan):
    applied = apply(waivers, findings, today=TODAY, stack="prod", plan=plan)
    assert sorted([*applied.left, *(one.finding for one in applied.waived)], key=str) == sorted(findings, key=str)
    for one in applied.waived:
        assert (one.waiver.rule, one.waiver.stack, one.waiver.plan) == (one.finding.rule, "prod", plan)
        assert one.waiver.created <= TODAY <= one.waiver.expires
        assert (one.waiver.urn == "stack") == (one.finding.resource == "")
    # A waiver of this stack either takes something or is a problem, once and by its own number.
    held = {i for i, one in enumerate(waivers) if one.stack == "prod" and (one.plan is None) == (plan is None)}
    told = [int(problem.field[len("waivers[") : problem.field.index("]")]) for problem in applied.problems]
    taking = {
        i for i in held - set(told) if any(waivers[i].takes(found) for found in findings) and waivers[i].plan == plan
    }
    assert sorted([*told, *taking]) == sorted(held)


@given(WAIVERS, FINDINGS)
def test_waivers_of_rules_that_are_not_asked_neither_take_nor_fail(waivers, findings):
    applied = apply(waivers, findings, today=TODAY, stack="prod", asked=["HERD-902"])
    assert all(one.finding.rule == "HERD-902" for one in applied.waived)
    assert all(waivers[int(problem.field[len("waivers[")])].rule == "HERD-902" for problem in applied.problems)


@pytest.mark.parametrize("name", [name for name in NAMES if name != "*"])
def test_a_urn_that_is_copied_takes_its_finding_and_no_other(name):
    literal = waiver(urn=BUCKET + name)
    assert [one for one in NAMES if literal.takes(finding(resource=BUCKET + one))] == [name]


@pytest.mark.parametrize(
    "approver", ["ada", "Ada", "@ada", " ada ", "@ ada", "a\u200bda", "\uff41\uff44\uff41", "ada.", "ada@example.com"]
)
def test_nobody_approves_their_own(approver):
    with pytest.raises(ValidationError, match="somebody else has to agree"):
        waiver(author="ada", approver=approver)


@pytest.mark.parametrize("name", ["@", "-", "\u200b"])
def test_a_name_is_somebodys(name):
    with pytest.raises(ValidationError, match="names nobody"):
        waiver(owner=name)


@pytest.mark.parametrize("day", [86400, 20260224, 1772000000.5, "2026-2-4", "20260224", "2026-02-24T00:00:00", True])
def test_a_day_is_a_day(day):
    with pytest.raises(ValidationError, match="should be a day such as"):
        waiver(created=day)


def rule(severity):
    return ResourceRule(
        id="HERD-901",
        name="private",
        pack="data",
        title="Private",
        severity=everywhere(severity),
        types=("aws:s3/bucket:Bucket",),
        properties=("acl",),
        why="Because.",
        fix="Fix it.",
        check=lambda *_: (),
    )


@pytest.fixture
def checkout(tmp_path):
    def write(one):
        (tmp_path / "policies").mkdir()
        (tmp_path / FILE).write_text(f"waivers: [{one.model_dump_json(by_alias=True, exclude_none=True)}]\n")
        return tmp_path

    return write


@pytest.mark.parametrize("name", ["data", "db", "a", "data*", "*data", "d?ta-set", "node[0]", "two words"])
def test_a_whole_name_and_a_narrow_pattern_may_stand(checkout, name):
    assert len(load(checkout(waiver(urn=BUCKET + name)), [rule(Severity.HIGH)])) == 1


@pytest.mark.parametrize(
    "urn", ["*", "**", BUCKET, f"{BUCKET}*", f"{BUCKET}a*", f"{BUCKET}ab?", "urn:pulumi:*::herd::t::data", "urn:*data"]
)
def test_a_broad_pattern_may_not(checkout, urn):
    with pytest.raises(InvalidInputError, match="too broad"):
        load(checkout(waiver(urn=urn)), [rule(Severity.HIGH)])


@pytest.mark.parametrize(("severity", "most"), [(Severity.CRITICAL, 30), (Severity.HIGH, 90), (Severity.LOW, 90)])
def test_a_term_is_bounded(checkout, severity, most):
    root = checkout(waiver(expires=TODAY + timedelta(days=most - 5)))
    assert load(root, [rule(severity)])
    long = waiver(expires=TODAY + timedelta(days=most - 4))
    (root / FILE).write_text(f"waivers: [{long.model_dump_json(by_alias=True, exclude_none=True)}]\n")
    with pytest.raises(InvalidInputError, match=f"more than {most} days"):
        load(root, [rule(severity)])


@pytest.mark.parametrize("name", ["herd-901", "private", "PRIVATE"])
def test_a_rule_goes_by_its_id_which_is_told(checkout, name):
    with pytest.raises(InvalidInputError, match=r"waivers\[0\]\.rule: there is no rule .*fix: write HERD-901"):
        load(checkout(waiver(rule=name)), [rule(Severity.HIGH)])


def test_one_that_says_what_another_says_may_not_stand(checkout):
    root = checkout(waiver())
    both = [one.model_dump_json(by_alias=True, exclude_none=True) for one in (waiver(), waiver(expires=TODAY))]
    (root / FILE).write_text(f"waivers:\n- {both[0]}\n- {both[1]}\n")
    with pytest.raises(InvalidInputError, match=r"waivers.yaml:3: waivers\[1\]\.urn: says once more what waivers\[0\]"):
        load(root, [rule(Severity.HIGH)])


@pytest.mark.parametrize("kind", ["folder", "dangling", "loop", "pipe"])
def test_what_is_there_and_no_file_is_no_absent_one(tmp_path, kind):
    assert load(tmp_path, []) == ()
    path = tmp_path / FILE
    path.parent.mkdir()
    made = {
        "folder": path.mkdir,
        "dangling": lambda: path.symlink_to("nowhere"),
        "loop": lambda: path.symlink_to(path),
        "pipe": lambda: os.mkfifo(path),
    }
    made[kind]()
    with pytest.raises(InvalidInputError, match=r"waivers.yaml: isn't a file"):
        load(tmp_path, [])
