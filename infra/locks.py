"""The release locks a stack runs: its own, and those its generations were made from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from components.base.problems import InvalidInputError, Problem
from components.base.validation import FieldPath, dotted
from components.base.yaml_file import YamlFile
from components.release import derive
from components.release.load import load_release, lock_path
from components.release.spec import Release, ReleaseSpec
from infra.settings import Fidelity, Settings
from infra.source import StackSource


@dataclass(frozen=True)
class Releases:
    """What a stack runs, as its region sees it.

    Attributes:
        own: What the stack file names; None for the foundation alone, which reads no lock.
        named: Every release by the name that the stack file gives it, the stack's own among them.
    """

    own: ReleaseSpec | None = None
    named: Mapping[str, ReleaseSpec] = field(default_factory=dict)


def load_releases(settings: Settings, source: StackSource, fidelity: Fidelity) -> Releases:
    """Read every lock; none, without touching a file, for a stack without a release.

    Raises:
        InvalidInputError: A lock is missing, edited, lacks the region, or holds values that this run may not use.
    """
    if settings.release is None:
        return Releases()
    problems: list[Problem] = []
    named: dict[str, ReleaseSpec] = {}
    for name, path in dict(reversed([*_asked(settings)])).items():
        try:
            named[name] = _load(name, path, settings.region, source, fidelity)
        except InvalidInputError as error:
            problems += error.problems
    if problems:
        raise InvalidInputError(problems)
    return Releases(named[settings.release], named)


def _asked(settings: Settings) -> Iterator[tuple[str, FieldPath]]:
    """Every release that is named, and where."""
    if settings.release is not None:
        yield settings.release, ("release",)
    for pool, spec in settings.pools.items():
        for index, generation in enumerate(spec.generations):
            yield generation.release, ("pools", pool, "generations", index, "release")


def _load(name: str, path: FieldPath, region: str, source: StackSource, fidelity: Fidelity) -> ReleaseSpec:
    try:
        release = load_release(source.root, name)
    except InvalidInputError as error:
        raise InvalidInputError([source.problem(path, f"can't use {name}"), *error.problems]) from None
    found = [*derive.missing_region(release.lock, region), *_not_for(release, fidelity)]
    if found:
        file = YamlFile.load(lock_path(source.root, name), shown=release.shown)
        raise InvalidInputError(
            Problem(release.shown, file.line(place), dotted(place), message, fix) for place, message, fix in found
        )
    return derive.release_spec(release, region)


def _not_for(release: Release, fidelity: Fidelity) -> Iterator[derive.Finding]:
    """Values that a run of this fidelity may not use."""
    if fidelity is not Fidelity.RENDER:
        yield from derive.unresolved(release.lock)
    if fidelity is Fidelity.REAL:
        yield from derive.from_stand_in(release.lock)
