"""Bad requests of the kinds people really make, and the codes AWS refuses them with.

Each is sent with plain boto3, without its own checks where those would keep the request from being sent.
"""

import json

import pytest

PLANTED = {
    "vpc": "vpc-0123456789abcdef0",
    "role": "arn:aws:iam::111122223333:role/nobody",
    "key": "arn:aws:kms:eu-west-1:111122223333:key/11111111-2222-3333-4444-555555555555",
}
LUSTRE = {"DeploymentType": "PERSISTENT_2", "PerUnitStorageThroughput": 250}
BUDGET = {
    "BudgetName": "b",
    "BudgetType": "COST",
    "TimeUnit": "MONTHLY",
    "BudgetLimit": {"Amount": "100", "Unit": "USD"},
}
PROJECT = {
    "name": "mirror",
    "source": {"type": "NO_SOURCE", "buildspec": "version: 0.2"},
    "artifacts": {"type": "NO_ARTIFACTS"},
    "environment": {
        "type": "LINUX_CONTAINER",
        "image": "aws/codebuild/standard:7.0",
        "computeType": "BUILD_GENERAL1_SMALL",
    },
}


def manifest(layers="[]"):
    """An image manifest; white space is enough for another digest."""
    media = "application/vnd.docker.distribution.manifest.v2+json"
    return f'{{"schemaVersion": 2, "mediaType": "{media}", "layers": {layers}}}'


def allow(**statement):
    return json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", **statement}]})


# name -> (expected code, service, function of the cloud that makes the request)
REFUSALS = {}


def refusal(code, service):
    def register(function):
        REFUSALS[function.__name__] = (code, service, function)
        return function

    return register


# Networks


@refusal("InvalidVpc.Range", "ec2")
def vpc_larger_than_16_bits(c, ec2):
    ec2.create_vpc(CidrBlock="10.0.0.0/8")


@refusal("InvalidParameterValue", "ec2")
def vpc_with_a_block_that_is_none(c, ec2):
    ec2.create_vpc(CidrBlock="10.0.0/16")


@refusal("InvalidSubnet.Conflict", "ec2")
def overlapping_subnets(c, ec2):
    vpc, _ = c.network()
    ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.0.128/25")


@refusal("InvalidSubnet.Range", "ec2")
def subnet_outside_its_vpc(c, ec2):
    ec2.create_subnet(VpcId=c.network()[0], CidrBlock="172.16.0.0/24")


@refusal("InvalidSubnet.Range", "ec2")
def subnet_smaller_than_28_bits(c, ec2):
    ec2.create_subnet(VpcId=c.network()[0], CidrBlock="10.0.9.0/29")


@refusal("InvalidParameterValue", "ec2")
def subnet_in_an_unknown_zone(c, ec2):
    ec2.create_subnet(VpcId=c.network()[0], CidrBlock="10.0.9.0/24", AvailabilityZone="eu-west-1z")


@refusal("InvalidVpcID.NotFound", "ec2")
def subnet_of_a_missing_vpc(c, ec2):
    ec2.create_subnet(VpcId=PLANTED["vpc"], CidrBlock="10.0.0.0/24")


@refusal("InvalidVpc.Range", "ec2")
def secondary_block_that_overlaps_the_first(c, ec2):
    ec2.associate_vpc_cidr_block(VpcId=c.network()[0], CidrBlock="10.0.128.0/17")


@refusal("InvalidVpc.Range", "ec2")
def secondary_block_of_another_private_range(c, ec2):
    ec2.associate_vpc_cidr_block(VpcId=c.network()[0], CidrBlock="192.168.0.0/16")


@refusal("InvalidNatGatewayID.NotFound", "ec2")
def route_to_a_missing_nat_gateway(c, ec2):
    table = ec2.create_route_table(VpcId=c.network()[0])["RouteTable"]["RouteTableId"]
    ec2.create_route(RouteTableId=table, DestinationCidrBlock="0.0.0.0/0", NatGatewayId="nat-0123456789abcdef0")


