"""Who may talk to whom: the table holds what AWS asks for, and nothing that lets the world in."""

from ipaddress import IPv4Network as Net

import pytest

from components.network.security import DESCRIPTIONS, Concern, Direction, Place, rules

RANGES = {Place.VPC: Net("10.20.0.0/16"), Place.PODS: Net("100.64.0.0/16"), Place.WORLD: Net("0.0.0.0/0")}


def found(group, direction, ranges=RANGES):
    """The other end and the ports of each rule of a group."""
    return {
        (rule.peer or str(rule.cidr), str(rule.ports))
        for rule in rules(ranges)
        if (rule.group, rule.direction) == (group, direction)
    }


@pytest.mark.parametrize("direction", Direction)
def test_efa_is_every_protocol_from_itself_to_itself_both_ways_and_nothing_else(direction):
    assert found(Concern.EFA, direction) == {(Concern.EFA, "all")}


@pytest.mark.parametrize("direction", Direction)
def test_lustre_servers_and_clients_both_open_connections(direction):
    ports = {"tcp-988", "tcp-1018-1023"}
    assert found(Concern.LUSTRE, direction) == {(peer, p) for peer in (Concern.LUSTRE, Concern.NODES) for p in ports}
    assert {(Concern.LUSTRE, port) for port in ports} <= found(Concern.NODES, direction)


def test_nfs_takes_nodes_on_2049_and_what_openzfs_needs_and_opens_nothing():
    reached = found(Concern.NFS, Direction.IN)
    assert (Concern.NODES, "tcp-2049") in reached
    assert {port for _, port in reached} == {
        f"{protocol}-{port}" for protocol in ("tcp", "udp") for port in ("2049", "111", "20001-20003")
    }
    assert found(Concern.NFS, Direction.OUT) == set()


def test_endpoints_take_https_from_the_vpc_and_its_pods():
    assert found(Concern.ENDPOINTS, Direction.IN) == {("10.20.0.0/16", "tcp-443"), ("100.64.0.0/16", "tcp-443")}
    assert found(Concern.ENDPOINTS, Direction.OUT) == set()


def test_without_a_pod_range_there_is_no_rule_about_it():
    ranges = {place: block for place, block in RANGES.items() if place is not Place.PODS}
    assert found(Concern.ENDPOINTS, Direction.IN, ranges) == {("10.20.0.0/16", "tcp-443")}


def test_the_control_plane_reaches_kubelets_and_webhooks_and_is_reached_on_443():
    assert found(Concern.CONTROL_PLANE, Direction.IN) == {(Concern.NODES, "tcp-443")}
    assert found(Concern.CONTROL_PLANE, Direction.OUT) == {
        (Concern.NODES, "tcp-443"),
        (Concern.NODES, "tcp-1025-65535"),
    }


def test_nobody_comes_in_from_the_world_and_only_https_goes_out_to_it():
    world = [rule for rule in rules(RANGES) if rule.cidr == RANGES[Place.WORLD]]
    assert {(rule.group, rule.direction, str(rule.ports)) for rule in world} == {
        (Concern.NODES, Direction.OUT, "tcp-443")
    }


def test_no_rule_lets_ssh_in_from_a_range():
    for rule in rules(RANGES):
        if rule.direction is Direction.IN and rule.cidr is not None:
            assert (rule.ports.first, rule.ports.last) == (443, 443)


def test_what_one_group_sends_the_other_takes():
    sent = {(r.group, r.peer, str(r.ports)) for r in rules(RANGES) if r.peer and r.direction is Direction.OUT}
    taken = {(r.peer, r.group, str(r.ports)) for r in rules(RANGES) if r.peer and r.direction is Direction.IN}
    assert sent == taken


def test_rules_have_names_of_their_own_and_one_other_end():
    every = list(rules(RANGES))
    assert len({rule.name for rule in every}) == len(every)
    assert all((rule.peer is None) != (rule.cidr is None) for rule in every)


def test_every_concern_is_described_in_letters_that_aws_takes():
    allowed = set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789 ._-:/()#,@[]+=&;{}!$*")
    for text in (*DESCRIPTIONS.values(), *(rule.description for rule in rules(RANGES))):
        assert set(text) <= allowed
        assert len(text) <= 255
    assert set(DESCRIPTIONS) == set(Concern)


def test_nodes_reach_file_systems_at_addresses_that_move():
    reached = {port for other, port in found(Concern.NODES, Direction.OUT) if other == "10.20.0.0/16"}
    assert reached == {port for _, port in found(Concern.NFS, Direction.IN)}
