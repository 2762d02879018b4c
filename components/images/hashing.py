"""The recipe hash: what an image is made of, and nothing about where it is built or who may use it."""

from __future__ import annotations

from typing import Any, Final

from components.images.load import LoadedRecipe
from components.images.values import UNRESOLVED
from components.release.canonical import content_hash

SHORT: Final = 8
"""Hex digits of a hash in names; tags carry all 64."""


def content(loaded: LoadedRecipe, region: str) -> dict[str, Any]:
    """Everything an image built in a region is made of, by part: parent, root volume, system, bill, documents.

    The documents hold the steps with their versions, and the files and scripts, letter by letter. What a person may
    reword (the description), where the parent's id was looked up and its ids in other regions are no part of it.
    """
    recipe = loaded.recipe
    return {
        "parent": recipe.parent.ids.get(region, UNRESOLVED),
        "root": recipe.root.model_dump(mode="json"),
        "system": {"architecture": recipe.architecture.value, "name": recipe.system.value},
        **loaded.documents,
    }


def recipe_hash(loaded: LoadedRecipe, region: str) -> str:
    """The SHA-256 of the canonical content: names the image. Equal hashes are one image."""
    made_of = content(loaded, region)
    # Steps run in the order of their parts: canonical JSON sorts keys and would lose it.
    return content_hash({"content": made_of, "order": list(loaded.documents)})


def part_hashes(loaded: LoadedRecipe, region: str) -> dict[str, str]:
    """A short hash of each part of the content, so that two builds can be told apart part by part."""
    return {name: content_hash({name: value})[:SHORT] for name, value in content(loaded, region).items()}
