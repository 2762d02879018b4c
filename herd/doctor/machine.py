"""The machine as the checks see it: programs, packages, environment and files, and nothing else."""

from __future__ import annotations

import importlib.metadata
import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

_PATIENCE = 10.0  # seconds that a program may take to say its version


@dataclass(frozen=True)
class Machine:
    """Facts about a machine.

    Attributes:
        root: The project: folder of Pulumi.yaml.
        environment: Environment variables.
        home: The user's home folder.
        python: Version of the interpreter.
    """

    root: Path
    environment: Mapping[str, str] = field(default_factory=lambda: dict(os.environ))
    home: Path = field(default_factory=Path.home)
    python: tuple[int, int, int] = sys.version_info[:3]

    def program(self, name: str) -> str | None:
        """The path of a program on PATH."""
        return shutil.which(name, path=self.environment.get("PATH", ""))

    def says(self, *command: str) -> str | None:
        """What a program prints; None if it can't be run, fails or takes too long."""
        try:
            done = subprocess.run(
                command, env=dict(self.environment), capture_output=True, text=True, timeout=_PATIENCE, check=False
            )
        except (OSError, subprocess.TimeoutExpired):
            return None
        return (done.stdout.strip() or done.stderr.strip()) if done.returncode == 0 else None

    def package(self, name: str) -> str | None:
        """The installed version of a Python package."""
        try:
            return importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            return None

    def read(self, path: str) -> str | None:
        """The text of a file of the project."""
        try:
            return (self.root / path).read_text(encoding="utf-8")
        except OSError:
            return None

    def can_listen(self) -> bool:
        """Whether a server can listen on the loopback interface."""
        try:
            with socket.socket() as server:
                server.bind(("127.0.0.1", 0))
        except OSError:
            return False
        return True
