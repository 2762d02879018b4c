"""What must hold between a stack's images, their recipes and what EC2 offers: pure, every problem at once."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

from components.base.context import StackContext
from components.base.validation import FieldPath
from components.hardware.catalogue import find, find_type, offered_zone_ids, zone_id
from components.images.load import LoadedRecipe
from components.images.spec import ImagesSpec

Finding = tuple[FieldPath, str, str]
"""Path below the stack's `images`, what is wrong, what to do."""


def check(
    spec: ImagesSpec,
    recipes: Mapping[str, LoadedRecipe],
    context: StackContext,
    *,
    regions: Collection[str] = (),
    zone_ids: Mapping[str, str] | None = None,
) -> Iterator[Finding]:
    """What doesn't fit.

    Args:
        spec: What is asked for.
        recipes: The recipes of the spec.
        context: The stack.
        regions: Other regions that the stack has a provider for.
        zone_ids: Zone name to zone id, where the account's mapping is known.
    """
    for index, region in enumerate(spec.regions):
        if region not in regions and region != context.region:
            known = ", ".join(sorted(regions)) or "none"
            yield ("regions", index), f"the stack has no provider there, but for: {known}", "use the replica region"
    for name, build in spec.recipes.items():
        recipe = recipes[name].recipe
        if context.region not in recipe.parent.ids:
            there = ", ".join(sorted(recipe.parent.ids))
            yield (
                ("recipes", name),
                f"its parent has no id in {context.region}, only in {there}",
                f"add the region to parent.ids in {recipes[name].shown}",
            )
        for index, machine in enumerate(build.instance_types):
            path = ("recipes", name, "instanceTypes", index)
            yield from ((path, *problem) for problem in _machine(machine, recipe.architecture, spec, context, zone_ids))


def _machine(
    name: str, architecture: str, spec: ImagesSpec, context: StackContext, zone_ids: Mapping[str, str] | None
) -> Iterator[tuple[str, str]]:
    machine = find_type(name)
    if machine is None:
        yield f"unknown instance type {name!r}", "`herd hardware find` knows them"
        return
    if architecture not in machine.architectures:
        of = ", ".join(machine.architectures)
        yield f"is {of}, and the recipe makes an image for {architecture}", "use machines of the image's architecture"
    zone = spec.zone(context)
    if zone not in context.availability_zones:
        return  # the spec's own problem
    where = (zone_ids or {}).get(zone) or zone_id(zone)
    if where not in offered_zone_ids(name, context.region):
        like = find(gpus=machine.gpus, architecture=architecture, zone_id=where)
        near = f"there is {like[0].name}" if like else "choose another availabilityZone"
        yield f"isn't offered in {zone} ({where})", near
