"""A stack's images as its file asks for them, with their recipes; nothing of the rest of the stack is read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from components.base.problems import InvalidInputError, Problem
from components.base.validation import FieldPath, validate
from components.base.yaml_file import YamlFile
from components.images.load import LoadedRecipe, load_recipe
from components.images.spec import ImagesSpec
from herd.stackfile import StackFile, load_stack

KEY = "images"


@dataclass(frozen=True)
class StackImages:
    """What a stack builds.

    Attributes:
        stack: The stack's file.
        account: The account that builds.
        region: The region it builds in.
        release: The release that the stack runs; empty for none.
        spec: What is asked for.
        recipes: The recipes, by name.
    """

    stack: StackFile
    account: str
    region: str
    release: str
    spec: ImagesSpec
    recipes: Mapping[str, LoadedRecipe]


def load_images(root: Path, stack: str) -> StackImages:
    """Read what a stack builds.

    Raises:
        InvalidInputError: The stack file or a recipe can't be used, or the stack builds no images.
    """
    file = load_stack(root, stack)
    name = f"{file.project}:{KEY}"
    shown = f"stacks/Pulumi.{stack}.yaml"
    # Pulumi.yaml declares the setting with an empty default: what a file doesn't say is there, and empty.
    if not file.config.get(name):
        raise InvalidInputError.one(
            "this stack builds no images", file=shown, fix=f"add {name}: docs/components/images.md"
        )
    source = YamlFile.load(root / shown, shown=shown) if (root / shown).is_file() else None

    def line(path: FieldPath) -> int:
        return source.line(("config", name, *path[1:])) if source else 0

    spec = validate(ImagesSpec, file.config[name], file=shown, line=line, prefix=(KEY,))
    recipes, problems = dict[str, LoadedRecipe](), list[Problem]()
    for recipe in spec.recipes:
        try:
            recipes[recipe] = load_recipe(root, spec.file_of(recipe), recipe)
        except InvalidInputError as error:
            problems += error.problems
    if problems:
        raise InvalidInputError(problems)
    value = {key: str(file.config.get(f"{file.project}:{key}") or "") for key in ("account", "region", "release")}
    return StackImages(file, value["account"], value["region"], value["release"], spec, recipes)
