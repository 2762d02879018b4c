"""Launch templates: what every node has, and how each kind of capacity is asked for."""

import pytest

from components.base.problems import InvalidInputError
from components.gpu_cluster import machines
from components.gpu_cluster.launch_template import launch_template
from components.gpu_cluster.network import Ids
from components.gpu_cluster.nodes import Nodes
from components.gpu_cluster.spec import NodeSpec
from components.hardware.catalogue import all_types
from components.hardware.wiring import EFA_TYPES, interfaces

IDS = Ids.placeholders(("us-east-1a",), placed=False)
OWN, CLUSTER, EFA = IDS.node_group, IDS.cluster_group, IDS.efa_group
WITH_EFA = [machine for machine in all_types() if machine.efa_supported]


@pytest.fixture
def template(pool, image, reservations):
    """`template("spot", node={...})`: the arguments of a launch template."""

    def make(capacity="on-demand", ids=IDS, changed=None, **fields):
        asked = pool("static", capacity, **fields)
        generation = asked.generations[0]
        made = reservations(**(changed or {}))
        nodes = Nodes("p5", generation.key, asked, generation.node, image(), made)
        return launch_template(nodes, ids, "text")

    return make


@pytest.mark.parametrize(
    ("capacity", "said"),
    [
        ("on-demand", {"capacity_reservation_specification": {"capacity_reservation_preference": "none"}}),
        ("spot", {}),
        ("open-reservation:open", {"capacity_reservation_specification": {"capacity_reservation_preference": "open"}}),
        (
            "targeted-reservation:targeted",
            {
                "capacity_reservation_specification": {
                    "capacity_reservation_target": {"capacity_reservation_id": "cr-0000000000000000b"}
                }
            },
        ),
        (
            "targeted-reservation:group",
            {
                "capacity_reservation_specification": {
                    # Or a group that is full would give machines that nobody reserved.
                    "capacity_reservation_preference": "capacity-reservations-only",
                    "capacity_reservation_target": {
                        "capacity_reservation_resource_group_arn": (
                            "arn:aws:resource-groups:us-east-1:111122223333:group/p5"
                        )
                    },
                },
                "placement": {"group_name": "theirs"},
            },
        ),
        (
            "capacity-block:block",
            {
                "capacity_reservation_specification": {
                    "capacity_reservation_target": {"capacity_reservation_id": "cr-0000000000000000c"}
                },
                "instance_market_options": {"market_type": "capacity-block"},
            },
        ),
    ],
)
def test_each_kind_of_capacity_is_asked_for_in_its_own_way(template, capacity, said):
    everyones = {
        "image_id",
        "user_data",
        "block_device_mappings",
        "network_interfaces",
        "metadata_options",
        "monitoring",
        "instance_type",
    }
    assert {key: value for key, value in template(capacity).items() if key not in everyones} == said


def test_nobody_gets_in_but_through_ssm_and_nothing_is_left_behind(template):
    made = template()
    assert made["metadata_options"]["http_tokens"] == "required"
    assert made["metadata_options"]["http_put_response_hop_limit"] == 1
    assert "key_name" not in made
    assert all(volume["ebs"]["encrypted"] == "true" for volume in made["block_device_mappings"])
    disposable = [volume["ebs"] for volume in made["block_device_mappings"]] + made["network_interfaces"]
    assert all(thing["delete_on_termination"] == "true" for thing in disposable)
    public = [interface.get("associate_public_ip_address") for interface in made["network_interfaces"]]
    assert public == ["false", *[None] * 31]


def test_an_interface_is_in_the_groups_of_what_it_carries(template):
    groups = {
        interface["interface_type"]: interface["security_groups"]
        for machine in ("p5.48xlarge", "p5en.48xlarge")
        for interface in template(node={"instanceTypes": [machine]})["network_interfaces"]
    }
    assert groups == {"interface": [OWN, CLUSTER], "efa": [OWN, CLUSTER, EFA], "efa-only": [EFA]}


def test_types_are_said_once_here_or_in_the_node_group(template):
    assert template(node={"instanceTypes": ["g6.xlarge"], "efa": False})["instance_type"] == "g6.xlarge"
    assert "instance_type" not in template(node={"instanceTypes": ["g6.xlarge", "g6.2xlarge"], "efa": False})


def test_a_placement_group_of_its_own_is_named(template):
    ids = Ids.placeholders(("us-east-1a",), placed=True)
    assert template(ids=ids, placement="cluster")["placement"] == {"group_name": "${placementGroup}"}


def test_a_reservation_that_is_not_there_is_told(template):
    with pytest.raises(InvalidInputError, match=r"no reservation 'gone' \(fix: name one of block, group, open"):
        template("targeted-reservation:gone")


def test_with_pods_in_subnets_of_their_own_a_node_has_all_its_efa_and_room_for_them():
    assert len(WITH_EFA) > 200
    for machine in WITH_EFA:
        node = NodeSpec(instance_types=(machine.name,), image="eks", efa=True)
        plain, roomy = interfaces(machine, efa=True), machines.wiring(node, pods_have_subnets=True)
        assert machines.wiring(node, pods_have_subnets=False) == plain
        assert [sum(i.interface_type in EFA_TYPES for i in wired) for wired in (plain, roomy)] == [machine.max_efa] * 2
        assert machines.has_room_for_pods(node, roomy) == (machine.cards[0].interfaces > 1)
        # Where there was room, nothing is changed.
        assert roomy == plain or not machines.has_room_for_pods(node, plain)
