"""Locks for people: what is in one, and whether it could run."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any

from rich.markup import escape
from rich.tree import Tree

from components.release.spec import UNRESOLVED, Chart, Image, Origin, RecipeAmi, Release, VendorAmi


@dataclass(frozen=True)
class Verdict:
    """Whether a sound lock could run for real.

    Attributes:
        name: The lock.
        values: Number of values by where they were read (`unresolved` for nowhere).
    """

    name: str
    values: dict[str, int]

    @property
    def runnable(self) -> bool:
        """Whether a real `pulumi up` takes it."""
        return not {UNRESOLVED, Origin.STAND_IN.value} & self.values.keys()

    def __str__(self) -> str:
        counts = ", ".join(f"{count} {origin}" for origin, count in sorted(self.values.items())) or "no values"
        return f"{self.name}: unedited; {counts}; {'runs anywhere' if self.runnable else 'a real run refuses it'}"

    def to_json(self) -> dict[str, Any]:
        """The verdict as plain data."""
        return {"name": self.name, "values": self.values, "runnable": self.runnable}


def verdict(release: Release) -> Verdict:
    """Count a release's values by where they were read."""
    counts = Counter(
        UNRESOLVED if value == UNRESOLVED else str(part.resolved_from)
        for _, part in release.lock.parts()
        for _, value in part.values()
    )
    return Verdict(release.name, dict(counts))


def tree(release: Release) -> Tree:
    """A release as a tree: what it is made of, where each part is looked up, its values and where they were read."""
    top = Tree(f"{release.name}\nsha256 {release.sha256}")
    sections: dict[str, Tree] = {}
    for (section, name), part in release.lock.parts():
        branch = sections[section] = sections.get(section) or top.add(section)
        item = branch.add(f"{name}  [dim]{escape(_what(part))}[/dim]")
        for path, value in part.values():
            if value == UNRESOLVED:
                item.add(f"{path[-1]}  [yellow]unresolved[/yellow]")
            else:
                style = "yellow" if part.resolved_from is Origin.STAND_IN else "green"
                item.add(f"{path[-1]}  {value}  [{style}]from {part.resolved_from}[/{style}]")
    versions = release.lock.versions.model_dump(exclude_none=True)
    if versions:
        branch = top.add("versions")
        for name, version in versions.items():
            branch.add(f"{name}  {version}")
    return top


def _what(part: VendorAmi | RecipeAmi | Image | Chart) -> str:
    match part:
        case VendorAmi():
            return part.source
        case RecipeAmi():
            return f"recipe {part.recipe_hash}"
        case Image():
            return f"{part.repository}:{part.tag}"
        case Chart():
            return f"{part.repository.rstrip('/')}/{part.chart} {part.version}"
