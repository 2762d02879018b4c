"""Tells the journal what each step changes in the state (pkg/engine/journal_snapshot.go)."""

from __future__ import annotations

from typing import Any

from herd.engine.backend import Run
from herd.engine.crypto import Crypter
from herd.engine.state import State, is_provider
from herd.engine.step import PENDING, Step


class Recorder:
    """The run's side of the journal; without a run (a preview) it does nothing."""

    def __init__(self, run: Run | None, crypter: Crypter) -> None:
        self._run, self._crypter = run, crypter
        self._number = 0

    def _record(self, entry: dict[str, Any]) -> None:
        assert self._run is not None
        self._run.record(entry, self._crypter.provider)

    async def begin(self, step: Step) -> int:
        """Before a step: what a provider is about to do becomes durable as pending."""
        self._number = number = self._number + 1
        state = step.new or step.old
        if self._run and step.op in PENDING and state and state.custom and not is_provider(state.type):
            operation = {"type": PENDING[step.op], "resource": state.to_json(self._crypter)}
            self._record({"k": "begin", "n": number, "op": operation})
            await self._run.journal.commit()
        return number

    def end(self, step: Step, number: int, *, ok: bool) -> None:
        """After a step; it becomes durable with the next commit, which starts right away."""
        if self._run is None or step.op == "replace":
            return
        entry: dict[str, Any] = {"k": "end" if ok else "fail", "n": number}
        if ok and step.op == "refresh":
            new = step.new.to_json(self._crypter) if step.new else None
            entry = {"k": "put", "at": step.old.slot if step.old else [], "state": new, "refresh": True}
            if step.new and step.old and step.new is not step.old:
                step.new.slot = step.old.slot
        elif ok:
            entry |= self._effect(step, number)
        self._record(entry)
        self._run.journal.flush()

    def _effect(self, step: Step, number: int) -> dict[str, Any]:
        old, new = step.old, step.new
        effect: dict[str, Any] = {}
        if new:
            effect["state"] = new.to_json(self._crypter)
            new.slot = ["n", number]
        if old and old.slot:
            if step.op.startswith("create"):
                effect["remove" if old.pending_replacement else "condemn"] = old.slot
            else:
                effect["pend" if step.pends else "remove"] = old.slot
        return effect

    def outputs(self, state: State) -> None:
        """A component registered its outputs."""
        if self._run and state.slot:
            self._record({"k": "put", "at": state.slot, "state": state.to_json(self._crypter)})

    def rebuilt(self, resources: list[State]) -> None:
        """What a refresh found is the new starting point."""
        if self._run:
            self._record({"k": "rebuilt"})
        for index, state in enumerate(resources):
            state.slot = ["o", index]

    async def close(self) -> None:
        """Wait for what is still being written."""
        if self._run:
            await self._run.journal.commit()
