"""How the components of the foundation are put together."""

import json
import re
from ipaddress import IPv4Network

import pytest


@pytest.fixture(scope="module", params=["dev", "test", "prod"])
def rows(graphs, request):
    return json.loads(graphs[request.param].to_json())["resources"]


def of(rows, type_):
    return [row for row in rows if row["custom"] and row["type"].endswith(f":{type_}")]


def names(value, kind):
    """The names of the resources that symbols in a value stand for."""
    return set(re.findall(rf":{kind}::([\w-]+)\.", json.dumps(value)))


def test_file_systems_stand_in_subnets_without_a_way_out(rows):
    systems = [*of(rows, "LustreFileSystem"), *of(rows, "OpenZfsFileSystem"), *of(rows, "MountTarget")]
    assert systems
    for row in systems:
        subnets = names([row["inputs"].get(key) for key in ("subnetIds", "subnetId")], "Subnet")
        assert subnets
        assert all(name.startswith("network-intra-") for name in subnets), row["name"]


def test_file_systems_let_in_what_the_network_says(rows):
    for row in of(rows, "LustreFileSystem"):
        assert "network-lustre" in names(row["inputs"]["securityGroupIds"], "SecurityGroup")
    for row in [*of(rows, "OpenZfsFileSystem"), *of(rows, "MountTarget")]:
        key = "securityGroupIds" if "securityGroupIds" in row["inputs"] else "securityGroups"
        assert names(row["inputs"][key], "SecurityGroup") == {"network-nfs"}


def test_homes_in_two_zones_are_reached_from_where_their_clients_are(rows):
    for row in of(rows, "OpenZfsFileSystem"):
        tables = names(row["inputs"]["routeTableIds"], "RouteTable")
        assert tables == {f"network-private-{zone}" for zone in "abc"}


def test_the_address_of_homes_in_two_zones_lies_in_no_subnet_and_nodes_are_let_out_to_it(rows):
    (vpc,) = of(rows, "Vpc")
    for row in of(rows, "OpenZfsFileSystem"):
        floating = IPv4Network(row["inputs"]["endpointIpAddressRange"])
        assert floating.subnet_of(IPv4Network(vpc["inputs"]["cidrBlock"]))
        assert not any(floating.overlaps(IPv4Network(s["inputs"]["cidrBlock"])) for s in of(rows, "Subnet"))
        out = [r["inputs"] for r in of(rows, "SecurityGroupEgressRule") if r["inputs"].get("fromPort") == 2049]
        assert any(floating.subnet_of(IPv4Network(rule["cidrIpv4"])) for rule in out if "cidrIpv4" in rule)


def test_logs_and_alerts_are_encrypted_with_the_operations_key(rows):
    (group,) = [row for row in of(rows, "LogGroup") if row["name"] == "network-flow-logs"]
    (topic,) = [row for row in of(rows, "Topic") if row["name"] == "budget"]
    assert names(group["inputs"]["kmsKeyId"], "Key") == {"operations"}
    assert names(topic["inputs"]["kmsMasterKeyId"], "Key") == {"operations"}
    (key,) = [row for row in of(rows, "Key") if row["name"] == "operations"]
    for service in ("logs.us-", "budgets.amazonaws.com", "costalerts.amazonaws.com"):
        assert service in key["inputs"]["policy"]


def test_copies_of_releases_are_made_by_the_second_region_s_provider(graphs):
    for stack, graph in graphs.items():
        there = {
            row["name"]
            for row in json.loads(graph.to_json())["resources"]
            if row["custom"] and str(row["options"].get("provider")).endswith("::aws-replica")
        }
        assert ("registry-replica" in there) == (stack != "dev")


def test_the_stack_tells_what_others_build_on(graphs):
    for graph in graphs.values():
        outputs = json.loads(graph.to_json())["outputs"]
        assert len(outputs["network"]["privateSubnetIds"]) == 3
        assert outputs["registry"]["host"].startswith(outputs["account"])
        assert outputs["storage"]["buckets"]
        assert outputs["storage"]["homes"]
        assert outputs["alerts"]
