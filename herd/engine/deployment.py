"""What all parts of a run share: the state it started from, what became of it, providers, events and its failure."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

from herd.engine.events import Events
from herd.engine.recorder import Recorder
from herd.engine.registry import Registry
from herd.engine.state import State


class EngineError(Exception):
    """Something that can't be done; to be reported as it stands."""


class Bail(Exception):  # noqa: N818
    """The run must stop; why has been reported."""


class Failed(Exception):  # noqa: N818
    """A resource failed, or was left out because of one that did, and the run goes on without it."""

    def __init__(self, urn: str) -> None:
        super().__init__(urn)
        self.urn = urn


@dataclass(eq=False)
class Deployment:
    """One run over one stack.

    Attributes:
        prev: The state at the start, in order; after a refresh, what that found.
        olds: The live ones of these by URN.
        news: What became of them so far.
        erred: Something failed that ends the run in failure with a word of its own ("update failed").
        stopped: Nothing new may start.
        continue_on_error: What doesn't hang on a failure goes on.
        lost: The URNs that failed or hang on one that did.
        crash: What the run can't go on after and the caller must see: the journal can't be written, a fault of ours.
    """

    project: str
    stack: str
    preview: bool
    parallel: int
    ignore_protect: bool
    prev: list[State]
    events: Events
    recorder: Recorder
    registry: Registry
    olds: dict[str, State] = field(default_factory=dict)
    news: dict[str, State] = field(default_factory=dict)
    erred: bool = False
    stopped: asyncio.Event = field(default_factory=asyncio.Event)
    continue_on_error: bool = False
    lost: set[str] = field(default_factory=set)
    crash: Exception | None = None

    def __post_init__(self) -> None:
        self.rebase(self.prev)

    def rebase(self, resources: list[State]) -> None:
        """Start from these resources."""
        self.prev = resources
        self.olds = {state.urn: state for state in resources if not state.delete}

    def bail(self, urn: str, message: str, *, erred: bool = False) -> Bail:
        """Report an error; gives the exception to raise."""
        self.events.error(message, urn)
        self.erred |= erred
        return Bail(message)

    def crashed(self, error: Exception) -> None:
        """Stop because of something that is no outcome of the run."""
        self.crash = self.crash or error
        self.stopped.set()

    async def ensure_provider(self, user: State) -> None:
        """Make the provider of a resource in the state ready for use.

        Raises:
            EngineError: The state doesn't know it.
        """
        reference = user.provider
        if not reference or self.registry.get(reference):
            return
        urn, _, id_ = reference.rpartition("::")
        for state in self.prev:
            if state.urn == urn and state.id == id_:
                await self.registry.same(state, from_check=False)
                return
        # Deleted ahead of its replacement, with a provider that was replaced since: nothing is left to ask it for.
        # Pulumi, which allows such a state as well, fails here: `destroy` and `refresh` would never get through.
        if not user.pending_replacement:
            raise EngineError(f"could not find provider {reference}")
