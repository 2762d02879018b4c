"""Starts the program as a process, hands on what it prints, and tells how it ended."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from herd.engine.api import Program

_SHOWN = 32
_LANGUAGE = Path(__file__).with_name("language.py")


class ProgramRun:
    """A program under way.

    Args:
        program: What to run.
        job: Project, stack, parallel, dry_run and monitor, see language.py.
        config: Configuration for the program's environment (JSON).
        secret_keys: The keys of it that are secret.
        said: Called with (severity, line) for each line it prints.
    """

    def __init__(
        self,
        program: Program,
        job: dict[str, Any],
        config: dict[str, str],
        secret_keys: list[str],
        said: Callable[[str, str], None],
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
        self._environment["PYTHONPATH"] = os.pathsep.join(
            p for p in [*path, program.env.get("PYTHONPATH", "")] if p
        )
        self._python, self._said = program.python, said
        self._process: asyncio.subprocess.Process | None = None
        self._readers: list[asyncio.Task[None]] = []

    async def start(self) -> None:
        """Start it."""
        pipe = asyncio.subprocess.PIPE
        self._process = process = await asyncio.create_subprocess_exec(
            self._python, "-P", str(_LANGUAGE), json.dumps(self._job),
            stdin=pipe, stdout=pipe, stderr=pipe, env=self._environment, limit=1 << 24,
        )  # fmt: skip
        assert process.stdout
        assert process.stderr
        streams = (("info", process.stdout), ("info#err", process.stderr))
        self._readers = [asyncio.create_task(self._read(*stream)) for stream in streams]

    async def _read(self, severity: str, stream: asyncio.StreamReader) -> None:
        while line := await stream.readline():
            self._said(severity, line.decode(errors="replace").removesuffix("\n") + "\n")

    async def wait(self) -> str:
        """Wait for its end; gives an error message if it failed without one."""
        assert self._process
        code = await self._process.wait()
        await asyncio.gather(*self._readers)
        if code in (0, _SHOWN):
            return ""
        return f"Program exited with non-zero exit code: {code}"

    @property
    def succeeded(self) -> bool:
        """Whether it ended well."""
        return self._process is not None and self._process.returncode == 0

    async def kill(self) -> None:
        """End it now."""
        if self._process:
            if self._process.returncode is None:
                self._process.kill()
            await self._process.wait()
            if self._process.stdin:
                self._process.stdin.close()
            for reader in self._readers:
                reader.cancel()
            await asyncio.gather(*self._readers, return_exceptions=True)
