"""Thirty resources in chains of five: enough that a kill hits every kind of moment."""

import pulumi
import pulumi_aws as aws

provider = aws.Provider(
    "aws", region="us-east-1", default_tags=aws.ProviderDefaultTagsArgs(tags={"project": "kill", "stack": "dev"})
)
TRUST = """{"Version": "2012-10-17", "Statement": [
    {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "ec2.amazonaws.com"}}]}"""

for chain in range(6):
    options = pulumi.ResourceOptions(provider=provider)
    address = aws.ec2.Eip(f"address-{chain}", domain="vpc", tags={"Name": f"address-{chain}"}, opts=options)
    network = aws.ec2.Vpc(
        f"network-{chain}",
        cidr_block=f"10.{chain}.0.0/16",
        tags={"Name": f"network-{chain}", "address": address.public_ip},
        opts=options,
    )
    group = aws.ec2.SecurityGroup(f"group-{chain}", vpc_id=network.id, description="made to be killed", opts=options)
    log = aws.cloudwatch.LogGroup(
        f"log-{chain}", retention_in_days=7, tags={"Name": f"log-{chain}", "group": group.id}, opts=options
    )
    role = aws.iam.Role(f"role-{chain}", assume_role_policy=TRUST, description=log.name, opts=options)
    pulumi.export(f"role-{chain}", role.arn)