@refusal("InvalidParameterValue", "ec2")
def route_to_the_gateway_of_another_vpc(c, ec2):
    table = ec2.create_route_table(VpcId=c.network()[0])["RouteTable"]["RouteTableId"]
    gateway = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    ec2.create_route(RouteTableId=table, DestinationCidrBlock="0.0.0.0/0", GatewayId=gateway)


@refusal("Gateway.NotAttached", "ec2")
def nat_gateway_in_a_vpc_without_internet_gateway(c, ec2):
    _, (subnet,) = c.network()
    ec2.create_nat_gateway(SubnetId=subnet, AllocationId=ec2.allocate_address(Domain="vpc")["AllocationId"])


@refusal("Resource.AlreadyAssociated", "ec2")
def second_route_table_of_a_subnet(c, ec2):
    vpc, (subnet,) = c.network()
    for _ in range(2):
        table = ec2.create_route_table(VpcId=vpc)["RouteTable"]["RouteTableId"]
        ec2.associate_route_table(RouteTableId=table, SubnetId=subnet)


@refusal("InvalidGroup.Duplicate", "ec2")
def second_group_of_a_name(c, ec2):
    vpc, _ = c.network()
    for _ in range(2):
        ec2.create_security_group(VpcId=vpc, GroupName="efa", Description="d")


@refusal("InvalidPermission.Duplicate", "ec2")
def second_rule_of_a_group_to_itself(c, ec2):
    group = ec2.create_security_group(VpcId=c.network()[0], GroupName="efa", Description="d")["GroupId"]
    rule = [{"IpProtocol": "-1", "UserIdGroupPairs": [{"GroupId": group}]}]
    for _ in range(2):
        ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=rule)


@refusal("InvalidParameterValue", "ec2")
def ports_the_wrong_way_round(c, ec2):
    group = ec2.create_security_group(VpcId=c.network()[0], GroupName="efa", Description="d")["GroupId"]
    rule = [{"IpProtocol": "tcp", "FromPort": 1023, "ToPort": 988, "IpRanges": [{"CidrIp": "10.0.0.0/16"}]}]
    ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=rule)


@refusal("CannotDelete", "ec2")
def default_group_deleted(c, ec2):
    only = [{"Name": "vpc-id", "Values": [c.network()[0]]}]
    ec2.delete_security_group(GroupId=ec2.describe_security_groups(Filters=only)["SecurityGroups"][0]["GroupId"])


@refusal("InvalidServiceName", "ec2")
def endpoint_of_a_service_there_is_not(c, ec2):
    ec2.create_vpc_endpoint(VpcId=c.network()[0], ServiceName="com.amazonaws.eu-west-1.slurm")


@refusal("InvalidServiceName", "ec2")
def endpoint_of_another_region(c, ec2):
    ec2.create_vpc_endpoint(VpcId=c.network()[0], ServiceName="com.amazonaws.us-east-1.s3")


@refusal("InvalidParameter", "ec2")
def gateway_endpoint_of_a_service_that_has_none(c, ec2):
    ec2.create_vpc_endpoint(VpcId=c.network()[0], ServiceName="com.amazonaws.eu-west-1.ecr.api")


@refusal("InvalidParameter", "ec2")
def private_dns_in_a_vpc_without_host_names(c, ec2):
    vpc, (subnet,) = c.network()
    ec2.modify_vpc_attribute(VpcId=vpc, EnableDnsHostnames={"Value": False})
    ec2.create_vpc_endpoint(
        VpcId=vpc, ServiceName="com.amazonaws.eu-west-1.sts", VpcEndpointType="Interface", SubnetIds=[subnet]
    )


