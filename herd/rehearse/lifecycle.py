"""The phases of a rehearsal and what each must show, whatever engine drives it."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

from components.base.problems import InvalidInputError
from herd.engine.state import urn_name, urn_type
from herd.plan import Plan
from herd.rehearse.drill import Clients, damage, unprotect
from herd.rehearse.driver import Driver, Run
from herd.rehearse.report import Phase, Replacement, changed
from herd.rehearse.workspace import Tree

FINAL_BACKUP = "aws:fsx/backup:Backup"


Roll = Callable[[Callable[[], Plan]], Iterable[tuple[str, Plan, list[str]]]]
"""Rolls pools with a way to bring the stack up: what each `up` was for, its plan, and what it did wrong."""


class Object(Protocol):
    """What the audit knows of an object (`herd.cloud.audit.Found`)."""

    @property
    def type(self) -> str:
        """Pulumi's resource type."""

    @property
    def id(self) -> str:
        """The id Pulumi would give it."""

    @property
    def region(self) -> str:
        """Where it is."""


class Listener(Protocol):
    """Who is told of the phases while they run."""

    def begin(self, phase: str) -> None:
        """A phase starts."""

    def end(self, phase: Phase) -> None:
        """A phase is over."""


@dataclass
class _Verdict:
    """What a phase came to, before it is timed."""

    operations: Mapping[str, int]
    problems: Sequence[str] = ()
    notes: Sequence[str] = ()


