"""A lock with the images that were built: ids from Image Builder, hash and bill of materials from the recipe."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from typing import Any

from components.base.problems import InvalidInputError, Problem
from components.images.hashing import recipe_hash
from components.images.values import UNRESOLVED
from herd.image.builds import AVAILABLE, Build, Built
from herd.image.stack import StackImages


def locked_content(
    images: StackImages, built: Built, base: Mapping[str, Any] | None, only: Sequence[str] = ()
) -> dict[str, Any]:
    """The content of a lock in which every image of the stack is the one its recipe makes today.

    Args:
        images: What the stack builds.
        built: What Image Builder has.
        base: The content of the lock to start from, as it stands in the file; None for an empty one.
        only: Recipes to take; all of the stack's if none is named.

    Raises:
        InvalidInputError: A recipe is unknown, or has no finished build: all of them.
    """
    content: dict[str, Any] = copy.deepcopy(dict(base or {"format": 1}))
    amis, problems = dict(content.get("amis") or {}), list[Problem]()
    for name in only or images.recipes:
        if name not in images.recipes:
            known = ", ".join(images.recipes)
            problems.append(Problem("", 0, name, "is no recipe of this stack", f"known here: {known}"))
            continue
        digest = recipe_hash(images.recipes[name], images.region)
        good = [b for b in built.of(name) if b.recipe_hash == digest and b.status == AVAILABLE and b.ami_ids]
        if good:
            amis[name] = entry(images, name, good[-1], built)
        else:
            problems.append(_missing(name, digest, built.of(name)))
    if problems:
        raise InvalidInputError(problems)
    content["amis"] = amis
    return content


def entry(images: StackImages, name: str, build: Build, built: Built) -> Mapping[str, Any]:
    """One image as a lock holds it. What nobody has looked up (on a stand-in alone) is left out of the bill."""
    loaded = images.recipes[name]
    bill = {item: version for item, version in loaded.bill_of_materials.items() if version != UNRESOLVED}
    return {
        "resolved_from": built.origin.value,
        "architecture": loaded.recipe.architecture.value,
        "ids": dict(sorted(build.ami_ids.items())),
        "provenance": "recipe",
        "recipe_hash": build.recipe_hash,
        "bill_of_materials": bill,
    }


def _missing(name: str, digest: str, builds: Sequence[Build]) -> Problem:
    last = next((build for build in reversed(builds) if build.recipe_hash == digest), None)
    if last is None:
        message = f"no build of this recipe ({digest[:12]})"
    else:
        message = f"{last.arn} is {last.status}{f': {last.reason}' if last.reason else ''}"
    return Problem("", 0, name, message, "`pulumi up` builds it, or start its pipeline; `herd image plan` tells more")