@refusal("DependencyViolation", "ec2")
def subnet_deleted_that_holds_a_mount_target(c, ec2):
    _, (subnet,) = c.network()
    efs = c.client("efs")
    efs.create_mount_target(FileSystemId=efs.create_file_system()["FileSystemId"], SubnetId=subnet)
    ec2.delete_subnet(SubnetId=subnet)


@refusal("DependencyViolation", "ec2")
def vpc_deleted_that_is_not_empty(c, ec2):
    ec2.delete_vpc(VpcId=c.network()[0])


@refusal("InvalidParameterValue", "ec2")
def tag_in_the_name_of_aws(c, ec2):
    ec2.create_tags(Resources=[c.network()[0]], Tags=[{"Key": "aws:owner", "Value": "me"}])


# Identity and keys


@refusal("MalformedPolicyDocument", "iam")
def trust_policy_that_is_no_json(c, iam):
    iam.create_role(RoleName="r", AssumeRolePolicyDocument="{bad")


@refusal("MalformedPolicyDocument", "iam")
def trust_in_a_role_there_is_not(c, iam):
    trust = allow(Action="sts:AssumeRole", Principal={"AWS": PLANTED["role"]})
    iam.create_role(RoleName="r", AssumeRolePolicyDocument=trust)


@refusal("MalformedPolicyDocument", "iam")
def trust_in_a_service_misspelt(c, iam):
    trust = allow(Action="sts:AssumeRole", Principal={"Service": "ec2"})
    iam.create_role(RoleName="r", AssumeRolePolicyDocument=trust)


@refusal("MalformedPolicyDocument", "iam")
def trust_policy_that_grants_more_than_assuming(c, iam):
    trust = allow(Action=["sts:AssumeRole", "s3:GetObject"], Principal={"Service": "ec2.amazonaws.com"})
    iam.create_role(RoleName="r", AssumeRolePolicyDocument=trust)


@refusal("EntityAlreadyExists", "iam")
def second_role_of_a_name(c, iam):
    c.role()
    c.role()


@refusal("NoSuchEntity", "iam")
def attaching_a_policy_there_is_not(c, iam):
    c.role()
    iam.attach_role_policy(RoleName="role", PolicyArn="arn:aws:iam::aws:policy/AmazonEC2Everything")


@refusal("DeleteConflict", "iam")
def role_deleted_with_a_policy_in_it(c, iam):
    c.role()
    iam.put_role_policy(RoleName="role", PolicyName="p", PolicyDocument=allow(Action="s3:GetObject", Resource="*"))
    iam.delete_role(RoleName="role")


@refusal("MalformedPolicyDocumentException", "kms")
def key_policy_that_locks_everybody_out(c, kms):
    root = f"arn:aws:iam::{c.account}:root"
    kms.create_key(Policy=allow(Action="kms:Decrypt", Resource="*", Principal={"AWS": root}))


@refusal("MalformedPolicyDocumentException", "kms")
def key_policy_for_a_role_there_is_not(c, kms):
    kms.create_key(Policy=allow(Action="kms:*", Resource="*", Principal={"AWS": PLANTED["role"]}))


@refusal("AlreadyExistsException", "kms")
def second_alias_of_a_name(c, kms):
    for _ in range(2):
        kms.create_alias(AliasName="alias/x", TargetKeyId=kms.create_key()["KeyMetadata"]["KeyId"])


@refusal("InvalidArnException", "kms")
def grant_to_a_role_there_is_not(c, kms):
    key = kms.create_key()["KeyMetadata"]["KeyId"]
    kms.create_grant(KeyId=key, GranteePrincipal=PLANTED["role"], Operations=["Decrypt"])


@refusal("KMSInvalidStateException", "kms")
def use_of_a_key_that_waits_for_its_deletion(c, kms):
    key = kms.create_key()["KeyMetadata"]["KeyId"]
    kms.schedule_key_deletion(KeyId=key, PendingWindowInDays=7)
    kms.encrypt(KeyId=key, Plaintext=b"x")


