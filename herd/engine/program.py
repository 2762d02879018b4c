"""Starts the program as a process, hands on what it prints, and tells how it ended."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import socket
import subprocess
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO, ClassVar, cast

from herd.engine.api import Program

_SHOWN = 32
_GRACE = 10  # seconds for a program that is done to exit
_LINE = 1 << 24  # longest line a program may print
_LANGUAGE = Path(__file__).with_name("language.py")


class ProgramRun:
    """A program under way.

    Args:
        program: What to run.
        job: Project, stack, parallel, dry_run and monitor, see language.py.
        config: Configuration for the program's environment (JSON).
        secret_keys: The keys of it that are secret.
        said: Called with (severity, line) for each line it prints.
        leaving: Whether it said that it is done.
    """

    def __init__(
        self,
        program: Program,
        job: dict[str, Any],
        config: dict[str, str],
        secret_keys: list[str],
        said: Callable[[str, str], None],
        leaving: Callable[[], bool],
    ) -> None:
        folder = program.main.is_dir()
        main, pwd = (".", program.main) if folder else (program.main.name, program.main.parent)
        self._job = job | {"main": main, "pwd": str(pwd.resolve()), "root": str(program.root.resolve())}
        path = [str(program.root.resolve()), os.environ.get("PYTHONPATH", "")]
        self._environment = {
            **os.environ,
            "PULUMI_CONFIG": json.dumps(config),
            "PULUMI_CONFIG_SECRET_KEYS": json.dumps(secret_keys),
            "PYTHONUNBUFFERED": "1",
            **program.env,
        }
        self._environment["PYTHONPATH"] = os.pathsep.join(p for p in [*path, program.env.get("PYTHONPATH", "")] if p)
        self._python, self._preload, self._said = program.python, program.preload, said
        self._leaving = leaving
        self._process: asyncio.subprocess.Process | _Forked | None = None
        self._readers: list[asyncio.Task[None]] = []

    async def start(self) -> None:
        """Start it."""
        job = json.dumps(self._job)
        pipe = asyncio.subprocess.PIPE
        if self._preload:
            job = json.dumps(self._job | {"env": self._environment})
            self._process = await _Forked.start(_Nursery.of(self._python, self._preload), job)
        else:
            self._process = await asyncio.create_subprocess_exec(
                *(self._python, "-P", str(_LANGUAGE), job),
                stdin=pipe,
                stdout=pipe,
                stderr=pipe,
                env=self._environment,
                limit=_LINE,
            )
        streams = (("info", self._process.stdout), ("info#err", self._process.stderr))
        self._readers = [asyncio.create_task(self._read(*stream)) for stream in streams]

    async def _read(self, severity: str, stream: asyncio.StreamReader | None) -> None:
        while stream and (line := await stream.readline()):
            self._said(severity, line.decode(errors="replace"))

    async def wait(self) -> str:
        """Wait for its end; gives an error message if it failed without one."""
        assert self._process
        code = await self._process.wait()
        await asyncio.gather(*self._readers)
        return "" if code in (0, _SHOWN) else f"Program exited with non-zero exit code: {code}"

    @property
    def succeeded(self) -> bool:
        """Whether it ended well."""
        return self._process is not None and self._process.returncode == 0

    async def end(self) -> None:
        """Let it end if it is about to, else end it; what it still has to say is heard."""
        if self._process is None:
            return
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._process.wait(), _GRACE if self._leaving() else 0)
        with contextlib.suppress(ProcessLookupError):
            if self._process.returncode is None:
                self._process.kill()
        await self._process.wait()
        if self._process.stdin:
            self._process.stdin.close()
        await asyncio.wait(self._readers, timeout=1)
        for reader in self._readers:
            reader.cancel()
        await asyncio.gather(*self._readers, return_exceptions=True)


class _Nursery:
    """A process with the SDK imported, from which programs are forked; one per interpreter and set of modules."""

    _all: ClassVar[dict[tuple[str, tuple[str, ...]], _Nursery]] = {}
    _guard: ClassVar[threading.Lock] = threading.Lock()

    def __init__(self, python: str, preload: tuple[str, ...]) -> None:
        self._lock = threading.Lock()
        self._control, theirs = socket.socketpair()
        command = [python, "-P", str(_LANGUAGE), "--serve", str(theirs.fileno()), *preload]
        self.process = subprocess.Popen(command, pass_fds=[theirs.fileno()], stdin=subprocess.DEVNULL)
        theirs.close()

    @classmethod
    def of(cls, python: str, preload: tuple[str, ...]) -> _Nursery:
        with cls._guard:
            nursery = cls._all.get((python, preload))
            if nursery is None or nursery.process.poll() is not None:
                nursery = cls._all[python, preload] = cls(python, preload)
            return nursery

    def fork(self, job: str, streams: list[int]) -> None:
        with self._lock:
            data = job.encode() + b"\n"
            sent = socket.send_fds(self._control, [data], streams)
            self._control.sendall(data[sent:])


class _Forked:
    """A forked program, with as much of asyncio's Process as is needed here."""

    def __init__(self, stdin: BinaryIO) -> None:
        self.stdin, self.returncode, self._pid = stdin, cast("int | None", None), 0
        self.stdout = asyncio.StreamReader(_LINE)
        self.stderr = asyncio.StreamReader(_LINE)
        self._status = asyncio.StreamReader()
        self._exit: asyncio.Task[bytes] | None = None

    @classmethod
    async def start(cls, nursery: _Nursery, job: str) -> _Forked:
        loop = asyncio.get_running_loop()
        stdin, ours = os.pipe()
        forked = cls(os.fdopen(ours, "wb", 0))
        theirs = [stdin]
        for reader in (forked.stdout, forked.stderr, forked._status):
            read, write = os.pipe()
            theirs.append(write)
            protocol = asyncio.StreamReaderProtocol(reader)
            await loop.connect_read_pipe(lambda p=protocol: p, os.fdopen(read, "rb", 0))  # type: ignore[misc]
        await asyncio.to_thread(nursery.fork, job, theirs)
        for descriptor in theirs:
            os.close(descriptor)
        forked._pid = int(await forked._status.readline() or 0)
        return forked

    async def wait(self) -> int:
        if self._exit is None:
            self._exit = asyncio.create_task(self._status.readline())
        line = await asyncio.shield(self._exit)
        self.returncode = int(line) if line.strip() else 1
        return self.returncode

    def kill(self) -> None:
        os.kill(self._pid, signal.SIGKILL)
