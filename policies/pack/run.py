"""The run that the engine is in the middle of, and what people told the pack about it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Annotated, Any, Final

from pulumi.runtime.proto import analyzer_pb2
from pulumi_policy import PolicyConfigSchema
from pydantic import Field, StringConstraints

from components.base.context import Environment
from components.base.spec import Spec
from components.base.validation import plain, validate
from components.base.yaml_file import YamlFile
from policies import repository
from policies.engine.facts import Facts
from policies.engine.subject import Origin
from policies.pack.subjects import project_and_stack

ROOT: Final = Path(__file__).parents[2]


class Told(Spec):
    """What `--policy-pack-config` says of the stack, where it is more than, or other than, what the checkout says.

    Attributes:
        environment: Whose severities hold.
        account: Our account, 12 digits.
        region: The stack's region.
        max_nodes: Upper bound for one pool.
        tags: Tags that everything must carry.
    """

    environment: Environment | None = None
    account: Annotated[str, StringConstraints(pattern=r"^\d{12}$")] | None = None
    region: str | None = None
    max_nodes: Annotated[int, Field(ge=1)] | None = None
    tags: tuple[str, ...] | None = None


TOLD_SCHEMA: Final = PolicyConfigSchema(
    {
        "environment": {
            "type": "string",
            "enum": [str(one) for one in Environment],
            "description": "Whose severities hold; by default the stack's own environment, else prod's.",
        },
        "account": {"type": "string", "pattern": r"^\d{12}$", "description": "Our AWS account, in quotes."},
        "region": {"type": "string", "description": "The stack's region."},
        "maxNodes": {"type": "integer", "minimum": 1, "description": "Upper bound for the size of one pool."},
        "tags": {"type": "array", "items": {"type": "string"}, "description": "Tags that everything must carry."},
    }
)


def read_told(properties: Mapping[str, Any], shown: str) -> Told:
    """What a configuration says.

    Raises:
        InvalidInputError: A key is unknown or a value is of the wrong kind.
    """
    return validate(Told, properties, file=shown)


@dataclass(frozen=True)
class Run:
    """What the engine says of its run; empty where it says nothing, as in `pulumi policy analyze`.

    Attributes:
        project: The project's name.
        stack: The stack's name.
        config: The stack's configuration by full key, values as text.
        dry_run: Whether it is a preview, in which values may be unknown.
    """

    project: str = ""
    stack: str = ""
    config: Mapping[str, str] = field(default_factory=dict)
    dry_run: bool = False

    @classmethod
    def from_environment(cls, variables: Mapping[str, str]) -> Run:
        """What the CLI's language host says when it starts the pack."""
        return cls(
            variables.get("PULUMI_PROJECT", ""),
            variables.get("PULUMI_STACK", ""),
            json.loads(variables.get("PULUMI_CONFIG") or "{}"),
            variables.get("PULUMI_DRY_RUN") == "true",
        )

    @classmethod
    def from_request(cls, request: analyzer_pb2.AnalyzerStackConfigureRequest) -> Run:
        """What the engine says by itself."""
        return cls(request.project, request.stack, dict(request.config), request.dry_run)

    def whose(self, urn: str) -> tuple[str, str]:
        """Project and stack of a resource: the run's, or those that its URN names if the engine named none."""
        return (self.project, self.stack) if self.stack else project_and_stack(urn)

    def at(self, project: str, stack: str) -> Run:
        """The run with the settings of a stack: this one, or the checkout's if the engine named none."""
        return self if self.stack else Run(project, stack, _settings_of(ROOT, project, stack))

    @property
    def origin(self) -> Origin:
        """What rules may expect to see: unknowns in a preview alone."""
        return Origin.PREVIEW if self.dry_run else Origin.DEPLOYMENT

    def facts(self, told: Told) -> Facts:
        """What rules may know.

        Raises:
            InvalidInputError: A release lock that the stack names is missing or was edited.
        """
        own = {f"{self.project}:{key}": value for key in ("account", "region") if (value := getattr(told, key))}
        config = {**self.config, **own}
        facts = repository.facts(ROOT, self.project, self.stack, config, where=told.environment)
        changed = {name: value for name in ("max_nodes", "tags") if (value := getattr(told, name)) is not None}
        return replace(facts, **changed)


def _settings_of(root: Path, project: str, stack: str) -> dict[str, Any]:
    """The settings of one of the checkout's own stacks; none of any other."""
    if not stack:
        return {}
    head = plain(YamlFile.load(root / "Pulumi.yaml").data)
    path = root / head.get("stackConfigDir", ".") / f"Pulumi.{stack}.yaml"
    if project != head.get("name") or not path.is_file():
        return {}
    return dict(plain(YamlFile.load(path).data).get("config") or {})