@refusal("InvalidRequestException", "secretsmanager")
def secret_made_again_in_its_recovery_window(c, secrets):
    secrets.create_secret(Name="s", SecretString="x")
    secrets.delete_secret(SecretId="s")
    secrets.create_secret(Name="s", SecretString="x")


@refusal("ValidationException", "ssm")
def parameter_too_long_for_its_tier(c, ssm):
    ssm.put_parameter(Name="/herd/ami", Type="String", Value="x" * 4097)


# Registry


@refusal("UnsupportedUpstreamRegistryException", "ecr")
def cache_of_a_registry_ecr_does_not_cache(c, ecr):
    ecr.create_pull_through_cache_rule(ecrRepositoryPrefix="nvidia", upstreamRegistryUrl="nvcr.io")


@refusal("SecretNotFoundException", "ecr")
def cache_with_a_secret_there_is_not(c, ecr):
    secret = f"arn:aws:secretsmanager:eu-west-1:{c.account}:secret:ecr-pullthroughcache/hub-AbCdEf"
    ecr.create_pull_through_cache_rule(
        ecrRepositoryPrefix="hub", upstreamRegistryUrl="registry-1.docker.io", credentialArn=secret
    )


@refusal("PullThroughCacheRuleAlreadyExistsException", "ecr")
def second_cache_of_a_prefix(c, ecr):
    for _ in range(2):
        ecr.create_pull_through_cache_rule(ecrRepositoryPrefix="k8s", upstreamRegistryUrl="registry.k8s.io")


@refusal("RepositoryAlreadyExistsException", "ecr")
def second_repository_of_a_name(c, ecr):
    for _ in range(2):
        ecr.create_repository(repositoryName="app")


@refusal("InvalidParameterException", "ecr")
def repository_name_in_capitals(c, ecr):
    ecr.create_repository(repositoryName="Team/App")


@refusal("ImageTagAlreadyExistsException", "ecr")
def immutable_tag_pushed_again(c, ecr):
    ecr.create_repository(repositoryName="app", imageTagMutability="IMMUTABLE")
    for layers in ("[]", "[ ]"):
        ecr.put_image(repositoryName="app", imageTag="v1", imageManifest=manifest(layers))


@refusal("RepositoryNotEmptyException", "ecr")
def repository_deleted_that_is_not_empty(c, ecr):
    ecr.create_repository(repositoryName="app")
    ecr.put_image(repositoryName="app", imageTag="v1", imageManifest=manifest())
    ecr.delete_repository(repositoryName="app")


@refusal("InvalidParameterException", "ecr")
def lifecycle_of_tagged_images_without_prefixes(c, ecr):
    ecr.create_repository(repositoryName="app")
    rule = {
        "rulePriority": 1,
        "selection": {"tagStatus": "tagged", "countType": "imageCountMoreThan", "countNumber": 5},
        "action": {"type": "expire"},
    }
    ecr.put_lifecycle_policy(repositoryName="app", lifecyclePolicyText=json.dumps({"rules": [rule]}))


@refusal("InvalidInputException", "codebuild")
def build_project_with_a_role_there_is_not(c, codebuild):
    codebuild.create_project(**PROJECT, serviceRole=PLANTED["role"])


@refusal("InvalidInputException", "codebuild")
def build_project_without_source_or_build_specification(c, codebuild):
    codebuild.create_project(**{**PROJECT, "source": {"type": "NO_SOURCE"}}, serviceRole=c.role())


# File systems


@refusal("BadRequest", "fsx")
def lustre_of_a_size_it_does_not_come_in(c, fsx):
    _, subnets = c.network()
    fsx.create_file_system(FileSystemType="LUSTRE", StorageCapacity=3000, SubnetIds=subnets, LustreConfiguration=LUSTRE)


