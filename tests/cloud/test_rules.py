"""The rest of the rules: each case a request that AWS refuses, with its code. The common ones are in test_refusals."""

import json

import pytest

ROLE = "arn:aws:iam::111122223333:role/role"
NO_SUBNET, NO_GROUP, NO_LIST = "subnet-0123456789abcdef0", "sg-0123456789abcdef0", "pl-0123456789abcdef0"
NO_KEY = "11111111-2222-3333-4444-555555555555"
ALERT = {"NotificationType": "ACTUAL", "ComparisonOperator": "GREATER_THAN", "Threshold": 80.0}
BUDGET = {
    "BudgetName": "b",
    "BudgetType": "COST",
    "TimeUnit": "MONTHLY",
    "BudgetLimit": {"Amount": "9", "Unit": "USD"},
}
PROJECT = {
    "name": "mirror",
    "source": {"type": "NO_SOURCE", "buildspec": "version: 0.2"},
    "artifacts": {"type": "NO_ARTIFACTS"},
    "environment": {"type": "LINUX_CONTAINER", "image": "i", "computeType": "BUILD_GENERAL1_SMALL"},
    "serviceRole": ROLE,
}
SCHEDULE = {
    "Name": "s",
    "ScheduleExpression": "rate(1 day)",
    "FlexibleTimeWindow": {"Mode": "OFF"},
    "Target": {"Arn": "arn:aws:sns:eu-west-1:111122223333:t", "RoleArn": ROLE},
}
PERSISTENT = {"DeploymentType": "PERSISTENT_2", "PerUnitStorageThroughput": 250}


def group(c):
    ec2 = c.client("ec2")
    return ec2.create_security_group(VpcId=c.network()[0], GroupName="g", Description="d")["GroupId"]


def permit(c, **rule):
    c.client("ec2").authorize_security_group_ingress(GroupId=group(c), IpPermissions=[rule])


def interface_endpoint(c, **change):
    vpc, subnets = c.network()
    wanted = {"VpcId": vpc, "VpcEndpointType": "Interface", "SubnetIds": subnets, **change}
    c.client("ec2").create_vpc_endpoint(ServiceName="com.amazonaws.eu-west-1.sts", **wanted)


def two_subnets_in_a_zone(c):
    vpc, (first,) = c.network()
    ec2 = c.client("ec2")
    more = ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.9.0/24", AvailabilityZone="eu-west-1a")["Subnet"]["SubnetId"]
    wanted = {"VpcId": vpc, "VpcEndpointType": "Interface", "SubnetIds": [first, more]}
    ec2.create_vpc_endpoint(ServiceName="com.amazonaws.eu-west-1.sts", **wanted)


def main_table(c):
    only = [{"Name": "vpc-id", "Values": [c.network()[0]]}]
    ec2 = c.client("ec2")
    ec2.delete_route_table(RouteTableId=ec2.describe_route_tables(Filters=only)["RouteTables"][0]["RouteTableId"])


def route(c, **target):
    ec2 = c.client("ec2")
    table = ec2.create_route_table(VpcId=c.network()[0])["RouteTable"]["RouteTableId"]
    ec2.create_route(RouteTableId=table, DestinationCidrBlock="192.0.2.0/24", **target)


def nat_of_another_vpc(c):
    vpc, (subnet,) = c.network()
    ec2 = c.client("ec2")
    gateway = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc)
    address = ec2.allocate_address(Domain="vpc")["AllocationId"]
    nat = ec2.create_nat_gateway(SubnetId=subnet, AllocationId=address)["NatGateway"]["NatGatewayId"]
    route(c, NatGatewayId=nat)


def lustre(c, capacity=1200, configuration=PERSISTENT, **more):
    _, subnets = c.network()
    wanted = {"SubnetIds": subnets, "LustreConfiguration": configuration, **more}
    made = c.client("fsx").create_file_system(FileSystemType="LUSTRE", StorageCapacity=capacity, **wanted)
    return {"FileSystemId": made["FileSystem"]["FileSystemId"]}


def openzfs(c, capacity=64, **more):
    _, subnets = c.network()
    configuration = {"DeploymentType": "SINGLE_AZ_HA_2", "ThroughputCapacity": 160, **more}
    c.client("fsx").create_file_system(
        FileSystemType="OPENZFS", StorageCapacity=capacity, SubnetIds=subnets, OpenZFSConfiguration=configuration
    )


def link(c, configuration=PERSISTENT, path="/data", source="s3://data", **more):
    name = lustre(c, configuration=configuration, **more)
    c.client("fsx").create_data_repository_association(**name, FileSystemPath=path, DataRepositoryPath=source)


