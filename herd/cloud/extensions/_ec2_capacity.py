"""Who holds which machines: reservations, capacity blocks, and what instances and node groups have taken of them.

`take` and `give_back` are the one ledger of the stand-in: everything that launches machines goes through them.
Capacity without a reservation has no end, unless a fault of kind `shortage` or a seeded quota says otherwise.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, Literal

from components.hardware.catalogue import find_type
from herd.cloud import clock
from herd.cloud.errors import AwsError
from herd.cloud.extensions._ec2_listing import tagged
from herd.cloud.extensions._ec2_types import offer_refusal
from herd.cloud.state import store
from herd.cloud.wire import Call

Market = Literal["on-demand", "spot", "capacity-block"]
Preference = Literal["open", "none", "capacity-reservations-only"]

BLOCK_ENDS_EARLY: Final = timedelta(minutes=30)
"""EC2 ends the instances of a capacity block this long before it ends.
Source: EC2 User Guide, "Capacity Blocks for ML"."""


@dataclass
class Taken:
    """Machines that somebody has.

    Attributes:
        instance_type, zone: What and where.
        count: How many.
        market: How they are paid for.
        reservation: The reservation they run in, if any.
        placement_group: The placement group they are in, by name, if any.
    """

    instance_type: str
    zone: str
    count: int
    market: Market
    reservation: str | None
    placement_group: str | None


def take(
    call: Call,
    holder: str,
    *,
    instance_type: str,
    zone: str,
    count: int,
    market: Market = "on-demand",
    reservation: str | None = None,
    group: str | None = None,
    preference: Preference = "open",
    placement_group: str | None = None,
) -> AwsError | None:
    """Take machines: all of them, or none and the reason.

    Args:
        call: The request that wants them; says account and region.
        holder: Who has them then: an instance id, the ARN of a node group, the name of an Auto Scaling group. Taking
            again adds to what it has.
        instance_type: EC2 instance type.
        zone: Availability zone, by name.
        count: How many; none for zero or less.
        market: How they are paid for.
        reservation: The capacity reservation or block they must come from, by id.
        group: Instead, the ARN of a resource group of reservations.
        preference: Without a target: whether open reservations are used first (`open`), never (`none`) or alone.
        placement_group: The placement group they go into, by name.

    Returns:
        AWS's refusal, for the caller to raise or to show as a health issue; None when the machines are taken.
    """
    if count <= 0:
        return None
    refusal = offer_refusal(call.region, instance_type, zone) or call.shortage(instance_type, zone)
    if refusal:
        return refusal
    ledger = _Ledger(call.account, call.region)
    wanted = Taken(instance_type, zone, count, market, None, placement_group)
    try:
        if reservation or group or market == "capacity-block":
            ledger.take_targeted(holder, wanted, reservation, group)
        else:
            ledger.take_free(holder, wanted, preference)
    except AwsError as error:
        return error
    return None


def target_refusals(
    call: Call,
    *,
    types: Sequence[str],
    zones: Sequence[str],
    market: Market,
    reservation: str | None,
    group: str | None,
    placement_group: str | None,
) -> Iterator[AwsError]:
    """Why machines could never run in a reservation, whatever it has left and whenever it begins.

    Args:
        call: The request; says account and region.
        types: The types they may be; none if nothing says.
        zones: The zones they may be in; none if nothing says.
        market: How they are paid for.
        reservation: The reservation, by id.
        group: Instead, the ARN of a resource group of reservations.
        placement_group: The placement group they go into, by name.
    """
    ledger = _Ledger(call.account, call.region)
    try:
        members = [ledger.target(reservation, market)] if reservation else ledger.members(group)
    except AwsError as error:
        yield error
        return
    held = [ledger.reservations[each] for each in members]
    alike = any(
        each["State"] in {"active", "scheduled"}
        and (not types or each["InstanceType"] in types)
        and (not zones or each["AvailabilityZone"] in zones)
        and _in_its_group(each, placement_group)
        for each in held
    )
    if not alike:
        yield _exceeded()


def give_back(call: Call, holder: str, count: int | None = None) -> None:
    """Give machines back, the last taken first.

    Args:
        call: The request; says account and region.
        holder: Who has them.
        count: How many; None for all.
    """
    _Ledger(call.account, call.region).give_back(holder, count)


def held(call: Call, holder: str) -> int:
    """How many machines a holder has now; those of a capacity block that ended are gone."""
    return sum(each.count for each in _Ledger(call.account, call.region).taken.get(holder, ()))


def taken(account: str, region: str) -> Mapping[str, list[Taken]]:
    """What every holder of an account and region has now."""
    return _Ledger(account, region).taken


def reservations(account: str, region: str) -> dict[str, dict[str, Any]]:
    """Every reservation and block as DescribeCapacityReservations shows it now, by id."""
    ledger = _Ledger(account, region)
    return {identifier: ledger.shown(identifier) for identifier in ledger.reservations}


def store_of(account: str, region: str) -> dict[str, dict[str, Any]]:
    """The reservations as they were made, by id, to add to and to change."""
    return store("ec2.capacity_reservation", account, region)


def release(account: str, region: str, identifier: str) -> None:
    """End a reservation: what runs in it runs on, on demand."""
    _Ledger(account, region).end(identifier, terminates=False)


def closes(reservation: Mapping[str, Any]) -> datetime | None:
    """When a reservation's machines are taken away; None for one without end."""
    end: datetime | None = reservation.get("EndDate")
    if end is None:
        return None
    return end - BLOCK_ENDS_EARLY if reservation["ReservationType"] == "capacity-block" else end


