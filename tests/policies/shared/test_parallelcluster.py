"""ParallelCluster configurations are walked wherever they are: files, and CloudFormation stacks."""

import json

import pytest

from policies.engine.subject import Subject
from policies.engine.types import PARALLELCLUSTER
from policies.engine.values import UNKNOWN, Reason, Reference, UnevaluatedError
from policies.rules._shared.cloudformation import CLOUDFORMATION
from policies.rules._shared.parallelcluster import (
    clusters,
    compute_resources,
    is_slurm,
    login_pools,
    machines,
    queues,
    slurm_settings,
)

TARGET = {"CapacityReservationId": "cr-0123456789abcdef0"}
CONFIGURATION = {
    "HeadNode": {"InstanceType": "m7i.large"},
    "LoginNodes": {"Pools": [{"Name": "login", "Count": 2}]},
    "Scheduling": {
        "Scheduler": "slurm",
        "SlurmSettings": {"QueueUpdateStrategy": "DRAIN"},
        "SlurmQueues": [
            {
                "Name": "gpu",
                "CapacityReservationTarget": TARGET,
                "Networking": {"PlacementGroup": {"Enabled": True}},
                "ComputeResources": [
                    {"Name": "one", "InstanceType": "p5.48xlarge"},
                    {"Name": "own", "CapacityReservationTarget": {"CapacityReservationId": "cr-own"}},
                ],
            },
            {
                "Name": "cpu",
                "CapacityType": "SPOT",
                "ComputeResources": [{"Instances": [{"InstanceType": "c7i.large"}, {"InstanceType": "c7a.large"}]}],
            },
        ],
    },
}
BODY = {
    "Resources": {
        "Bucket": {"Type": "AWS::S3::Bucket"},
        "Cluster": {"Type": "Custom::PclusterCluster", "Properties": {"ClusterConfiguration": CONFIGURATION}},
    }
}


def cluster(values):
    return Subject(urn="cluster.yaml", type=PARALLELCLUSTER, name="cluster", values=values)


def stack(**values):
    return Subject(urn="urn:stack", type=CLOUDFORMATION, name="stack", values=values)


def only(resource):
    (found,) = clusters(resource)
    return found


def test_a_file_is_its_own_configuration():
    assert only(cluster(CONFIGURATION)).plain() == CONFIGURATION


def test_machines_are_the_head_node_login_pools_and_queues():
    assert [str(one) for one in machines(only(cluster(CONFIGURATION)))] == [
        "the head node",
        "login pool login",
        "queue gpu",
        "queue cpu",
    ]


def test_places_are_those_of_the_file():
    root = only(cluster(CONFIGURATION))
    assert [pool.shown for pool in login_pools(root)] == ["LoginNodes.Pools[0]"]
    assert [found.node.shown for found in compute_resources(root)] == [
        "Scheduling.SlurmQueues[0].ComputeResources[0]",
        "Scheduling.SlurmQueues[0].ComputeResources[1]",
        "Scheduling.SlurmQueues[1].ComputeResources[0]",
    ]
    assert slurm_settings(root).text("QueueUpdateStrategy") == "DRAIN"


def test_a_compute_resource_has_its_queues_settings_unless_it_has_its_own():
    first, own, cpu = compute_resources(only(cluster(CONFIGURATION)))
    assert first.reservation.plain() == TARGET
    assert own.reservation.text("CapacityReservationId") == "cr-own"
    assert not cpu.reservation.present
    assert first.placement_group.flag("Enabled")
    assert (first.capacity_type, cpu.capacity_type) == ("ONDEMAND", "SPOT")
    assert (first.instance_types, cpu.instance_types) == (("p5.48xlarge",), ("c7i.large", "c7a.large"))


def test_a_cluster_without_parts_has_none():
    root = only(cluster({}))
    assert not [*machines(root), *compute_resources(root)]
    assert is_slurm(root)


def test_batch_queues_are_queues():
    root = only(cluster({"Scheduling": {"Scheduler": "awsbatch", "AwsBatchQueues": [{"ComputeResources": [{}]}]}}))
    assert not is_slurm(root)
    assert len([*queues(root)]) == len([*compute_resources(root)]) == 1


def test_unknown_parts_are_not_passed_over():
    with pytest.raises(UnevaluatedError):
        list(machines(only(cluster({"LoginNodes": UNKNOWN}))))


def test_a_template_holds_a_cluster():
    found = only(stack(templateBody=json.dumps(BODY)))
    assert found.plain() == CONFIGURATION
    assert found.at("HeadNode").shown == "templateBody.Resources.Cluster.Properties.ClusterConfiguration.HeadNode"


def test_a_template_in_yaml_with_functions():
    found = only(
        stack(
            templateBody="""
Resources:
  Cluster:
    Type: Custom::PclusterCluster
    Properties:
      ServiceToken: !GetAtt Provider.Outputs.ServiceToken
      ClusterConfiguration:
        HeadNode:
          Ssh: {KeyName: !Ref KeyName}
          Networking:
            SubnetId: ${urn:pulumi:dev::herd::aws:ec2/subnet:Subnet::public.id}
            ElasticIp: !Ref AWS::NoValue
          Imds: {Secured: !If [Old, false, true]}
"""
        )
    )
    head = found.at("HeadNode")
    assert head.text("Ssh", "KeyName") == "Ref KeyName"
    assert not head.has("Networking", "ElasticIp")
    subnet = head.text("Networking", "SubnetId")
    assert isinstance(subnet, Reference)
    assert (subnet.owner, subnet.path) == ("urn:pulumi:dev::herd::aws:ec2/subnet:Subnet::public", "id")
    with pytest.raises(UnevaluatedError):
        head.flag("Imds", "Secured")


def test_a_template_without_a_cluster_has_none():
    assert not list(clusters(stack(templateBody='{"Resources": {"Topic": {"Type": "AWS::SNS::Topic"}}}')))
    url = "https://us-east-1-aws-parallelcluster.s3.us-east-1.amazonaws.com/parallelcluster/3.16.1/templates/custom_resource/"
    assert not list(clusters(stack(templateUrl=url + "cluster.yaml")))


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ({"templateUrl": "https://example.s3.amazonaws.com/hpc.yaml"}, Reason.ABSENT),
        ({"templateBody": UNKNOWN}, Reason.UNKNOWN),
        ({"templateBody": "{"}, Reason.MISSHAPEN),
        ({"templateBody": "a: [b"}, Reason.MISSHAPEN),
    ],
)
def test_a_template_that_nobody_can_read_is_not_evaluated(values, reason):
    with pytest.raises(UnevaluatedError) as error:
        list(clusters(stack(**values)))
    assert error.value.reason is reason


def test_other_resources_hold_no_cluster():
    values = {**CONFIGURATION, "templateBody": json.dumps(BODY)}
    other = Subject(urn="urn:set", type="aws:cloudformation/stackSet:StackSet", name="set", values=values)
    assert list(clusters(other)) == []
