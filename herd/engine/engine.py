"""The engine: the four verbs over one stack."""

from __future__ import annotations

import asyncio
import contextlib
import json
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from pathlib import Path

from components.base.problems import InvalidInputError
from herd.engine.api import ConfigValue, Event, Outcome, Program, ProviderSource
from herd.engine.backend import Backend
from herd.engine.course import Course, Request
from herd.engine.events import Events
from herd.engine.plugins import command_of
from herd.engine.values import Secret, UnsupportedError


class Engine:
    """Runs one stack's program against its state.

    Args:
        project: Name of the project.
        stack: Name of the stack.
        backend: Where its state is.
        providers: Package name to where its provider comes from.
        program: What to run; None for an empty program. `refresh` and `destroy` never run it.
        config: Stack configuration; a key without a namespace belongs to the project.
        parallel: How many provider operations run at once.
        on_event: Called with each engine event as it happens (on the engine's thread).
        on_journal: Called with the number of each journal entry just after it became durable (a seam for tests).
        environment: Variables added to the environment of plugin processes.

    All verbs raise InvalidInputError if the state, its journal or lock, or a plugin folder can't be used (nothing has
    been written then), and its subclass UnsupportedError for an option of Pulumi that this engine doesn't have.
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
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self.project, self.stack, self.backend = project, stack, backend
        self._providers, self._program, self._parallel = dict(providers), program, parallel
        self._on_event, self._on_journal, self._environment = on_event, on_journal, dict(environment or {})
        self._config = {k if ":" in k else f"{project}:{k}": _text(v) for k, v in config.items()}

    def preview(
        self,
        *,
        refresh: bool = False,
        expect_no_changes: bool = False,
        ignore_protect: bool = False,
        continue_on_error: bool = False,
        **refused: object,
    ) -> Outcome:
        """Say what `up` would do; nothing is written but the event log."""
        options = {"refresh": refresh, "expect_no_changes": expect_no_changes, "ignore_protect": ignore_protect}
        options["continue_on_error"] = continue_on_error
        return self._run("up", options, refused, preview=True)

    def up(
        self,
        *,
        refresh: bool = False,
        expect_no_changes: bool = False,
        ignore_protect: bool = False,
        continue_on_error: bool = False,
        **refused: object,
    ) -> Outcome:
        """Make the stack what the program says."""
        options = {"refresh": refresh, "expect_no_changes": expect_no_changes, "ignore_protect": ignore_protect}
        options["continue_on_error"] = continue_on_error
        return self._run("up", options, refused)

    def refresh(
        self,
        *,
        preview_only: bool = False,
        expect_no_changes: bool = False,
        clear_pending_creates: bool = False,
        **refused: object,
    ) -> Outcome:
        """Read every resource from its provider and take over what it holds."""
        options = {"refresh": True, "expect_no_changes": expect_no_changes, "clear_pending": clear_pending_creates}
        return self._run("refresh", options, refused, preview=preview_only)

    def destroy(
        self,
        *,
        preview_only: bool = False,
        refresh: bool = False,
        ignore_protect: bool = False,
        continue_on_error: bool = False,
        **refused: object,
    ) -> Outcome:
        """Delete everything in the state."""
        options = {"refresh": refresh, "ignore_protect": ignore_protect, "continue_on_error": continue_on_error}
        return self._run("destroy", options, refused, preview=preview_only)

    def _run(
        self, verb: str, options: Mapping[str, bool], refused: Mapping[str, object], *, preview: bool = False
    ) -> Outcome:
        for name, value in refused.items():
            if value:
                raise UnsupportedError(f"the option {name}")
        request = Request(
            verb=verb,
            preview=preview,
            project=self.project,
            stack=self.stack,
            config=self._config,
            providers=self._providers,
            program=self._program,
            parallel=self._parallel,
            environment=self._environment,
            **options,
        )
        for name, source in self._providers.items():
            if isinstance(source, Path):
                command_of(source, name)  # a folder that is no plugin is found before anything is touched
        try:
            return self._locked(request)
        except OSError as error:
            message = f"can't use the stack's folder: {error.strerror or error}"
            fix = "make room or grant access there; what the run did until then is in its journal"
            raise InvalidInputError.one(message, file=str(error.filename or self.backend.directory), fix=fix) from error

    def _locked(self, request: Request) -> Outcome:
        with contextlib.ExitStack() as stack:
            run = None if request.preview else stack.enter_context(self.backend.run(self._on_journal))
            self.backend.directory.mkdir(parents=True, exist_ok=True)
            deployment = run.deployment if run else self.backend.load().deployment
            path = self.backend.preview_events_file if request.preview else self.backend.events_file
            file = stack.enter_context(path.open("w", buffering=1))  # by the line, for who follows it
            events = Events(planning=request.preview, file=file, on_event=self._on_event)
            return _in_loop(Course(request, self.backend, run, deployment, events))


def _text(value: ConfigValue) -> str | Secret:
    if isinstance(value, Secret):
        return Secret(_text(value.value))
    return value if isinstance(value, str) else json.dumps(value)


def _in_loop(course: Course) -> Outcome:
    """Run on a thread of its own, so that it doesn't matter whether the caller has an event loop.

    The first interrupt lets what is under way finish, the second gives up.
    """
    outcome: Future[Outcome] = Future()

    def target() -> None:
        try:
            outcome.set_result(asyncio.run(course.go()))
        except BaseException as error:  # noqa: BLE001  raised again in the caller's thread
            outcome.set_exception(error)

    threading.Thread(target=target, name="herd-engine", daemon=True).start()
    try:
        return outcome.result()
    except KeyboardInterrupt:
        course.cancel()
        return outcome.result()