class Lifecycle:
    """Runs the phases one after the other; the first that fails ends the rehearsal, but the audit always runs.

    Attributes:
        phases: What ran so far.
        deployment: The state after the last `up`, `{}` before.
        replaced: What the step from the base to the working tree made anew.
        outputs: The stack's outputs after the last `up`, secrets blinded.
        leftovers: What the audit found.
    """

    def __init__(
        self,
        driver: Driver,
        session: Clients,
        audit: Callable[[], Sequence[Object]],
        listener: Listener,
        roll: Roll | None = None,
    ) -> None:
        """A lifecycle on a fresh cloud that `session` reaches and `audit` lists; `roll` rolls the stack's pools."""
        self._driver, self._session, self._audit, self._listener = driver, session, audit, listener
        self._roll = roll
        self.phases: list[Phase] = []
        self.deployment: dict[str, Any] = {}
        self.replaced: tuple[Replacement, ...] = ()
        self.outputs: Mapping[str, Any] = {}
        self.leftovers: tuple[str, ...] = ()

    def run(self, base: Tree, tree: Tree) -> None:
        """Base, working tree, refresh, again, drill, destroy, audit."""
        alive = (
            self._phase(f"up {base.label}" if base != tree else "up from nothing", lambda: self._first(base))
            and self._phase("up working tree", lambda: self._second(tree))
            and self._phase("refresh: no drift", self._refresh)
            and self._phase("up again: all same", lambda: self._again(tree))
            and (self._roll is None or self._phase("roll every pool", lambda: self._rolled(tree)))
            and self._phase("drill", lambda: self._drill(tree))
        )
        if alive and self._protected():
            alive = self._phase("destroy is refused", self._refused) and self._phase(
                "protection lifted", self._lift_protection
            )
        # A rehearsal that failed half way still has to show what its destroy leaves behind.
        self._lift_protection()
        self._phase("destroy", self._destroy)
        self._phase("leftover audit", self._leftovers)

    def _phase(self, name: str, work: Callable[[], _Verdict]) -> bool:
        self._listener.begin(name)
        began = time.monotonic()
        verdict = work()
        phase = Phase(
            name,
            not verdict.problems,
            time.monotonic() - began,
            verdict.operations,
            tuple(verdict.problems),
            tuple(verdict.notes),
        )
        self.phases.append(phase)
        self._listener.end(phase)
        return phase.ok

    def _up(self, tree: Tree) -> Run:
        run = self._driver.up(tree)
        self.deployment = self._driver.deployment()
        self.outputs = run.plan.outputs or self.outputs
        return run

    def _first(self, tree: Tree) -> _Verdict:
        return _plain(self._up(tree))

    def _second(self, tree: Tree) -> _Verdict:
        run = self._up(tree)
        self.replaced = tuple(Replacement(step.urn, step.keys) for step in run.plan.steps if step.op == "replace")
        said = {note for phase in self.phases for note in phase.notes}
        return _plain(replace(run, warnings=tuple(text for text in run.warnings if text not in said)))

    def _refresh(self) -> _Verdict:
        run = self._driver.refresh()
        return _Verdict(run.plan.changes, [*run.errors, *(f"drift without a cause: {row}" for row in _moved(run.plan))])

    def _again(self, tree: Tree) -> _Verdict:
        run = self._up(tree)
        return _Verdict(run.plan.changes, [*run.errors, *(f"not the same: {row}" for row in _moved(run.plan))])

    def _rolled(self, tree: Tree) -> _Verdict:
        operations: Counter[str] = Counter()
        problems: list[str] = []
        notes: list[str] = []

        def up() -> Plan:
            run = self._up(tree)
            problems.extend(run.errors)
            operations.update({op: count for op, count in run.plan.changes.items() if op != "same"})
            return run.plan

        try:
            for what, plan, wrong in self._roll(up) if self._roll else ():
                problems.extend(f"{what}: {each}" for each in wrong)
                steps = Counter(step.op for step in plan.changed() if _is_custom(step.urn))
                notes.append(f"{what}: {', '.join(f'{op} {count}' for op, count in steps.items()) or 'nothing'}")
                if problems:
                    break
        except InvalidInputError as error:
            problems.extend(map(str, error.problems))
        return _Verdict(operations, problems, notes)

    def _drill(self, tree: Tree) -> _Verdict:
        done, missing = damage(self._session, self.deployment)
        noticed = self._driver.refresh()
        named = {step.urn for step in noticed.plan.changed()}
        healed = self._up(tree)
        mended = {step.urn for step in healed.plan.changed() if step.status == "done"}
        left = self._driver.refresh()
        problems = [
            *noticed.errors,
            *healed.errors,
            *left.errors,
            *(f"refresh did not notice: {item.what}" for item in done if item.urn not in named),
            *(f"up did not heal: {item.what}" for item in done if item.urn not in mended),
            *(f"still drifting after the repair: {row}" for row in _moved(left.plan)),
        ]
        notes = [
            *(f"{item.what}: noticed and healed" for item in done if not problems),
            *(f"the stack has no {kind.removeprefix('a ')} to break" for kind in missing),
        ]
        return _Verdict(healed.plan.changes, problems, notes)

    def _protected(self) -> list[str]:
        return [r["urn"] for r in self.deployment.get("resources", []) if r.get("protect") and r.get("custom")]

    def _refused(self) -> _Verdict:
        protected = self._protected()
        run = self._driver.destroy()
        still_there = {r["urn"] for r in self._driver.deployment().get("resources", [])}
        lost = [urn for urn in protected if urn not in still_there]
        problems = [f"deleted though protected: {short(urn)}" for urn in lost]
        if run.ok:
            problems.append("destroy went through though resources are protected")
        return _Verdict({}, problems, [f"{len(protected)} protected resources stopped it, as they must"])

    def _lift_protection(self) -> _Verdict:
        """What an admin does before a stack is given up: take `protect` and `retainOnDelete` off in the state."""
        deployment = self._driver.deployment()
        marks = ("protect", "retainOnDelete")
        marked = [r for r in deployment.get("resources", []) if any(r.get(mark) for mark in marks)]
        if marked:
            for resource in marked:
                for mark in marks:
                    resource.pop(mark, None)
            self._driver.replace_deployment(deployment)
        notes = [f"taken off {len(marked)} resources in the state, by hand and on purpose"]
        return _Verdict({}, [], [*notes, *unprotect(self._session, deployment)])

    def _destroy(self) -> _Verdict:
        run = self._driver.destroy()
        kept = [r["urn"] for r in self._driver.deployment().get("resources", [])]
        return _Verdict(run.plan.changes, [*run.errors, *(f"still in the state: {short(urn)}" for urn in kept)])

    def _leftovers(self) -> _Verdict:
        found = self._audit()
        wanted = sum(1 for r in self.deployment.get("resources", []) if _leaves_a_backup(r))
        backups = [item for item in found if item.type == FINAL_BACKUP][:wanted]
        left = [item for item in found if item not in backups]
        self.leftovers = tuple(f"{item.type} {item.id} in {item.region}" for item in left)
        notes = [f"kept on purpose: final backup {item.id} (skipFinalBackup: false)" for item in backups]
        return _Verdict({}, [f"left over: {item}" for item in self.leftovers], notes)


def _is_custom(urn: str) -> bool:
    """Whether a URN is of something in the cloud, not of a component or the stack."""
    return not urn_type(urn).startswith(("herd:", "pulumi:pulumi:"))


def _leaves_a_backup(resource: Mapping[str, Any]) -> bool:
    """Whether deleting it makes a backup that is meant to outlive it."""
    inputs = resource.get("inputs") or {}
    return str(resource["type"]).startswith("aws:fsx/") and inputs.get("skipFinalBackup") is False


def _plain(run: Run) -> _Verdict:
    problems = list(run.errors)
    if not run.ok and not problems:
        problems.append("the run failed without saying why")
    return _Verdict(run.plan.changes, problems, run.warnings)


def _moved(plan: Plan) -> list[str]:
    """The steps of a plan that should have had none, with what changed."""
    if not changed(plan.changes) and not plan.changed():
        return []
    return [f"{step.op} {short(step.urn)} ({', '.join(step.diffs) or 'no property named'})" for step in plan.changed()]


def short(urn: str) -> str:
    """Type and name of a URN, without its parents: what a person reads."""
    return f"{urn_type(urn)}::{urn_name(urn)}"