@refusal("InvalidPerUnitStorageThroughput", "fsx")
def lustre_throughput_of_the_generation_before(c, fsx):
    _, subnets = c.network()
    wrong = {**LUSTRE, "PerUnitStorageThroughput": 200}
    fsx.create_file_system(FileSystemType="LUSTRE", StorageCapacity=1200, SubnetIds=subnets, LustreConfiguration=wrong)


@refusal("BadRequest", "fsx")
def efa_on_lustre_without_metadata_configuration(c, fsx):
    _, subnets = c.network()
    wrong = {**LUSTRE, "EfaEnabled": True}
    fsx.create_file_system(FileSystemType="LUSTRE", StorageCapacity=1200, SubnetIds=subnets, LustreConfiguration=wrong)


@refusal("BadRequest", "fsx")
def lustre_with_backups_linked_to_a_data_repository(c, fsx):
    _, subnets = c.network()
    backed_up = {**LUSTRE, "AutomaticBackupRetentionDays": 7}
    system = fsx.create_file_system(
        FileSystemType="LUSTRE", StorageCapacity=1200, SubnetIds=subnets, LustreConfiguration=backed_up
    )["FileSystem"]["FileSystemId"]
    fsx.create_data_repository_association(FileSystemId=system, DataRepositoryPath="s3://data", FileSystemPath="/data")


@refusal("BadRequest", "fsx")
def openzfs_throughput_of_another_deployment_type(c, fsx):
    _, subnets = c.network()
    wrong = {"DeploymentType": "SINGLE_AZ_HA_2", "ThroughputCapacity": 256}
    fsx.create_file_system(FileSystemType="OPENZFS", StorageCapacity=64, SubnetIds=subnets, OpenZFSConfiguration=wrong)


@refusal("InvalidNetworkSettings", "fsx")
def file_system_in_a_subnet_there_is_not(c, fsx):
    fsx.create_file_system(
        FileSystemType="LUSTRE",
        StorageCapacity=1200,
        SubnetIds=["subnet-0123456789abcdef0"],
        LustreConfiguration=LUSTRE,
    )


@refusal("FileSystemNotFound", "fsx")
def file_system_deleted_twice(c, fsx):
    fsx.delete_file_system(FileSystemId="fs-0123456789abcdef0")


@refusal("MountTargetConflict", "efs")
def two_mount_targets_in_one_zone(c, efs):
    vpc, (subnet,) = c.network()
    ec2 = c.client("ec2")
    other = ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.9.0/24", AvailabilityZone="eu-west-1a")["Subnet"]["SubnetId"]
    system = efs.create_file_system()["FileSystemId"]
    for each in (subnet, other):
        efs.create_mount_target(FileSystemId=system, SubnetId=each)


@refusal("FileSystemInUse", "efs")
def file_system_deleted_that_is_mounted(c, efs):
    _, (subnet,) = c.network()
    system = efs.create_file_system()["FileSystemId"]
    efs.create_mount_target(FileSystemId=system, SubnetId=subnet)
    efs.delete_file_system(FileSystemId=system)


@refusal("BadRequest", "efs")
def provisioned_throughput_without_a_number(c, efs):
    efs.create_file_system(ThroughputMode="provisioned")


@refusal("FileSystemNotFound", "efs")
def access_point_of_a_file_system_there_is_not(c, efs):
    efs.create_access_point(FileSystemId="fs-01234567")


# Buckets


@refusal("InvalidBucketName", "s3")
def bucket_name_in_capitals(c, s3):
    s3.create_bucket(Bucket="My_Data")


@refusal("BucketAlreadyExists", "s3")
def bucket_name_that_another_account_has(c, s3):
    c.bucket("taken-by-tests")
    place = {"LocationConstraint": "eu-west-1"}
    c.client("s3", c.other).create_bucket(Bucket="taken-by-tests", CreateBucketConfiguration=place)


