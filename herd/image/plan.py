"""What would be built, and why: the recipes of a stack against locks and builds. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

from components.images.hashing import part_hashes, recipe_hash
from components.images.load import LoadedRecipe
from components.images.values import UNRESOLVED
from components.release.spec import RecipeAmi, Release
from herd.image.builds import AVAILABLE, FAILED, Build, Built
from herd.image.stack import StackImages

Verdict = Literal["nothing", "build", "by-hand", "under-way"]


@dataclass(frozen=True)
class Row:
    """One image.

    Attributes:
        recipe: The recipe's name.
        recipe_hash: What its file comes to in the stack's region.
        verdict: `nothing` is built; it is built on the next `up`, once somebody starts it, or already under way.
        reasons: Why.
        locks: Locks that hold this very image.
        image_arn: The build of this hash, if Image Builder was asked and has one.
        ami_ids: Region to AMI id, likewise.
        unresolved: What a real run refuses to build without.
        bill_of_materials: What will be in it.
    """

    recipe: str
    recipe_hash: str
    verdict: Verdict
    reasons: tuple[str, ...]
    locks: tuple[str, ...]
    image_arn: str
    ami_ids: Mapping[str, str]
    unresolved: tuple[str, ...]
    bill_of_materials: Mapping[str, str]

    def to_json(self) -> dict[str, Any]:
        """The row as plain data."""
        return asdict(self)


def plan(images: StackImages, releases: Sequence[Release], built: Built | None) -> list[Row]:
    """What would be built.

    Args:
        images: What the stack asks for.
        releases: The locks to compare with, the stack's own first.
        built: What Image Builder has; None if nobody asked it.
    """
    return [_row(images, name, loaded, releases, built) for name, loaded in images.recipes.items()]


def _row(images: StackImages, name: str, loaded: LoadedRecipe, releases: Sequence[Release], built: Built | None) -> Row:
    digest = recipe_hash(loaded, images.region)
    locked = [(release, ami) for release in releases for ami in _amis(release, name)]
    holding = tuple(release.name for release, ami in locked if ami.recipe_hash == digest)
    own = [build for build in built.of(name) if build.recipe_hash == digest] if built else []
    last = own[-1] if own else None
    by_hand = images.spec.recipes[name].build == "by-hand"
    verdict: Verdict = "by-hand" if by_hand else "build"
    if last and last.status == AVAILABLE:
        verdict, reasons = "nothing", [f"{last.arn} is this recipe"]
    elif last and last.status != FAILED:
        verdict, reasons = "under-way", [f"{last.arn} is {last.status}"]
    elif last:
        reasons = [f"{last.arn} failed: {last.reason or 'Image Builder gives no reason'}"]
    elif built is None and holding:
        verdict, reasons = "nothing", [f"{holding[0]} holds this recipe"]
    else:
        reasons = _changes(loaded, images.region, locked, built.of(name) if built else [])
    return Row(
        recipe=name,
        recipe_hash=digest,
        verdict=verdict,
        reasons=tuple(reasons),
        locks=holding,
        image_arn=last.arn if last else "",
        ami_ids=dict(last.ami_ids) if last else {},
        unresolved=tuple(what for _, what in loaded.recipe.unresolved(images.region)),
        bill_of_materials=loaded.bill_of_materials,
    )


def _amis(release: Release, name: str) -> Iterable[RecipeAmi]:
    ami = release.lock.amis.get(name)
    return [ami] if isinstance(ami, RecipeAmi) else []


def _changes(
    loaded: LoadedRecipe, region: str, locked: Sequence[tuple[Release, RecipeAmi]], builds: Sequence[Build]
) -> list[str]:
    """What tells the recipe from what there is: from the last good build if there is one, else from the first lock."""
    good = [build for build in builds if build.status == AVAILABLE]
    if good:
        there = good[-1]
        reasons = [f"compared with {there.arn}", *_bill(there.bill_of_materials, loaded.bill_of_materials)]
        return reasons + _parts(there.parts, part_hashes(loaded, region))
    if locked:
        release, ami = locked[0]
        bill = _bill(ami.bill_of_materials, loaded.bill_of_materials)
        other = [] if bill else ["the bill of materials is the same: its parent, root volume, steps or scripts changed"]
        return [f"compared with {release.name} ({ami.recipe_hash[:12]})", *bill, *other]
    return ["no lock and no build known here has an image of this name: it is new"]


def _bill(old: Mapping[str, str], new: Mapping[str, str]) -> list[str]:
    changed = [f"{name} {old[name]} -> {new[name]}" for name in new if name in old and old[name] != new[name]]
    added = [f"{name} {version} is new" for name, version in new.items() if name not in old and version != UNRESOLVED]
    return [*changed, *added, *(f"{name} {version} goes" for name, version in old.items() if name not in new)]


def _parts(old: Mapping[str, str], new: Mapping[str, str]) -> list[str]:
    changed = [f"part {name} changed" for name in new if name in old and old[name] != new[name]]
    added = [f"part {name} is new" for name in new if name not in old]
    return [*changed, *added, *(f"part {name} goes" for name in old if name not in new)]
