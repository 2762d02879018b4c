"""Small programs, rendered in this process or by the command."""

from __future__ import annotations

import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from herd.render import render

PREAMBLE = """
import pulumi
import pulumi_aws as aws

provider = aws.Provider("aws", region="us-east-1")
opts = pulumi.ResourceOptions(provider=provider)
"""


class Project:
    """A project in a scratch folder."""

    def __init__(self, root: Path) -> None:
        self.root = root
        (root / "infra").mkdir()
        (root / "Pulumi.yaml").write_text("name: demo\nruntime: python\nmain: infra\nstackConfigDir: stacks\n")
        (root / "stacks").mkdir()
        self.configure()

    def configure(self, text: str = "{}") -> None:
        (self.root / "stacks" / "Pulumi.dev.yaml").write_text(f"config: {text}\n")

    def program(self, body: str, *, preamble: str = PREAMBLE, name: str = "__main__") -> None:
        (self.root / "infra" / f"{name}.py").write_text(preamble + textwrap.dedent(body))

    def line_of(self, text: str) -> int:
        lines = (self.root / "infra" / "__main__.py").read_text().splitlines()
        return next(number for number, line in enumerate(lines, 1) if text in line)

    def render(self, body: str | None = None, **arguments):
        if body is not None:
            self.program(body)
        return render(self.root, "dev", **arguments)

    def command(self, *arguments: str, environment: dict[str, str] | None = None):
        command = [sys.executable, "-m", "herd.cli.main", "render", *arguments]
        # Nothing but what is passed: a render needs no credentials, no home, no PATH.
        return subprocess.run(command, cwd=self.root, env=environment or {}, capture_output=True, check=False)


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(tmp_path.resolve())


@pytest.fixture
def only():
    """`only(graph, "aws:ec2/vpc:Vpc")`: the one resource of a type."""

    def find(graph, kind):
        (found,) = graph.of_type(kind)
        return found

    return find
