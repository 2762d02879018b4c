"""Where a stack lives: the state file, its journal, the lock and the event log of the last run."""

from __future__ import annotations

import contextlib
import json
import os
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from components.base.problems import InvalidInputError, Problem
from herd.engine.journal import Journal, damaged, read_journal, sync_folder
from herd.engine.lock import locked
from herd.engine.snapshot import Entry, Json, Snapshot, normalized

FORMAT = 3  # of the deployment
_BACKUP = "restore it from a backup, or start afresh by deleting it (what it lists is then no longer managed)"


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

    def _file(self, ending: str) -> Path:
        return self.directory / f"{self.project}.{self.stack}.{ending}"

    @property
    def state_file(self) -> Path:
        """The state, in Pulumi's deployment format."""
        return self._file("json")

    @property
    def journal_file(self) -> Path:
        """What the run under way did so far."""
        return self._file("journal")

    @property
    def lock_file(self) -> Path:
        """Names the run under way."""
        return self._file("lock")

    @property
    def events_file(self) -> Path:
        """The last run's engine events, one a line."""
        return self._file("events.jsonl")

    @property
    def preview_events_file(self) -> Path:
        """Those of the last preview, which may take place beside a run."""
        return self._file("preview.events.jsonl")

    def export_deployment(self) -> Json:
        """`{"version": 3, "deployment": …}` as `pulumi stack export` gives it; an unfinished journal is folded in.

        Raises:
            InvalidInputError: The state or its journal can't be read.
        """
        return {"version": FORMAT, "deployment": self.load().deployment or Snapshot({}).deployment(None)}

    def import_deployment(self, exported: Json) -> None:
        """Replace the state, as `pulumi stack import` does.

        Raises:
            InvalidInputError: The deployment is malformed, the state can't be read, or the stack is locked.
        """
        deployment = checked(exported, str(self.state_file))
        with locked(self.lock_file):
            Run(self, self.load(lenient=True), None).replace(deployment)

    @contextlib.contextmanager
    def run(self, on_durable: Callable[[int], None] | None = None) -> Iterator[Run]:
        """Lock the stack and open it for changes; what an interrupted run left in the journal is folded in first."""
        with locked(self.lock_file) as notice:
            loaded = self.load()
            run = Run(self, loaded, on_durable)
            run.notice = notice
            yield run

    def load(self, *, lenient: bool = False) -> Loaded:
        """The state with an unfinished journal folded in; `lenient` takes a stale journal for none."""
        data = self.state_file.read_bytes() if self.state_file.exists() else b""
        digest = sha256(data).hexdigest() if data or self.state_file.exists() else ""
        deployment = checked(_json(data, self.state_file), str(self.state_file)) if digest else {}
        recorded = read_journal(self.journal_file)
        if recorded is None or (recorded.compacted and recorded.compacted == digest):
            return Loaded(deployment, digest, recovered=False)
        if recorded.base != digest:
            if lenient:
                return Loaded(deployment, digest, recovered=False)
            message = "the journal belongs to another version of the state (stale)"
            fix = f"restore the {self.state_file.name} it was written for; or, if this one is right, delete the journal"
            raise InvalidInputError.one(message, file=str(self.journal_file), fix=fix)
        providers = deployment.get("secrets_providers")
        snapshot = Snapshot(deployment)
        for number, entry in enumerate(recorded.entries, 2):
            try:
                snapshot.apply(entry)
                providers = entry.get("secrets", providers)
            except (KeyError, TypeError, ValueError, IndexError) as error:
                raise damaged(self.journal_file, number, repr(error)) from error
        return Loaded(snapshot.deployment(providers), digest, recovered=True)


@dataclass(frozen=True)
class Loaded:
    """A deployment as read, the SHA-256 of the file it came from, and whether a journal was folded in."""

    deployment: Json
    digest: str
    recovered: bool


