"""The machines that build images: where they stand, what they may do, where they log, who hears how they end."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi
from pulumi_aws import ec2, iam, sns, vpc

from components.base.component import HerdComponent
from components.base.tags import name_tag
from components.images import derive
from components.images.spec import ImagesSpec
from components.storage.buckets.component import Bucket
from components.storage.buckets.spec import BucketSpec, Lifecycle


@dataclass(frozen=True)
class BuildNetwork:
    """Where the machines that build stand: subnets with a way out, and no way in.

    Attributes:
        vpc_id: The VPC.
        private_subnet_ids: Subnets by zone.
    """

    vpc_id: pulumi.Input[str]
    private_subnet_ids: Mapping[str, pulumi.Input[str]]


@dataclass(frozen=True)
class Machines:
    """What all builds of a stack share.

    Attributes:
        profile: The instance profile of the machines.
        subnet_id: Where they stand.
        group_id: Their security group: nothing gets in, HTTPS gets out.
        bucket: The bucket of their logs.
        topic_arn: Who hears how builds end.
        ready: What must be there before one starts.
    """

    profile: pulumi.Output[str]
    subnet_id: pulumi.Input[str]
    group_id: pulumi.Output[str]
    bucket: Bucket
    topic_arn: pulumi.Output[str]
    ready: tuple[pulumi.Resource, ...]


def make_machines(
    owner: HerdComponent,
    name: str,
    spec: ImagesSpec,
    *,
    network: BuildNetwork,
    key_arn: pulumi.Output[str],
    log_key_arn: pulumi.Output[str],
) -> Machines:
    """Register, as children of `owner`, what machines that build need; `key_arn` encrypts what they tell of."""
    context = owner.context
    lifecycle = Lifecycle(expiration_days=spec.log_days, noncurrent_version_expiration_days=1)
    bucket = Bucket(f"{name}-logs", BucketSpec(lifecycle=lifecycle), context, key_arn=log_key_arn, opts=owner.child())
    topic = sns.Topic(name, kms_master_key_id=key_arn, tags=name_tag(context, name), opts=owner.child())
    role = iam.Role(name, assume_role_policy=derive.machine_trust(), opts=owner.child())
    policy = iam.RolePolicy(
        name,
        role=role.name,
        policy=pulumi.Output.all(bucket.facts.arn, log_key_arn).apply(
            lambda arns: derive.machine_policy(context, name, str(arns[0]), str(arns[1]))
        ),
        opts=owner.child(),
    )
    profile = iam.InstanceProfile(name, role=role.name, opts=owner.child())
    group = ec2.SecurityGroup(
        name,
        vpc_id=network.vpc_id,
        description="Machines that build images: nothing gets in",
        tags=name_tag(context, name),
        opts=owner.child(),
    )
    way_out = vpc.SecurityGroupEgressRule(
        name,
        security_group_id=group.id,
        ip_protocol="tcp",
        from_port=443,
        to_port=443,
        cidr_ipv4="0.0.0.0/0",
        description="HTTPS to AWS, and to where recipes download from",
        tags=name_tag(context, name),
        opts=owner.child(),
    )
    ready = (policy, way_out, *bucket.settings)
    subnet = network.private_subnet_ids[spec.zone(context)]
    return Machines(profile.name, subnet, group.id, bucket, topic.arn, ready)
