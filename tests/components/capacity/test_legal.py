"""Which machines can be paid for in which way, where and how placed."""

from dataclasses import replace

import pytest
from pydantic import TypeAdapter

from components.capacity import legal
from components.capacity.legal import Place, Request
from components.capacity.spec import Capacity, Reservations

ZONES = ("us-west-2a", "us-west-2b", "us-west-2c")
PLACE = Place("us-west-2", ZONES, {})
HELD = TypeAdapter(Reservations).validate_python(
    {
        name: {"instanceType": "p5.48xlarge", "zone": "us-west-2a", "count": 16, **facts}
        for name, facts in {
            "open": {"kind": "open", "id": "cr-00000000000000001"},
            "plain": {"kind": "targeted", "id": "cr-00000000000000002"},
            "rack": {"kind": "targeted", "id": "cr-00000000000000003", "placementGroup": "theirs"},
            "group": {"kind": "targeted", "group": "arn:aws:resource-groups:us-west-2:111122223333:group/p5"},
            "block": {
                "kind": "capacity-block",
                "id": "cr-00000000000000004",
                "start": "2027-01-04T11:30:00Z",
                "end": "2027-01-18T11:30:00Z",
            },
        }.items()
    }
)


def paid(kind, reservation=None):
    data = {"kind": kind, **({"reservation": reservation} if reservation else {})}
    return TypeAdapter(Capacity).validate_python(data)


TARGETED = Request(
    paid("targeted-reservation", "plain"),
    ("us-west-2a",),
    elastic=False,
    cluster=False,
    nodes=16,
    types=("p5.48xlarge",),
    efa=True,
)
BLOCK = replace(TARGETED, capacity=paid("capacity-block", "block"))
PLAIN = replace(TARGETED, capacity=paid("on-demand"), nodes=64)
ELASTIC = Request(paid("spot"), ZONES, elastic=True, cluster=False, nodes=8, types=("g6.xlarge", "g6.2xlarge"))


def found(request, place=PLACE, held=HELD):
    return [
        (field, message)
        for check in (*legal.WHOLE, *legal.MACHINES)
        for field, message, _ in check(request, place, held)
    ]


@pytest.mark.parametrize(
    "request_",
    [
        TARGETED,
        BLOCK,
        PLAIN,
        ELASTIC,
        replace(TARGETED, capacity=paid("open-reservation", "open"), cluster=True),
        replace(TARGETED, capacity=paid("targeted-reservation", "rack"), cluster=True),
        replace(TARGETED, capacity=paid("targeted-reservation", "group")),
        replace(PLAIN, cluster=True),
        replace(ELASTIC, capacity=paid("targeted-reservation", "plain"), zones=("us-west-2a",), types=("p5.48xlarge",)),
    ],
    ids=["targeted", "block", "on-demand", "spot", "open in a group", "rack", "group", "cluster", "elastic reserved"],
)
def test_what_goes(request_):
    assert found(request_) == []


ILLEGAL = {
    "a block in an elastic pool": (replace(BLOCK, elastic=True), "capacity", "used whole"),
    "a block in a placement group": (replace(BLOCK, cluster=True), "placement", "takes no placement group"),
    "a targeted reservation in a foreign placement group": (
        replace(TARGETED, cluster=True),
        "placement",
        "was made in no placement group",
    ),
    "a reservation in a placement group, used outside of it": (
        replace(TARGETED, capacity=paid("targeted-reservation", "rack")),
        "placement",
        "placement group theirs: only its members use it",
    ),
    "a resource group in an elastic pool": (
        replace(TARGETED, capacity=paid("targeted-reservation", "group"), elastic=True),
        "capacity",
        "not by a resource group",
    ),
    "a reservation in a placement group, elastic": (
        replace(TARGETED, capacity=paid("targeted-reservation", "rack"), elastic=True),
        "capacity",
        "elastic nodes are in none",
    ),
    "a reservation nobody has": (
        replace(TARGETED, capacity=paid("targeted-reservation", "plane")),
        "capacity",
        "no reservation 'plane'",
    ),
    "a reservation of another kind": (
        replace(TARGETED, capacity=paid("open-reservation", "plain")),
        "capacity",
        "plain is targeted",
    ),
    "another zone than the reservation's": (
        replace(TARGETED, zones=("us-west-2b",)),
        "zones",
        "is in us-west-2a, not in us-west-2b",
    ),
    "another type than the reservation's": (
        replace(TARGETED, types=("p4d.24xlarge",)),
        "instanceTypes",
        "is of p5.48xlarge, not p4d.24xlarge",
    ),
    "more nodes than reserved": (replace(TARGETED, nodes=17), "maxNodes", "17 nodes, but the reservation holds 16"),
    "EFA across zones": (replace(PLAIN, zones=("us-west-2a", "us-west-2b")), "zones", "EFA never crosses zones"),
    "EFA on a type without": (replace(PLAIN, types=("g6.xlarge",)), "efa", "g6.xlarge has no EFA"),
    "a cluster group across zones": (
        replace(PLAIN, efa=False, cluster=True, zones=("us-west-2a", "us-west-2b")),
        "zones",
        "in one zone",
    ),
    "a cluster group of a type that can't": (
        replace(PLAIN, efa=False, cluster=True, types=("t3.large",)),
        "instanceTypes",
        "t3.large can't be in a cluster placement group",
    ),
    "a zone of another stack": (replace(PLAIN, zones=("us-west-2d",)), "zones", "us-west-2d is no zone of the stack"),
    "a zone twice": (replace(ELASTIC, zones=("us-west-2a", "us-west-2a")), "zones", "names a zone twice"),
    "a type twice": (replace(ELASTIC, types=("g6.xlarge", "g6.xlarge")), "instanceTypes", "names a type twice"),
    "a type nobody knows": (replace(PLAIN, types=("p5.47xlarge",)), "instanceTypes", "unknown instance type"),
    "a type not sold in a block": (
        replace(BLOCK, types=("hpc7a.96xlarge",)),
        "instanceTypes",
        "isn't sold as capacity-block",
    ),
}


