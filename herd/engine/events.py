"""Engine events in the JSON form of Pulumi's apitype/events.go: made, numbered, kept, written and handed on."""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Callable, Mapping
from typing import IO, Any

from herd.engine.api import Diagnostic, Event
from herd.engine.state import State
from herd.engine.step import Step
from herd.engine.values import blinded


class Events:
    """The event stream of one run.

    Args:
        planning: Whether this is a preview.
        file: Where to write them as JSON lines, if anywhere.
        on_event: Called with each event.
    """

    def __init__(self, *, planning: bool, file: IO[str] | None, on_event: Callable[[Event], None] | None) -> None:
        self.planning, self._file, self._on_event = planning, file, on_event
        self.all: list[Event] = []
        self.diagnostics: list[Diagnostic] = []
        self.changes: Counter[str] = Counter()
        self._start = time.monotonic()

    def _emit(self, kind: str, body: Mapping[str, Any]) -> None:
        event = {"sequence": len(self.all), "timestamp": int(time.time()), kind: body}
        self.all.append(event)
        if self._file:
            self._file.write(json.dumps(event, separators=(",", ":")) + "\n")
        if self._on_event:
            self._on_event(event)

    def prelude(self, config: Mapping[str, str]) -> None:
        """The run begins."""
        self._emit("preludeEvent", {"config": dict(config)})

    def diagnostic(self, severity: str, message: str, urn: str = "", *, ephemeral: bool = False) -> None:
        """Something was said; severity is debug, info, info#err, warning or error."""
        if not ephemeral:
            self.diagnostics.append(Diagnostic(severity, urn, message))
        body: dict[str, Any] = {"message": message, "color": "raw", "severity": severity}
        self._emit("diagnosticEvent", ({"urn": urn} if urn else {}) | body | ({"ephemeral": True} if ephemeral else {}))

    def error(self, message: str, urn: str = "") -> None:
        """Something went wrong."""
        self.diagnostic("error", message, urn)

    def before(self, step: Step) -> None:
        """A step is about to run."""
        self._emit("resourcePreEvent", {"metadata": _metadata(step, step.op)} | self._planning())

    def after(self, step: Step, op: str = "") -> None:
        """A step is done; a refresh is reported as what it found."""
        self._emit("resOutputsEvent", {"metadata": _metadata(step, op or step.op)} | self._planning())

    def failed(self, step: Step, status: int) -> None:
        """A step failed; status 1 is a partial failure, 2 one that leaves the resource in an unknown state."""
        body = {"metadata": _metadata(step, step.op), "status": status, "steps": self.changes.total()}
        self._emit("resOpFailedEvent", body)

    def summary(self, result: str) -> None:
        """The run is over."""
        body = {
            "maybeCorrupt": False,
            "durationSeconds": round(time.monotonic() - self._start),
            "resourceChanges": dict(self.changes),
            "PolicyPacks": {},
            "isPreview": self.planning,
            "result": result,
        }
        self._emit("summaryEvent", body)
        self._emit("cancelEvent", {})

    def _planning(self) -> dict[str, bool]:
        return {"planning": True} if self.planning else {}


def _metadata(step: Step, op: str) -> dict[str, Any]:
    state = step.shown
    result: dict[str, Any] = {"op": op, "urn": state.urn, "type": state.type}
    result["old"], result["new"] = _state(step.old), _state(step.new)
    if step.keys:
        result["keys"] = list(step.keys)
    if step.diff.changed:
        result["diffs"] = list(step.diff.changed)
    detailed = step.diff.detailed
    result["detailedDiff"] = detailed and {p: {"diffKind": k, "inputDiff": i} for p, (k, i) in detailed.items()}
    return result | {"provider": state.provider}


def _state(state: State | None) -> dict[str, Any] | None:
    if state is None:
        return None
    result: dict[str, Any] = {"type": state.type, "urn": state.urn, "id": state.id, "parent": state.parent}
    result |= {"inputs": blinded(state.inputs), "outputs": blinded(state.outputs), "provider": state.provider}
    flags = {"custom": state.custom, "delete": state.delete, "protect": state.protect, "external": state.external}
    flags |= {"retainOnDelete": state.retain_on_delete, "taint": state.taint}
    result |= {name: True for name, value in flags.items() if value}
    return result | ({"initErrors": state.init_errors} if state.init_errors else {})