def in_group(account: str, region: str, group: str) -> list[str]:
    """The reservations of a resource group, by id."""
    members: Iterable[str] = store("ec2.capacity_group", account, region).get(group, ())
    return list(members)


class _Ledger:
    """The books of one account and region, brought up to the present."""

    def __init__(self, account: str, region: str) -> None:
        self._account, self._region = account, region
        self.reservations = store_of(account, region)
        self.taken: dict[str, list[Taken]] = store("ec2.capacity_taken", account, region)
        self._settle()

    def _settle(self) -> None:
        present = clock.now()
        for identifier, reservation in self.reservations.items():
            if reservation["State"] not in {"scheduled", "active"}:
                continue
            end, closing = reservation.get("EndDate"), closes(reservation)
            if end and end <= present:
                reservation["State"] = "expired"
            elif reservation["StartDate"] <= present:
                reservation["State"] = "active"
            if closing and closing <= present:
                self.end(identifier, terminates=reservation["ReservationType"] == "capacity-block")

    def end(self, identifier: str, *, terminates: bool) -> None:
        """A block takes its instances along; those of another reservation run on, on demand."""
        for holder, lots in list(self.taken.items()):
            for lot in lots:
                if lot.reservation == identifier and not terminates:
                    lot.reservation = None
            kept = [lot for lot in lots if lot.reservation != identifier]
            self.taken[holder] = kept
            if not kept:
                del self.taken[holder]

    def used(self, identifier: str) -> int:
        return sum(lot.count for lots in self.taken.values() for lot in lots if lot.reservation == identifier)

    def available(self, identifier: str) -> int:
        reservation = self.reservations[identifier]
        if reservation["State"] != "active":
            return 0
        return max(0, int(reservation["TotalInstanceCount"]) - self.used(identifier))

    def shown(self, identifier: str) -> dict[str, Any]:
        return {
            **self.reservations[identifier],
            "AvailableInstanceCount": self.available(identifier),
            "Tags": tagged(self._account, self._region, identifier),
        }

    def take_free(self, holder: str, wanted: Taken, preference: Preference) -> None:
        members = []
        if wanted.market == "on-demand" and preference != "none":
            members = [
                identifier
                for identifier, each in self.reservations.items()
                if each["InstanceMatchCriteria"] == "open" and self._fits(each, wanted)
            ]
        lots, missing = self._shares(members, wanted)
        if missing and preference == "capacity-reservations-only":
            raise _exceeded()
        if missing:
            self._check_quota(wanted, missing)
            lots.append(_part(wanted, missing, None))
        self._book(holder, lots)

    def _check_quota(self, wanted: Taken, count: int) -> None:
        """A quota that somebody granted is enforced; it counts the machines and what On-Demand reservations hold."""
        from herd.cloud.extensions.service_quotas import granted  # noqa: PLC0415 - for launches alone

        code, vcpus = _quota(wanted.instance_type, wanted.market)
        limit = granted(self._account, self._region, code)
        if limit is None:
            return
        running = [lot for lots in self.taken.values() for lot in lots if not lot.reservation]
        counted = [(lot.instance_type, lot.market, lot.count) for lot in running]
        counted += [
            (each["InstanceType"], "on-demand", int(each["TotalInstanceCount"]))
            for each in self.reservations.values()
            if each["State"] == "active" and each["ReservationType"] == "default"
        ]
        buckets = [(*_quota(kind, market), number) for kind, market, number in counted]
        used = sum(each * number for bucket, each, number in buckets if bucket == code)
        if used + vcpus * count <= limit:
            return
        if wanted.market == "spot":
            raise AwsError("MaxSpotInstanceCountExceeded", "Max spot instance count exceeded")
        raise AwsError(
            "VcpuLimitExceeded",
            f"You have requested more vCPU capacity than your current vCPU limit of {limit:g} allows for the instance "
            "bucket that the specified instance type belongs to.",
        )

    def take_targeted(self, holder: str, wanted: Taken, reservation: str | None, group: str | None) -> None:
        members = [self.target(reservation, wanted.market)] if reservation else self.members(group)
        if reservation and self.reservations[reservation]["State"] == "scheduled":
            raise AwsError(
                "InvalidCapacityReservationState.PendingActivation", "Your Capacity Block is not active yet."
            )
        lots, missing = self._shares([each for each in members if self._fits(self.reservations[each], wanted)], wanted)
        if missing:
            raise _exceeded()
        self._book(holder, lots)

    def members(self, group: str | None) -> list[str]:
        if not group:
            raise AwsError(
                "InvalidParameterCombination",
                "The market type 'capacity-block' requires a Capacity Block as the Capacity Reservation target.",
            )
        members = in_group(self._account, self._region, group)
        if not members:
            raise AwsError("InvalidParameterValue", f"The resource group '{group}' holds no Capacity Reservations.")
        return members

    def target(self, reservation: str, market: Market) -> str:
        found = self.reservations.get(reservation)
        if found is None:
            raise AwsError(
                "InvalidCapacityReservationId.NotFound", f"The capacity reservation ID '{reservation}' does not exist."
            )
        if (found["ReservationType"] == "capacity-block") != (market == "capacity-block"):
            # The message: terraform-aws-modules/terraform-aws-ec2-instance, pull request 404.
            raise AwsError(
                "InvalidParameterValue",
                "The market type (purchasing) option is not valid. Choose a different market type and try again",
            )
        return reservation

    def give_back(self, holder: str, count: int | None) -> None:
        lots = self.taken.get(holder, [])
        left = sum(lot.count for lot in lots) if count is None else count
        while lots and left > 0:
            given = min(left, lots[-1].count)
            lots[-1].count -= given
            left -= given
            if not lots[-1].count:
                lots.pop()
        if not lots:
            self.taken.pop(holder, None)

    @staticmethod
    def _fits(reservation: Mapping[str, Any], wanted: Taken) -> bool:
        closing = closes(reservation)
        return (
            reservation["State"] == "active"
            and (closing is None or closing > clock.now())
            and reservation["InstanceType"] == wanted.instance_type
            and reservation["AvailabilityZone"] == wanted.zone
            and _in_its_group(reservation, wanted.placement_group)
        )

    def _shares(self, members: Iterable[str], wanted: Taken) -> tuple[list[Taken], int]:
        lots, missing = [], wanted.count
        for identifier in members:
            share = min(missing, self.available(identifier))
            if share:
                lots.append(_part(wanted, share, identifier))
                missing -= share
        return lots, missing

    def _book(self, holder: str, lots: Iterable[Taken]) -> None:
        self.taken.setdefault(holder, []).extend(lots)


def _quota(name: str, market: Market | str) -> tuple[str | None, int]:
    """The quota that a machine counts against, by code, and its vCPUs."""
    machine = find_type(name)
    if machine is None:
        return None, 0
    own = machine.quota_class
    return own.spot_code if market == "spot" else own.on_demand_code, machine.vcpus


def _part(wanted: Taken, count: int, reservation: str | None) -> Taken:
    return Taken(wanted.instance_type, wanted.zone, count, wanted.market, reservation, wanted.placement_group)


def _in_its_group(reservation: Mapping[str, Any], placement_group: str | None) -> bool:
    """A reservation in a cluster placement group is for instances in that group alone."""
    own = str(reservation.get("PlacementGroupArn", "")).rpartition("/")[2]
    return not own or own == placement_group


def _exceeded() -> AwsError:
    # The message: hashicorp/terraform-provider-aws, pull request 35745.
    return AwsError(
        "ReservationCapacityExceeded",
        "The requested reservation does not have sufficient compatible and available capacity for this request.",
    )
