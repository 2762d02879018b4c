"""Facts for the law, from a stack file as the engine reads it."""

from __future__ import annotations

from pathlib import Path

from components.base.context import Environment
from herd.stackfile import StackFile
from policies import repository
from policies.engine.facts import Facts


def facts_for_stack(root: Path, stack: StackFile, where: Environment | None = None) -> Facts:
    """What rules may know of a stack of this checkout.

    Args:
        root: Folder of Pulumi.yaml.
        stack: The stack file.
        where: The environment, where a person says it; else the stack's own.

    Raises:
        InvalidInputError: A lock that the stack names is missing or was edited.
    """
    return repository.facts(root, stack.project, stack.stack, stack.config, where=where)


def facts_for_file(where: Environment = Environment.PROD) -> Facts:
    """What rules may know of a file that belongs to no stack."""
    return repository.facts_of_file(where)