@refusal("AccessDenied", "s3")
def public_policy_on_a_bucket_closed_to_the_public(c, s3):
    name = c.bucket()
    open_to_all = allow(Action="s3:GetObject", Principal="*", Resource=f"arn:aws:s3:::{name}/*")
    s3.put_bucket_policy(Bucket=name, Policy=open_to_all)


@refusal("MalformedPolicy", "s3")
def bucket_policy_for_another_bucket(c, s3):
    wrong = allow(Action="s3:GetObject", Principal={"AWS": c.account}, Resource="arn:aws:s3:::elsewhere/*")
    s3.put_bucket_policy(Bucket=c.bucket(), Policy=wrong)


@refusal("MalformedXML", "s3")
def versioning_switched_to_a_state_it_does_not_have(c, s3):
    s3.put_bucket_versioning(Bucket=c.bucket(), VersioningConfiguration={"Status": "On"})


@refusal("InvalidArgument", "s3")
def lifecycle_to_infrequent_access_too_early(c, s3):
    rule = {"Status": "Enabled", "Filter": {}, "Transitions": [{"Days": 7, "StorageClass": "STANDARD_IA"}]}
    s3.put_bucket_lifecycle_configuration(Bucket=c.bucket(), LifecycleConfiguration={"Rules": [rule]})


@refusal("BucketNotEmpty", "s3")
def bucket_deleted_that_is_not_empty(c, s3):
    s3.put_object(Bucket=c.bucket(), Key="checkpoint", Body=b"x")
    s3.delete_bucket(Bucket="a-bucket-of-tests")


@refusal("AccessControlListNotSupported", "s3")
def acl_on_a_bucket_without_acls(c, s3):
    s3.put_bucket_acl(Bucket=c.bucket(), ACL="private")


# Backups, costs, messages


def plan(**rule):
    return {"BackupPlanName": "p", "Rules": [{"RuleName": "nightly", "TargetBackupVaultName": "vault", **rule}]}


@refusal("InvalidParameterValueException", "backup")
def backup_plan_into_a_vault_there_is_not(c, backup):
    backup.create_backup_plan(BackupPlan=plan())


@refusal("InvalidParameterValueException", "backup")
def backup_that_leaves_cold_storage_too_early(c, backup):
    backup.create_backup_vault(BackupVaultName="vault")
    early = {"MoveToColdStorageAfterDays": 30, "DeleteAfterDays": 60}
    backup.create_backup_plan(BackupPlan=plan(Lifecycle=early))


@refusal("InvalidParameterValueException", "backup")
def backup_selection_with_a_role_there_is_not(c, backup):
    backup.create_backup_vault(BackupVaultName="vault")
    made = backup.create_backup_plan(BackupPlan=plan())["BackupPlanId"]
    selection = {"SelectionName": "s", "IamRoleArn": PLANTED["role"], "Resources": ["*"]}
    backup.create_backup_selection(BackupPlanId=made, BackupSelection=selection)


@refusal("InvalidParameterValueException", "backup")
def vault_lock_that_can_be_changed_for_too_short(c, backup):
    backup.create_backup_vault(BackupVaultName="vault")
    backup.put_backup_vault_lock_configuration(BackupVaultName="vault", MinRetentionDays=7, ChangeableForDays=1)


@refusal("ValidationException", "budgets")
def budget_with_a_negative_amount(c, budgets):
    negative = {**BUDGET, "BudgetLimit": {"Amount": "-5", "Unit": "USD"}}
    budgets.create_budget(AccountId=c.account, Budget=negative)


@refusal("DuplicateRecordException", "budgets")
def second_budget_of_a_name(c, budgets):
    for _ in range(2):
        budgets.create_budget(AccountId=c.account, Budget=BUDGET)


@refusal("InvalidParameterException", "budgets")
def budget_without_a_limit(c, budgets):
    budgets.create_budget(AccountId=c.account, Budget={**BUDGET, "BudgetLimit": {"Amount": "0", "Unit": "USD"}})


