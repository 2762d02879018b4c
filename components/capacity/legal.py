"""Which machines can be paid for in which way, where and how placed: a table of pure checks, each with its reason.

The same for a node pool of EKS and a queue of Slurm: both are a `Request`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Final, Literal

from components.base.problems import InvalidInputError
from components.base.validation import closest
from components.capacity.ledger import Finding, same_machines
from components.capacity.spec import (
    Capacity,
    CapacityBlock,
    CapacityBlockFacts,
    OpenReservation,
    OpenReservationFacts,
    ReservationFacts,
    Reserved,
    Spot,
    TargetedReservation,
    TargetedReservationFacts,
)
from components.hardware import catalogue
from components.hardware.spec import InstanceType

Field = Literal["capacity", "zones", "placement", "instanceTypes", "efa", "maxNodes"]
Found = Iterator[tuple[Field, str, str]]
"""Which part of a request is at fault, what is wrong, what to do."""

KINDS: Final[Mapping[type[Reserved], type[ReservationFacts]]] = {
    OpenReservation: OpenReservationFacts,
    TargetedReservation: TargetedReservationFacts,
    CapacityBlock: CapacityBlockFacts,
}


@dataclass(frozen=True, slots=True)
class Place:
    """Where a stack lives.

    Attributes:
        region: Its region.
        zones: Its availability zones, by name.
        zone_ids: Ids of zones, by name, where the account's differ from the catalogue's.
    """

    region: str
    zones: tuple[str, ...]
    zone_ids: Mapping[str, str]

    def zone_id(self, zone: str) -> str:
        """The id of one of the region's zones: what its name means in this account; empty if nobody knows."""
        if zone not in self.zone_ids:
            with suppress(InvalidInputError):
                return catalogue.zone_id(zone)
        return self.zone_ids.get(zone, "")

    def offers(self, zone: str, instance_type: str) -> bool:
        """Whether AWS sells a type in a zone; a zone that nobody knows is another finding."""
        zone_id = self.zone_id(zone)
        return not zone_id or zone_id in catalogue.offered_zone_ids(instance_type, self.region)


@dataclass(frozen=True, slots=True)
class Request:
    """Machines that something asks for.

    Attributes:
        capacity: How they are paid for.
        zones: Where, by name.
        elastic: Whether they come and go with demand.
        cluster: Whether they are put close together, in a cluster placement group.
        nodes: The most at one time.
        types: EC2 instance types, by name; empty while only the rest is known.
        efa: Whether their network cards get EFA interfaces.
    """

    capacity: Capacity
    zones: tuple[str, ...]
    elastic: bool
    cluster: bool
    nodes: int
    types: tuple[str, ...] = ()
    efa: bool = False

    @property
    def machines(self) -> tuple[InstanceType, ...]:
        """The types that there are."""
        return tuple(machine for name in self.types if (machine := catalogue.find_type(name)))

    def reserved(self, reservations: Mapping[str, ReservationFacts]) -> ReservationFacts | None:
        """What it is promised, if that is there and of its kind."""
        if not isinstance(self.capacity, Reserved):
            return None
        facts = reservations.get(self.capacity.reservation)
        return facts if isinstance(facts, KINDS[type(self.capacity)]) else None


Reservations = Mapping[str, ReservationFacts]
Check = Callable[[Request, Place, Reservations], Found]


def zones_of_the_stack(request: Request, place: Place, _: Reservations) -> Found:
    """Subnets are in the stack's zones alone."""
    for zone in request.zones:
        if zone not in place.zones:
            yield "zones", f"{zone} is no zone of the stack", f"use {', '.join(place.zones)}"
        elif not place.zone_id(zone):
            yield "zones", f"the catalogue doesn't know {zone}", "state its id in zoneIds"
    if len(set(request.zones)) < len(request.zones):
        yield "zones", "names a zone twice", "name every zone once"


def reservation_is_there(request: Request, _: Place, reservations: Reservations) -> Found:
    """The reservation exists, and is of the kind that the capacity says."""
    capacity = request.capacity
    if not isinstance(capacity, Reserved):
        return
    facts = reservations.get(capacity.reservation)
    if facts is None:
        message = f"the stack has no reservation {capacity.reservation!r}"
        yield "capacity", message, closest(capacity.reservation, list(reservations))
    elif request.reserved(reservations) is None:
        kind = {"open": "open-reservation", "targeted": "targeted-reservation"}.get(facts.kind, facts.kind)
        yield "capacity", f"reservation {capacity.reservation} is {facts.kind}", f"say kind: {kind}"


