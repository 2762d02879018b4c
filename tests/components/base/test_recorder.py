"""The recorder sees what an engine would see: this is what every component test stands on."""

import pulumi
import pulumi_aws as aws
import pytest
from pulumi_aws import ec2


def program():
    """A provider, a component-less VPC with a subnet, protected, and an output."""
    provider = aws.Provider("main", region="eu-west-1")
    options = pulumi.ResourceOptions(provider=provider, protect=True)
    vpc = ec2.Vpc("vpc", cidr_block="10.0.0.0/16", opts=options)
    ec2.Subnet("subnet", vpc_id=vpc.id, cidr_block="10.0.0.0/24", opts=pulumi.ResourceOptions(provider=provider))
    pulumi.export("vpc", vpc.id)


def test_inputs_options_and_outputs_are_recorded(record):
    recording = record(program)
    vpc, subnet = recording.one(ec2.Vpc), recording.one(ec2.Subnet, "subnet")
    assert vpc.inputs == {"cidrBlock": "10.0.0.0/16"}
    assert vpc.options["protect"] is True
    assert "protect" not in subnet.options
    assert subnet.inputs["vpcId"] == f"${{{vpc.urn}.id}}"
    assert subnet.dependencies == (vpc.urn,)
    assert recording.outputs[vpc.parent] == {"vpc": f"${{{vpc.urn}.id}}"}


def test_a_preview_registers_the_same_with_unknowns(record, unknown):
    preview = record(program, preview=True)
    assert preview.one(ec2.Subnet).inputs["vpcId"] == unknown
    assert preview.identities == record(program).identities


def test_a_read_returns_what_is_given_and_is_marked(record):
    def read():
        provider = aws.Provider("main", region="eu-west-1")
        vpc = ec2.Vpc.get("vpc", "vpc-1", opts=pulumi.ResourceOptions(provider=provider))
        pulumi.export("cidr", vpc.cidr_block)

    recording = record(read, reads={"vpc-1": {"cidrBlock": "10.1.0.0/16"}})
    assert recording.one(ec2.Vpc).read_id == "vpc-1"
    assert {"cidr": "10.1.0.0/16"} in recording.outputs.values()


def test_an_error_inside_an_apply_fails_the_run(record):
    def fail(_):
        raise ValueError("no")

    def bad():
        provider = aws.Provider("main", region="eu-west-1")
        vpc = ec2.Vpc("vpc", cidr_block="10.0.0.0/16", opts=pulumi.ResourceOptions(provider=provider))
        ec2.Subnet("s", vpc_id=vpc.id.apply(fail), opts=pulumi.ResourceOptions(provider=provider))

    with pytest.raises(ValueError, match="no"):
        record(bad)


def test_the_same_name_twice_is_refused(record):
    def twice():
        provider = aws.Provider("main", region="eu-west-1")
        for _ in range(2):
            ec2.Vpc("vpc", opts=pulumi.ResourceOptions(provider=provider))

    with pytest.raises(AssertionError, match="duplicate URN"):
        record(twice)
