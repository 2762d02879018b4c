"""What the network registers: explicit provider, its own children, state protected in prod and nowhere else."""

import json

import pulumi
import pytest
from pulumi_aws import cloudwatch, ec2, iam
from pulumi_aws import vpc as rules

from components.base.problems import InvalidInputError
from components.network.component import Network

KINDS = ["managed", "existing"]
# What a replacement would break for others: places that file systems stand in, addresses others let in, evidence.
STATE = {ec2.Vpc, ec2.VpcIpv4CidrBlockAssociation, ec2.Subnet, ec2.Eip, cloudwatch.LogGroup}


@pytest.fixture
def built(build, managed, existing, reads):
    """`built("existing", environment="prod", preview=True)`."""

    def make(kind="managed", **options):
        if kind == "managed":
            return build(managed(), **options)
        return build({"existing": existing()}, reads=reads(existing()), **options)

    return make


def children(recording):
    """Everything but the provider and the component itself."""
    return [r for r in recording if r.type not in ("pulumi:providers:aws", Network.token)]


@pytest.mark.parametrize("kind", KINDS)
def test_children_belong_to_the_component_and_use_the_stacks_provider(built, kind):
    recording = built(kind)
    component, provider = recording.one(Network.token), recording.one("pulumi:providers:aws")
    assert component.options["providers"]["aws"].startswith(provider.urn)
    for child in children(recording):
        assert child.parent == component.urn
        assert child.options["provider"].startswith(provider.urn), child.name


@pytest.mark.parametrize("kind", KINDS)
def test_a_preview_registers_the_same_resources(built, kind):
    assert built(kind, preview=True).identities == built(kind).identities


@pytest.mark.parametrize("environment", ["dev", "test", "prod"])
def test_state_is_protected_and_retained_in_prod_and_nowhere_else(built, environment):
    tokens = {kind.pulumi_type for kind in STATE}
    for child in children(built(environment=environment)):
        kept = environment == "prod" and child.type in tokens
        assert (child.options.get("protect", False), child.options.get("retainOnDelete", False)) == (kept, kept)


def test_an_existing_network_is_never_protected_owned_or_tagged(built, existing):
    recording = built("existing", environment="prod")
    read = [child for child in children(recording) if child.read_id]
    ids = {existing()["vpcId"], *(id_ for tier in existing()["subnets"].values() for id_ in tier.values())}
    assert {child.read_id for child in read} == ids
    made = {child.type for child in children(recording) if not child.read_id}
    assert made == {
        kind.pulumi_type
        for kind in (ec2.SecurityGroup, rules.SecurityGroupIngressRule, rules.SecurityGroupEgressRule, ec2.VpcEndpoint)
    }
    assert not [child for child in children(recording) if "protect" in child.options]


@pytest.mark.parametrize("kind", KINDS)
def test_props_carry_the_intent_for_policies(built, kind, managed, existing):
    props = built(kind).one(Network.token).inputs
    asked = managed()["managed"] if kind == "managed" else existing()
    assert asked.items() <= props[kind].items()


@pytest.mark.parametrize("kind", KINDS)
def test_outputs_name_every_subnet_by_tier_and_zone(built, kind):
    recording = built(kind)
    outputs = recording.outputs[recording.one(Network.token).urn]
    zones = {"eu-west-1a", "eu-west-1b", "eu-west-1c"}
    for tier in ("private", "intra", "public", "pod"):
        assert outputs[f"{tier}SubnetIds"].keys() == zones
    assert outputs["securityGroupIds"].keys() == {"nodes", "efa", "control-plane", "endpoints", "lustre", "nfs"}
    assert "s3" in outputs["endpointIds"]
    assert ("flowLogGroupArn" in outputs) == (kind == "managed")


def test_names_resolve_inside_the_vpc_or_endpoints_would_not_answer(built):
    vpc = built().one(ec2.Vpc).inputs
    assert (vpc["enableDnsSupport"], vpc["enableDnsHostnames"]) == (True, True)


def test_outputs_of_an_existing_network_are_its_own_ids(built, existing):
    recording = built("existing")
    outputs = recording.outputs[recording.one(Network.token).urn]
    assert outputs["vpcId"] == existing()["vpcId"]
    assert outputs["podSubnetIds"] == existing()["subnets"]["pods"]


def test_an_existing_network_without_intra_subnets_uses_its_private_ones(build, existing, reads):
    data = existing(("private",))
    data.pop("podCidr")
    recording = build({"existing": data, "endpoints": {"interface": ["sts"]}}, reads=reads(data))
    outputs = recording.outputs[recording.one(Network.token).urn]
    assert outputs["intraSubnetIds"] == outputs["privateSubnetIds"] == data["subnets"]["private"]
    assert outputs["podSubnetIds"] == {}
    assert set(recording.named("network-sts").inputs["subnetIds"]) == set(data["subnets"]["private"].values())


def test_an_existing_network_that_is_not_as_the_file_says_stops_the_up(build, existing, reads):
    found = reads(existing())
    for id_ in existing()["subnets"]["private"].values():
        found[id_]["vpcId"] = "vpc-0fedcba9876543210"
    with pytest.raises(pulumi.RunError) as caught:
        build({"existing": existing()}, reads=found)
    assert str(caught.value).count("is in vpc-0fedcba9876543210, not in vpc-0123456789abcdef0") == 3
    assert {r.type for r in children(caught.value.recording)} == {ec2.Vpc.pulumi_type, ec2.Subnet.pulumi_type}


