"""What pools may need at most: vCPUs, addresses, machines."""

import pytest
from pydantic import TypeAdapter

from components.capacity.spec import Reservations
from components.gpu_cluster.bounds import address_needs, most_pods, nodes_in, promises, quota_needs
from components.gpu_cluster.spec import NodeSpec, Pools
from components.hardware.catalogue import instance_type
from components.network.addresses import pod_addresses

HELD = TypeAdapter(Reservations).validate_python(
    {
        "p5-prod": {
            "kind": "targeted",
            "id": "cr-0123456789abcdef0",
            "instanceType": "p5.48xlarge",
            "zone": "us-west-2a",
            "count": 16,
        },
        "block": {
            "kind": "capacity-block",
            "id": "cr-0123456789abcdef1",
            "instanceType": "p5.48xlarge",
            "zone": "us-west-2a",
            "count": 8,
            "start": "2027-01-04T11:30:00Z",
            "end": "2027-01-18T11:30:00Z",
        },
    }
)


def static(capacity, types, slices, **node):
    generations = [
        {
            "key": f"g{number}-00000000",
            "release": "r",
            "slices": numbers,
            "node": {"instanceTypes": types, "image": "gpu", **node},
        }
        for number, numbers in enumerate(slices, 1)
    ]
    return {
        "kind": "static",
        "capacity": capacity,
        "zones": ["us-west-2a"],
        "nodesPerSlice": 4,
        "maxNodes": 16,
        "generations": generations,
    }


def elastic(kind, types, most, zones=("us-west-2a", "us-west-2b")):
    generation = {
        "key": "g1-00000000",
        "release": "r",
        "maxNodes": most,
        "node": {"instanceTypes": types, "image": "gpu"},
    }
    return {
        "kind": "elastic",
        "capacity": {"kind": kind},
        "zones": zones,
        "maxNodes": 10,
        "generations": [generation],
    }


POOLS = TypeAdapter(Pools).validate_python(
    {
        "p5": static(
            {"kind": "targeted-reservation", "reservation": "p5-prod"}, ["p5.48xlarge"], [[0, 1, 2], [0]], efa=True
        ),
        "now": static({"kind": "capacity-block", "reservation": "block"}, ["p5.48xlarge"], [[0, 1]], efa=True),
        "g6": elastic("spot", ["g6.xlarge", "g6.2xlarge"], 4),
        "cpu": elastic("on-demand", ["m7i.large"], 6),
        "p4": elastic("on-demand", ["p4d.24xlarge"], 2, zones=["us-west-2a"]),
        "new": static({"kind": "on-demand"}, ["m7i.large"], []),
    }
)


def test_draining_and_waiting_generations_are_promised_what_they_list():
    assert [(row.holder, row.reservation, row.nodes) for row in promises(POOLS)] == [
        ("pool p5 g1-00000000", "p5-prod", 12),
        ("pool p5 g2-00000000", "p5-prod", 4),
        ("pool now g1-00000000", "block", 8),
    ]
    assert nodes_in(POOLS["p5"]) == 16
    assert nodes_in(POOLS["g6"]) == 4


def test_a_reservation_counts_whole_and_once_a_block_not_at_all():
    rows = {(need.quota.name, need.market): need for need in quota_needs(POOLS, HELD)}
    p, g, standard = rows["P", "on-demand"], rows["G and VT", "spot"], rows["Standard", "on-demand"]
    # 16 reserved p5 of 192 vCPUs, and ten p4d of 96 outside of any reservation.
    assert p.vcpus == 16 * 192 + 10 * 96
    assert p.holders == ("reservation p5-prod", "pool p4")
    # Of several types the largest counts: ten g6.2xlarge.
    assert (g.vcpus, g.holders) == (10 * 8, ("pool g6",))
    assert (standard.vcpus, standard.holders) == (10 * 2, ("pool cpu",))
    assert len(rows) == 3


def test_the_limit_s_code_is_the_market_s():
    rows = {need.market: need for need in quota_needs({"g6": POOLS["g6"]}, {})}
    assert rows["spot"].code == rows["spot"].quota.spot_code
    assert rows["spot"].code != rows["spot"].quota.on_demand_code


def test_spot_requests_of_p5_and_of_older_types_have_two_limits():
    kinds = {"p4": ["p4d.24xlarge"], "p5": ["p5.48xlarge"]}
    spot = quota_needs(TypeAdapter(Pools).validate_python({n: elastic("spot", t, 2) for n, t in kinds.items()}), {})
    assert {(need.code, need.vcpus) for need in spot} == {("L-7212CCBC", 10 * 96), ("L-C4BD4855", 10 * 192)}
    both = {"p": elastic("on-demand", ["p4d.24xlarge", "p5.48xlarge"], 2)}
    [demand] = quota_needs(TypeAdapter(Pools).validate_python(both), {})
    assert (demand.code, demand.vcpus) == ("L-417A185B", 10 * 192)


def test_nodes_take_one_address_each_and_pods_whole_prefixes():
    needs = address_needs({"p5": POOLS["p5"], "g6": POOLS["g6"], "new": POOLS["new"]})
    p5, g6 = instance_type("p5.48xlarge"), instance_type("g6.2xlarge")
    inside = [most_pods(POOLS["p5"].generations[0].node, p5), most_pods(POOLS["g6"].generations[0].node, g6)]
    assert [(need.tier.value, need.nodes, need.addresses_per_node, need.zone) for need in needs] == [
        ("private", 16, 1, "us-west-2a"),
        ("pods", 16, pod_addresses(inside[0]), "us-west-2a"),
        ("private", 10, 1, None),
        ("pods", 10, pod_addresses(inside[1]), None),
    ]
    assert [need.tier.value for need in address_needs({"p5": POOLS["p5"]}, pods=False)] == ["private"]


@pytest.mark.parametrize(
    ("name", "asked", "pods"),
    [
        ("m7i.large", None, 110),
        ("m7i.48xlarge", None, 250),
        ("m7i.48xlarge", 500, 500),
        # One interface beside the first, with one prefix of 16.
        ("t3.nano", None, 1 * 1 * 16 + 2),
        # Before Nitro there are no prefixes: two interfaces beside the first, with 11 addresses each.
        ("t2.large", None, 2 * 11 + 2),
    ],
)
def test_pods_of_a_node(name, asked, pods):
    node = NodeSpec(instance_types=(name,), image="cpu", max_pods=asked)
    assert most_pods(node, instance_type(name)) == pods
