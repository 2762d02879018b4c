"""The engine: the four verbs, and the course of a run (pkg/resource/deploy/deployment_executor.go)."""

from __future__ import annotations

import asyncio
import contextlib
import json
import threading
from collections.abc import Callable, Coroutine, Mapping
from typing import Any

from herd.engine.api import ConfigValue, Event, Interrupted, Outcome, Program, ProviderSource
from herd.engine.backend import Backend, Run
from herd.engine.crypto import Crypter
from herd.engine.deployment import Bail, Deployment, EngineError
from herd.engine.events import Events
from herd.engine.executor import Executor
from herd.engine.generator import Generator
from herd.engine.graph import deletion_order, transitive_needs
from herd.engine.monitor import Monitor
from herd.engine.plugins import PluginError, Plugins
from herd.engine.program import ProgramRun
from herd.engine.providers import ProviderError
from herd.engine.recorder import Recorder
from herd.engine.registry import Registry
from herd.engine.snapshot import Json
from herd.engine.state import STACK_TYPE, Goal, State, package, qualified_type
from herd.engine.step import UNCHANGED, Step
from herd.engine.values import Props, Secret, UnsupportedError, mapped, plain
from herd.plan import Plan

_CHANGED = 7  # exit code of the CLI for changes under --expect-no-changes
_PENDING = (
    "These resources are in an unknown state because the Pulumi CLI was interrupted while waiting for changes to these "
    "resources to complete. You should confirm whether or not the operations listed completed successfully by checking "
    "the state of the appropriate provider.\n\nOnce you have confirmed the status of the interrupted operations, you "
    "can repair your stack using `herd recover` or a refresh that clears pending creations."
)


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
        self._config = {k if ":" in k else f"{project}:{k}": _config_text(v) for k, v in config.items()}

    def preview(self, *, refresh: bool = False, expect_no_changes: bool = False, **refused: object) -> Outcome:
        """Say what `up` would do; nothing is written."""
        _refuse(refused)
        return self._run("up", preview=True, refresh=refresh, expect_no_changes=expect_no_changes)

    def up(self, *, refresh: bool = False, expect_no_changes: bool = False, **refused: object) -> Outcome:
        """Make the stack what the program says.

        Raises:
            InvalidInputError: The state, its journal or lock, or a plugin folder can't be used; nothing was written.
            UnsupportedError: An option this engine doesn't have.
        """
        _refuse(refused)
        return self._run("up", refresh=refresh, expect_no_changes=expect_no_changes)

    def refresh(
        self,
        *,
        preview_only: bool = False,
        expect_no_changes: bool = False,
        clear_pending_creates: bool = False,
        **refused: object,
    ) -> Outcome:
        """Read every resource from its provider and take over what it holds."""
        _refuse(refused)
        return self._run(
            "refresh",
            preview=preview_only,
            refresh=True,
            expect_no_changes=expect_no_changes,
            clear_pending_creates=clear_pending_creates,
        )

    def destroy(self, *, preview_only: bool = False, refresh: bool = False, **refused: object) -> Outcome:
        """Delete everything in the state."""
        _refuse(refused)
        return self._run("destroy", preview=preview_only, refresh=refresh)

    def _run(
        self, verb: str, *, preview: bool = False, clear_pending_creates: bool = False, **options: bool
    ) -> Outcome:
        with contextlib.ExitStack() as stack:
            run: Run | None = None
            if preview:
                deployment, notice = self.backend.load().deployment, ""
            else:
                run = stack.enter_context(self.backend.run(self._on_journal))
                deployment, notice = run.deployment, run.notice
                if clear_pending_creates:
                    run.deployment = deployment = deployment | {"pending_operations": []}
            self.backend.directory.mkdir(parents=True, exist_ok=True)
            file = stack.enter_context(self.backend.events_file.open("w"))
            events = Events(planning=preview, file=file, on_event=self._on_event)
            course = _Course(self, verb, deployment, run, events, **options)
            return _in_loop(course.go(notice))

    @property
    def settings(self) -> tuple[dict[str, Any], dict[str, ProviderSource], Program | None, int, dict[str, str]]:
        """Config by full key, provider sources, program, parallelism and plugin environment."""
        return self._config, self._providers, self._program, self._parallel, self._environment


