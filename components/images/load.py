"""Reading recipes: well formed, their scripts fit to be run, their documents fit for Image Builder."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Final

from components.base.problems import InvalidInputError, Problem
from components.base.validation import FieldPath, closest, dotted, validate_yaml
from components.base.yaml_file import YamlFile
from components.images.recipe import Recipe
from components.images.render import TAKEN, documents
from components.images.values import TEMPLATE

FOLDER: Final = Path("stacks/recipes")
SUFFIX: Final = ".recipe.yaml"
FILES: Final = "files"
LONGEST_DOCUMENT: Final = 16_000
"""Characters of a component document given inline. Source: Image Builder API, InlineComponentData."""

STRICT: Final = "set -euo pipefail"
# What a script would fetch nobody has pinned: downloads and packages are steps of their own.
FETCHES: Final = re.compile(
    r"\b(curl|wget|git\s+clone|pip3?\s+install|(?:dnf|yum|apt|apt-get)\s+(?:-\S+\s+)*(?:install|update|upgrade)|npm|go\s+get)\b"
)


@dataclass(frozen=True)
class LoadedRecipe:
    """A recipe that was read, with everything it names.

    Attributes:
        name: The recipe's name, and the image's in a lock.
        recipe: Its content.
        files: Content of the files that its steps name.
        shown: Its file, as people know it.
        path: Its file.
    """

    name: str
    recipe: Recipe
    files: Mapping[str, str]
    shown: str
    path: Path

    @cached_property
    def documents(self) -> dict[str, str]:
        """The component documents by part, in the order they run."""
        return documents(self.recipe, self.files)

    @property
    def bill_of_materials(self) -> dict[str, str]:
        """What is in the image, by name, in versions."""
        return {name: item.version for name, item in self.recipe.bill_of_materials.items()}


def unresolved(loaded: LoadedRecipe, region: str, *, parent_alone: bool = False) -> list[Problem]:
    """What a build in a region needs and nobody has looked up, with its place.

    Args:
        loaded: The recipe.
        region: Where it would be built.
        parent_alone: Leave out what a build that runs no command does without: checksums, and versions to prove.
    """
    source = YamlFile.load(loaded.path, shown=loaded.shown)
    return [
        Problem(
            loaded.shown,
            source.line(path),
            dotted(path),
            f"unresolved: nobody has looked up {what}",
            "`herd image resolve`, or write what the vendor says",
        )
        for path, what in loaded.recipe.unresolved(region)
        if path[0] == "parent" or not parent_alone
    ]


def recipe_path(root: Path, recipe: str) -> Path:
    """The file of a recipe: its name in stacks/recipes, or a path of its own (relative to the root)."""
    return root / recipe if recipe.endswith(SUFFIX) else root / FOLDER / f"{recipe}{SUFFIX}"


def known_recipes(root: Path) -> list[str]:
    """The names of the recipes in stacks/recipes."""
    return sorted(path.name.removesuffix(SUFFIX) for path in (root / FOLDER).glob(f"*{SUFFIX}"))


def load_recipe(root: Path, recipe: str, name: str | None = None) -> LoadedRecipe:
    """Read a recipe and the files it names.

    Args:
        root: Folder of Pulumi.yaml.
        recipe: The recipe's name, or its file.
        name: What the stack calls it; the file's name without one.

    Raises:
        InvalidInputError: There is no such file, or it or what it names can't be used: every problem.
    """
    path = recipe_path(root, recipe)
    shown = path.relative_to(root).as_posix() if path.is_relative_to(root) else str(path)
    if not path.is_file():
        raise InvalidInputError.one("no such recipe", file=shown, fix=closest(recipe, known_recipes(root)))
    source = YamlFile.load(path, shown=shown)
    content = validate_yaml(Recipe, source)
    # A recipe that a tool wrote elsewhere names the files of the repository all the same.
    folders = [path.parent / FILES, root / FOLDER / FILES]
    texts: dict[str, str] = {}
    found: list[tuple[FieldPath, str, str]] = [*_names(content)]
    for place, named in content.files():
        file = next((folder / named for folder in folders if (folder / named).is_file()), None)
        if file is None:
            known = sorted({each.name for folder in folders for each in folder.glob("*")})
            found.append((place, f"no file {named!r} in {FOLDER.as_posix()}/{FILES}", closest(named, known)))
            continue
        texts[named] = file.read_text(encoding="utf-8")
        found += [(place, f"{named}: {message}", fix) for message, fix in _file_problems(named, texts[named])]
    loaded = LoadedRecipe(name or path.name.removesuffix(SUFFIX), content, texts, shown, path)
    if not found:
        found += _too_long(loaded)
    if found:
        raise InvalidInputError(Problem(shown, source.line(at), dotted(at), text, fix) for at, text, fix in found)
    return loaded


def _names(recipe: Recipe) -> Iterator[tuple[FieldPath, str, str]]:
    for index, part in enumerate(recipe.parts):
        if part.name in TAKEN:
            yield ("parts", index, "name"), f"{part.name!r} has a meaning of its own", "choose another name"


def _file_problems(name: str, text: str) -> Iterator[tuple[str, str]]:
    if TEMPLATE in text:
        yield "holds {{, which AWSTOE takes for a variable of its own", "write it another way"
    if not name.endswith(".sh"):
        return
    if STRICT not in text:
        yield "goes on after a command that failed", f"begin with {STRICT!r}"
    for fetched in sorted({" ".join(match[0].split()) for match in FETCHES.finditer(_code(text))}):
        yield f"fetches with {fetched!r} what nobody has pinned", "use a step of the kind download or packages"


def _code(text: str) -> str:
    return "\n".join(line for line in text.splitlines() if not line.lstrip().startswith("#"))


def _too_long(loaded: LoadedRecipe) -> Iterator[tuple[FieldPath, str, str]]:
    parts = {part.name: index for index, part in enumerate(loaded.recipe.parts)}
    for name, document in loaded.documents.items():
        if len(document) > LONGEST_DOCUMENT:
            at: FieldPath = ("parts", parts[name]) if name in parts else ("bill_of_materials",)
            message = f"its component document has {len(document)} characters, Image Builder takes {LONGEST_DOCUMENT}"
            yield at, message, "split the part"
