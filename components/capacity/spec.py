"""How machines are paid for. A pool has exactly one kind of capacity; what was reserved is declared once a stack."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Final, Literal, Self

from pydantic import AfterValidator, BeforeValidator, Field, StringConstraints, model_validator

from components.base.spec import Spec
from components.base.validation import FieldProblemsError

BLOCK_ENDS_EARLY: Final = timedelta(minutes=30)
"""EC2 ends the instances of a capacity block 30 minutes before the block (60 for UltraServers).
Source: EC2 User Guide, "Capacity Blocks for ML"."""

BLOCK_LONGEST: Final = timedelta(days=183)
"""Longer than any block: 182 days with all its extensions. Schedules know no years, so a slip of one must not pass.
Source: EC2 User Guide, "Extend Capacity Blocks"."""

Name = Annotated[str, StringConstraints(pattern=r"^[a-z]([a-z0-9-]*[a-z0-9])?$", max_length=24)]
# Source: EC2 API, CapacityReservationId: 17 hex digits.
ReservationId = Annotated[str, StringConstraints(pattern=r"^cr-[0-9a-f]{17}$")]
GroupArn = Annotated[str, StringConstraints(pattern=r"^arn:aws[\w-]*:resource-groups:[\w-]+:\d{12}:group/[\w.-]+$")]


def read_instant(value: Any) -> Any:
    """A moment in ISO 8601; a JSON configuration has no dates, and YAML would read one as local time."""
    if isinstance(value, datetime):
        return value
    if not isinstance(value, str):
        # A bare number would be seconds since 1970.
        raise ValueError(f"expected a moment such as 2027-01-04T11:30:00Z, found {value!r}")  # noqa: TRY004 - pydantic's
    try:
        return datetime.fromisoformat(value)
    except ValueError:
        raise ValueError(f"expected a moment such as 2027-01-04T11:30:00Z, found {value!r}") from None


def with_zone(value: datetime) -> datetime:
    """The moment in UTC; without a time zone it is no moment."""
    if value.tzinfo is None:
        raise ValueError("has no time zone: end it with Z for UTC")
    try:
        return value.astimezone(UTC)
    except OverflowError:
        raise ValueError("lies outside of the calendar") from None


Instant = Annotated[datetime, BeforeValidator(read_instant), AfterValidator(with_zone)]


class _Reserved(Spec):
    """Machines of one type in one zone that AWS holds for the account."""

    instance_type: str
    zone: str
    count: Annotated[int, Field(ge=1)]


class OpenReservationFacts(_Reserved):
    """An On-Demand Capacity Reservation that any matching instance of the account uses.

    Attributes:
        id: The reservation.
        instance_type: EC2 instance type.
        zone: Availability zone.
        count: Machines it holds.
    """

    kind: Literal["open"]
    id: ReservationId


class TargetedReservationFacts(_Reserved):
    """An On-Demand Capacity Reservation that only instances which name it use: it, or the group it is in.

    Attributes:
        id: The reservation.
        group: Instead of `id`, the resource group of several reservations.
        instance_type: EC2 instance type.
        zone: Availability zone.
        count: Machines it (or the group) holds.
        placement_group: The cluster placement group it was made in, if any, by name: instances in another can't use it.
    """

    kind: Literal["targeted"]
    id: ReservationId | None = None
    group: GroupArn | None = None
    placement_group: Annotated[str, StringConstraints(min_length=1, max_length=255)] | None = None

    @model_validator(mode="after")
    def _one_target(self) -> Self:
        if (self.id is None) == (self.group is None):
            raise FieldProblemsError([(("id",), "name the reservation by id, or its resource group: one of the two")])
        return self


class CapacityBlockFacts(_Reserved):
    """A Capacity Block for ML: machines for a window of time, paid for in advance, used or not.

    Attributes:
        id: The block's reservation.
        instance_type: EC2 instance type.
        zone: Availability zone.
        count: Machines it holds.
        start: When the window opens.
        end: When it closes; EC2 ends the instances `BLOCK_ENDS_EARLY` before.
    """

    kind: Literal["capacity-block"]
    id: ReservationId
    start: Instant
    end: Instant

    @model_validator(mode="after")
    def _window(self) -> Self:
        if self.end - self.start <= BLOCK_ENDS_EARLY:
            raise FieldProblemsError([(("end",), f"a block runs for longer than {BLOCK_ENDS_EARLY} from its start")])
        if self.end - self.start > BLOCK_LONGEST:
            raise FieldProblemsError([(("end",), "a block runs for 182 days at most: check the year")])
        return self


ReservationFacts = Annotated[
    OpenReservationFacts | TargetedReservationFacts | CapacityBlockFacts, Field(discriminator="kind")
]
Reservations = dict[Name, ReservationFacts]
"""What a stack has reserved, by the name its pools know it by."""


class OnDemand(Spec):
    """Whatever AWS has, by the second."""

    kind: Literal["on-demand"]


class Spot(Spec):
    """Spare capacity, taken back at two minutes' notice."""

    kind: Literal["spot"]


class OpenReservation(Spec):
    """On demand, in the type and zone of an open reservation, which AWS then uses by itself.

    Attributes:
        reservation: Its name among the stack's reservations.
    """

    kind: Literal["open-reservation"]
    reservation: Name


class TargetedReservation(Spec):
    """Only what a targeted reservation (or group) holds.

    Attributes:
        reservation: Its name among the stack's reservations.
    """

    kind: Literal["targeted-reservation"]
    reservation: Name


class CapacityBlock(Spec):
    """A capacity block, in its window: as many machines as it holds, none before and none after.

    Attributes:
        reservation: Its name among the stack's reservations.
    """

    kind: Literal["capacity-block"]
    reservation: Name


Capacity = Annotated[
    OnDemand | Spot | OpenReservation | TargetedReservation | CapacityBlock, Field(discriminator="kind")
]
"""How a pool is paid for: one of these, never two."""
Reserved = OpenReservation | TargetedReservation | CapacityBlock