def ecr_lifecycle(c, *selections):
    rules = [
        {"rulePriority": priority, "selection": {"countType": "imageCountMoreThan", "countNumber": 1, **selection}}
        for priority, selection in selections
    ]
    wanted = {"prefix": "hub", "appliedFor": ["REPLICATION"], "lifecyclePolicy": json.dumps({"rules": rules})}
    c.client("ecr").create_repository_creation_template(**wanted)


def build(c, **change):
    c.role()
    c.client("codebuild").create_project(**{**PROJECT, **change})


def schedule(c, **change):
    c.role()
    c.client("scheduler").create_schedule(**{**SCHEDULE, **change})


def subscribers(c, *addresses):
    told = [{"SubscriptionType": kind, "Address": address} for kind, address in addresses]
    alerts = [{"Notification": ALERT, "Subscribers": told}]
    c.client("budgets").create_budget(AccountId=c.account, Budget=BUDGET, NotificationsWithSubscribers=alerts)


def bucket_policy(c, text):
    c.client("s3").put_bucket_policy(Bucket=c.bucket(), Policy=text)


def bucket_rules(c, *rules):
    every = [{"Status": "Enabled", "Filter": {"Prefix": ""}, **rule} for rule in rules]
    c.client("s3").put_bucket_lifecycle_configuration(Bucket=c.bucket(), LifecycleConfiguration={"Rules": every})


def role_with_a_policy_attached(c, then):
    iam = c.client("iam")
    c.role()
    text = '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:Get*", "Resource": "*"}]}'
    arn = iam.create_policy(PolicyName="p", PolicyDocument=text)["Policy"]["Arn"]
    iam.attach_role_policy(RoleName="role", PolicyArn=arn)
    then(iam, arn)


def key_deleted(c, days, times=1):
    kms = c.client("kms", unchecked=True)
    key = kms.create_key()["KeyMetadata"]["KeyId"]
    for _ in range(times):
        kms.schedule_key_deletion(KeyId=key, PendingWindowInDays=days)


def backup_rules(c, *rules):
    backup = c.client("backup")
    backup.create_backup_vault(BackupVaultName="vault")
    every = [{"TargetBackupVaultName": "vault", **rule} for rule in rules]
    backup.create_backup_plan(BackupPlan={"BackupPlanName": "p", "Rules": every})


