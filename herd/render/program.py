"""Runs a Pulumi program in this process as the language host would, and leaves the process as it was."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import os
import runpy
import sys
import threading
import traceback
from collections.abc import Callable, Collection, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from types import ModuleType
from typing import Any

import pulumi
from pulumi.runtime import config as pulumi_config
from pulumi.runtime import settings as pulumi_settings
from pulumi.runtime import stack as pulumi_stack

from components.base.problems import InvalidInputError, Problem
from herd.graph.model import Source
from herd.render.construction import Sources, noted, replaced
from herd.render.growing import growing
from herd.render.monitor import Engine, Monitor

_ONE_AT_A_TIME = threading.Lock()  # the working directory, sys.path and sys.modules belong to the process


class ProgramError(InvalidInputError):
    """The program failed: its own error, and the line of the repository it came from."""


class _Immediately(ThreadPoolExecutor):
    """Runs what it is given at once: the SDK's calls reach the monitor in the program's own order."""

    def submit(self, call: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        done: Future[Any] = Future()
        try:
            result = call(*args, **kwargs)
        except BaseException as error:  # noqa: BLE001 - the future carries it to whoever waits
            done.set_exception(error)
        else:
            if asyncio.iscoroutine(result):  # a registration that transforms look at first
                asyncio.ensure_future(result).add_done_callback(lambda task: _hand_over(task, done))
            else:
                done.set_result(result)
        return done


def _hand_over(task: asyncio.Task[Any], done: Future[Any]) -> None:
    if task.cancelled():
        done.cancel()
    elif error := task.exception():
        done.set_exception(error)
    else:
        done.set_result(task.result())


def run_program(
    root: Path, main: Path, config: Mapping[str, str], monitor: Monitor, secrets: Collection[str] = ()
) -> None:
    """Run a program against a monitor.

    Args:
        root: The repository: folder of Pulumi.yaml.
        main: The program: a folder with `__main__.py`, or a file.
        config: Fully qualified key to value, as the engine passes them.
        monitor: Records what the program registers.
        secrets: Keys of the configuration that are secret.

    Raises:
        ProgramError: The program raised, logged an error or asked for what a render can't do.
        InvalidInputError: The program refused its input.
    """
    failure: list[BaseException] = []

    def guarded() -> None:
        try:
            _run(root, main, config, monitor, secrets)
        except BaseException as error:  # noqa: BLE001 - raised again on the caller's thread
            failure.append(error)

    # The SDK keeps its state in context variables: a new thread starts with none of it, and with no event loop.
    with _ONE_AT_A_TIME:
        thread = threading.Thread(target=guarded, name="render", daemon=True)
        thread.start()
        thread.join()
    if failure:
        raise failure[0]


def _run(root: Path, main: Path, config: Mapping[str, str], monitor: Monitor, secrets: Collection[str]) -> None:
    engine = Engine()
    run = monitor.run
    pulumi_settings.configure(
        pulumi_settings.Settings(
            project=run.project,
            stack=run.stack,
            organization="organization",
            monitor=monitor,
            engine=engine,
            dry_run=run.unknowns,
            root_directory=str(root),
        )
    )
    pulumi_settings.SETTINGS.callbacks = monitor.transforms.callbacks
    pulumi_config.set_all_config(dict(config), list(secrets))
    loop = asyncio.new_event_loop()
    loop.set_default_executor(_Immediately())
    # When a program fails, what waited for it fails as well: asyncio would print every one of those errors.
    loop.set_exception_handler(lambda _loop, _context: None)
    asyncio.set_event_loop(loop)

    def program() -> None:
        runpy.run_path(str(main), run_name="__main__")

    with (
        noted(root) as made,
        growing(),
        replaced(pulumi_stack, "wait_for_rpcs", lambda _: _settled),
        _as_if_alone(root, main),
        _uncollected(),
        contextlib.redirect_stdout(sys.stderr),
    ):
        try:
            loop.run_until_complete(pulumi_stack.run_in_stack(program))
        except BaseException as error:
            explained = _explained(error, root, made)
            if isinstance(explained, InvalidInputError):
                explained = type(explained)([*explained.problems, *monitor.problems, *engine.errors])
            raise explained from error
        finally:
            for task in asyncio.all_tasks(loop):
                task.cancel()
            loop.close()
            asyncio.set_event_loop(None)
    problems = [*monitor.problems, *engine.errors]
    if problems:
        raise ProgramError(problems)


async def _settled(await_all_outstanding_tasks: bool = True) -> None:
    """Wait until nothing is outstanding: the SDK's `wait_for_rpcs`, which looks at every output again for each."""
    manager = pulumi_settings._get_rpc_manager()
    while manager.rpcs or (await_all_outstanding_tasks and pulumi_settings.SETTINGS.outputs):
        while manager.rpcs:
            await asyncio.sleep(0)
            try:
                await manager.rpcs.pop()
            except Exception:
                await asyncio.sleep(0)
                if manager.unhandled_exception is None:
                    raise
                break  # a task's error has its traceback once, and the SDK has had it: what it kept is raised below
        if manager.unhandled_exception is not None:
            raise manager.unhandled_exception.with_traceback(manager.exception_traceback)
        outputs = list(pulumi_settings.SETTINGS.outputs)
        pulumi_settings.SETTINGS.outputs.clear()
        await asyncio.gather(*outputs)


