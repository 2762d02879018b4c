"""Runs a Pulumi program the way Pulumi's Python language host does; a process of its own that needs only the SDK.

    python -P language.py JOB                    run one program
    python -P language.py --serve FD MODULE…     import the modules once, then fork a child per job read from the socket

A job is JSON: {"main", "pwd", "root", "project", "stack", "parallel", "dry_run", "monitor", "env"}. With each job to be
forked come the child's standard streams and a pipe on which its process id is told and, at the end, its exit code.
"""

from __future__ import annotations

import contextlib
import importlib
import json
import os
import select
import signal
import socket
import sys
import threading
from typing import Any

SHOWN = 32  # exit code that says: the user has been told what is wrong


def _run(job: dict[str, Any]) -> int:
    import asyncio  # noqa: PLC0415  after os.environ is complete
    import logging  # noqa: PLC0415
    import runpy  # noqa: PLC0415
    from concurrent.futures import ThreadPoolExecutor  # noqa: PLC0415

    import pulumi  # noqa: PLC0415
    import pulumi.runtime  # noqa: PLC0415

    pulumi.runtime.set_all_config(pulumi.runtime.get_config_env(), pulumi.runtime.get_config_secret_keys_env())
    names = ("project", "stack", "parallel", "dry_run", "monitor")
    settings = pulumi.runtime.Settings(
        **{name: job[name] for name in names},
        engine=job["monitor"],
        organization="organization",
        root_directory=job["root"],
    )
    pulumi.runtime.configure(settings)
    # The SDK reports each of its own steps as a debug message, a call each, and the engine drops them all.
    pulumi.log.debug = lambda *_args, **_options: None
    sys.argv = [job["main"]]
    os.chdir(job["pwd"])
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    executor = ThreadPoolExecutor(max(job["parallel"], 1) * 4)
    loop.set_default_executor(executor)
    # A failed program leaves futures nobody awaits, which asyncio would complain about.
    logging.getLogger("asyncio").setLevel(logging.CRITICAL)

    def program() -> None:
        runpy.run_path(job["main"], run_name="__main__")

    code = SHOWN
    try:
        loop.run_until_complete(pulumi.runtime.run_in_stack(program))
        code = 0
    except pulumi.RunError as error:
        pulumi.log.error(str(error))
    except Exception as error:  # noqa: BLE001  whatever the program raises is reported as its failure
        pulumi.log.error("Program failed with an unhandled exception:\n" + _traceback(error, job["main"]))
    finally:
        executor.shutdown(wait=True)
        loop.close()
        sys.stdout.flush()
        sys.stderr.flush()
    return code


def _traceback(error: BaseException, main: str) -> str:
    """The traceback from the program's first frame on."""
    import traceback  # noqa: PLC0415

    def module(path: str) -> str:
        return os.path.abspath(path if os.path.splitext(path)[1] else os.path.join(path, "__main__"))  # noqa: PTH100,PTH118,PTH122

    frames = traceback.extract_tb(error.__traceback__)
    for index, frame in enumerate(frames):
        if os.path.splitext(module(frame.filename))[0] == os.path.splitext(module(main))[0]:  # noqa: PTH122
            return "".join(
                traceback.format_exception(type(error), error, error.__traceback__, limit=index - len(frames))
            )
    return "".join(traceback.format_exception(error))


def _exit_with_engine() -> None:
    """The engine holds the other end of our standard input: when that closes, it is gone, and so must we be."""
    watched = os.dup(0)
    with open(os.devnull) as null:  # noqa: PTH123
        os.dup2(null.fileno(), 0)

    def watch() -> None:
        while os.read(watched, 1024):
            pass
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


def _serve(descriptor: int, modules: list[str]) -> None:
    for module in modules:
        importlib.import_module(module)
    control = socket.socket(fileno=descriptor)
    woken, wake = os.pipe()
    os.set_blocking(wake, False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.set_wakeup_fd(wake)
    children: dict[int, int] = {}  # process id -> where to tell its exit code
    while True:
        ready: list[Any] = select.select([control.fileno(), woken], [], [])[0]
        if woken in ready:
            os.read(woken, 1 << 10)
            _reap(children)
        if control.fileno() in ready and not _start(control, children):
            return


def _start(control: socket.socket, children: dict[int, int]) -> bool:
    message, streams, _, _ = socket.recv_fds(control, 1 << 20, 4)
    while message and not message.endswith(b"\n"):
        message += control.recv(1 << 20)
    if not message:
        return False
    child = os.fork()
    if not child:
        control.close()
        for target, stream in enumerate(streams[:3]):
            os.dup2(stream, target)
        for stream in (*streams, *children.values()):
            os.close(stream)
        _child(json.loads(message))
    for stream in streams[:3]:
        os.close(stream)
    children[child] = streams[3]
    os.write(streams[3], f"{child}\n".encode())
    return True


def _reap(children: dict[int, int]) -> None:
    for child, status in list(children.items()):
        ended, how = os.waitpid(child, os.WNOHANG)
        if ended:
            with contextlib.suppress(BrokenPipeError):
                os.write(status, f"{os.waitstatus_to_exitcode(how)}\n".encode())
            os.close(children.pop(child))


def _child(job: dict[str, Any]) -> None:
    code = 1
    try:
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        os.environ.clear()
        os.environ.update(job["env"])
        sys.path[:0] = [p for p in job["env"].get("PYTHONPATH", "").split(os.pathsep) if p]
        code = _main(job)
    except SystemExit as stop:
        if isinstance(stop.code, str):
            sys.stderr.write(stop.code + "\n")
        code = stop.code or 0 if isinstance(stop.code, (int, type(None))) else 1
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def _main(job: dict[str, Any]) -> int:
    _exit_with_engine()
    return _run(job)


if __name__ == "__main__":
    if sys.argv[1] == "--serve":
        _serve(int(sys.argv[2]), sys.argv[3:])
    else:
        sys.exit(_main(json.loads(sys.argv[1])))