def in_the_reservation_s_zone(request: Request, _: Place, reservations: Reservations) -> Found:
    """A reservation is in one zone, and so are its machines."""
    facts = request.reserved(reservations)
    if facts and set(request.zones) != {facts.zone}:
        message = f"the reservation is in {facts.zone}, not in {', '.join(request.zones)}"
        yield "zones", message, f"say zones: [{facts.zone}]"


def within_the_reservation(request: Request, _: Place, reservations: Reservations) -> Found:
    """No more machines than it holds."""
    facts = request.reserved(reservations)
    if facts and request.nodes > facts.count:
        message = f"{request.nodes} nodes, but the reservation holds {facts.count}"
        yield "maxNodes", message, f"say {facts.count} at most, or reserve more"


def of_the_reservation_s_type(request: Request, _: Place, reservations: Reservations) -> Found:
    """A reservation is of one type, and so are its machines."""
    facts = request.reserved(reservations)
    if not facts or not request.types:
        return
    if len(request.types) > 1:
        yield "instanceTypes", "a reservation is of one type", f"say instanceTypes: [{facts.instance_type}]"
    elif request.types[0] != facts.instance_type:
        message = f"the reservation is of {facts.instance_type}, not {request.types[0]}"
        yield "instanceTypes", message, f"say instanceTypes: [{facts.instance_type}]"


def block_is_whole(request: Request, _: Place, __: Reservations) -> Found:
    """A capacity block is paid for whether it is used or not: nothing is saved by scaling it.

    Source: EC2 Auto Scaling User Guide, "Use Capacity Blocks for machine learning workloads": scheduled scaling to the
    size of the block when it begins, to zero before it ends.
    """
    if isinstance(request.capacity, CapacityBlock) and request.elastic:
        message = "a capacity block is used whole, in its window: it doesn't grow and shrink with demand"
        yield "capacity", message, "make the pool static"


def block_places_itself(request: Request, _: Place, __: Reservations) -> Found:
    """AWS puts a block's machines close together by itself, and refuses a placement group.

    Source: EC2 User Guide, "Capacity Blocks for ML"; ParallelCluster refuses the combination too.
    """
    if isinstance(request.capacity, CapacityBlock) and request.cluster:
        message = "a capacity block takes no placement group: AWS puts its machines close together by itself"
        yield "placement", message, "say placement: none"


def targeted_in_its_own_group(request: Request, _: Place, reservations: Reservations) -> Found:
    """A reservation made in a placement group serves that group; one made in none has its machines anywhere.

    EC2 takes the second combination, and then lacks capacity where the group stands although the reservation has some.
    Source: EC2 User Guide, "Use Capacity Reservations with placement groups"; ParallelCluster,
    PlacementGroupCapacityReservationValidator.
    """
    facts = request.reserved(reservations)
    if not isinstance(facts, TargetedReservationFacts) or request.elastic:
        return
    if facts.placement_group and not request.cluster:
        message = f"the reservation was made in placement group {facts.placement_group}: only its members use it"
        yield "placement", message, "say placement: cluster"
    elif request.cluster and not facts.placement_group:
        message = (
            "the reservation was made in no placement group: its machines stand anywhere, a group may not reach them"
        )
        yield (
            "placement",
            message,
            "say placement: none, or make the reservation in a placement group and name it there",
        )


def elastic_finds_its_reservation(request: Request, _: Place, reservations: Reservations) -> Found:
    """Karpenter finds reservations by id, and Herd's elastic nodes are in no placement group.

    Source: Karpenter, EC2NodeClass spec.capacityReservationSelectorTerms (id, tags, ownerID).
    """
    facts = request.reserved(reservations)
    if not isinstance(facts, TargetedReservationFacts) or not request.elastic:
        return
    if facts.group:
        yield "capacity", "Karpenter finds a reservation by its id, not by a resource group", "make the pool static"
    if facts.placement_group:
        message = f"the reservation was made in placement group {facts.placement_group}, elastic nodes are in none"
        yield "capacity", message, "make the pool static"


def cluster_in_one_zone(request: Request, _: Place, __: Reservations) -> Found:
    """A cluster placement group can't span zones. Source: EC2 User Guide, "Placement group rules and limitations"."""
    if request.cluster and len(request.zones) > 1:
        yield "zones", "a cluster placement group is in one zone", "name one zone, or say placement: none"


def types_there_are(request: Request, _: Place, __: Reservations) -> Found:
    """Every type is in the catalogue, once."""
    for name in dict.fromkeys(request.types):
        if catalogue.find_type(name) is None:
            yield "instanceTypes", f"unknown instance type {name!r}", nearest_type(name)
    if len(set(request.types)) < len(request.types):
        yield "instanceTypes", "names a type twice", "name every type once"


