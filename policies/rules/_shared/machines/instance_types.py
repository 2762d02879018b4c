"""What the catalogue knows of instance types, as rules ask it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from components.hardware import catalogue
from components.hardware.spec import InstanceType
from policies.engine.node import Node
from policies.engine.values import Reason, UnevaluatedError

ACCELERATORS: Final = ("nvidia", "amd", "neuron", "habana")
"""Kinds of accelerators that pods ask for by a resource of their own."""
CATEGORIES: Final = frozenset({"g", "gr", "p", "inf", "trn", "dl"})
"""Categories of types (the letters that a name begins with) that all have such accelerators."""


def machine(name: str, at: Node) -> InstanceType:
    """The facts of a type.

    Raises:
        UnevaluatedError: The catalogue doesn't know it.
    """
    found = catalogue.find_type(name)
    if found is None:
        raise UnevaluatedError(Reason.ABSENT, f"the catalogue doesn't know the instance type {name!r}", at.path)
    return found


def is_accelerated(found: InstanceType) -> bool:
    """Whether pods can ask it for accelerators."""
    return any(device.kind in ACCELERATORS for device in found.accelerators)


def accelerated_types(names: Iterable[str]) -> tuple[str, ...]:
    """Those of the types that have accelerators; one that the catalogue doesn't know is judged by its category."""
    return tuple(name for name in names if _accelerated(name))


def unknown_types(names: Iterable[str]) -> tuple[str, ...]:
    """Those of the types that the catalogue doesn't know."""
    return tuple(name for name in names if catalogue.find_type(name) is None)


def category(family: str) -> str:
    """The letters that a family's name begins with: `p` of p5en. Source: Karpenter, instance-category."""
    return next((family[:at] for at, letter in enumerate(family) if not letter.isalpha()), family)


def takes_efa(names: Iterable[str]) -> bool:
    """Whether some of the types has EFA, or may have it for all that is known."""
    found = [catalogue.find_type(name) for name in names]
    return any(one is None or one.efa_supported for one in found)


def _accelerated(name: str) -> bool:
    found = catalogue.find_type(name)
    return is_accelerated(found) if found else category(name.partition(".")[0]) in CATEGORIES
