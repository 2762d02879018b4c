"""Recipes for a rehearsal: the stack's own, with parents that the stand-in has."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from components.images.recipe import Parameter, Published, Recipe
from components.release.spec import Origin
from herd.image.resolve import LiveParents, look_up, write
from herd.image.stack import KEY, load_images
from herd.release.lookup import Clients

Plant = Callable[[str, list[dict[str, Any]]], None]
"""`plant(region, items)`: puts images into the stand-in (`herd.cloud.seed.images`)."""


def rehearsed_images(
    root: Path, stack: str, clients: Clients, folder: Path, plant: Plant
) -> tuple[dict[str, Any], tuple[str, ...]]:
    """The stack's `images` setting with recipes whose parents are the stand-in's.

    Args:
        root: Folder of Pulumi.yaml.
        stack: The stack's name.
        clients: boto3 clients of the stand-in, by service and region.
        folder: Where the rehearsal's recipes go; not in the repository.
        plant: How a vendor's image that a parameter doesn't name gets into the stand-in.

    Returns:
        The setting, and in words which values come from the stand-in.

    Raises:
        InvalidInputError: The stack file or a recipe can't be used, or the stand-in doesn't know a parent.
    """
    images = load_images(root, stack)
    setting: dict[str, Any] = {**images.stack.config[f"{images.stack.project}:{KEY}"]}  # type: ignore[dict-item]
    recipes: dict[str, Any] = {}
    said = []
    lookup = _Parents(clients, images.region, plant)
    for name, loaded in images.recipes.items():
        lookup.recipe = loaded.recipe
        found = look_up(loaded, lookup, Origin.STAND_IN, [images.region], checksums=False)
        path = write(root, images.spec.file_of(name), found, folder)
        recipes[name] = {**_given(setting, name), "file": str(path)}
        said += [f"recipe {name}: {'.'.join(map(str, item.path))} {item.value}" for item in found]
    return {**setting, "recipes": recipes}, tuple(said)


def _given(setting: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    given: Mapping[str, Any] = setting["recipes"][name]
    return given


class _Parents(LiveParents):
    """Parents of a stand-in: those under a name alone are put there first, for it has no vendors but moto's."""

    def __init__(self, clients: Clients, region: str, plant: Plant) -> None:
        super().__init__(clients)
        self._region, self._plant = region, plant
        self.recipe: Recipe

    def parent(self, source: Parameter | Published, region: str) -> tuple[str, Origin]:
        """The id of a parent in a region."""
        if isinstance(source, Parameter):
            return super().parent(source, region)
        identifier = f"ami-{hashlib.sha256(f'{source} {region}'.encode()).hexdigest()[:17]}"
        name = source.name.replace("*", "stand-in")
        root = {"root_device": self.recipe.root.device, "architecture": self.recipe.architecture.value}
        self._plant(region, [{"id": identifier, "name": name, **root}])
        return identifier, Origin.STAND_IN