@pytest.mark.parametrize("name", ILLEGAL)
def test_what_does_not_go(name):
    request, field, message = ILLEGAL[name]
    assert any(at == field and message in text for at, text in found(request)), found(request)


def test_with_efa_or_a_reservation_there_is_one_type():
    two = ("p5.48xlarge", "p5e.48xlarge")
    assert ("instanceTypes", "with EFA one type only: the network cards differ") in found(replace(PLAIN, types=two))
    assert ("instanceTypes", "a reservation is of one type") in found(replace(TARGETED, types=two, efa=False))


# As the catalogue has it, p5e is sold in one zone of the region: usw2-az3.
P5E = replace(PLAIN, types=("p5e.48xlarge",))


def test_a_type_is_offered_by_zone_id_whatever_the_account_calls_the_zone():
    [(field, message)] = found(P5E, Place("us-west-2", ZONES, {"us-west-2a": "usw2-az1"}))
    assert field == "instanceTypes"
    assert message == "p5e.48xlarge isn't offered in us-west-2a (usw2-az1), only in usw2-az3"
    assert found(P5E, Place("us-west-2", ZONES, {"us-west-2a": "usw2-az3"})) == []


def test_karpenter_needs_a_pair_for_every_type_and_zone_a_node_group_needs_all():
    here = Place("us-west-2", ZONES, {"us-west-2a": "usw2-az1", "us-west-2b": "usw2-az3"})
    both = replace(P5E, efa=False, zones=("us-west-2a", "us-west-2b"), types=("p5e.48xlarge", "m7i.large"))
    assert [field for field, _ in found(both, here)] == ["instanceTypes"]
    assert found(replace(both, elastic=True), here) == []
    assert found(replace(both, elastic=True, zones=("us-west-2a",)), here) != []


def test_a_zone_the_catalogue_does_not_know_takes_an_id():
    there = Place("mx-central-9", ("mx-central-9a",), {})
    request = replace(ELASTIC, zones=("mx-central-9a",))
    assert found(request, there) == [("zones", "the catalogue doesn't know mx-central-9a")]


def test_reservations_themselves_are_judged():
    wrong = TypeAdapter(Reservations).validate_python(
        {
            "far": {
                "kind": "open",
                "id": "cr-0000000000000000a",
                "instanceType": "g6.xlarge",
                "zone": "eu-west-1a",
                "count": 1,
            },
            "what": {
                "kind": "open",
                "id": "cr-0000000000000000b",
                "instanceType": "g6.xlarg",
                "zone": "us-west-2a",
                "count": 1,
            },
            "block": {
                "kind": "capacity-block",
                "id": "cr-0000000000000000c",
                "instanceType": "m7i.large",
                "zone": "us-west-2a",
                "count": 1,
                "start": "2027-01-04T11:30:00Z",
                "end": "2027-01-18T11:30:00Z",
            },
            "again": {
                "kind": "open",
                "id": "cr-0000000000000000a",
                "instanceType": "g6.xlarge",
                "zone": "us-west-2a",
                "count": 1,
            },
        }
    )
    assert [path[1:] for path, _, _ in legal.reservation_findings(wrong, PLACE)] == [
        ("again", "id"),
        ("far", "zone"),
        ("what", "instanceType"),
        ("block", "kind"),
    ]
    assert "did you mean" in {path[1]: fix for path, _, fix in legal.reservation_findings(wrong, PLACE)}["what"]
