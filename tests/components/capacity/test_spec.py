"""Reservations as a stack file writes them."""

from datetime import UTC, datetime
from pathlib import Path
from typing import get_args

import pytest
from pydantic import Field

from components.base.problems import InvalidInputError
from components.base.spec import Spec
from components.base.validation import validate
from components.capacity.spec import (
    Capacity,
    CapacityBlock,
    CapacityBlockFacts,
    OnDemand,
    OpenReservation,
    OpenReservationFacts,
    Reservations,
    Spot,
    TargetedReservation,
    TargetedReservationFacts,
)


class _File(Spec):
    reservations: Reservations = Field(default_factory=dict)
    capacity: Capacity | None = None


BLOCK = {
    "kind": "capacity-block",
    "id": "cr-0123456789abcdef0",
    "instanceType": "p5.48xlarge",
    "zone": "us-west-2a",
    "count": 4,
    "start": "2027-01-04T12:30:00+01:00",
    "end": "2027-01-05T11:30:00Z",
}
TARGETED = {**{key: value for key, value in BLOCK.items() if key not in {"start", "end"}}, "kind": "targeted"}


def test_a_window_is_kept_in_utc():
    block = validate(_File, {"reservations": {"b": BLOCK}}, file="f").reservations["b"]
    assert block.start == datetime(2027, 1, 4, 11, 30, tzinfo=UTC)
    assert block.start.tzinfo is UTC


@pytest.mark.parametrize(
    ("facts", "field", "message"),
    [
        ({**BLOCK, "end": "2027-01-04T11:50:00Z"}, "end", "longer than 0:30:00"),
        ({**BLOCK, "start": "2027-01-04T11:30:00"}, "start", "no time zone"),
        ({**BLOCK, "start": "0001-01-01T00:00:00+23:59"}, "start", "outside of the calendar"),
        ({**BLOCK, "end": "9999-12-31T23:59:59-23:59"}, "end", "outside of the calendar"),
        ({**BLOCK, "end": "2028-01-05T11:30:00Z"}, "end", "check the year"),
        ({**BLOCK, "start": 1800000000}, "start", "expected a moment"),
        ({**BLOCK, "start": "soon"}, "start", "expected a moment"),
        ({**BLOCK, "id": "cr-12"}, "id", "match"),
        ({**BLOCK, "placementGroup": "mine"}, "placementGroup", "unknown key"),
        ({**BLOCK, "count": 0}, "count", "greater than"),
        ({**BLOCK, "kind": "leased"}, "kind", "unknown: 'leased'"),
        ({**TARGETED, "group": "arn:aws:resource-groups:us-west-2:111122223333:group/p5"}, "id", "one of the two"),
        ({key: value for key, value in TARGETED.items() if key != "id"}, "id", "one of the two"),
    ],
)
def test_what_no_reservation_is_like(facts, field, message):
    with pytest.raises(InvalidInputError) as error:
        validate(_File, {"reservations": {"b": facts}}, file="stack.yaml")
    [problem] = error.value.problems
    assert problem.field == f"reservations.b.{field}"
    assert message in problem.message


def test_a_pool_is_paid_for_in_one_way():
    with pytest.raises(InvalidInputError, match="reservation: unknown key"):
        validate(_File, {"capacity": {"kind": "spot", "reservation": "b"}}, file="f")
    with pytest.raises(InvalidInputError, match=r"reservation: missing"):
        validate(_File, {"capacity": {"kind": "capacity-block"}}, file="f")


def test_every_field_of_a_reservation_is_on_the_page(spec_fields):
    page = (Path(__file__).parents[3] / "docs" / "components" / "capacity.md").read_text(encoding="utf-8")
    for facts in (OpenReservationFacts, TargetedReservationFacts, CapacityBlockFacts):
        assert [field for field in spec_fields(facts) if f"`{field}`" not in page] == []


def test_every_kind_of_capacity_is_on_the_page():
    page = (Path(__file__).parents[3] / "docs" / "components" / "capacity.md").read_text(encoding="utf-8")
    for kind in (OnDemand, Spot, OpenReservation, TargetedReservation, CapacityBlock):
        [name] = get_args(kind.model_fields["kind"].annotation)
        assert f"`{name}`" in page
