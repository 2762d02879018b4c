"""Resolving a lock: every value looked up where it lives, or a list of what could not be."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from components.base.problems import InvalidInputError, Problem
from components.base.validation import dotted, plain, validate
from components.base.yaml_file import YamlFile
from components.release.load import load_release, lock_path
from components.release.resolve import AmiQuery, Answer, ChartQuery, ImageQuery, Query, queries, resolved
from components.release.spec import Lock, Origin, RecipeAmi, Release
from herd.release.files import write_lock
from herd.release.lookup import Lookup
from herd.release.registries import LookupFailedError


@dataclass(frozen=True)
class Resolution:
    """What resolving a lock came to.

    Attributes:
        release: The lock that was resolved.
        content: The content with every value in place.
        answers: What was looked up.
    """

    release: Release
    content: Mapping[str, Any]
    answers: Mapping[Query, Answer]

    def write(self, folder: Path) -> Path:
        """Write the new lock, under the old one's alias and its own hash.

        Raises:
            InvalidInputError: The folder can't be written to.
        """
        return write_lock(folder, self.release.alias, self.content)


Built = Callable[[str, RecipeAmi, str], str]
"""`built(name, image, region)`: the id of an image that was built here; it is made, not looked up."""


def resolve(root: Path, release: str, lookup: Lookup, here: Origin, built: Built | None = None) -> Resolution:
    """Look up what a lock needs `here`: on AWS, or on a stand-in.

    Args:
        root: Folder of Pulumi.yaml.
        release: The lock.
        lookup: Where values are read.
        here: What is looked at.
        built: Where no build can be waited for, the ids of images built here; None asks for the build.

    Raises:
        InvalidInputError: The lock can't be used, or values couldn't be read: all of them, by file and line.
    """
    loaded = load_release(root, release)
    source = YamlFile.load(lock_path(root, release), shown=loaded.shown)

    def problem(path: tuple[str | int, ...], message: str, fix: str = "") -> Problem:
        full = ("content", *path)
        return Problem(loaded.shown, source.line(full), dotted(full), message, fix)

    problems = [
        problem(path, "an image built here gets its id from the build, not from a look-up", "build it first")
        for path, part in loaded.lock.parts()
        if isinstance(part, RecipeAmi) and part.resolved_from is None and built is None
    ]
    answers: dict[Query, Answer] = {}
    for query in queries(loaded.lock, here):
        try:
            answers[query] = _ask(lookup, query)
        except LookupFailedError as error:
            problems.append(problem(query.path, f"can't be looked up: {error}"))
    if problems:
        raise InvalidInputError(problems)
    content = resolved(plain(source.data)["content"], answers)
    if built is not None:
        for (section, name), part in loaded.lock.parts():
            if isinstance(part, RecipeAmi):
                ids = {region: built(name, part, region) for region in part.ids}
                content[section][name] |= {"ids": ids, "resolved_from": here.value}
    try:
        validate(Lock, content, file=loaded.shown, line=lambda path: source.line(("content", *path)))
    except (InvalidInputError, ValidationError) as error:
        raise InvalidInputError.one(f"what was read makes no lock: {error}", file=loaded.shown) from None
    return Resolution(loaded, content, answers)


def _ask(lookup: Lookup, query: Query) -> Answer:
    match query:
        case AmiQuery():
            return lookup.ami(query.source, query.region)
        case ImageQuery():
            return lookup.image(query.repository, query.tag)
        case ChartQuery():
            return lookup.chart(query.repository, query.chart, query.version)
