"""The course of a run, from its first event to its last (pkg/resource/deploy/deployment_executor.go)."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass
from typing import Any

from herd.engine.api import Interrupted, Outcome, Program, ProviderSource
from herd.engine.backend import Backend, Run
from herd.engine.crypto import Crypter
from herd.engine.deployment import Bail, Deployment, EngineError, Failed
from herd.engine.events import Events
from herd.engine.executor import Executor
from herd.engine.generator import Generator
from herd.engine.graph import deletion_order, transitive_needs
from herd.engine.monitor import Monitor
from herd.engine.plugins import PluginError, Plugins
from herd.engine.program import ProgramRun
from herd.engine.providers import DiffUnavailableError, ProviderError, package_of
from herd.engine.recorder import Recorder
from herd.engine.registry import Registry
from herd.engine.snapshot import Json
from herd.engine.state import STACK_TYPE, Goal, State, qualified_type, ref_urn
from herd.engine.step import UNCHANGED, Step
from herd.engine.values import Props, Secret, UnsupportedError, has_unknowns, mapped, plain
from herd.plan import Plan

_CHANGED = 7  # exit code of the CLI for changes under --expect-no-changes
_PENDING = (
    "These resources are in an unknown state because the Pulumi CLI was interrupted while waiting for changes to these "
    "resources to complete. You should confirm whether or not the operations listed completed successfully by checking "
    "the state of the appropriate provider.\n\nOnce you have confirmed the status of the interrupted operations, you "
    "can repair your stack using `herd recover` or a refresh that clears pending creations."
)
# What another engine may have put into a state and this one would not honour.
_FOREIGN = ("resourceHooks", "viewOf", "extensionRef")


@dataclass(frozen=True)
class Request:
    """What to run, on what, and with which options."""

    verb: str  # up, refresh, destroy
    preview: bool
    project: str
    stack: str
    config: Mapping[str, str | Secret]  # by full key
    providers: Mapping[str, ProviderSource]
    program: Program | None
    parallel: int
    environment: Mapping[str, str]
    refresh: bool = False
    expect_no_changes: bool = False
    ignore_protect: bool = False
    clear_pending: bool = False
    continue_on_error: bool = False


class Course:
    """One run.

    Args:
        request: What is asked for.
        backend: The stack.
        run: The stack opened for changes; None in a preview.
        deployment: Its state.
        events: Where to tell what happens.
    """

    def __init__(self, request: Request, backend: Backend, run: Run | None, deployment: Json, events: Events) -> None:
        self._request, self._run, self._events = request, run, events
        self._pending = [_interrupted(operation) for operation in deployment.get("pending_operations") or []]
        self._crypter = Crypter(backend.passphrase, deployment.get("secrets_providers"), str(backend.state_file))
        resources = [State.from_json(data, self._crypter) for data in deployment.get("resources") or []]
        for index, state in enumerate(resources):
            state.slot = ["o", index]
            if feature := next((name for name in _FOREIGN if state.extra.get(name)), ""):
                raise UnsupportedError(f"{feature}, which {state.urn} has in the state")
        if "pulumi:autonaming" in request.config:
            raise UnsupportedError("pulumi:autonaming")
        program = request.program
        self._plugins = Plugins(request.providers, request.environment, 2 * request.parallel + 8)
        self._recorder = Recorder(run, self._crypter)
        self._d = Deployment(
            project=request.project,
            stack=request.stack,
            preview=request.preview,
            parallel=request.parallel,
            ignore_protect=request.ignore_protect,
            continue_on_error=request.continue_on_error,
            prev=resources,
            events=events,
            recorder=self._recorder,
            registry=Registry(self._plugins, *((str(program.root), str(program.main)) if program else ("", ""))),
        )
        self._generator = Generator(self._d)
        self._executor = Executor(self._d, going_too=self._generator.going_too)
        self._gate = asyncio.Lock()  # one registration at a time is turned into steps
        self._process: ProgramRun | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._bailed = False
        self._refusal: UnsupportedError | None = None
        self._stack_outputs: tuple[str, Props] | None = None
        self._outputs: Props = {}

    def cancel(self) -> None:
        """From another thread: let what is under way finish and start nothing more."""
        if self._loop:
            self._loop.call_soon_threadsafe(self._canceled)

    def _canceled(self) -> None:
        self._events.error("preview canceled" if self._d.preview else "update canceled")
        self._stop()
        asyncio.ensure_future(self._d.registry.cancel())  # noqa: RUF006  nobody waits for it: plugins may not answer

    async def go(self) -> Outcome:
        """Run it."""
        self._loop = asyncio.get_running_loop()
        if self._run:
            self._run.begin(clear_pending=self._request.clear_pending)
            if self._run.notice:
                self._events.diagnostic("warning", self._run.notice)
        config = self._request.config
        monitor = Monitor(self._d, config, self._register, self._read, self._register_outputs, self._refused)
        self._plugins.engine = address = await monitor.serve()
        self._events.prelude({k: "[secret]" if isinstance(v, Secret) else v for k, v in config.items()})
        if self._request.program and self._request.verb == "up":
            self._process = self._new_process(self._request.program, address, monitor)
        async with contextlib.AsyncExitStack() as ends:
            ends.push_async_callback(self._recorder.close)
            ends.push_async_callback(self._plugins.close)
            ends.push_async_callback(monitor.close)
            if self._process:
                ends.push_async_callback(self._process.end)
            self._start_ahead()
            await self._course(monitor)
        if self._d.crash:
            raise self._d.crash  # the journal stays and tells the next run
        result = "failed" if self._d.erred or self._bailed else "succeeded"
        self._events.summary(result)
        if self._run:
            self._run.finish()
        changed = any(n for op, n in self._events.changes.items() if op not in UNCHANGED)
        unexpected = self._request.expect_no_changes and changed
        return Outcome(
            exit_code=1 if result == "failed" else _CHANGED if unexpected else 0,
            result=result,
            changes=dict(self._events.changes),
            plan=Plan.from_events(self._events.all),
            outputs=mapped(self._outputs, lambda s: plain(s.value), None),
            diagnostics=tuple(self._events.diagnostics),
            interrupted=tuple(self._pending),
            refused=self._refusal.feature if self._refusal else "",
        )

    def _new_process(self, program: Program, address: str, monitor: Monitor) -> ProgramRun:
        request, config = self._request, self._request.config
        job = {"project": request.project, "stack": request.stack, "parallel": request.parallel}
        job |= {"dry_run": request.preview, "monitor": address}
        texts = {k: str(plain(v)) for k, v in config.items()}
        secrets = [k for k, v in config.items() if isinstance(v, Secret)]
        return ProgramRun(program, job, texts, secrets, self._events.diagnostic, monitor.finished.is_set)

    def _start_ahead(self) -> None:
        """Provider processes take a moment to start; meanwhile the program does the same."""
        used = {ref for s in self._d.prev if (ref := s.provider)}
        names = [package_of(ref_urn(ref)) for ref in used] or (list(self._request.providers) if self._process else [])
        for name in names:
            self._plugins.start_ahead(name)

    # --- the course

    async def _course(self, monitor: Monitor) -> None:
        refreshing = self._request.verb == "refresh"
        if self._request.refresh:
            await self._refresh(reports=refreshing)
        elif self._pending and not self._d.preview:
            self._warn()
        if not (refreshing or self._d.erred or self._bailed):
            await self._guarded(self._program(monitor))
            await self._executor.finish()
            self._finish_outputs()
        if self._d.erred and not self._bailed:
            self._events.error("preview failed" if self._d.preview else "update failed")

    def _warn(self) -> None:
        lines = "".join(f"  * {p.urn}, interrupted while {p.operation}\n" for p in self._pending)
        head = f"Attempting to deploy or update resources with {len(self._pending)} pending operations from previous"
        self._events.diagnostic("warning", f"{head} deployment.\n{lines}{_PENDING}")

    async def _guarded(self, work: Coroutine[Any, Any, None], about: State | None = None) -> None:
        """Do the work; what can't be done is reported and ends the run."""
        try:
            await work
        except Bail:
            self._stop()
        except (EngineError, ProviderError, PluginError, DiffUnavailableError, ValueError) as error:
            self._events.error(str(error), about.urn if about and "::" in about.urn else "")
            self._stop()
        except UnsupportedError as error:
            self._refused(error)
        except Exception as error:  # noqa: BLE001  raised again at the end of the run
            self._d.crashed(error)

    def _stop(self) -> None:
        self._bailed = True
        self._d.stopped.set()

    def _refused(self, error: UnsupportedError) -> None:
        if self._refusal is None:
            self._refusal = error
            self._events.error(str(error))
        self._stop()

    async def _program(self, monitor: Monitor) -> None:
        if self._process:
            await self._process.start()
            ended = asyncio.create_task(self._process.wait())
            waits = [asyncio.create_task(event.wait()) for event in (self._d.stopped, monitor.finished)]
            await asyncio.wait([ended, *waits], return_when=asyncio.FIRST_COMPLETED)
            for wait in waits:
                wait.cancel()
            if not self._d.stopped.is_set() and not monitor.finished.is_set():
                message = await ended
                if message:
                    self._events.error(message)
                if not self._process.succeeded:
                    self._stop()
        async with self._gate:
            await self._executor.finish()
            # After a failure nobody knows what the program would still have declared.
            if not (self._d.stopped.is_set() or (self._process and self._executor.failed)):
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
        self, generate: Callable[[Callable[[State], None]], Coroutine[Any, Any, list[Step]]], about: State
    ) -> State:
        """Turn a registration into steps and wait for the outcome; forever, if the run stops before.

        Raises:
            Failed: It failed, or what it needs did, and the run goes on.
        """
        future: asyncio.Future[State] = asyncio.get_running_loop().create_future()

        def lost() -> None:
            self._d.lost.add(about.urn)
            if not future.done():
                future.set_exception(Failed(about.urn))

        async def begin() -> None:
            if self._generator.skips(about):
                lost()
            else:
                await self._executor.start(await generate(future.set_result), lost)

        async with self._gate:
            if not self._d.stopped.is_set():
                await self._guarded(begin(), about)
        return await future

    def _register_outputs(self, urn: str, outputs: Props) -> None:
        if self._d.stopped.is_set():
            return
        if qualified_type(urn) == STACK_TYPE:
            self._stack_outputs = (urn, outputs)
            return
        step = self._executor.registered.pop(urn, None)
        if step is None:
            self._events.error(f"cannot complete a resource '{urn}' whose registration isn't pending", urn)
            self._stop()
        else:
            self._put_outputs(step, outputs)

    def _put_outputs(self, step: Step, outputs: Props) -> None:
        assert step.new
        if not self._d.preview:  # what hangs on a failure has no value, and a state holds values alone
            outputs = {key: value for key, value in outputs.items() if not has_unknowns(value)}
        step.new.outputs = outputs
        self._events.after(step)
        self._recorder.outputs(step.new)

    def _finish_outputs(self) -> None:
        """The stack's outputs come last; after a failure those of old stay beside them."""
        if self._stack_outputs is None:
            return
        urn, outputs = self._stack_outputs
        step = self._executor.registered.pop(urn, None)
        if step is None:
            return
        old = self._d.olds.get(urn)
        if old and (self._d.erred or self._bailed):
            outputs = old.outputs | {k: v for k, v in outputs.items() if self._d.preview or not has_unknowns(v)}
        self._put_outputs(step, outputs)
        self._outputs = outputs

    # --- refresh

    async def _refresh(self, *, reports: bool) -> None:
        executor = Executor(self._d, refreshing=True, reports=reports)
        steps = [Step("refresh", state, state) for state in self._d.prev]

        async def ensure_providers() -> None:
            for state in self._d.prev:
                await self._d.ensure_provider(state)

        await self._guarded(ensure_providers())
        if not self._bailed:
            await executor.batch(steps)
            self._rebase([step.new for step in steps if step.new])

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
        self._recorder.rebuilt(found)


def _interrupted(operation: Json) -> Interrupted:
    resource = operation["resource"]
    return Interrupted(operation["type"], resource["urn"], resource["type"], resource.get("id", ""))
