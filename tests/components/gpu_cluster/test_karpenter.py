"""Karpenter's resources: what may be disrupted, what draining changes, what can't be made that way."""

import pytest

from components.base.problems import InvalidInputError
from components.gpu_cluster import karpenter
from components.gpu_cluster.network import Ids
from components.gpu_cluster.nodes import Nodes

IDS = Ids.placeholders(("us-east-1a",), placed=False)
G6 = {"instanceTypes": ["g6.xlarge", "g6.12xlarge"], "efa": False}


@pytest.fixture
def derive(pool, image, reservations):
    """`derive("spot", node={...}, ...)`: the specs of node class and node pool."""

    def make(capacity="on-demand", **fields):
        asked = pool("elastic", capacity, **fields)
        generation = asked.generations[0]
        nodes = Nodes("dev", generation.key, asked, generation.node, image(), reservations())
        return karpenter.node_class(nodes, IDS), karpenter.node_pool(nodes, generation)

    return make


def requirement(node_pool, key):
    (found,) = [each for each in node_pool["template"]["spec"]["requirements"] if each["key"] == key]
    return found["values"]


@pytest.mark.parametrize(
    ("capacity", "types", "terms"),
    [
        ("on-demand", ["on-demand"], None),
        ("spot", ["spot"], None),
        ("open-reservation:open", ["reserved", "on-demand"], [{"id": "cr-0000000000000000a"}]),
        ("targeted-reservation:targeted", ["reserved"], [{"id": "cr-0000000000000000b"}]),
        ("capacity-block:block", ["reserved"], [{"id": "cr-0000000000000000c"}]),
    ],
)
def test_each_kind_of_capacity_is_asked_for_in_its_own_way(derive, capacity, types, terms):
    node_class, node_pool = derive(capacity)
    assert requirement(node_pool, "karpenter.sh/capacity-type") == types
    assert node_class.get("capacityReservationSelectorTerms") == terms


@pytest.mark.parametrize("capacity", ["open-reservation:open", "targeted-reservation:targeted"])
def test_reserved_nodes_are_never_taken_away(derive, capacity):
    _, node_pool = derive(capacity)
    assert node_pool["disruption"]["consolidateAfter"] == "Never"
    assert node_pool["disruption"]["budgets"] == [{"nodes": "0"}]
    assert node_pool["template"]["spec"]["expireAfter"] == "Never"


def test_long_jobs_are_left_alone(derive):
    _, node_pool = derive(disruption={"consolidateAfter": "never", "expireAfter": "never"})
    assert node_pool["disruption"]["consolidateAfter"] == "Never"
    assert node_pool["template"]["spec"]["expireAfter"] == "Never"


def test_no_node_is_replaced_because_it_drifted(derive):
    _, node_pool = derive("spot", disruption={"maxNodesPercent": 50})
    assert {"nodes": "0", "reasons": ["Drifted"]} in node_pool["disruption"]["budgets"]


def test_limits_are_nodes_and_what_the_largest_of_the_types_has(derive):
    _, node_pool = derive(node=G6, generation={"maxNodes": 3})
    # g6.12xlarge: 48 vCPUs, 192 GiB, 4 GPUs.
    assert node_pool["limits"] == {
        "nodes": "3",
        "cpu": "144",
        "memory": f"{3 * 192 * 1024}Mi",
        "nvidia.com/gpu": "12",
    }


def test_draining_takes_the_room_and_leaves_the_template(derive):
    active, draining = (derive(node=G6, generation={"phase": phase}) for phase in ("active", "draining"))
    assert draining[0] == active[0]
    assert set(draining[1]["limits"].values()) == {"0"}
    changed = {"limits": None, "disruption": None}
    assert {**draining[1], **changed} == {**active[1], **changed}


@pytest.mark.parametrize(
    ("capacity", "fields", "policy", "percent"),
    [
        ("targeted-reservation:targeted", {}, "WhenEmpty", 10),
        ("on-demand", {"disruption": {"consolidateAfter": "never"}}, "WhenEmpty", 10),
        ("spot", {"disruption": {"whileRunning": True, "maxNodesPercent": 5}}, "WhenEmptyOrUnderutilized", 5),
    ],
)
def test_a_draining_generation_gives_its_empty_nodes_back_reserved_ones_too(derive, capacity, fields, policy, percent):
    """Kept, they would hold the reservation, and the next generation would never get a node."""
    _, node_pool = derive(capacity, generation={"phase": "draining"}, **fields)
    assert node_pool["disruption"] == {
        "consolidationPolicy": policy,
        "consolidateAfter": "1m",
        "budgets": [
            {"nodes": "0", "reasons": ["Drifted"]},
            {"nodes": f"{percent}%", "reasons": ["Underutilized"]},
            {"nodes": "100%"},
        ],
    }


def test_efa_comes_with_its_group_and_its_interfaces(derive):
    node_class, _ = derive(node={"instanceTypes": ["g6e.48xlarge"]})
    groups = [IDS.node_group, IDS.cluster_group, IDS.efa_group]
    assert node_class["securityGroupSelectorTerms"] == [{"id": group} for group in groups]
    assert len(node_class["networkInterfaces"]) == 5
    assert "networkInterfaces" not in derive(node=G6)[0]


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"node": {"instanceTypes": ["hpc6id.32xlarge"]}}, "needs interfaces of type efa"),
        ({"capacity": "targeted-reservation:group"}, "names reservations by id"),
    ],
)
def test_what_karpenter_cannot_make_is_refused(derive, fields, message):
    with pytest.raises(InvalidInputError, match=rf"{message}.*fix: make the pool static"):
        derive(**fields)
