"""The engine: the four verbs."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from herd.engine.api import ConfigValue, Event, Outcome, Program, ProviderSource
from herd.engine.backend import Backend


class Engine:
    """Runs one stack's program against its state.

    Args of the constructor:
        providers: Package name to where its provider comes from.
        program: What to run; None for an empty program. `refresh` and `destroy` never run it.
        config: Stack configuration; a key without a namespace belongs to the project.
        parallel: How many provider operations run at once.
        on_event: Called with each engine event as it happens (from engine threads, one call at a time).
        on_journal: Called with the number of each journal write just after it became durable (a seam for tests).
    """

    def __init__(
        self,
        project: str,
        stack: str,
        backend: Backend,
        providers: Mapping[str, ProviderSource],
        program: Program | None,
        config: Mapping[str, ConfigValue],
        parallel: int = 16,
        on_event: Callable[[Event], None] | None = None,
        on_journal: Callable[[int], None] | None = None,
    ) -> None:
        self.project, self.stack, self.backend = project, stack, backend

    def preview(self, *, refresh: bool = False, expect_no_changes: bool = False) -> Outcome:
        """Say what `up` would do; nothing is written."""
        raise NotImplementedError

    def up(self, *, refresh: bool = False, expect_no_changes: bool = False) -> Outcome:
        """Make the stack what the program says."""
        raise NotImplementedError

    def refresh(self, *, preview_only: bool = False, expect_no_changes: bool = False) -> Outcome:
        """Read every resource from its provider and take over what it holds."""
        raise NotImplementedError

    def destroy(self, *, preview_only: bool = False) -> Outcome:
        """Delete everything in the state."""
        raise NotImplementedError
