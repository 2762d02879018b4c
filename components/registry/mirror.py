"""The digest mirror's build specification and permissions: pure, so that what will run can be read and tested."""

from __future__ import annotations

import io
import shlex
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib.resources import files
from typing import Any, Final

from ruamel.yaml import YAML
from ruamel.yaml.scalarstring import LiteralScalarString

from components.base.context import StackContext
from components.registry.derive import PULL, image_pull_statements, own_image, registry_host, repository_arn
from components.registry.fields import mirror_repository
from components.registry.mirror_spec import MirrorSpec
from components.registry.references import parse
from components.registry.spec import RegistrySpec

ECR_HELPER: Final = "docker-credential-ecr-login"
PUSH: Final = (
    "ecr:CompleteLayerUpload",
    "ecr:InitiateLayerUpload",
    "ecr:PutImage",
    "ecr:UploadLayerPart",
)
# Source: CodeBuild User Guide, "Build environment compute modes and types": 2 vCPUs either way.
MACHINES: Final[Mapping[str, tuple[str, str]]] = {
    "arm64": ("ARM_CONTAINER", "BUILD_GENERAL1_SMALL"),
    "x86_64": ("LINUX_CONTAINER", "BUILD_GENERAL1_SMALL"),
}


@dataclass(frozen=True)
class Buildspec:
    """A CodeBuild build specification, version 0.2.

    Attributes:
        pre_build: Commands that must succeed before anything else.
        build: Commands of the build proper; all phases share one shell.
        secrets: Environment variables from Secrets Manager: name to `SECRET:KEY`.
    """

    pre_build: tuple[str, ...]
    build: tuple[str, ...]
    secrets: Mapping[str, str] = field(default_factory=dict)

    def render(self) -> str:
        """The specification as YAML."""
        document: dict[str, Any] = {"version": 0.2}
        if self.secrets:
            document["env"] = {"secrets-manager": dict(self.secrets)}
        document["phases"] = {
            phase: {"on-failure": "ABORT", "commands": [_scalar(command) for command in commands]}
            for phase, commands in (("pre_build", self.pre_build), ("build", self.build))
        }
        yaml, text = YAML(), io.StringIO()
        yaml.width = 4096
        yaml.indent(mapping=2, sequence=4, offset=2)
        yaml.dump(document, text)
        return text.getvalue()


def buildspec(mirror: MirrorSpec, context: StackContext) -> Buildspec:
    """Log in, copy every image that isn't here yet, and fail at the end if any copy did."""
    host = registry_host(context)
    logins = [
        f"printf '%s' \"$LOGIN_{i}\" | regctl registry login {login.registry} "
        f"--user {shlex.quote(login.username)} --pass-stdin"
        for i, login in enumerate(mirror.logins)
    ]
    copies = [
        shlex.join(
            ["mirror", image.pinned, f"{host}/{mirror_repository(image)}", image.digest, *filter(None, [image.tag])]
        )
        for image in mirror.references
    ]
    return Buildspec(
        pre_build=(f"regctl registry set {host} --cred-helper {ECR_HELPER}", *logins),
        build=(_script(), *copies, 'test "$failed" = 0'),
        secrets={f"LOGIN_{i}": f"{login.secret_arn}:{login.secret_key}" for i, login in enumerate(mirror.logins)},
    )


def tool_image(spec: RegistrySpec, mirror: MirrorSpec, context: StackContext) -> str:
    """The image the job runs in: through this registry's own cache where there is one, by digest either way."""
    tool = parse(mirror.tool)
    return own_image(spec, context, tool) or tool.pinned


def job_policy(spec: RegistrySpec, mirror: MirrorSpec, context: StackContext, log_group_arn: str) -> dict[str, Any]:
    """What the job may do: write its log, read its secrets, pull its tool, push to the mirror's repositories."""
    statements: list[dict[str, Any]] = [
        {
            "Sid": "Log",
            "Effect": "Allow",
            "Action": ["logs:CreateLogStream", "logs:PutLogEvents"],
            "Resource": f"{log_group_arn}:*",
        },
        *image_pull_statements(spec, context),
        {
            "Sid": "Push",
            "Effect": "Allow",
            "Action": [*PULL, *PUSH],
            "Resource": [repository_arn(context, name) for name in spec.mirror_repositories],
        },
    ]
    if mirror.logins:
        secrets = sorted({login.secret_arn for login in mirror.logins})
        statements.append(
            {"Sid": "Secrets", "Effect": "Allow", "Action": "secretsmanager:GetSecretValue", "Resource": secrets}
        )
    return {"Version": "2012-10-17", "Statement": statements}


def _script() -> str:
    return files(__package__).joinpath("mirror.sh").read_text("utf-8")


def _scalar(command: str) -> str:
    return LiteralScalarString(command) if "\n" in command else command