RULES = {
    # networks
    "endpoint in a subnet there is not": (
        "InvalidSubnetId.NotFound",
        lambda c: interface_endpoint(c, SubnetIds=[NO_SUBNET]),
    ),
    "endpoint with a group there is not": (
        "InvalidGroup.NotFound",
        lambda c: interface_endpoint(c, SecurityGroupIds=[NO_GROUP]),
    ),
    "endpoint twice in a zone": ("DuplicateSubnetsInSameZone", two_subnets_in_a_zone),
    "endpoint changed that is not there": (
        "InvalidVpcEndpointId.NotFound",
        lambda c: c.client("ec2").modify_vpc_endpoint(VpcEndpointId="vpce-0123456789abcdef0"),
    ),
    "endpoint deleted that is not there": (
        "InvalidVpcEndpointId.NotFound",
        lambda c: c.client("ec2").delete_vpc_endpoints(VpcEndpointIds=["vpce-0123456789abcdef0"]),
    ),
    "group named default": (
        "InvalidParameterValue",
        lambda c: c.client("ec2").create_security_group(VpcId=c.network()[0], GroupName="default", Description="d"),
    ),
    "group named like an id": (
        "InvalidParameterValue",
        lambda c: c.client("ec2").create_security_group(VpcId=c.network()[0], GroupName="sg-1", Description="d"),
    ),
    "group described beyond ASCII": (
        "InvalidParameterValue",
        lambda c: c.client("ec2").create_security_group(VpcId=c.network()[0], GroupName="g", Description="für EFA"),
    ),
    "rule for a block that is none": (
        "InvalidParameterValue",
        lambda c: permit(c, IpProtocol="-1", IpRanges=[{"CidrIp": "10.0.0.0/33"}]),
    ),
    "rule for a prefix list there is not": (
        "InvalidPrefixListID.NotFound",
        lambda c: permit(c, IpProtocol="-1", PrefixListIds=[{"PrefixListId": NO_LIST}]),
    ),
    "rule of a protocol there is not": (
        "InvalidParameterValue",
        lambda c: permit(c, IpProtocol="efa", IpRanges=[{"CidrIp": "10.0.0.0/16"}]),
    ),
    "rule for TCP without ports": (
        "InvalidParameterValue",
        lambda c: permit(c, IpProtocol="tcp", IpRanges=[{"CidrIp": "10.0.0.0/16"}]),
    ),
    "rule for a port there is not": (
        "InvalidParameterValue",
        lambda c: permit(c, IpProtocol="tcp", FromPort=1, ToPort=65536, IpRanges=[{"CidrIp": "10.0.0.0/16"}]),
    ),
    "subnet of a block that is none": (
        "InvalidParameterValue",
        lambda c: c.client("ec2").create_subnet(VpcId=c.network()[0], CidrBlock="10.0.0/24"),
    ),
    "main route table deleted": ("DependencyViolation", main_table),
    "route to an interface there is not": (
        "InvalidNetworkInterfaceID.NotFound",
        lambda c: route(c, NetworkInterfaceId="eni-0123456789abcdef0"),
    ),
    "route to a transit gateway there is not": (
        "InvalidTransitGatewayID.NotFound",
        lambda c: route(c, TransitGatewayId="tgw-0123456789abcdef0"),
    ),
    "route to a peering there is not": (
        "InvalidVpcPeeringConnectionID.NotFound",
        lambda c: route(c, VpcPeeringConnectionId="pcx-0123456789abcdef0"),
    ),
    "route to the NAT gateway of another VPC": ("InvalidParameterValue", nat_of_another_vpc),
    "public NAT gateway without an address": (
        "MissingParameter",
        lambda c: c.client("ec2").create_nat_gateway(SubnetId=c.network()[1][0]),
    ),
    # file systems
    "Lustre on disks of a size they don't come in": (
        "BadRequest",
        lambda c: lustre(
            c, 2000, {"DeploymentType": "PERSISTENT_1", "PerUnitStorageThroughput": 12}, StorageType="HDD"
        ),
    ),
    "metadata on the generation before": (
        "BadRequest",
        lambda c: lustre(
            c,
            configuration={
                "DeploymentType": "PERSISTENT_1",
                "PerUnitStorageThroughput": 50,
                "MetadataConfiguration": {"Mode": "AUTOMATIC"},
            },
        ),
    ),
    "Lustre with a key there is not": ("BadRequest", lambda c: lustre(c, KmsKeyId=NO_KEY)),
    "Lustre in two subnets": ("BadRequest", lambda c: lustre(c, SubnetIds=c.network(zones=2)[1])),
    "Lustre in two VPCs": (
        "InvalidNetworkSettings",
        lambda c: lustre(c, SubnetIds=[c.network()[1][0], c.network()[1][0]]),
    ),
    "Lustre with the group of another VPC": (
        "InvalidNetworkSettings",
        lambda c: lustre(c, SecurityGroupIds=[group(c)]),
    ),
    "OpenZFS too small": ("BadRequest", lambda c: openzfs(c, 63)),
    "OpenZFS with too few operations": (
        "BadRequest",
        lambda c: openzfs(c, DiskIopsConfiguration={"Mode": "USER_PROVISIONED", "Iops": 100}),
    ),
    "OpenZFS without configuration": (
        "MissingFileSystemConfiguration",
        lambda c: c.client("fsx").create_file_system(
            FileSystemType="OPENZFS", StorageCapacity=64, SubnetIds=c.network()[1]
        ),
    ),
    "backups of scratch switched on": (
        "BadRequest",
        lambda c: c.client("fsx").update_file_system(
            **lustre(c, configuration={"DeploymentType": "SCRATCH_2"}),
            LustreConfiguration={"AutomaticBackupRetentionDays": 1},
        ),
    ),
    "scratch of the first kind grown": (
        "BadRequest",
        lambda c: c.client("fsx").update_file_system(
            **lustre(c, configuration={"DeploymentType": "SCRATCH_1"}), StorageCapacity=3600
        ),
    ),
    "backup of scratch": (
        "BadRequest",
        lambda c: c.client("fsx").create_backup(**lustre(c, configuration={"DeploymentType": "SCRATCH_2"})),
    ),
    "scratch of the first kind linked": (
        "UnsupportedOperation",
        lambda c: link(c, configuration={"DeploymentType": "SCRATCH_1"}),
    ),
    "old Lustre linked": (
        "UnsupportedOperation",
        lambda c: link(c, configuration={"DeploymentType": "SCRATCH_2"}, FileSystemTypeVersion="2.10"),
    ),
    "linked to something that is no bucket": ("BadRequest", lambda c: link(c, source="nfs://server/data")),
    "linked at a path that is none": ("BadRequest", lambda c: link(c, path="data")),
    "volume there is not": (
        "VolumeNotFound",
        lambda c: c.client("fsx").describe_volumes(VolumeIds=["fsvol-0123456789abcdef0"]),
    ),
    "link there is not": (
        "DataRepositoryAssociationNotFound",
        lambda c: c.client("fsx").delete_data_repository_association(AssociationId="dra-0123456789abcdef0"),
    ),
    "EFS for many clients with elastic throughput": (
        "BadRequest",
        lambda c: c.client("efs").create_file_system(PerformanceMode="maxIO", ThroughputMode="elastic"),
    ),
    "EFS policy without a principal": (
        "InvalidPolicyException",
        lambda c: c.client("efs").put_file_system_policy(
            FileSystemId=c.client("efs").create_file_system()["FileSystemId"],
            Policy='{"Statement": [{"Effect": "Allow", "Action": "*"}]}',
        ),
    ),
    # registry and builds
    "lifecycle that is no JSON": (
        "InvalidParameterException",
        lambda c: c.client("ecr").create_repository_creation_template(
            prefix="hub", appliedFor=["REPLICATION"], lifecyclePolicy="{"
        ),
    ),
    "two lifecycle rules of a priority": (
        "InvalidParameterException",
        lambda c: ecr_lifecycle(c, (1, {"tagStatus": "untagged"}), (1, {"tagStatus": "any"})),
    ),
    "prefixes of images without tags": (
        "InvalidParameterException",
        lambda c: ecr_lifecycle(c, (1, {"tagStatus": "untagged", "tagPrefixList": ["v"]})),
    ),
    "rule for any image before others": (
        "InvalidParameterException",
        lambda c: ecr_lifecycle(c, (1, {"tagStatus": "any"}), (2, {"tagStatus": "untagged"})),
    ),
    "repository with a key there is not": (
        "KmsException",
        lambda c: c.client("ecr").create_repository(
            repositoryName="app", encryptionConfiguration={"encryptionType": "KMS", "kmsKey": NO_KEY}
        ),
    ),
    "repository with a key for nothing": (
        "InvalidParameterException",
        lambda c: c.client("ecr").create_repository(
            repositoryName="app", encryptionConfiguration={"encryptionType": "AES256", "kmsKey": NO_KEY}
        ),
    ),
    "build from GitHub without saying where": (
        "InvalidInputException",
        lambda c: build(c, source={"type": "GITHUB"}),
    ),
    "build into S3 without saying where": ("InvalidInputException", lambda c: build(c, artifacts={"type": "S3"})),
    "build in a subnet there is not": (
        "InvalidInputException",
        lambda c: build(c, vpcConfig={"vpcId": "vpc-1", "subnets": [NO_SUBNET], "securityGroupIds": []}),
    ),
    "build with a group there is not": (
        "InvalidInputException",
        lambda c: build(c, vpcConfig={"vpcId": "vpc-1", "subnets": c.network()[1], "securityGroupIds": [NO_GROUP]}),
    ),
    # identity and keys
    "attached policy deleted": (
        "DeleteConflict",
        lambda c: role_with_a_policy_attached(c, lambda iam, arn: iam.delete_policy(PolicyArn=arn)),
    ),
    "role deleted with a policy attached": (
        "DeleteConflict",
        lambda c: role_with_a_policy_attached(c, lambda iam, _: iam.delete_role(RoleName="role")),
    ),
    "alias in the name of AWS": (
        "NotAuthorizedException",
        lambda c: c.client("kms").create_alias(
            AliasName="alias/aws/x", TargetKeyId=c.client("kms").create_key()["KeyMetadata"]["KeyId"]
        ),
    ),
    "key deleted too soon": ("ValidationException", lambda c: key_deleted(c, 6)),
    "key deleted twice": ("KMSInvalidStateException", lambda c: key_deleted(c, 7, times=2)),
    "log group with a key that is no ARN": (
        "InvalidParameterException",
        lambda c: c.client("logs").create_log_group(logGroupName="/a", kmsKeyId=NO_KEY),
    ),
    # buckets
    "bucket policy that is a list": ("MalformedPolicy", lambda c: bucket_policy(c, "[]")),
    "bucket policy for another service": (
        "MalformedPolicy",
        lambda c: bucket_policy(
            c,
            '{"Statement": [{"Effect": "Deny", "Principal": "*", "Action": "ec2:*", '
            '"Resource": "arn:aws:s3:::a-bucket-of-tests"}]}',
        ),
    ),
    "two lifecycle rules of an id": (
        "InvalidArgument",
        lambda c: bucket_rules(c, {"ID": "a", "Expiration": {"Days": 1}}, {"ID": "a", "Expiration": {"Days": 2}}),
    ),
    "lifecycle rule that does nothing": ("InvalidRequest", lambda c: bucket_rules(c, {"ID": "a"})),
    "objects gone before they move": (
        "InvalidArgument",
        lambda c: bucket_rules(
            c, {"Transitions": [{"Days": 60, "StorageClass": "GLACIER"}], "Expiration": {"Days": 60}}
        ),
    ),
    # backups, costs, messages
    "vault with a key there is not": (
        "InvalidParameterValueException",
        lambda c: c.client("backup").create_backup_vault(
            BackupVaultName="vault", EncryptionKeyArn=f"arn:aws:kms:eu-west-1:{c.account}:key/{NO_KEY}"
        ),
    ),
    "vault deleted that is not there": (
        "ResourceNotFoundException",
        lambda c: c.client("backup").delete_backup_vault(BackupVaultName="nothing"),
    ),
    "two backup rules of a name": (
        "InvalidParameterValueException",
        lambda c: backup_rules(c, {"RuleName": "a"}, {"RuleName": "a"}),
    ),
    "mail to a topic": (
        "InvalidParameterException",
        lambda c: subscribers(c, ("EMAIL", "arn:aws:sns:eu-west-1:111122223333:t")),
    ),
    "the same mail twice": (
        "DuplicateRecordException",
        lambda c: subscribers(c, ("EMAIL", "a@example.org"), ("EMAIL", "a@example.org")),
    ),
    "two topics": (
        "CreationLimitExceededException",
        lambda c: subscribers(
            c, ("SNS", "arn:aws:sns:eu-west-1:111122223333:a"), ("SNS", "arn:aws:sns:eu-west-1:111122223333:b")
        ),
    ),
    "budget deleted that is not there": (
        "NotFoundException",
        lambda c: c.client("budgets").delete_budget(AccountId=c.account, BudgetName="nothing"),
    ),
    "rule without schedule or pattern": ("ValidationException", lambda c: c.client("events").put_rule(Name="r")),
    "six targets": (
        "LimitExceededException",
        lambda c: c.client("events").put_targets(
            Rule="r", Targets=[{"Id": str(n), "Arn": "arn:aws:sns:eu-west-1:111122223333:t"} for n in range(6)]
        ),
    ),
    "schedule in a time zone there is not": (
        "ValidationException",
        lambda c: schedule(c, ScheduleExpressionTimezone="Europe/Springfield"),
    ),
    "flexible window without a length": (
        "ValidationException",
        lambda c: schedule(c, FlexibleTimeWindow={"Mode": "FLEXIBLE"}),
    ),
    "schedule with a role there is not": (
        "ValidationException",
        lambda c: schedule(c, Target={**SCHEDULE["Target"], "RoleArn": ROLE + "s"}),
    ),
    "topic open to a role there is not": (
        "InvalidParameter",
        lambda c: c.client("sns").create_topic(
            Name="t",
            Attributes={
                "Policy": json.dumps(
                    {"Statement": [{"Effect": "Allow", "Action": "sns:Publish", "Principal": {"AWS": ROLE}}]}
                )
            },
        ),
    ),
}