@refusal("LimitExceededException", "ce")
def second_monitor_of_all_services(c, ce):
    for name in "ab":
        monitor = {"MonitorName": name, "MonitorType": "DIMENSIONAL", "MonitorDimension": "SERVICE"}
        ce.create_anomaly_monitor(AnomalyMonitor=monitor)


@refusal("UnknownMonitorException", "ce")
def subscription_to_a_monitor_there_is_not(c, ce):
    ce.create_anomaly_subscription(
        AnomalySubscription={
            "SubscriptionName": "s",
            "MonitorArnList": [f"arn:aws:ce::{c.account}:anomalymonitor/x"],
            "Subscribers": [{"Type": "EMAIL", "Address": "team@example.org"}],
            "Frequency": "DAILY",
            "Threshold": 10.0,
        }
    )


@refusal("InvalidParameterException", "logs")
def log_retention_of_31_days(c, logs):
    logs.create_log_group(logGroupName="/herd")
    logs.put_retention_policy(logGroupName="/herd", retentionInDays=31)


@refusal("AccessDeniedException", "logs")
def log_group_with_a_key_that_logs_may_not_use(c, logs):
    key = c.client("kms").create_key()["KeyMetadata"]["Arn"]
    logs.create_log_group(logGroupName="/herd", kmsKeyId=key)


@refusal("ValidationException", "events")
def rule_at_hour_25(c, events):
    events.put_rule(Name="r", ScheduleExpression="cron(0 25 * * ? *)")


@refusal("ValidationException", "scheduler")
def schedule_with_both_kinds_of_day(c, scheduler):
    target = {"Arn": f"arn:aws:sns:eu-west-1:{c.account}:t", "RoleArn": c.role()}
    scheduler.create_schedule(
        Name="s", ScheduleExpression="cron(0 3 * * * *)", FlexibleTimeWindow={"Mode": "OFF"}, Target=target
    )


@refusal("InvalidParameter", "sns")
def subscription_of_something_that_is_no_address(c, sns):
    topic = sns.create_topic(Name="alerts")["TopicArn"]
    sns.subscribe(TopicArn=topic, Protocol="email", Endpoint="the team")


@refusal("NotFound", "sns")
def subscription_to_a_topic_there_is_not(c, sns):
    topic = f"arn:aws:sns:eu-west-1:{c.account}:nothing"
    sns.subscribe(TopicArn=topic, Protocol="email", Endpoint="team@example.org")


# Queues and identities of clusters


@refusal("InvalidAttributeValue", "sqs")
def messages_kept_for_ever(c, sqs):
    sqs.create_queue(QueueName="q", Attributes={"MessageRetentionPeriod": "99999999"})


@refusal("InvalidAttributeValue", "sqs")
def queue_with_two_kinds_of_encryption(c, sqs):
    sqs.create_queue(QueueName="q", Attributes={"KmsMasterKeyId": "alias/aws/sqs", "SqsManagedSseEnabled": "true"})


@refusal("InvalidAttributeValue", "sqs")
def queue_policy_for_a_role_that_is_not_there(c, sqs):
    url = sqs.create_queue(QueueName="q")["QueueUrl"]
    policy = allow(Principal={"AWS": PLANTED["role"]}, Action="sqs:SendMessage", Resource="*")
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": policy})


@refusal("InvalidAttributeValue", "sqs")
def queue_policy_that_is_no_json(c, sqs):
    sqs.create_queue(QueueName="q", Attributes={"Policy": "{bad"})


@refusal("InvalidAttributeValue", "sqs")
def redrive_policy_that_is_no_json(c, sqs):
    sqs.create_queue(QueueName="q", Attributes={"RedrivePolicy": "{bad"})


@refusal("InvalidAttributeName", "sqs")
def order_in_a_queue_that_has_none(c, sqs):
    sqs.create_queue(QueueName="q", Attributes={"ContentBasedDeduplication": "true"})