class _Course:
    """One run from its first event to its last."""

    def __init__(
        self,
        engine: Engine,
        verb: str,
        deployment: Json,
        run: Run | None,
        events: Events,
        *,
        refresh: bool = False,
        expect_no_changes: bool = False,
    ) -> None:
        self._engine, self._verb, self._run, self._events = engine, verb, run, events
        self._refreshes, self._expect_no_changes = refresh, expect_no_changes
        self._preview, self._json = run is None, deployment
        providers = deployment.get("secrets_providers")
        self._crypter = Crypter(engine.backend.passphrase, providers, str(engine.backend.state_file))
        self._resources = [State.from_json(data, self._crypter) for data in deployment.get("resources") or []]
        for index, state in enumerate(self._resources):
            state.slot = ["o", index]
        self._gate = asyncio.Lock()  # one registration at a time is turned into steps
        self._bailed = False
        self._refusal: UnsupportedError | None = None
        self._stack_outputs: Props | None = None
        self._outputs: dict[str, Any] = {}

    async def go(self, notice: str) -> Outcome:
        config, sources, program, parallel, environment = self._engine.settings
        pending = [_interrupted(operation) for operation in self._json.get("pending_operations") or []]
        if self._run:
            self._run.begin()
        if notice:
            self._events.diagnostic("warning", notice)
        recorder = Recorder(self._run, self._crypter)
        plugins = Plugins(sources, environment, 2 * parallel + 8)
        registry = Registry(plugins, str(program.root) if program else "", str(program.main) if program else "")
        self._d = Deployment(
            self._engine.project,
            self._engine.stack,
            self._preview,
            parallel,
            self._resources,
            self._events,
            recorder,
            registry,
        )
        self._monitor = Monitor(self._d, config, self._register, self._read, self._register_outputs, self._refused)
        plugins.engine = address = await self._monitor.serve()
        self._generator = Generator(self._d)
        self._executor = Executor(self._d, going_too=self._generator.going_too)
        self._events.prelude({k: "[secret]" if isinstance(v, Secret) else v for k, v in config.items()})
        self._process = (
            ProgramRun(
                program,
                {
                    "project": self._d.project,
                    "stack": self._d.stack,
                    "parallel": parallel,
                    "dry_run": self._preview,
                    "monitor": address,
                },
                {k: str(plain(v)) for k, v in config.items()},
                [k for k, v in config.items() if isinstance(v, Secret)],
                self._events.diagnostic,
            )
            if program and self._verb == "up"
            else None
        )
        async with contextlib.AsyncExitStack() as ends:
            ends.push_async_callback(recorder.close)
            ends.push_async_callback(plugins.close)
            ends.push_async_callback(self._monitor.close)
            if self._process:
                ends.push_async_callback(self._process.kill)
            self._start_ahead(plugins, sources)
            await self._course(pending)
        result = "failed" if self._d.erred or self._bailed else "succeeded"
        self._events.summary(result)
        if self._run:
            self._run.finish()
        changed = any(n for op, n in self._events.changes.items() if op not in UNCHANGED)
        code = 1 if result == "failed" else _CHANGED if self._expect_no_changes and changed else 0
        return Outcome(
            code,
            result,
            dict(self._events.changes),
            Plan.from_events(self._events.all),
            mapped(self._outputs, lambda s: plain(s.value), None),
            tuple(self._events.diagnostics),
            tuple(pending),
            self._refusal.feature if self._refusal else "",
        )

    def _start_ahead(self, plugins: Plugins, sources: Mapping[str, ProviderSource]) -> None:
        """Provider processes take a moment to start; meanwhile the program does the same."""
        known = {package(s.type) for s in self._resources if s.custom and s.provider}
        used = known & sources.keys() or (set(sources) if self._process and not known else set())
        for name in used:
            plugins.start_ahead(name)

    # --- the course

    async def _course(self, pending: list[Interrupted]) -> None:
        try:
            if self._refreshes:
                await self._refresh()
                if self._verb == "refresh" or self._d.erred:
                    return
            elif pending and not self._preview:
                self._warn(pending)
            await self._guarded(self._program())
            await self._executor.finish()
            self._finish_outputs()
        finally:
            if self._d.erred and not self._bailed:
                self._events.error("preview failed" if self._preview else "update failed")

    def _warn(self, pending: list[Interrupted]) -> None:
        lines = "".join(f"  * {p.urn}, interrupted while {p.operation}\n" for p in pending)
        head = (
            f"Attempting to deploy or update resources with {len(pending)} pending operations from previous deployment."
        )
        self._events.diagnostic("warning", f"{head}\n{lines}{_PENDING}")

    async def _guarded(self, work: Coroutine[Any, Any, None], about: State | None = None) -> None:
        """Do the work; what can't be done is reported and ends the run."""
        try:
            await work
        except Bail:
            self._stop()
        except (EngineError, ProviderError, PluginError, ValueError) as error:
            self._events.error(str(error), about.urn if about and "::" in about.urn else "")
            self._stop()
        except UnsupportedError as error:
            self._refused(error)

    def _stop(self) -> None:
        self._bailed = True
        self._d.stopped.set()

    def _refused(self, error: UnsupportedError) -> None:
        if self._refusal is None:
            self._refusal = error
            self._events.error(str(error))
        self._stop()

    async def _program(self) -> None:
        if self._process:
            await self._process.start()
            ended = asyncio.create_task(self._process.wait())
            waits = [asyncio.create_task(e.wait()) for e in (self._d.stopped, self._monitor.finished)]
            await asyncio.wait([ended, *waits], return_when=asyncio.FIRST_COMPLETED)
            for wait in waits:
                wait.cancel()
            if self._d.stopped.is_set():
                ended.cancel()
                return
            if not self._monitor.finished.is_set():
                message = await ended
                if message:
                    self._events.error(message)
                if not self._process.succeeded:
                    self._stop()
                    return
            self._ended = ended
        async with self._gate:
            await self._executor.finish()
            if not self._d.stopped.is_set():
                await self._delete(await self._generator.deletions())

    async def _delete(self, steps: list[Step]) -> None:
        by_state = {step.old: step for step in steps if step.old}
        blocked: set[State] = set()
        for batch in deletion_order(self._d.prev, list(by_state)):
            for step in self._executor.failed:
                if step.old:
                    blocked |= transitive_needs(self._d.prev, step.old)
            if self._d.stopped.is_set():
                return
            await self._executor.batch([by_state[state] for state in batch if state not in blocked])

    # --- registrations

    async def _register(self, goal: Goal) -> State:
        return await self._carry_out(lambda done: self._generator.register(goal, done), goal.state)

    async def _read(self, state: State) -> State:
        return await self._carry_out(lambda done: self._generator.read(state, done), state)

    async def _carry_out(
        self, generate: Callable[[Callable[[State], None]], Coroutine[Any, Any, list[Step]]], state: State
    ) -> State:
        future: asyncio.Future[State] = asyncio.get_running_loop().create_future()

        def done(new: State) -> None:
            if not future.done():
                future.set_result(new)

        async def begin() -> None:
            steps = await generate(done)
            await self._executor.start(steps)

        async with self._gate:
            if not self._d.stopped.is_set():
                await self._guarded(begin(), state)
        return await future

    def _register_outputs(self, urn: str, outputs: Props) -> None:
        if qualified_type(urn) == STACK_TYPE:
            self._stack_outputs, self._stack_urn = outputs, urn
            return
        step = self._executor.registered.pop(urn, None)
        if step is None or step.new is None:
            self._events.error(f"cannot complete a resource '{urn}' whose registration isn't pending", urn)
            self._stop()
            return
        self._put_outputs(step, outputs)

    def _put_outputs(self, step: Step, outputs: Props) -> None:
        assert step.new
        step.new.outputs = outputs
        self._events.after(step)
        self._d.recorder.outputs(step.new)

    def _finish_outputs(self) -> None:
        """The stack's outputs come last; after a failure those of old stay beside them."""
        if self._stack_outputs is None:
            return
        step = self._executor.registered.pop(self._stack_urn, None)
        if step is None:
            return
        outputs = self._stack_outputs
        old = self._d.olds.get(self._stack_urn)
        if (self._d.erred or self._bailed) and old:
            outputs = old.outputs | outputs
        self._put_outputs(step, outputs)
        self._outputs = outputs

    # --- refresh

    async def _refresh(self) -> None:
        executor = Executor(self._d, refreshing=True)
        steps = {state: Step("refresh", state, state) for state in self._d.prev}

        async def ensure() -> None:
            for state in self._d.prev:
                await self._d.ensure_provider(state.provider)

        await self._guarded(ensure())
        if self._bailed:
            return
        await executor.batch(list(steps.values()))
        found = [new for step in steps.values() if (new := step.new) is not None]
        self._rebase(found)

    def _rebase(self, found: list[State]) -> None:
        """What was found is the new start; what hung on something that is gone no longer does."""
        seen: set[str] = set()
        parents: dict[str, str] = {}
        for state in found:
            state.dependencies = [u for u in state.dependencies if u in seen]
            by_property = {k: [u for u in urns if u in seen] for k, urns in state.property_dependencies.items()}
            state.property_dependencies = {k: urns for k, urns in by_property.items() if urns}
            state.replace_with = [u for u in state.replace_with if u in seen]
            state.deleted_with = state.deleted_with if state.deleted_with in seen else ""
            seen.add(state.urn)
        for state in found:
            if state.parent and state.parent not in seen:
                state.parent = parents.get(state.parent, "")
            parents[state.urn] = state.parent
        self._d.rebase(found)
        self._d.recorder.rebuilt(found)


def _refuse(options: Mapping[str, object]) -> None:
    for name, value in options.items():
        if value:
            raise UnsupportedError(f"the option {name}")


def _config_text(value: ConfigValue) -> str | Secret:
    if isinstance(value, Secret):
        return Secret(_config_text(value.value))
    return value if isinstance(value, str) else json.dumps(value)


def _interrupted(operation: Json) -> Interrupted:
    resource = operation["resource"]
    return Interrupted(operation["type"], resource["urn"], resource["type"], resource.get("id", ""))


def _in_loop(work: Coroutine[Any, Any, Outcome]) -> Outcome:
    """Run on a thread of its own, so that it doesn't matter whether the caller has an event loop."""
    box: list[Outcome | BaseException] = []

    def target() -> None:
        try:
            box.append(asyncio.run(work))
        except BaseException as error:  # noqa: BLE001  raised again in the caller's thread
            box.append(error)

    thread = threading.Thread(target=target, name="herd-engine")
    thread.start()
    thread.join()
    if isinstance(box[0], BaseException):
        raise box[0]
    return box[0]
