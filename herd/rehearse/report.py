"""What a rehearsal found: phases, operations, fidelity, leftovers; one value for people and for JSON."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

# Operations that leave a resource as it is; everything else in a plan changed something.
STILL = frozenset({"same", "read", "refresh"})


@dataclass(frozen=True)
class Phase:
    """One step of the rehearsal.

    Attributes:
        name: What was done, such as `up` or `drill`.
        ok: Whether it did what a rehearsal asks of it.
        seconds: Wall time.
        operations: Count of resource operations, by Pulumi's names.
        problems: Why it is not ok; empty if it is.
        notes: What a reader should know though nothing is wrong.
    """

    name: str
    ok: bool
    seconds: float
    operations: Mapping[str, int] = field(default_factory=dict)
    problems: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """The phase as plain data."""
        return {
            "name": self.name,
            "ok": self.ok,
            "seconds": round(self.seconds, 2),
            "operations": dict(sorted(self.operations.items())),
            "problems": list(self.problems),
            "notes": list(self.notes),
        }


@dataclass(frozen=True)
class Replacement:
    """A resource that was made anew, and the properties that forced it."""

    urn: str
    keys: tuple[str, ...]


@dataclass(frozen=True)
class Report:
    """A whole rehearsal.

    Attributes:
        stack: The stack's name.
        engine: `embedded`, or `pulumi` with its version.
        base: What was brought up first: a git reference, or the working tree itself.
        phases: In the order they ran.
        components: Resources per top-level component, counted after the last `up`.
        fidelity: Resource types by how the stand-in treats them: simulated, modelled, recorded.
        replaced: What the step from base to working tree replaced, and why.
        leftovers: What the cloud still held after the destroy.
        resources: Resources in the state after the last `up`.
        outputs: The stack's outputs; secrets blinded.
        stand_ins: Values of the release that were read from the stand-in and not from AWS.
        scratch: Folder with state, events and program, if it was kept.
    """

    stack: str
    engine: str
    base: str
    phases: tuple[Phase, ...]
    components: Mapping[str, int]
    fidelity: Mapping[str, tuple[str, ...]]
    replaced: tuple[Replacement, ...]
    leftovers: tuple[str, ...]
    resources: int
    outputs: Mapping[str, Any]
    stand_ins: tuple[str, ...] = ()
    scratch: str = ""

    @property
    def ok(self) -> bool:
        """Whether every phase was ok and nothing was left over."""
        return all(phase.ok for phase in self.phases) and not self.leftovers

    def to_json(self) -> dict[str, Any]:
        """The report as plain data, in a stable order."""
        return {
            "stack": self.stack,
            "ok": self.ok,
            "engine": self.engine,
            "base": self.base,
            "phases": [phase.to_json() for phase in self.phases],
            "components": dict(sorted(self.components.items())),
            "fidelity": {level: list(types) for level, types in sorted(self.fidelity.items())},
            "replaced": [{"urn": item.urn, "keys": list(item.keys)} for item in self.replaced],
            "leftovers": list(self.leftovers),
            "resources": self.resources,
            "outputs": dict(self.outputs),
            "standIns": list(self.stand_ins),
            **({"scratch": self.scratch} if self.scratch else {}),
        }


def changed(operations: Mapping[str, int]) -> dict[str, int]:
    """Only the operations that changed something."""
    return {op: n for op, n in sorted(operations.items()) if n and op not in STILL}


def by_component(deployment: Mapping[str, Any]) -> dict[str, int]:
    """Count a deployment's custom resources by the top-level component they belong to."""
    resources = deployment.get("resources", [])
    parents = {item["urn"]: item.get("parent", "") for item in resources}
    kinds = {item["urn"]: item["type"] for item in resources}

    def top(urn: str) -> str:
        while (parent := parents.get(urn, "")) and kinds.get(parent) != "pulumi:pulumi:Stack":
            urn = parent
        return urn.rsplit("::", 1)[-1]

    custom = (item for item in resources if item.get("custom") and not item["type"].startswith("pulumi:providers:"))
    return dict(sorted(Counter(top(item["urn"]) for item in custom).items()))
