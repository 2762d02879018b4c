"""Carries out steps, several at a time, and stops when one fails (pkg/resource/deploy/step.go, step_executor.go)."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from herd.engine.deployment import Deployment
from herd.engine.diff import engine_diff
from herd.engine.plugins import PluginError
from herd.engine.providers import InitError, Provider, ProviderError
from herd.engine.state import State, is_provider
from herd.engine.step import Step
from herd.engine.values import Props, Secret, as_secret, equal
from herd.signatures import UNKNOWN_STRING

_UNTOUCHED, _PARTIAL, _UNKNOWN = 0, 1, 2  # resource.Status of a failed operation


class ProtectedError(Exception):
    """A deletion of a protected resource."""

    def __init__(self, urn: str) -> None:
        super().__init__(
            f'resource "{urn}" cannot be deleted\nbecause it is protected. To unprotect the resource, either remove '
            "the `protect` flag from the resource in your Pulumi program and run `pulumi up`, or use the command:\n"
            f"`pulumi state unprotect '{urn}'`"
        )


class Executor:
    """Runs chains of steps.

    Args:
        deployment: The run.
        refreshing: A refresh: one failure doesn't stop the others.
        reports: What a refresh finds is the outcome, not just a step on the way.
        going_too: Whether the resource of a URN is deleted in this run.
    """

    def __init__(
        self,
        deployment: Deployment,
        *,
        refreshing: bool = False,
        reports: bool = False,
        going_too: Callable[[str], bool] = lambda _: False,
    ) -> None:
        self._d, self._going_too = deployment, going_too
        self._refreshing, self._reports = refreshing, reports
        self._slots = asyncio.Semaphore(max(1, deployment.parallel))
        self._tasks: set[asyncio.Task[None]] = set()
        self.registered: dict[str, Step] = {}  # what may still get outputs registered
        self.failed: list[Step] = []  # steps whose failure did not stop the run

    async def start(self, chain: list[Step], failed: Callable[[], None] = lambda: None) -> None:
        """Begin a chain of steps as soon as a place is free; `failed` is told when the run goes on without it."""
        await self._slots.acquire()
        task = asyncio.create_task(self._chain(chain, failed))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def finish(self) -> None:
        """Wait for everything under way."""
        while self._tasks:
            await asyncio.gather(*self._tasks)

    async def batch(self, steps: list[Step]) -> None:
        """Run steps side by side and wait for them."""
        for step in steps:
            await self.start([step])
        await self.finish()

    async def _chain(self, chain: list[Step], failed: Callable[[], None]) -> None:
        try:
            for step in chain:
                if self._d.stopped.is_set() and not self._refreshing:
                    return
                if not await self._run(step):
                    if not self._d.stopped.is_set():
                        failed()
                    return
        except Exception as error:  # noqa: BLE001  raised again at the end of the run
            self._d.crashed(error)
        finally:
            self._slots.release()

    async def _run(self, step: Step) -> bool:
        events = self._d.events
        events.before(step)
        number = await self._d.recorder.begin(step)
        error: Exception | None = None
        try:
            await self._apply(step)
        except (ProviderError, PluginError, ProtectedError) as caught:
            error = caught
        partial = isinstance(error, InitError)
        if step.new and step.op != "replace":
            _mark_secrets(step.new, events.diagnostic)
            self._d.news[step.new.urn] = step.new
        if error is None:
            if step.logical and step.new:
                self.registered[step.urn] = step
            self._report(step)
        else:
            self._fail(step, error)
            if partial and step.op == "update" and step.new and step.old:
                step.new.inputs = dict(step.old.inputs)
        self._d.recorder.end(step, number, ok=error is None or partial)
        if error is None and step.done and step.new:
            step.done(step.new)
        return error is None

    def _report(self, step: Step) -> None:
        events = self._d.events
        op, counts = step.op, step.logical
        if op == "refresh" and self._reports:
            op, counts = refreshed_op(step), True
        if op == "read":
            counts = step.old is not None and not equal(step.old.outputs, step.new.outputs if step.new else {})
        if counts and not step.internal:
            events.changes[op] += 1
        if self._d.preview or step.shown.custom or step.op in ("delete", "refresh"):
            events.after(step, op)

    def _fail(self, step: Step, error: Exception) -> None:
        urn = "" if step.internal else step.urn
        self._d.erred = True
        if self._d.preview:
            self._d.events.error(f"Preview failed: {error}", urn)
        else:
            self._d.events.error(str(error), urn)
            unknown = isinstance(error, ProviderError) and error.unknown
            status = _PARTIAL if isinstance(error, InitError) else _UNKNOWN if unknown else _UNTOUCHED
            self._d.events.failed(step, status)
        # Without its provider nothing of a package can go on.
        goes_on = self._d.continue_on_error and not is_provider(step.shown.type)
        if isinstance(error, ProtectedError) or goes_on:
            self.failed.append(step)
        elif not self._refreshing:
            self._d.stopped.set()

    # --- what each operation does

    async def _apply(self, step: Step) -> None:
        match step.op:
            case "same":
                await self._same(step)
            case "create" | "create-replacement":
                await self._create(step)
            case "update":
                await self._update(step)
            case "read" | "read-replacement":
                await self._read(step)
            case "refresh":
                await self._refresh(step)
            case "delete" | "delete-replaced" | "discard" | "discard-replaced":
                await self._delete(step)

    def _provider(self, state: State) -> Provider:
        provider = self._d.registry.get(state.provider)
        if provider is None:
            raise ProviderError(f"unknown provider '{state.provider}' for resource '{state.urn}'")
        return provider

    async def _same(self, step: Step) -> None:
        old, new = _both(step)
        new.id, new.outputs = old.id, old.outputs
        if is_provider(new.type):
            await self._d.registry.same(new.copy(inputs=old.inputs), from_check=True)

    async def _create(self, step: Step) -> None:
        new, preview = step.new, self._d.preview
        assert new is not None
        failure: InitError | None = None
        if is_provider(new.type):
            result = await self._d.registry.create(new.urn, new.inputs, preview=preview)
            new.id, new.outputs = result.id, result.outputs or {}
        elif new.custom:
            timeout = new.custom_timeouts.get("create", 0)
            result = await self._provider(new).create(new.urn, new.inputs, timeout, preview=preview)
            new.id, new.outputs, failure = result.id, result.outputs or {}, result.failure
        new.touched(created=True)
        if step.condemns and step.old:
            step.old.delete = True
        if failure:
            new.init_errors = failure.reasons
            raise failure

    async def _update(self, step: Step) -> None:
        old, new = _both(step)
        new.id = old.id
        if is_provider(new.type):
            new.outputs = (await self._d.registry.update(new.urn, old.id, new.inputs)).outputs or {}
            new.touched()
        elif new.custom:
            olds, timeout = (old.inputs, old.outputs), new.custom_timeouts.get("update", 0)
            result = await self._provider(new).update(
                new.urn, old.id, olds, new.inputs, timeout, step.ignore, preview=self._d.preview
            )
            new.outputs = result.outputs or {}
            new.touched()
            if result.failure:
                new.init_errors = result.failure.reasons
                raise result.failure

    async def _delete(self, step: Step) -> None:
        old = step.old
        assert old is not None
        if old.protect and step.op in ("delete", "discard") and not self._d.ignore_protect:
            raise ProtectedError(old.urn)
        kept = self._d.preview or old.external or old.retain_on_delete
        if old.custom and not kept and not self._going_too(old.deleted_with):
            if is_provider(old.type):
                self._d.registry.delete(old.urn, old.id)
            else:
                timeout = old.custom_timeouts.get("delete", 0)
                await self._provider(old).delete(old.urn, old.id, old.inputs, old.outputs, timeout)
        if step.pends:
            old.pending_replacement = True

    async def _read(self, step: Step) -> None:
        old, new = step.old, step.new
        assert new is not None
        if new.id == UNKNOWN_STRING:
            new.outputs = {}
        else:
            timeout = new.custom_timeouts.get("read", 0)
            result = await self._provider(new).read(new.urn, new.id, new.inputs, new.inputs, timeout)
            if not result.id and not result.outputs:
                raise ProviderError(f"resource '{new.id}' does not exist")
            new.outputs, new.id = result.outputs or {}, result.id or new.id
            if result.failure:
                new.init_errors = result.failure.reasons
                raise result.failure
        if old:
            old.delete |= step.condemns
            new.created, new.modified = old.created, old.modified
            if not (equal(new.inputs, old.inputs) and equal(new.outputs, old.outputs)):
                new.touched()

    async def _refresh(self, step: Step) -> None:
        old = step.old
        assert old is not None
        if not old.custom or is_provider(old.type) or old.pending_replacement:
            return
        timeout = old.custom_timeouts.get("read", 0)
        provider = self._provider(old)
        result = await provider.read(old.urn, old.id, old.inputs, old.outputs, timeout)
        if result.failure:
            lines = "\n* ".join(result.failure.reasons)
            message = f"Refreshed resource is in an unhealthy state:\n* {lines}"
            self._d.events.diagnostic("warning", message, old.urn)
        if not result.id:
            step.new = None
            return
        inputs: Props = old.inputs if result.inputs is None else result.inputs
        new = old.copy(id=result.id, inputs=inputs, outputs=result.outputs or {}, init_errors=[])
        if result.failure:
            new.init_errors = result.failure.reasons
        if not (equal(inputs, old.inputs) and equal(new.outputs, old.outputs)):
            new.touched()
        step.new = new
        if not old.external:
            diff = await provider.diff(
                new.urn, new.id, new.inputs, new.outputs, old.inputs, old.ignore_changes, preview=self._d.preview
            )
            step.diff = engine_diff(diff, new.inputs, old.inputs).inverted()


def refreshed_op(step: Step) -> str:
    """What a refresh found: that the resource is gone, changed or as it was."""
    old, new = step.old, step.new
    if new is None:
        return "delete"
    assert old is not None
    if new is old or (equal(old.outputs, new.outputs) if old.external else not step.diff.some):
        return "same"
    return "update"


def _both(step: Step) -> tuple[State, State]:
    assert step.old is not None
    assert step.new is not None
    return step.old, step.new


def _mark_secrets(state: State, diagnostic: Callable[[str, str, str], None]) -> None:
    """Outputs are secret if asked for, or if the input of the same name is."""
    for key in state.additional_secret_outputs:
        if key == "id":
            message = "The 'id' property cannot be made secret. See pulumi/pulumi#2717 for more details."
            diagnostic("warning", message, state.urn)
        elif key in state.outputs:
            state.outputs = state.outputs | {key: as_secret(state.outputs[key])}
    for key, value in state.inputs.items():
        if isinstance(value, Secret) and key in state.outputs and not isinstance(state.outputs[key], Secret):
            state.outputs = state.outputs | {key: Secret(state.outputs[key])}