def offered_in_the_zones(request: Request, place: Place, _: Reservations) -> Found:
    """AWS sells the types there. A node group starts every type in every zone; Karpenter picks pairs that exist."""
    zones = [zone for zone in request.zones if zone in place.zones]
    missing = [(m.name, zone) for m in request.machines for zone in zones if not place.offers(zone, m.name)]
    if request.elastic:
        names = [machine.name for machine in request.machines]
        lost = [name for name in names if all((name, zone) in missing for zone in zones)]
        empty = [zone for zone in zones if all((name, zone) in missing for name in names)]
        missing = [pair for pair in missing if pair[0] in lost or pair[1] in empty]
    for name, zone in missing:
        elsewhere = catalogue.offered_zone_ids(name, place.region)
        where = f"only in {', '.join(sorted(elsewhere))}" if elsewhere else f"nowhere in {place.region}"
        fix = "use another zone or type; a letter means another place in every account: zoneIds says which in yours"
        yield "instanceTypes", f"{name} isn't offered in {zone} ({place.zone_id(zone)}), {where}", fix


def sold_that_way(request: Request, _: Place, __: Reservations) -> Found:
    """The types are sold for this kind of money. Reservations on demand need on-demand."""
    wanted = {Spot: "spot", CapacityBlock: "capacity-block"}.get(type(request.capacity), "on-demand")
    for machine in request.machines:
        if wanted not in machine.usage_classes:
            message = f"{machine.name} isn't sold as {wanted}, only as {', '.join(machine.usage_classes)}"
            yield "instanceTypes", message, "use another type or another kind of capacity"


def placed_that_way(request: Request, _: Place, __: Reservations) -> Found:
    """The types can be in a cluster placement group."""
    for machine in request.machines:
        if request.cluster and "cluster" not in machine.placement_strategies:
            yield "instanceTypes", f"{machine.name} can't be in a cluster placement group", "say placement: none"


def efa_where_it_works(request: Request, _: Place, __: Reservations) -> Found:
    """EFA traffic is never routed: one zone. Interfaces differ by type: one type, which has EFA.

    Source: EC2 User Guide, "Elastic Fabric Adapter", limitations; ParallelCluster, EfaMultiAzValidator.
    """
    if not request.efa:
        return
    if len(request.zones) > 1:
        yield "zones", "EFA never crosses zones", "name one zone"
    if len(request.types) > 1:
        yield "instanceTypes", "with EFA one type only: the network cards differ", "name one type"
    for machine in request.machines:
        if not machine.efa_supported:
            yield "efa", f"{machine.name} has no EFA", "say efa: false, or `herd hardware find --efa`"


WHOLE: Final[tuple[Check, ...]] = (
    zones_of_the_stack,
    reservation_is_there,
    in_the_reservation_s_zone,
    within_the_reservation,
    block_is_whole,
    block_places_itself,
    targeted_in_its_own_group,
    elastic_finds_its_reservation,
    cluster_in_one_zone,
)
"""What doesn't depend on the machines."""

MACHINES: Final[tuple[Check, ...]] = (
    types_there_are,
    of_the_reservation_s_type,
    offered_in_the_zones,
    sold_that_way,
    placed_that_way,
    efa_where_it_works,
)
"""What depends on them."""


def nearest_type(name: str) -> str:
    """What to write instead of a type that there isn't."""
    try:
        catalogue.instance_type(name)
    except InvalidInputError as error:
        return error.problems[0].fix
    return ""


def reservation_findings(reservations: Reservations, place: Place) -> Iterator[Finding]:
    """What is wrong with the reservations themselves."""
    yield from same_machines(reservations)
    for name, facts in reservations.items():
        path = ("reservations", name)
        if facts.zone not in place.zones:
            yield (*path, "zone"), f"{facts.zone} is no zone of the stack", f"use {', '.join(place.zones)}"
        machine = catalogue.find_type(facts.instance_type)
        if machine is None:
            yield (
                (*path, "instanceType"),
                f"unknown instance type {facts.instance_type!r}",
                nearest_type(facts.instance_type),
            )
            continue
        if facts.zone in place.zones and not place.offers(facts.zone, machine.name):
            message = f"{machine.name} isn't offered in {facts.zone} ({place.zone_id(facts.zone)})"
            yield (*path, "zone"), message, "write what `aws ec2 describe-capacity-reservations` says, and zoneIds"
        wanted = "capacity-block" if isinstance(facts, CapacityBlockFacts) else "on-demand"
        if wanted not in machine.usage_classes:
            message = f"{machine.name} isn't sold as {wanted}, only as {', '.join(machine.usage_classes)}"
            yield (*path, "kind"), message, "write what `aws ec2 describe-capacity-reservations` says"
