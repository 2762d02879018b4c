"""What must hold between the settings of one stack: a table of pure functions, each naming the field at fault."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator

from components.base.context import Environment, StackContext
from components.base.validation import dotted
from components.network.values import Nat
from components.registry import derive as registry
from infra.settings import Settings

Finding = tuple[str, str, str]
"""Dotted camelCase path below the settings, what is wrong, what to do."""


def zones_of_the_region(settings: Settings, _: StackContext) -> Iterator[Finding]:
    """Every availability zone is one of the stack's region, named once."""
    for index, zone in enumerate(settings.availability_zones):
        if zone[:-1] != settings.region:
            yield f"availabilityZones[{index}]", f"{zone} is no zone of {settings.region}", "name zones of the region"
    for zone, times in Counter(settings.availability_zones).items():
        if times > 1:
            index = settings.availability_zones.index(zone)
            yield f"availabilityZones[{index}]", f"{zone} stands here {times} times", "name every zone once"


def replica_elsewhere(settings: Settings, _: StackContext) -> Iterator[Finding]:
    """A copy in the same region is lost with it."""
    if settings.replica_region == settings.region:
        yield "replicaRegion", f"is the stack's own region, {settings.region}", "name another region, or none"


def production_is_durable(settings: Settings, _: StackContext) -> Iterator[Finding]:
    """What prod must have: everything that keeps a mistake or a lost region from losing data."""
    if settings.environment is not Environment.PROD:
        return
    if settings.replica_region is None:
        yield "replicaRegion", "missing: prod keeps copies in a second region", "name one"
    elif not settings.registry.replication.second_region:
        yield "registry.replication.secondRegion", "prod's releases must outlive its first region", "say true"
    if settings.tags.ttl is not None:
        yield "tags.ttl", "prod doesn't expire", "remove it"
    network = settings.network.managed
    if network is not None and network.nat is Nat.SINGLE:
        yield "network.managed.nat", "one zone lost would cut all of prod off", "use per-az, or none"


def development_expires(settings: Settings, _: StackContext) -> Iterator[Finding]:
    """A dev stack says how long it may live, so that a forgotten one is found."""
    if settings.environment is Environment.DEV and settings.tags.ttl is None:
        yield "tags.ttl", "missing: a dev stack says how long it may live", "add one, such as 14d"


def components_fit_the_stack(settings: Settings, context: StackContext) -> Iterator[Finding]:
    """What each component's spec says about its zones, region and environment."""
    for field in ("network", "storage", "budget"):
        for problem in getattr(settings, field).problems(context):
            yield f"{field}.{problem.field}", problem.message, problem.fix
    for path, message in registry.check(settings.registry, context, settings.replica_region):
        yield dotted(("registry", *path)), message, ""


CHECKS: tuple[Callable[[Settings, StackContext], Iterator[Finding]], ...] = (
    zones_of_the_region,
    replica_elsewhere,
    production_is_durable,
    development_expires,
    components_fit_the_stack,
)