def test_an_existing_network_of_which_nothing_can_be_known_is_not_compared(build, existing, reads):
    symbols = {id_: {key: f"${{{id_}.{key}}}" for key in facts} for id_, facts in reads(existing()).items()}
    recording = build({"existing": existing(), "endpoints": {"interface": ["sts"]}}, reads=symbols)
    assert recording.named("network-sts")


def test_a_spec_that_does_not_fit_the_stack_registers_nothing(build, managed):
    with pytest.raises(InvalidInputError, match="place 6, 4 are kept") as caught:
        build(managed(), region="us-east-1", availability_zones=("us-east-1f",))
    assert [r.type for r in caught.value.recording] == ["pulumi:providers:aws"]


def test_the_default_security_group_has_no_rules(built):
    locked = built().one(ec2.DefaultSecurityGroup)
    assert (locked.inputs["ingress"], locked.inputs["egress"]) == ([], [])


def test_no_subnet_gives_out_public_addresses(built):
    for subnet in built().of(ec2.Subnet):
        assert subnet.inputs["mapPublicIpOnLaunch"] is False


def test_groups_carry_no_rules_of_their_own(built):
    for group in built().of(ec2.SecurityGroup):
        assert not {"ingress", "egress"} & group.inputs.keys()


def test_pod_subnets_wait_for_the_second_block(built):
    recording = built()
    block = recording.one(ec2.VpcIpv4CidrBlockAssociation)
    for subnet in recording.of(ec2.Subnet):
        assert (block.urn in subnet.dependencies) == subnet.name.startswith("network-pods")


def test_nats_wait_for_the_internet_gateway(built):
    recording = built()
    gateway = recording.one(ec2.InternetGateway)
    nats = recording.of(ec2.NatGateway)
    assert len(nats) == 3
    assert all(gateway.urn in nat.dependencies for nat in nats)
    assert {nat.inputs["connectivityType"] for nat in nats} == {"public"}
    assert {address.inputs["domain"] for address in recording.of(ec2.Eip)} == {"vpc"}


def test_every_subnet_is_associated_and_only_three_kinds_of_tables_lead_out(built):
    recording = built()
    assert len(recording.of(ec2.RouteTableAssociation)) == len(recording.of(ec2.Subnet)) == 12
    routes = {route.name: route.inputs for route in recording.of(ec2.Route)}
    assert routes.keys() == {f"network-{table}-default" for table in ("private-a", "private-b", "private-c", "public")}
    assert "gatewayId" in routes["network-public-default"]
    assert "natGatewayId" in routes["network-private-a-default"]


def test_gateway_endpoints_stand_in_every_route_table(built):
    recording = built()
    tables = {f"${{{table.urn}.id}}" for table in recording.of(ec2.RouteTable)}
    for name in ("network-s3", "network-dynamodb"):
        assert set(recording.named(name).inputs["routeTableIds"]) == tables


def test_interface_endpoints_answer_under_the_services_own_names_in_intra_subnets(built):
    recording = built()
    group = recording.named("network-endpoints")
    intra = {f"${{{s.urn}.id}}" for s in recording.of(ec2.Subnet) if "-intra-" in s.name}
    interfaces = [e for e in recording.of(ec2.VpcEndpoint) if e.inputs["vpcEndpointType"] == "Interface"]
    assert len(interfaces) == 19
    for endpoint in interfaces:
        assert endpoint.inputs["privateDnsEnabled"] is True
        assert set(endpoint.inputs["subnetIds"]) == intra
        assert endpoint.inputs["securityGroupIds"] == [f"${{{group.urn}.id}}"]


def test_flow_logs_record_everything_into_a_group_that_only_they_write(built):
    recording = built()
    log, group = recording.one(ec2.FlowLog), recording.one(cloudwatch.LogGroup)
    assert log.inputs["trafficType"] == "ALL"
    assert log.inputs["logDestination"] == f"${{{group.urn}.arn}}"
    policy = recording.one(iam.RolePolicy)
    assert json.loads(policy.inputs["policy"])["Statement"][0]["Resource"][0] == f"${{{group.urn}.arn}}"
    assert policy.urn in log.dependencies


def test_only_what_has_no_name_in_aws_gets_a_name_tag_and_no_tag_of_the_stack_is_repeated(built, make_context):
    for child in children(built()):
        assert not make_context().tags.keys() & child.inputs.get("tags", {}).keys()
        if child.type == ec2.Subnet.pulumi_type:
            assert child.inputs["tags"]["Name"] == child.name.replace("network-", "herd-dev-")
            assert child.inputs["tags"]["tier"] in child.name


def test_an_address_serves_one_nat_at_a_time_so_the_old_one_goes_first(built):
    assert {nat.options["deleteBeforeReplace"] for nat in built().of(ec2.NatGateway)} == {True}


def test_fsx_may_move_its_routes_in_the_tables_of_its_clients(built):
    ours = {t.name for t in built().of(ec2.RouteTable) if t.inputs["tags"].get("AmazonFSx") == "ManagedByAmazonFSx"}
    assert ours == {f"network-private-{zone}" for zone in "abc"}


def test_a_new_vpc_gets_a_gateway_of_its_own(built):
    """AWS refuses to detach a gateway while the old VPC's NATs use it: it must be replaced with its VPC."""
    assert [gateway.options["replaceOnChanges"] for gateway in built().of(ec2.InternetGateway)] == [["vpcId"]]