@refusal("ValidationError", "iam")
def issuer_without_encryption(c, iam):
    iam.create_open_id_connect_provider(Url="http://oidc.example.com", ClientIDList=["sts.amazonaws.com"])


@refusal("NoSuchEntity", "iam")
def client_of_an_issuer_that_is_not_there(c, iam):
    arn = "arn:aws:iam::111122223333:oidc-provider/oidc.example.com"
    iam.add_client_id_to_open_id_connect_provider(OpenIDConnectProviderArn=arn, ClientID="a")


@refusal("DeleteConflict", "iam")
def deleting_a_role_that_machines_have(c, iam):
    c.role("nodes")
    iam.create_instance_profile(InstanceProfileName="nodes")
    iam.add_role_to_instance_profile(InstanceProfileName="nodes", RoleName="nodes")
    iam.delete_role(RoleName="nodes")


# Placement and reservations (launches have a file of their own)


@refusal("InvalidPlacementGroup.Duplicate", "ec2")
def second_placement_group_of_a_name(c, ec2):
    for _ in range(2):
        ec2.create_placement_group(GroupName="close", Strategy="cluster")


@refusal("InvalidParameterCombination", "ec2")
def partitions_of_a_cluster_group(c, ec2):
    ec2.create_placement_group(GroupName="close", Strategy="cluster", PartitionCount=2)


@refusal("InvalidParameterValue", "ec2")
def more_partitions_than_seven(c, ec2):
    ec2.create_placement_group(GroupName="apart", Strategy="partition", PartitionCount=8)


@refusal("MissingParameter", "ec2")
def placement_group_without_a_strategy(c, ec2):
    ec2.create_placement_group(GroupName="close")


@refusal("InvalidParameterValue", "ec2")
def filter_that_placement_groups_do_not_have(c, ec2):
    ec2.describe_placement_groups(Filters=[{"Name": "colour", "Values": ["red"]}])


def reserve(ec2, **more):
    given = {"InstanceType": "m7i.large", "InstancePlatform": "Linux/UNIX", "AvailabilityZone": "eu-west-1a"}
    ec2.create_capacity_reservation(**given | {"InstanceCount": 1} | more)


@refusal("Unsupported", "ec2")
def reservation_of_a_type_that_the_zone_does_not_offer(c, ec2):
    reserve(ec2, InstanceType="hpc7a.96xlarge")


@refusal("InvalidParameterValue", "ec2")
def reservation_of_nothing(c, ec2):
    reserve(ec2, InstanceCount=0)


@refusal("InvalidParameterValue", "ec2")
def reservation_that_has_ended(c, ec2):
    reserve(ec2, EndDateType="limited", EndDate="2020-01-01T00:00:00Z")


@refusal("InvalidParameterCombination", "ec2")
def reservation_that_ends_at_no_time(c, ec2):
    reserve(ec2, EndDateType="limited")


@refusal("InvalidCapacityReservationId.NotFound", "ec2")
def reservation_that_is_not_there(c, ec2):
    ec2.describe_capacity_reservations(CapacityReservationIds=["cr-0123456789abcdef0"])


@refusal("InvalidCapacityReservationId.Malformed", "ec2")
def reservation_by_a_name(c, ec2):
    ec2.cancel_capacity_reservation(CapacityReservationId="mine")


@pytest.mark.parametrize("name", REFUSALS)
def test_a_bad_request_is_refused_as_aws_refuses_it(cloud, name):
    code, service, request = REFUSALS[name]
    assert cloud.refused(request, cloud, cloud.client(service, unchecked=True)) == code
    # It was the service that refused it, not the client, and nothing broke on the way.
    assert any(asked == service for asked, _ in cloud.server.requests)


def test_there_are_enough_of_them():
    assert len(REFUSALS) >= 40
    assert len({service for _, service, _ in REFUSALS.values()}) >= 15
