"""What rules know besides the resources: the environment and facts of the repository, given from outside."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeVar

from components.base.context import Environment
from policies.engine.values import Reason, UnevaluatedError

T = TypeVar("T")


@dataclass(frozen=True)
class Facts:
    """Facts for one evaluation; None where nobody knows.

    Attributes:
        environment: Whose severities hold. Production's where nothing says otherwise: the strictest.
        project: The project's name.
        stack: The stack's name.
        account: Our account, 12 digits.
        region: The stack's region.
        images: Every machine image that release locks name in the region.
        charts: Charts of the release by name: version.
        addons: Add-ons of the release by name: version.
        max_nodes: Upper bound for one pool in the environment.
        tags: Tags that everything must carry.
    """

    environment: Environment = Environment.PROD
    project: str = ""
    stack: str = ""
    account: str | None = None
    region: str | None = None
    images: frozenset[str] | None = None
    charts: Mapping[str, str] | None = None
    addons: Mapping[str, str] | None = None
    max_nodes: int | None = None
    tags: tuple[str, ...] = field(default=("owner", "team", "cost-centre", "environment", "release", "data-class"))

    @property
    def production(self) -> bool:
        """Whether prod's rules hold."""
        return self.environment is Environment.PROD


def known(value: T | None, what: str) -> T:
    """A fact that a rule can't do without.

    Raises:
        UnevaluatedError: Nobody knows it.
    """
    if value is None:
        raise UnevaluatedError(Reason.ABSENT, f"nobody knows {what}")
    return value
