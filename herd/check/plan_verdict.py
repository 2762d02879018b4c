"""The verdict over what a run would do to a stack that was judged."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

from components.base.problems import InvalidInputError
from herd.check.planned import plan_of, read_events
from herd.check.verdict import Verdict
from herd.plan import Plan as Steps
from policies.engine.plan import Plan, evaluate_plan
from policies.engine.rule import Severity
from policies.engine.subject import Origin
from policies.engine.waivers import Waiver, apply
from policies.rules import all_rules, plan_rules


def judge_plan(
    events: Path,
    judged: Verdict,
    waivers: Sequence[Waiver] = (),
    *,
    staging: Path | None = None,
    today: date | None = None,
) -> Verdict:
    """Judge what a run would do.

    Args:
        events: The run's engine events.
        judged: The verdict over the stack's rendered resources, which says what critical rules couldn't say.
        waivers: The checkout's waivers; those for this very plan count.
        staging: The events of staging's last verified run.
        today: The day that waivers are held against; today's by default.

    Raises:
        InvalidInputError: A file isn't a whole run, or it is of another stack; staging's is of this one.
    """
    steps = read_events(events)
    before = None if staging is None else read_events(staging, "--staging")
    rules = {rule.id: rule for rule in plan_rules()}
    all_asked = judged.rules.keys() >= {rule.id for rule in all_rules() if rule.worst is Severity.CRITICAL}
    silent = [
        f"{item.rule} on {item.resource or 'the stack'}: {item.message}"
        for item in judged.results.not_evaluated
        if item.severity is Severity.CRITICAL
    ]
    plan = plan_of(
        steps,
        stack=judged.facts.stack,
        project=judged.facts.project,
        staging=before,
        silent=silent if all_asked else None,
    )
    _same_stack(plan, events)
    if before is not None and staging is not None:
        _other_stack(before, plan, staging)
    results = evaluate_plan(plan, tuple(rules.values()), judged.facts)
    applied = apply(
        waivers, results.findings, today=today or datetime.now(UTC).date(), stack=judged.facts.stack, plan=plan.hash
    )
    return Verdict(
        name=f"{judged.name}, plan {plan.hash}",
        # Each operation has its own old and new: what is unknown there is asked again before the create.
        origin=Origin.PREVIEW,
        facts=judged.facts,
        rules=rules,
        results=replace(results, findings=applied.left),
        waived=applied.waived,
        problems=applied.problems,
        environment_from=judged.environment_from,
        plan=plan.hash,
    )


def _same_stack(plan: Plan, events: Path) -> None:
    """The stack's own resource is in every run, and in every URN."""
    named = _named(operation.urn for operation in plan.operations)
    if named and named != {(plan.stack, plan.project)}:
        message = f"is a run of {_told(named)}, not of {plan.stack} of {plan.project}"
        raise InvalidInputError.one(message, file=str(events), field="--plan", fix="name the stack that was previewed")


def _other_stack(steps: Steps, plan: Plan, staging: Path) -> None:
    """A plan held against itself has no surprises, and one of another project would be nothing but surprises."""
    named = _named(step.urn for step in steps.steps)
    if (plan.stack, plan.project) in named:
        message = f"is a run of {plan.stack} itself, which proves nothing of it"
    elif {project for _, project in named} - {plan.project} or len(named) > 1:
        message = f"is a run of {_told(named)}, not of another stack of {plan.project}"
    else:
        return
    raise InvalidInputError.one(message, file=str(staging), field="--staging", fix="give the events of staging's run")


def _named(urns: Iterable[str]) -> set[tuple[str, str]]:
    """Stack and project of URNs."""
    parts = {tuple(urn.removeprefix("urn:pulumi:").split("::", 2)[:2]) for urn in urns}
    return {(part[0], part[1] if len(part) > 1 else "") for part in parts}


def _told(named: Iterable[tuple[str, str]]) -> str:
    return ", ".join(sorted(f"{stack} of {project}" for stack, project in named))
