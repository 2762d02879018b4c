"""Looking up what a recipe leaves open where it lives: the parent's ids, and checksums of what it downloads."""

from __future__ import annotations

import hashlib
import io
import urllib.error
import urllib.request
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Final, Protocol

from ruamel.yaml import YAML

from components.base.problems import InvalidInputError, Problem
from components.base.validation import FieldPath, dotted
from components.base.yaml_file import YamlFile
from components.images.load import LoadedRecipe, recipe_path
from components.images.recipe import Parameter, Published
from components.images.values import UNRESOLVED
from components.release.spec import Origin
from herd.release.lookup import Clients, LiveLookup, asked, origin
from herd.release.registries import LookupFailedError
from herd.write import write_text

TIMEOUT_SECONDS: Final = 60
CHUNK: Final = 1 << 20


@dataclass(frozen=True)
class Found:
    """One value that was looked up: where it stands in the recipe, and what it is."""

    path: FieldPath
    value: str
    origin: Origin


class Lookup(Protocol):
    """Where values are read. Every method raises `LookupFailedError`, with the reason, for what it can't read."""

    def parent(self, source: Parameter | Published, region: str) -> tuple[str, Origin]:
        """The id of a parent in a region."""

    def checksum(self, url: str) -> str:
        """The SHA-256 of what is at an address."""


class LiveParents:
    """Reads from AWS (or the stand-in that its endpoint is), and from where recipes download."""

    def __init__(self, clients: Clients) -> None:
        self._clients = clients

    def parent(self, source: Parameter | Published, region: str) -> tuple[str, Origin]:
        """The id of a parent in a region."""
        if isinstance(source, Parameter):
            answer = LiveLookup(self._clients).ami(source.parameter, region)
            return answer.value, answer.origin
        client = self._clients("ec2", region)
        filters = [{"Name": "name", "Values": [source.name]}, {"Name": "state", "Values": ["available"]}]
        found = asked(f"{source} in {region}", lambda: client.describe_images(Owners=[source.owner], Filters=filters))
        images = {image["Name"]: image["ImageId"] for image in found["Images"]}
        if len(images) != 1:
            names = ", ".join(sorted(images)) or "none"
            fix = "write its whole name" if images else "is it published there?"
            raise LookupFailedError(f"{source} in {region}: one image wanted, found {names}: {fix}")
        return next(iter(images.values())), origin(client)

    def checksum(self, url: str) -> str:
        """The SHA-256 of what is at an address, streamed."""
        digest = hashlib.sha256()
        try:
            with urllib.request.urlopen(url, timeout=TIMEOUT_SECONDS) as body:  # noqa: S310 - recipes hold https alone
                while chunk := body.read(CHUNK):
                    digest.update(chunk)
        except (urllib.error.URLError, OSError) as error:
            raise LookupFailedError(f"{url}: {error}") from None
        return digest.hexdigest()


def look_up(
    loaded: LoadedRecipe, lookup: Lookup, here: Origin, regions: Sequence[str] = (), *, checksums: bool = True
) -> list[Found]:
    """Everything a recipe leaves open that can be looked up `here` (on AWS, or a stand-in).

    What was read on AWS stays as it is on AWS. On a stand-in the ids of AWS's images mean nothing, and AWS knows
    nothing of a stand-in's. Checksums mean the same everywhere.

    Raises:
        InvalidInputError: Values that can't be read: all of them.
    """
    found, problems = list[Found](), list[Problem]()

    def add(path: FieldPath, read: Callable[[], tuple[str, Origin]]) -> None:
        try:
            found.append(Found(path, *read()))
        except LookupFailedError as error:
            problems.append(Problem(loaded.shown, 0, dotted(path), f"can't be looked up: {error}"))

    parent = loaded.recipe.parent
    elsewhere = parent.resolved_from not in (None, here)
    for region, value in parent.ids.items():
        if (elsewhere or value == UNRESOLVED) and (not regions or region in regions):
            add(("parent", "ids", region), partial(lookup.parent, parent.source, region))
    if checksums:
        for path, step in loaded.recipe.downloads():
            if step.sha256 == UNRESOLVED:
                add(path, partial(_checksum, lookup, step.url))
    if problems:
        raise InvalidInputError(problems)
    return found


def _checksum(lookup: Lookup, url: str) -> tuple[str, Origin]:
    return lookup.checksum(url), Origin.UPSTREAM


def filled_in(root: Path, recipe: str, found: Sequence[Found]) -> str:
    """The text of a recipe's file with values in their places; comments and layout stay."""
    path = recipe_path(root, recipe)
    yaml, text = YAML(), io.StringIO()
    yaml.preserve_quotes = True
    yaml.width = 4096
    yaml.indent(mapping=2, sequence=4, offset=2)
    data: Any = yaml.load(YamlFile.load(path).path.read_text(encoding="utf-8"))
    for item in found:
        *parents, last = item.path
        node = data
        for step in parents:
            node = node[step]
        node[last] = item.value
        if parents[:1] == ["parent"]:
            data["parent"]["resolved_from"] = item.origin.value
    yaml.dump(data, text)
    return text.getvalue()


def write(root: Path, recipe: str, found: Sequence[Found], folder: Path | None = None) -> Path:
    """Write the values into a recipe's file, or a copy of it in a folder.

    Raises:
        InvalidInputError: It can't be written.
    """
    source = recipe_path(root, recipe)
    target = folder / source.name if folder else source
    write_text(target, filled_in(root, recipe, found))
    return target
