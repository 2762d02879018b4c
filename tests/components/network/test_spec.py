"""Bad networks are refused when they are loaded: each with its field, what was expected and what to do."""

import pytest

from components.base.problems import InvalidInputError
from components.base.validation import validate
from components.network.endpoints import CORE, PRESETS, REASONS, EndpointService
from components.network.spec import NetworkSpec


def refusals(data):
    """Field and message of everything that is wrong."""
    with pytest.raises(InvalidInputError) as caught:
        validate(NetworkSpec, data, file="stack.yaml")
    return {problem.field: problem.message for problem in caught.value.problems}


@pytest.mark.parametrize(
    ("changes", "field", "because"),
    [
        ({"cidr": "10.20.0.0/15"}, "managed.cidr", "from /16 to /28"),
        ({"podCidr": "100.64.0.0/12"}, "managed.podCidr", "from /16 to /28"),
        ({"cidr": "10.20.0.1/16"}, "managed.cidr", "host bits"),
        ({"peers": {"office": True}}, "managed.peers.office", "such as 10.20.0.0/16"),
        ({"peers": {"office": 5}}, "managed.peers.office", "such as 10.20.0.0/16, found 5"),
        ({"cidr": "office"}, "managed.cidr", "such as 10.20.0.0/16"),
        ({"cidr": "8.8.0.0/16"}, "managed.cidr", "not private"),
        ({"cidr": "172.17.0.0/16"}, "managed.cidr", "Docker"),
        ({"podCidr": "10.20.0.0/16"}, "managed.podCidr", "overlaps cidr 10.20.0.0/16"),
        ({"podCidr": "192.168.0.0/16"}, "managed.podCidr", "only in 100.64.0.0/10"),
        ({"cidr": "10.1.0.0/16", "podCidr": "10.0.0.0/16"}, "managed.podCidr", "refuses 10.0.0.0/16"),
        ({"peers": {"office": "10.0.0.0/8"}}, "managed.peers.office", "overlaps cidr"),
        ({"peers": {"other": "100.64.128.0/17"}}, "managed.peers.other", "overlaps podCidr"),
        ({"subnets": {"private": 29}}, "managed.subnets.private", "less than or equal to 28"),
        ({"subnets": {"public": 15}}, "managed.subnets.public", "from 16 to 28, or 'none'"),
        ({"subnets": {"private": 18}}, "managed.subnets.private", "private 4 x /18"),
        ({"zoneSlots": 8}, "managed.subnets.pods", "100.64.0.0/16 has 65536 addresses, its subnets take 131072"),
        ({"zoneSlots": 3}, "managed.zoneSlots", "1, 2, 4 or 8"),
        ({"subnets": {"public": "none"}}, "managed.nat", "public subnet"),
        ({"nat": "two"}, "managed.nat", "per-az"),
        ({"flowLogs": {"retentionDays": 31}}, "managed.flowLogs.retentionDays", "30, 60"),
        ({"flowLogs": {"intervalSeconds": 61}}, "managed.flowLogs.intervalSeconds", "60 or 600"),
        ({"needs": [{"tier": "private", "nodes": 0}]}, "managed.needs[0].nodes", "greater than or equal to 1"),
        ({"nats": "single"}, "managed.nats", "unknown key"),
    ],
)
def test_a_managed_network(managed, changes, field, because):
    found = refusals(managed(**changes))
    assert because in found[field], found
    assert len(found) == 1, found


def test_a_block_too_small_for_aws_is_also_too_small_for_its_subnets(managed):
    found = refusals(managed(cidr="10.20.0.0/29"))
    assert "from /16 to /28" in found["managed.cidr"]
    assert "has 8 addresses" in found["managed.subnets.private"]


def test_a_pool_larger_than_its_subnet(managed):
    needs = [{"tier": "private", "nodes": 128, "addressesPerNode": 32, "zone": "eu-west-1a"}]
    found = refusals(managed(needs=needs))
    assert "4096 addresses are needed in a private subnet in eu-west-1a, a /20 offers 4091" in found["managed.needs[0]"]


def test_a_pool_that_just_fits(managed):
    needs = [
        {"tier": "private", "nodes": 4091, "zone": "eu-west-1a"},
        {"tier": "private", "nodes": 4091, "zone": "eu-west-1b"},
    ]
    assert NetworkSpec.model_validate(managed(needs=needs)).managed.needs[1].addresses == 4091


def test_pools_without_a_zone_may_all_end_up_in_one(managed):
    needs = [{"tier": "private", "nodes": 4091, "zone": "eu-west-1a"}, {"tier": "private", "nodes": 1}]
    assert "4092 addresses" in refusals(managed(needs=needs))["managed.needs[1]"]


