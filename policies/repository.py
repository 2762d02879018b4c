"""Facts that a checkout holds: the stack's own settings, the release locks it names, and the limits in limits.yaml."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any, Final, TypeGuard

from components.base.context import Environment
from components.base.spec import Spec
from components.base.validation import validate_yaml
from components.base.yaml_file import YamlFile
from components.release.load import load_release
from policies.engine.facts import Facts

_LIMITS: Final = Path(__file__).with_name("limits.yaml")


class Limits(Spec):
    """limits.yaml.

    Attributes:
        max_nodes: The most nodes one pool may have, by environment.
    """

    max_nodes: dict[Environment, int]


@cache
def limits() -> Limits:
    """The limits.

    Raises:
        InvalidInputError: The file is malformed.
    """
    return validate_yaml(Limits, YamlFile.load(_LIMITS, shown="policies/limits.yaml"))


def environment(project: str, stack: str, config: Mapping[str, Any]) -> Environment:
    """Whose severities hold: what the stack says, else its name, else production's, the strictest."""
    for value in (config.get(f"{project}:environment"), stack):
        if is_environment(value):
            return Environment(value)
    return Environment.PROD


def is_environment(value: Any) -> TypeGuard[str]:
    """Whether a setting names an environment; one that is encrypted (a map, in a checkpoint) names none."""
    return isinstance(value, str) and value in set(Environment)


def facts_of_file(where: Environment = Environment.PROD) -> Facts:
    """What is known of a file that belongs to no stack: whose severities hold, and what no environment allows.

    Raises:
        InvalidInputError: limits.yaml is malformed.
    """
    # How large a pool is meant to be nobody says there: beyond the largest bound it is a slip of the finger anywhere.
    return Facts(environment=where, max_nodes=max(limits().max_nodes.values(), default=None))


def facts(
    root: Path | None, project: str, stack: str, config: Mapping[str, Any], *, where: Environment | None = None
) -> Facts:
    """What rules may know of a stack.

    Args:
        root: Folder of Pulumi.yaml, whose release locks count; None to read no file.
        project: The project's name.
        stack: The stack's name.
        config: The stack's configuration by full key; plain values, or JSON text as a program receives it.
        where: The environment, where a person says it.

    Raises:
        InvalidInputError: A lock that the stack names is missing or was edited.
    """
    where = where or environment(project, stack, config)
    own = {key.removeprefix(f"{project}:"): value for key, value in config.items() if key.startswith(f"{project}:")}
    region, release = _text(own.get("region")), _text(own.get("release"))
    found = Facts(
        environment=where,
        project=project,
        stack=stack,
        account=_text(own.get("account")),
        region=region,
        max_nodes=limits().max_nodes.get(where),
    )
    if root is None or region is None or release is None:
        return found
    locks = {name: load_release(root, name).lock for name in sorted({release, *_generations(own.get("pools"))})}
    images = {ami.ids[region] for lock in locks.values() for ami in lock.amis.values() if region in ami.ids}
    return replace(
        found,
        images=frozenset(images),
        charts={name: chart.version for name, chart in locks[release].charts.items()},
        addons=dict(locks[release].addons),
    )


def _generations(pools: Any) -> Iterator[str]:
    """The releases that generations name."""
    if isinstance(pools, str):
        try:
            pools = json.loads(pools)
        except ValueError:
            return
    for pool in pools.values() if isinstance(pools, Mapping) else ():
        for generation in (pool.get("generations") if isinstance(pool, Mapping) else None) or ():
            if isinstance(generation, Mapping) and isinstance(generation.get("release"), str):
                yield generation["release"]


def _text(value: Any) -> str | None:
    return str(value) if isinstance(value, (str, int)) and str(value) else None
