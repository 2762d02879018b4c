"""Where a stack lives: the state file, its journal, the lock and the event log of the last run."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Backend:
    """A folder that holds one stack.

    Files: `PROJECT.STACK.json` (deployment format 3, what `pulumi stack import` takes), `….journal` while a run is
    under way, `….lock`, `….events.jsonl` of the last run.
    """

    directory: Path
    project: str
    stack: str
    passphrase: str

    @property
    def state_file(self) -> Path:
        """The state, in Pulumi's deployment format."""
        return self.directory / f"{self.project}.{self.stack}.json"

    def export_deployment(self) -> dict[str, Any]:
        """`{"version": 3, "deployment": …}` as `pulumi stack export` gives it; an unfinished journal is folded in."""
        raise NotImplementedError

    def import_deployment(self, deployment: dict[str, Any]) -> None:
        """Replace the state, as `pulumi stack import` does."""
        raise NotImplementedError
