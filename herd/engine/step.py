"""A step: one operation of the engine on one resource."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from herd.engine.providers import Diff
from herd.engine.state import State, is_default_provider

# Operations that are journalled as pending before they begin.
PENDING: Final = {
    "create": "creating",
    "create-replacement": "creating",
    "update": "updating",
    "delete": "deleting",
    "delete-replaced": "deleting",
    "discard": "deleting",
    "discard-replaced": "deleting",
    "read": "reading",
    "read-replacement": "reading",
}
UNCHANGED: Final = frozenset({"same", "read", "discard", "read-replacement"})
_PARTS: Final = frozenset(
    {
        "create-replacement",
        "delete-replaced",
        "discard-replaced",
        "read-replacement",
        "refresh",
        "remove-pending-replace",
    }
)


@dataclass(eq=False)
class Step:
    """One operation.

    Attributes:
        done: Told the new state once the step is through: the program's registration waits for it.
        keys: Properties that force the replacement, as events show them.
        ignore: Paths of `ignoreChanges`, for an update.
        condemns: The old state of a replacement is to be deleted later.
        pends: The deleted state stays, waiting for its replacement.
    """

    op: str
    old: State | None
    new: State | None
    done: Callable[[State], None] | None = None
    diff: Diff = field(default_factory=Diff)
    keys: tuple[str, ...] = ()
    ignore: list[str] = field(default_factory=list)
    condemns: bool = False
    pends: bool = False

    @property
    def shown(self) -> State:
        """The state the step is about."""
        state = (self.old if self.op == "refresh" else None) or self.new or self.old
        assert state is not None
        return state

    @property
    def urn(self) -> str:
        """The URN the step is reported under."""
        return self.shown.urn

    @property
    def logical(self) -> bool:
        """Whether it counts by itself: the parts of a replacement don't."""
        return self.op not in _PARTS

    @property
    def internal(self) -> bool:
        """Whether it is the engine's own business and left out of the summary."""
        return self.op == "remove-pending-replace" or is_default_provider(self.urn)


def deletion(old: State, *, replacing: bool = False, pends: bool = False) -> Step:
    """The step that deletes a state; what was only ever read is discarded instead."""
    kind = "discard" if old.external else "delete"
    return Step(f"{kind}-replaced" if replacing else kind, old, None, pends=pends)
