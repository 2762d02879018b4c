"""The recipes of the images that a stack builds. They are the foundation's: no lock is read for them."""

from __future__ import annotations

from components.base.context import StackContext
from components.base.problems import InvalidInputError, Problem
from components.images.checks import check
from components.images.load import LoadedRecipe, load_recipe, unresolved
from infra.settings import Fidelity, Settings
from infra.source import StackSource


def load_recipes(
    settings: Settings, context: StackContext, source: StackSource, fidelity: Fidelity
) -> dict[str, LoadedRecipe]:
    """Read the recipes that the stack names, by name.

    Raises:
        InvalidInputError: A recipe is missing or wrong, doesn't fit the stack, or holds what this run may not use.
    """
    if settings.images is None:
        return {}
    recipes: dict[str, LoadedRecipe] = {}
    problems: list[Problem] = []
    for name in settings.images.recipes:
        path = ("images", "recipes", name)
        try:
            recipes[name] = load_recipe(source.root, settings.images.file_of(name), name)
        except InvalidInputError as error:
            problems += [source.problem(path, f"can't use the recipe {name}"), *error.problems]
    if not problems:
        others = (settings.replica_region,) if settings.replica_region else ()
        found = check(settings.images, recipes, context, regions=others, zone_ids=settings.zone_ids)
        problems += [source.problem(("images", *path), text, fix) for path, text, fix in found]
        for loaded in recipes.values():
            if fidelity is not Fidelity.RENDER:
                problems += unresolved(loaded, context.region, parent_alone=fidelity is Fidelity.REHEARSE)
    if problems:
        raise InvalidInputError(problems)
    return recipes
