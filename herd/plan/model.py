"""Plan and Step, folded from Pulumi's engine events (apitype/events.go); secrets stay as the engine blinded them."""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any

Event = Mapping[str, Any]

STACK_TYPE = "pulumi:pulumi:Stack"
# The pieces of a replacement besides "replace" itself.
REPLACEMENT_PARTS = ("create-replacement", "delete-replaced")


@dataclass(frozen=True)
class PropertyChange:
    """One entry of a detailed diff: `kind` is add, delete, update, or one of these with `-replace`."""

    path: str
    kind: str
    input: bool = False


@dataclass(frozen=True)
class Step:
    """One step of the engine on one resource.

    Attributes:
        op: The engine's operation, such as `create`, `replace`, `delete-replaced`.
        status: `planned` until the engine reports it, then `done` or `failed`.
        old: The state before (`inputs`, `outputs`, `id`, `protect` …), empty for a creation.
        new: The state after, empty for a deletion.
        keys: Properties that force the replacement.
        diffs: Properties that changed.
        detailed: Changes by path.
        refreshed: Whether a refresh reports it: somebody else did it, and the run only writes it down.
    """

    op: str
    urn: str
    type: str
    status: str = "planned"
    provider: str = ""
    old: Mapping[str, Any] = field(default_factory=dict)
    new: Mapping[str, Any] = field(default_factory=dict)
    keys: tuple[str, ...] = ()
    diffs: tuple[str, ...] = ()
    detailed: tuple[PropertyChange, ...] = ()
    refreshed: bool = False

    @property
    def name(self) -> str:
        """The last part of the URN."""
        return self.urn.rsplit("::", 1)[-1]


@dataclass(frozen=True)
class Plan:
    """Everything one run does or did, in the order the engine began it.

    Attributes:
        steps: One per operation and resource.
        changes: The summary's counts by operation; empty if the run never got to its summary.
        result: `succeeded` or `failed`, empty without a summary.
        outputs: The stack's outputs, secrets blinded.
        diagnostics: (severity, urn, message) of everything said.
        preview: Whether nothing was really done.
        seconds: Duration by the engine's own summary.
    """

    steps: tuple[Step, ...] = ()
    changes: Mapping[str, int] = field(default_factory=dict)
    result: str = ""
    outputs: Mapping[str, Any] = field(default_factory=dict)
    diagnostics: tuple[tuple[str, str, str], ...] = ()
    preview: bool = False
    seconds: float = 0.0

    @classmethod
    def from_events(cls, events: Iterable[Event]) -> Plan:
        """Fold a stream of engine events; unknown kinds are passed over, an unfinished stream gives what it tells."""
        steps = _Steps()
        summary: Mapping[str, Any] = {}
        outputs: Mapping[str, Any] = {}
        diagnostics: list[tuple[str, str, str]] = []
        preview = False
        for event in events:
            if body := event.get("resourcePreEvent"):
                steps.begin(_step(body["metadata"], "planned"))
                preview = preview or bool(body.get("planning"))
            elif body := event.get("resOutputsEvent"):
                step = _step(body["metadata"], "done")
                steps.end(step)
                if step.type == STACK_TYPE:
                    outputs = step.new.get("outputs") or {}
            elif body := event.get("resOpFailedEvent"):
                steps.end(_step(body["metadata"], "failed"))
            elif (body := event.get("diagnosticEvent")) and not body.get("ephemeral"):
                diagnostics.append((body.get("severity", ""), body.get("urn", ""), body.get("message", "")))
            elif body := event.get("summaryEvent"):
                summary = body
        return cls(
            tuple(steps.all),
            dict(summary.get("resourceChanges") or {}),
            summary.get("result", ""),
            dict(outputs),
            tuple(diagnostics),
            preview or bool(summary.get("isPreview")),
            float(summary.get("durationSeconds", 0)),
        )

    def changed(self) -> tuple[Step, ...]:
        """The steps that do something: neither `same` nor the parts that `replace` already stands for."""
        return tuple(s for s in self.steps if s.op not in ("same", "refresh", "read", *REPLACEMENT_PARTS))

    def to_json(self) -> str:
        """The plan as indented JSON with sorted keys."""
        return json.dumps(asdict(self), indent=2, sort_keys=True)


class _Steps:
    """Steps in the order they began, and which of them are still open."""

    def __init__(self) -> None:
        self.all: list[Step] = []
        self._open: dict[tuple[str, str], deque[int]] = {}
        self._ended: dict[tuple[str, str], int] = {}

    def begin(self, step: Step) -> None:
        self._open.setdefault((step.op, step.urn), deque()).append(len(self.all))
        self.all.append(step)

    def end(self, step: Step) -> None:
        """Close the first such step; a refresh ends as what it found, a component reports again with its outputs."""
        key = (step.op, step.urn)
        waiting, refreshed = self._open.get(key), False
        if not waiting:
            waiting = self._open.get(("refresh", step.urn))
            refreshed = bool(waiting)
        index = waiting.popleft() if waiting else self._ended.get(key, len(self.all))
        self.all[index : index + 1] = [replace(step, refreshed=True) if refreshed else step]
        self._ended[key] = index


def _step(metadata: Mapping[str, Any], status: str) -> Step:
    detailed = metadata.get("detailedDiff") or {}
    return Step(
        op=metadata["op"],
        urn=metadata["urn"],
        type=metadata["type"],
        status=status,
        provider=metadata.get("provider", ""),
        old=metadata.get("old") or {},
        new=metadata.get("new") or {},
        keys=tuple(metadata.get("keys") or ()),
        diffs=tuple(metadata.get("diffs") or ()),
        detailed=tuple(
            PropertyChange(path, d.get("diffKind", d.get("kind", "")), bool(d.get("inputDiff")))
            for path, d in sorted(detailed.items())
        ),
    )