@contextlib.contextmanager
def _uncollected() -> Iterator[None]:
    """No garbage collection: a program makes tens of thousands of objects that all live to its end.

    Collecting among them took more than half of a render's time.
    """
    collects = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collects:
            gc.enable()


@contextlib.contextmanager
def _as_if_alone(root: Path, main: Path) -> Iterator[None]:
    """The process as a program expects it: its folder current, its modules fresh, the repository importable."""
    folder = main if main.is_dir() else main.parent
    saved_path, saved_folder = list(sys.path), Path.cwd()
    saved_setting = os.environ.get("PULUMI_ERROR_OUTPUT_STRING")
    evicted = _program_modules(root, folder)
    for name in evicted:
        del sys.modules[name]
    # Formatting an Output into a string would put the SDK's warning text into the property: make it an error.
    os.environ["PULUMI_ERROR_OUTPUT_STRING"] = "true"
    sys.path.insert(0, str(root))
    os.chdir(folder)
    try:
        yield
    finally:
        os.chdir(saved_folder)
        sys.path[:] = saved_path
        if saved_setting is None:
            del os.environ["PULUMI_ERROR_OUTPUT_STRING"]
        else:
            os.environ["PULUMI_ERROR_OUTPUT_STRING"] = saved_setting
        for name in _program_modules(root, folder):
            del sys.modules[name]
        sys.modules.update(evicted)


def _program_modules(root: Path, folder: Path) -> dict[str, ModuleType]:
    """The loaded modules that a program must load for itself.

    Those of its own folder, which may keep state; and where this tool runs from another checkout, everything that the
    program's repository has a version of. The tool itself stays.
    """
    entries = [*root.iterdir(), *folder.iterdir()]
    own = {entry.name.removesuffix(".py") for entry in entries} - {"herd", "__main__"}
    at, below = f"{root}{os.sep}", f"{folder}{os.sep}"
    return {
        name: module
        for name, module in sys.modules.items()
        if name.partition(".")[0] in own
        and (file := getattr(module, "__file__", None))
        and (file.startswith(below) or not file.startswith(at))
    }


def _explained(error: BaseException, root: Path, made: Mapping[int, Source]) -> BaseException:
    """A program's error as problems; anything that isn't one (Ctrl-C, an error of ours) stays as it is."""
    refused = _refused_input(error)
    if refused:
        return refused
    if isinstance(error, pulumi.RunError):
        return InvalidInputError.one(str(error))
    if isinstance(error, SystemExit):
        return ProgramError.one(f"the program ended itself with sys.exit({error.code!r})")
    if not isinstance(error, Exception):
        return error
    return _located(error, root, made)


def _refused_input(error: BaseException) -> InvalidInputError | None:
    """The problems in an error, or in the one it was raised from; a reloaded module's class is another class."""
    for found in (error, error.__cause__, error.__context__):
        problems = getattr(found, "problems", None)
        if isinstance(found, InvalidInputError):
            return found
        if found is not None and type(found).__name__ == "InvalidInputError" and problems:
            return InvalidInputError([Problem(p.file, p.line, p.field, p.message, p.fix) for p in problems])
    return None


def _located(error: Exception, root: Path, made: Mapping[int, Source]) -> ProgramError:
    sources = Sources(root)
    if isinstance(error, SyntaxError):
        place = sources.shown(error.filename or "") or error.filename or ""
        return ProgramError([Problem(place, error.lineno or 0, "", f"SyntaxError: {error.msg}")])
    places = list(_places(error, sources, made))
    at = places.pop() if places else Source()
    message = f"the program raised {type(error).__name__}: {error}"
    message += "".join(f"\n    called from {place}" for place in reversed(places))
    missing = error.name if isinstance(error, ModuleNotFoundError) else None
    fix = f"install what the program needs ({missing}) in the environment that runs herd" if missing else ""
    return ProgramError([Problem(at.file, at.line, "", message, fix)])


def _places(error: Exception, sources: Sources, made: Mapping[int, Source]) -> Iterator[Source]:
    """The lines of the program an error passed through, outermost first."""
    for frame, line in traceback.walk_tb(error.__traceback__):
        shown = sources.shown(frame.f_code.co_filename)
        if shown:
            yield Source(shown, line)
        elif frame.f_code.co_name in ("do_register", "do_read"):
            # The SDK sends a resource from a task that the program's lines aren't on the stack of.
            source = made.get(id(frame.f_locals.get("res")))
            if source:
                yield source