@pytest.mark.parametrize(("nodes", "fit"), [(127, True), (128, False)])
def test_pods_take_whole_prefixes_of_which_a_slash_18_has_1022(managed, nodes, fit):
    data = managed(needs=[{"tier": "pods", "nodes": nodes, "addressesPerNode": 128}])
    if fit:
        assert NetworkSpec.model_validate(data)
    else:
        assert "a /18 offers 16352" in refusals(data)["managed.needs[0]"]


def test_addresses_in_a_tier_that_is_not_there(managed):
    data = managed(nat="none", subnets={"public": "none"}, needs=[{"tier": "public", "nodes": 1}])
    assert "no public subnets" in refusals(data)["managed.needs[0]"]


def test_everything_wrong_is_said_at_once(managed):
    data = managed(
        cidr="10.0.0.0/15", podCidr="10.0.0.0/16", peers={"a": "10.0.0.0/24"}, needs=[{"tier": "pods", "nodes": 99999}]
    )
    assert {"managed.cidr", "managed.podCidr", "managed.peers.a", "managed.needs[0]"} <= refusals(data).keys()


@pytest.mark.parametrize("data", [{}, {"managed": None}])
def test_neither_a_network_to_make_nor_one_to_read(data):
    assert "exactly one of" in refusals(data)[""]


def test_both_a_network_to_make_and_one_to_read(managed, existing):
    assert "exactly one of" in refusals({**managed(), "existing": existing()})[""]


def test_without_a_nat_the_services_that_nodes_start_with_need_endpoints(managed):
    found = refusals({**managed(nat="none"), "endpoints": {"interface": ["ec2"]}})
    assert "ecr.api" in found["endpoints.interface"]
    assert "ec2," not in found["endpoints.interface"]
    assert NetworkSpec.model_validate({**managed(nat="none"), "endpoints": {"interface": "core"}})


@pytest.mark.parametrize(
    ("interface", "field", "because"),
    [
        ("most", "endpoints.interface", "full, core, none"),
        (["ec2", "s4"], "endpoints.interface[1]", "'ec2', 'ecr.api'"),
        (["ec2", "ec2"], "endpoints.interface[1]", "listed twice"),
    ],
)
def test_endpoints(managed, interface, field, because):
    assert because in refusals({**managed(), "endpoints": {"interface": interface}})[field]


def test_every_endpoint_has_a_reason():
    assert set(REASONS) == set(EndpointService)
    assert set(CORE) <= set(PRESETS["full"])


@pytest.mark.parametrize(
    ("break_", "field", "because"),
    [
        (lambda d: d.update(vpcId="vpc-123"), "existing.vpcId", "should match pattern"),
        (lambda d: d["subnets"].update(private={}), "existing.subnets.private", "at least 1"),
        (
            lambda d: d["subnets"]["intra"].update({"eu-west-1b": d["subnets"]["private"]["eu-west-1b"]}),
            "existing.subnets.intra.eu-west-1b",
            "is also subnets.private.eu-west-1b",
        ),
        (lambda d: d["routeTableIds"].append(d["routeTableIds"][0]), "existing.routeTableIds[1]", "listed twice"),
        (lambda d: d.update(podCidr="10.30.128.0/17"), "existing.podCidr", "overlaps cidr"),
        (lambda d: d.pop("cidr"), "existing.cidr", "missing"),
    ],
)
def test_an_existing_network(existing, break_, field, because):
    data = existing()
    break_(data)
    assert because in refusals({"existing": data})[field]


def test_zones_beyond_the_places_that_are_kept(managed, make_context):
    context = make_context(region="us-east-1", availability_zones=("us-east-1d", "us-east-1e"))
    (problem,) = NetworkSpec.model_validate(managed()).problems(context)
    assert problem.field == "managed.zoneSlots"
    assert problem.fix.startswith("use zoneSlots: 8")
    assert "us-east-1e has place 5, 4 are kept" in problem.message


def test_needs_in_a_zone_of_another_region(managed, make_context):
    spec = NetworkSpec.model_validate(managed(needs=[{"tier": "private", "nodes": 1, "zone": "us-east-1a"}]))
    (problem,) = spec.problems(make_context())
    assert problem.field == "managed.needs[0].zone"


def test_existing_subnets_in_other_zones_than_the_stacks(existing, make_context):
    spec = NetworkSpec.model_validate({"existing": existing()})
    problems = spec.problems(make_context(availability_zones=("eu-west-1a", "eu-west-1b", "eu-west-1d")))
    messages = {problem.field: problem.message for problem in problems}
    assert messages["existing.subnets.private"] == "no subnet in eu-west-1d"
    assert messages["existing.subnets.private.eu-west-1c"] == "eu-west-1c is not a zone of the stack"
    assert len(problems) == 8


@pytest.mark.parametrize("kind", ["managed", "existing"])
def test_good_networks_have_no_problems(managed, existing, make_context, kind):
    data = managed() if kind == "managed" else {"existing": existing()}
    assert NetworkSpec.model_validate(data).problems(make_context()) == []