@pytest.mark.parametrize("name", RULES)
def test_a_request_that_breaks_a_rule(cloud, name):
    code, request = RULES[name]
    assert cloud.refused(request, cloud) == code


def test_the_same_requests_are_taken_when_they_keep_the_rules(cloud):
    """So that no rule refuses everything."""
    permit(cloud, IpProtocol="tcp", FromPort=1, ToPort=65535, IpRanges=[{"CidrIp": "10.0.0.0/16"}])
    interface_endpoint(cloud)
    link(cloud)
    openzfs(cloud, DiskIopsConfiguration={"Mode": "USER_PROVISIONED", "Iops": 192})
    lustre(cloud, 6000, {"DeploymentType": "PERSISTENT_1", "PerUnitStorageThroughput": 12}, StorageType="HDD")
    ecr_lifecycle(cloud, (1, {"tagStatus": "tagged", "tagPrefixList": ["v"]}), (2, {"tagStatus": "any"}))
    schedule(cloud, FlexibleTimeWindow={"Mode": "FLEXIBLE", "MaximumWindowInMinutes": 15})
    cloud.client("codebuild").create_project(**PROJECT)
    subscribers(cloud, ("EMAIL", "a@example.org"), ("SNS", "arn:aws:sns:eu-west-1:111122223333:a"))
    bucket_rules(cloud, {"Transitions": [{"Days": 60, "StorageClass": "GLACIER"}], "Expiration": {"Days": 61}})
    backup_rules(cloud, {"RuleName": "a"}, {"RuleName": "b"})
    key_deleted(cloud, 7)