class Run:
    """A locked stack that is being changed."""

    def __init__(self, backend: Backend, loaded: Loaded, on_durable: Callable[[int], None] | None) -> None:
        self.backend, self.deployment, self.notice = backend, loaded.deployment, ""
        self._digest, self._on_durable = loaded.digest, on_durable
        self._recovered = loaded.recovered
        self._secrets: Any = loaded.deployment.get("secrets_providers")

    def begin(self, *, clear_pending: bool = False) -> None:
        """Fold in what was recovered, and open the journal; pending operations can be dropped."""
        if clear_pending:
            self.deployment = self.deployment | {"pending_operations": []}
        if self._recovered or clear_pending:
            self.replace(self.deployment)
        self.snapshot = Snapshot(self.deployment)
        self.journal = Journal(self.backend.journal_file, self._digest, self._on_durable)

    def record(self, entry: Entry, secrets_providers: Json | None) -> None:
        """Take an entry into snapshot and journal (durable with the journal's next commit)."""
        if secrets_providers != self._secrets:
            self._secrets = secrets_providers
            entry = entry | {"secrets": secrets_providers}
        self.snapshot.apply(entry)
        self.journal.append(entry)

    def finish(self) -> None:
        """Replace the state file by what the run made of it and remove the journal."""
        deployment = self.snapshot.deployment(self._secrets)
        data = _dump(deployment)
        self.journal.close(sha256(data).hexdigest())
        self._write(data)

    def replace(self, deployment: Json) -> None:
        """Replace the state file without a run."""
        data = _dump(deployment)
        Journal(self.backend.journal_file, self._digest, resume=True).close(sha256(data).hexdigest())
        self._write(data)
        self.deployment = deployment

    def _write(self, data: bytes) -> None:
        target = self.backend.state_file
        temporary = target.with_name(f".{target.name}.new")
        with temporary.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(target)
        sync_folder(target.parent)
        self.backend.journal_file.unlink()
        self._digest = sha256(data).hexdigest()


def _dump(deployment: Json) -> bytes:
    return json.dumps({"version": FORMAT, "deployment": deployment}, indent=1).encode() + b"\n"


def _json(data: bytes, file: Path) -> Any:
    try:
        return json.loads(data)
    except ValueError as error:
        line = getattr(error, "lineno", 0)
        message = f"the state is corrupt or cut short: {error}"
        raise InvalidInputError.one(message, file=str(file), line=line, fix=_BACKUP) from error


def checked(exported: Any, file: str) -> Json:
    """The deployment of an export, once it is sound: known format, whole resources, every reference to an earlier one.

    Raises:
        InvalidInputError: All that is wrong with it.
    """

    def broken(message: str, field: str = "") -> Problem:
        return Problem(file, 0, field, f"the state is corrupt: {message}", _BACKUP)

    if not isinstance(exported, dict) or not isinstance(exported.get("deployment"), dict):
        raise InvalidInputError([broken("it is not an exported deployment")])
    if exported.get("version") != FORMAT:
        message = f"deployment format {exported.get('version')!r} is not supported, only 3"
        raise InvalidInputError([Problem(file, 0, "version", message, "export the stack with a Pulumi 3 CLI")])
    deployment: Json = exported["deployment"]
    resources, pending = (
        [] if deployment.get(key) is None else deployment[key] for key in ("resources", "pending_operations")
    )
    problems = [] if isinstance(resources, list) else [broken("it is not a list", "resources")]
    if not isinstance(pending, list) or not all(
        isinstance(p, dict) and {"type", "resource"} <= p.keys() for p in pending
    ):
        problems.append(broken("it is not a list of operations", "pending_operations"))
    live: set[str] = set()
    known: set[str] = set()  # URNs and provider references met so far
    for index, resource in enumerate(resources if not problems else []):
        problem = _resource_problem(resource, live, known)
        if problem:
            problems.append(broken(problem, f"resources[{index}]"))
            continue
        known |= {resource["urn"], f"{resource['urn']}::{resource.get('id', '')}"}
        if not resource.get("delete"):
            live.add(resource["urn"])
    if problems:
        raise InvalidInputError(problems)
    return deployment | {"resources": normalized(resources)}


def _resource_problem(resource: Any, live: set[str], known: set[str]) -> str:
    if not isinstance(resource, dict) or not all(isinstance(resource.get(k), str) for k in ("urn", "type")):
        return "a resource needs a urn and a type"
    urn = resource["urn"]
    if not re.fullmatch(r"urn:pulumi:[^:]+::[^:]+::.+?::.*", urn, re.DOTALL):
        return f"{urn!r} is no URN"
    if resource.get("custom") and not resource.get("id"):
        return f"{urn} has no id"
    if urn in live and not resource.get("delete"):
        return f"a second live {urn}"
    references = [("parent", resource.get("parent")), ("deletedWith", resource.get("deletedWith"))]
    if not resource.get("pendingReplacement"):  # it is deleted already, and its provider may be replaced by now
        references.append(("provider", resource.get("provider")))
    references += [("dependency", dependency) for dependency in resource.get("dependencies") or ()]
    by_property = (resource.get("propertyDependencies") or {}).values()
    references += [("dependency", dependency) for each in by_property for dependency in each or ()]
    references += [("replaceWith", other) for other in resource.get("replaceWith") or ()]
    missing = [f"{kind} {reference}" for kind, reference in references if reference and reference not in known]
    return f"{missing[0]} does not come before {urn}" if missing else ""
