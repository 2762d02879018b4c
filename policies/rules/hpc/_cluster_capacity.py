"""How ParallelCluster configurations contradict themselves about capacity.

Sources: ParallelCluster 3 configuration file, "SlurmQueues"; its validators ComputeResourceSizeValidator,
CapacityTypeValidator, CapacityReservationValidator, PlacementGroupCapacityTypeValidator,
PlacementGroupCapacityReservationValidator and InstancesAllocationStrategyValidator.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from policies.engine.rule import Violation
from policies.rules._shared.machines import templates
from policies.rules._shared.parallelcluster import Compute

BLOCK: Final = "CAPACITY_BLOCK"
ON_DEMAND: Final = "ONDEMAND"
_ID: Final = "CapacityReservationId"
_GROUP: Final = "CapacityReservationResourceGroupArn"
_COUNTS: Final = {"MinCount": 0, "MaxCount": 10}
"""Defaults of the configuration file."""


def of_compute(compute: Compute) -> Iterator[Violation]:
    """What a compute resource says, with what it has of its queue."""
    kind, target, group = compute.capacity_type, compute.reservation, compute.placement_group
    if kind == ON_DEMAND:
        yield from _on_demand(compute)
    targeted = templates.filled(target)
    if kind == "SPOT" and targeted:
        yield Violation(target, "targets a reservation, and CapacityType is SPOT: spot machines never run in one")
    if targeted and target.text(_ID) and target.text(_GROUP):
        yield Violation(target, "names a reservation and a group of reservations: ParallelCluster takes one of them")
    if targeted and target.text(_ID) and compute.node.has("Instances"):
        text = "lists types, and a reservation is of one: ParallelCluster takes InstanceType with CapacityReservationId"
        yield Violation(compute.node.at("Instances"), text)
    named = group.text("Name") or group.text("Id")
    managed = bool(group.flag("Enabled", default=False)) and not named
    if kind == BLOCK:
        if named or managed:
            yield Violation(group, "a capacity block takes no placement group: AWS places its machines")
        yield from _block(compute)
    elif targeted and managed:
        text = "the cluster makes the placement group, so the targeted reservation can't have been made in it"
        yield Violation(group, text)


def _on_demand(compute: Compute) -> Iterator[Violation]:
    """What says something of spot machines alone (EC2 Fleet: on demand there are lowest-price and prioritized)."""
    strategy, price = compute.queue.at("AllocationStrategy"), compute.node.at("SpotPrice")
    if "capacity-optimized" in (strategy.literal() or "").lower():
        yield Violation(strategy, f"is {strategy.text()}, which only spot machines have: CapacityType is {ON_DEMAND}")
    if price.number():
        yield Violation(price, f"is a bound for spot machines, and CapacityType is {ON_DEMAND}: it bounds nothing")


def _block(compute: Compute) -> Iterator[Violation]:
    """A block is used whole: as many machines from the first minute to the last."""
    at = compute.queue.at("CapacityType")
    if not compute.reservation.text(_ID):
        yield Violation(at, f"is {BLOCK}, and no {_ID} says which")
    least, most = (compute.node.number(key, default=default) for key, default in _COUNTS.items())
    name = compute.node.text("Name") or "a compute resource"
    if least != most:
        text = f"{name} has MinCount {least:g} and MaxCount {most:g}: of a capacity block both are its size"
        yield Violation(compute.node.at("MinCount"), text)
    elif not least:
        yield Violation(compute.node.at("MinCount"), f"{name} has MinCount 0: a capacity block is used whole")
    strategy = compute.queue.at("AllocationStrategy")
    if strategy.text():
        yield Violation(strategy, f"is {strategy.text()}, and a capacity block leaves nothing to choose")
    if compute.node.has("Instances") and not compute.reservation.text(_ID):
        yield Violation(compute.node.at("Instances"), "lists types, and a capacity block is of one")
