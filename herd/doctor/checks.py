"""The checks: a table. Each looks for one thing and says what it would enable and how to get it."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Literal

from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

from herd.doctor.machine import Machine

Status = Literal["ok", "missing", "wrong"]
Look = Callable[[Machine], tuple[Status, str]]

PYTHON: Final = (3, 11)
_SHOWN: Final = 3
_VERSION: Final = re.compile(r"\d+(\.\d+)+")
_PIN: Final = re.compile(r"^([A-Za-z0-9][\w.-]*==[^\\\n]+)", re.MULTILINE)
_PULUMI_RANGE: Final = re.compile(r"^requiredPulumiVersion:\s*[\"']?([^\"'\n]+)", re.MULTILINE)


@dataclass(frozen=True)
class Check:
    """One thing to look for.

    Attributes:
        name: What it is.
        enables: What one can do with it.
        get: How to get it.
        look: Its status on a machine, and what was found there.
        required: Whether Herd works at all without it.
    """

    name: str
    enables: str
    get: str
    look: Look
    required: bool = False


@dataclass(frozen=True)
class Finding:
    """What a check found.

    Attributes:
        check: The check.
        status: `ok`, `missing`, or `wrong` (there, but not fit).
        found: A version, a place, or what is wrong.
    """

    check: Check
    status: Status
    found: str

    @property
    def fatal(self) -> bool:
        """Whether Herd doesn't work because of it."""
        return self.check.required and self.status != "ok"

    def to_dict(self) -> dict[str, object]:
        """The finding as JSON data."""
        check = self.check
        return {
            "name": check.name,
            "status": self.status,
            "found": self.found,
            "required": check.required,
            "enables": check.enables,
            "get": check.get,
        }


def examine(machine: Machine) -> tuple[Finding, ...]:
    """Every check on a machine, in the order of the table."""
    return tuple(Finding(check, *check.look(machine)) for check in CHECKS)


def _python(machine: Machine) -> tuple[Status, str]:
    version = ".".join(map(str, machine.python))
    return ("ok", version) if machine.python[:2] >= PYTHON else ("wrong", f"{version}, which is too old")


def _packages(machine: Machine) -> tuple[Status, str]:
    pins = [
        (requirement.name, str(next(iter(requirement.specifier)).version))
        for line in _PIN.findall(machine.read("requirements/run.txt") or "")
        if (requirement := Requirement(line.strip())).marker is None or requirement.marker.evaluate()
    ]
    if not pins:
        return "wrong", "requirements/run.txt pins nothing, so there is nothing to compare with"
    differing = [
        f"{name} {installed or 'missing'} (pinned: {pinned})"
        for name, pinned in pins
        if (installed := machine.package(name)) != pinned
    ]
    if differing:
        more = f" and {len(differing) - _SHOWN} more" if len(differing) > _SHOWN else ""
        return "wrong", ", ".join(differing[:_SHOWN]) + more
    return "ok", f"{len(pins)} packages as pinned"


def _loopback(machine: Machine) -> tuple[Status, str]:
    return ("ok", "127.0.0.1") if machine.can_listen() else ("missing", "nothing may listen on 127.0.0.1")


def _on_path(name: str, *arguments: str) -> Look:
    """Looks for a program and asks for its version."""

    def look(machine: Machine) -> tuple[Status, str]:
        if not machine.program(name):
            return "missing", "not on PATH"
        answer = machine.says(name, *arguments)
        if answer is None:
            return "wrong", f"{name} {' '.join(arguments)} fails"
        version = _VERSION.search(answer)
        return "ok", version[0] if version else answer.splitlines()[0]

    return look


def _pulumi(machine: Machine) -> tuple[Status, str]:
    status, version = _on_path("pulumi", "version")(machine)
    declared = _PULUMI_RANGE.search(machine.read("Pulumi.yaml") or "")
    if status == "ok" and declared and version not in SpecifierSet(",".join(declared[1].split())):
        return "wrong", f"{version}, but Pulumi.yaml asks for {declared[1].strip()}"
    return status, version


def _docker(machine: Machine) -> tuple[Status, str]:
    status, version = _on_path("docker", "--version")(machine)
    if status == "ok" and machine.says("docker", "version", "--format", "{{.Server.Version}}") is None:
        return "wrong", f"client {version}, but its daemon can't be reached"
    return status, version


def _credentials(machine: Machine) -> tuple[Status, str]:
    # Only where credentials would come from: asking AWS, or a machine's metadata, is for the commands that need them.
    variables = (
        "AWS_PROFILE",
        "AWS_ACCESS_KEY_ID",
        "AWS_WEB_IDENTITY_TOKEN_FILE",
        "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
        "AWS_CONTAINER_CREDENTIALS_FULL_URI",
    )
    for name in variables:
        if machine.environment.get(name):
            return "ok", f"from {name} (not tried)"
    for name in ("credentials", "config"):
        if (machine.home / ".aws" / name).is_file():
            return "ok", f"from ~/.aws/{name} (not tried)"
    return "missing", "none in the environment or in ~/.aws"


CHECKS: Final = (
    Check(
        "python",
        "everything",
        f"install Python {PYTHON[0]}.{PYTHON[1]} or newer",
        _python,
        required=True,
    ),
    Check(
        "packages",
        "everything",
        "make rehearse, or pip install --require-hashes -r requirements/run.txt",
        _packages,
        required=True,
    ),
    Check(
        "loopback",
        "the stand-in cloud and the providers, which talk over 127.0.0.1",
        "allow this user to listen on the loopback interface",
        _loopback,
        required=True,
    ),
    Check(
        "git",
        "herd rehearse --from GITREF: the change from a commit to the working tree",
        "install the package git",
        _on_path("git", "--version"),
    ),
    Check(
        "pulumi",
        "pulumi preview and up on a real account, and herd rehearse --engine pulumi",
        "see pulumi.com/docs/install",
        _pulumi,
    ),
    Check(
        "credentials",
        "a real account: pulumi preview and up, herd release resolve, herd recover",
        "aws configure sso, or set AWS_PROFILE",
        _credentials,
    ),
    Check(
        "aws",
        "looking into the stand-in cloud or a real account by hand",
        "see the AWS CLI's user guide, Installing",
        _on_path("aws", "--version"),
    ),
    Check(
        "docker",
        "building images by hand; Herd itself never calls it",
        "start its daemon; to install it, see docs.docker.com/engine/install",
        _docker,
    ),
    Check(
        "kubectl",
        "looking into a cluster by hand; Herd itself never calls it",
        "see kubernetes.io/docs/tasks/tools",
        _on_path("kubectl", "version", "--client"),
    ),
    Check(
        "helm",
        "looking into charts by hand; Herd itself never calls it",
        "see helm.sh/docs/intro/install",
        _on_path("helm", "version", "--short"),
    ),
)
