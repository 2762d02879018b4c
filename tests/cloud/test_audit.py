"""The audit lists the cloud itself: an orphan of every type is found, and a fresh cloud holds nothing."""

import json

import pytest

from components.base.problems import InvalidInputError
from herd.cloud.audit import CONTAINED, TABLE
from herd.cloud.audit import enumerate as audit
from herd.cloud.audit.listing import pages
from herd.cloud.provider.rows import ROWS

TAGS = {"owner": "ml-platform", "Name": "orphan"}
PAIRS = [{"Key": key, "Value": value} for key, value in TAGS.items()]
LOWER = [{"key": key, "value": value} for key, value in TAGS.items()]
PLANTS = {}


def plant(type_):
    """Register how an orphan of a type comes to be; the function returns its id, as Pulumi has it."""

    def register(function):
        PLANTS[type_] = function
        return function

    return register


def spec(kind):
    return [{"ResourceType": kind, "Tags": PAIRS}]


@plant("aws:ec2/vpc:Vpc")
def vpc(c):
    return c.client("ec2").create_vpc(CidrBlock="10.0.0.0/16", TagSpecifications=spec("vpc"))["Vpc"]["VpcId"]


@plant("aws:ec2/vpcIpv4CidrBlockAssociation:VpcIpv4CidrBlockAssociation")
def block(c):
    made = c.client("ec2").associate_vpc_cidr_block(VpcId=vpc(c), CidrBlock="100.64.0.0/16")
    return made["CidrBlockAssociation"]["AssociationId"]


@plant("aws:ec2/subnet:Subnet")
def subnet(c):
    tags = spec("subnet")
    return c.client("ec2").create_subnet(VpcId=vpc(c), CidrBlock="10.0.0.0/24", TagSpecifications=tags)["Subnet"][
        "SubnetId"
    ]


@plant("aws:ec2/internetGateway:InternetGateway")
def gateway(c):
    tags = spec("internet-gateway")
    return c.client("ec2").create_internet_gateway(TagSpecifications=tags)["InternetGateway"]["InternetGatewayId"]


@plant("aws:ec2/eip:Eip")
def address(c):
    return c.client("ec2").allocate_address(Domain="vpc", TagSpecifications=spec("elastic-ip"))["AllocationId"]


@plant("aws:ec2/natGateway:NatGateway")
def nat(c):
    network, (zone,) = c.network()
    ec2 = c.client("ec2")
    ec2.attach_internet_gateway(InternetGatewayId=gateway(c), VpcId=network)
    made = ec2.create_nat_gateway(SubnetId=zone, AllocationId=address(c), TagSpecifications=spec("natgateway"))
    return made["NatGateway"]["NatGatewayId"]


@plant("aws:ec2/routeTable:RouteTable")
def table(c):
    tags = spec("route-table")
    return c.client("ec2").create_route_table(VpcId=vpc(c), TagSpecifications=tags)["RouteTable"]["RouteTableId"]


@plant("aws:ec2/route:Route")
def route(c):
    ec2, network, way = c.client("ec2"), vpc(c), gateway(c)
    ec2.attach_internet_gateway(InternetGatewayId=way, VpcId=network)
    routes = ec2.create_route_table(VpcId=network)["RouteTable"]["RouteTableId"]
    ec2.create_route(RouteTableId=routes, DestinationCidrBlock="0.0.0.0/0", GatewayId=way)
    return f"r-{routes}1080289494"


@plant("aws:ec2/routeTableAssociation:RouteTableAssociation")
def association(c):
    network, (zone,) = c.network()
    ec2 = c.client("ec2")
    routes = ec2.create_route_table(VpcId=network)["RouteTable"]["RouteTableId"]
    return ec2.associate_route_table(RouteTableId=routes, SubnetId=zone)["AssociationId"]


@plant("aws:ec2/vpcEndpoint:VpcEndpoint")
def endpoint(c):
    tags, service = spec("vpc-endpoint"), f"com.amazonaws.{c.region}.s3"
    made = c.client("ec2").create_vpc_endpoint(VpcId=vpc(c), ServiceName=service, TagSpecifications=tags)
    return made["VpcEndpoint"]["VpcEndpointId"]


@plant("aws:ec2/flowLog:FlowLog")
def flow_log(c):
    return c.client("ec2").create_flow_logs(
        ResourceIds=[vpc(c)],
        ResourceType="VPC",
        TrafficType="ALL",
        LogDestinationType="s3",
        LogDestination=f"arn:aws:s3:::{c.bucket()}",
        TagSpecifications=spec("vpc-flow-log"),
    )["FlowLogIds"][0]


@plant("aws:ec2/securityGroup:SecurityGroup")
def group(c):
    tags = spec("security-group")
    made = c.client("ec2").create_security_group(
        VpcId=vpc(c), GroupName="orphan", Description="d", TagSpecifications=tags
    )
    return made["GroupId"]


RULE = [{"IpProtocol": "tcp", "FromPort": 988, "ToPort": 988, "IpRanges": [{"CidrIp": "10.0.0.0/16"}]}]


@plant("aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule")
def ingress(c):
    made = c.client("ec2").authorize_security_group_ingress(
        GroupId=group(c), IpPermissions=RULE, TagSpecifications=spec("security-group-rule")
    )
    return made["SecurityGroupRules"][0]["SecurityGroupRuleId"]


@plant("aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule")
def egress(c):
    made = c.client("ec2").authorize_security_group_egress(
        GroupId=group(c), IpPermissions=RULE, TagSpecifications=spec("security-group-rule")
    )
    return made["SecurityGroupRules"][0]["SecurityGroupRuleId"]


@plant("aws:iam/role:Role")
def role(c):
    c.role("orphan")
    c.client("iam").tag_role(RoleName="orphan", Tags=PAIRS)
    return "orphan"


@plant("aws:iam/rolePolicy:RolePolicy")
def role_policy(c):
    c.role()
    document = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:Get*", "Resource": "*"}]}
    c.client("iam").put_role_policy(RoleName="role", PolicyName="orphan", PolicyDocument=json.dumps(document))
    return "role:orphan"


@plant("aws:iam/rolePolicyAttachment:RolePolicyAttachment")
def attachment(c):
    c.role()
    iam = c.client("iam")
    document = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:Get*", "Resource": "*"}]}
    arn = iam.create_policy(PolicyName="p", PolicyDocument=json.dumps(document))["Policy"]["Arn"]
    iam.attach_role_policy(RoleName="role", PolicyArn=arn)
    return f"role-{arn}"


@plant("aws:iam/instanceProfile:InstanceProfile")
def profile(c):
    c.client("iam").create_instance_profile(InstanceProfileName="orphan", Tags=PAIRS)
    return "orphan"


@plant("aws:iam/openIdConnectProvider:OpenIdConnectProvider")
def issuer(c):
    iam = c.client("iam")
    made = iam.create_open_id_connect_provider(
        Url="https://oidc.example.com/orphan", ThumbprintList=["a" * 40], Tags=PAIRS
    )
    return made["OpenIDConnectProviderArn"]


@plant("aws:ec2/launchTemplate:LaunchTemplate")
def launch_template(c):
    content = {"InstanceType": "m7i.large"}
    made = c.client("ec2").create_launch_template(
        LaunchTemplateName="orphan", LaunchTemplateData=content, TagSpecifications=spec("launch-template")
    )
    return made["LaunchTemplate"]["LaunchTemplateId"]


@plant("aws:ec2/placementGroup:PlacementGroup")
def placement_group(c):
    ec2 = c.client("ec2")
    ec2.create_placement_group(GroupName="orphan", Strategy="cluster", TagSpecifications=spec("placement-group"))
    return "orphan"


@plant("aws:autoscaling/schedule:Schedule")
def scheduled_action(c):
    client, place = c.client("autoscaling"), {"LaunchTemplateId": launch_template(c)}
    client.create_auto_scaling_group(
        AutoScalingGroupName="group", MinSize=0, MaxSize=0, LaunchTemplate=place, AvailabilityZones=[f"{c.region}a"]
    )
    client.put_scheduled_update_group_action(
        AutoScalingGroupName="group", ScheduledActionName="orphan", MinSize=0, Recurrence="0 9 * * *"
    )
    return "orphan"


@plant("aws:sqs/queue:Queue")
def queue(c):
    return c.client("sqs").create_queue(QueueName="orphan", tags=TAGS)["QueueUrl"]


@plant("aws:kms/key:Key")
def key(c):
    tags = [{"TagKey": name, "TagValue": value} for name, value in TAGS.items()]
    return c.client("kms").create_key(Tags=tags)["KeyMetadata"]["KeyId"]


@plant("aws:kms/alias:Alias")
def alias(c):
    c.client("kms").create_alias(AliasName="alias/orphan", TargetKeyId=key(c))
    return "alias/orphan"


@plant("aws:kms/grant:Grant")
def grant(c):
    owner = key(c)
    made = c.client("kms").create_grant(KeyId=owner, GranteePrincipal=c.role(), Operations=["Decrypt"])
    return f"{owner}:{made['GrantId']}"


@plant("aws:secretsmanager/secret:Secret")
def secret(c):
    return c.client("secretsmanager").create_secret(Name="orphan", SecretString="x", Tags=PAIRS)["ARN"]


@plant("aws:ssm/parameter:Parameter")
def parameter(c):
    c.client("ssm").put_parameter(Name="/orphan", Type="String", Value="x", Tags=PAIRS)
    return "/orphan"


@plant("aws:cloudwatch/logGroup:LogGroup")
def log_group(c):
    c.client("logs").create_log_group(logGroupName="/orphan", tags=TAGS)
    return "/orphan"


@plant("aws:cloudwatch/eventRule:EventRule")
def rule(c):
    c.client("events").put_rule(Name="orphan", EventPattern='{"source": ["aws.ecr"]}', Tags=PAIRS)
    return "orphan"


@plant("aws:cloudwatch/eventTarget:EventTarget")
def target(c):
    topic_arn = topic(c)
    c.client("events").put_targets(Rule=rule(c), Targets=[{"Id": "mail", "Arn": topic_arn}])
    return "orphan-mail"


@plant("aws:scheduler/schedule:Schedule")
def schedule(c):
    destination = {"Arn": topic(c), "RoleArn": c.role(service="scheduler.amazonaws.com")}
    c.client("scheduler").create_schedule(
        Name="orphan", ScheduleExpression="rate(1 day)", FlexibleTimeWindow={"Mode": "OFF"}, Target=destination
    )
    return "default/orphan"


@plant("aws:sns/topic:Topic")
def topic(c):
    return c.client("sns").create_topic(Name="orphan", Tags=PAIRS)["TopicArn"]


@plant("aws:sns/topicSubscription:TopicSubscription")
def subscription(c):
    made = c.client("sns").subscribe(
        TopicArn=topic(c), Protocol="email", Endpoint="team@example.org", ReturnSubscriptionArn=True
    )
    return made["SubscriptionArn"]


@plant("aws:ecr/repository:Repository")
def repository(c):
    c.client("ecr").create_repository(repositoryName="orphan", tags=PAIRS)
    return "orphan"


@plant("aws:ecr/lifecyclePolicy:LifecyclePolicy")
def lifecycle(c):
    selection = {"tagStatus": "untagged", "countType": "imageCountMoreThan", "countNumber": 5}
    rules = [{"rulePriority": 1, "selection": selection, "action": {"type": "expire"}}]
    name = repository(c)
    c.client("ecr").put_lifecycle_policy(repositoryName=name, lifecyclePolicyText=json.dumps({"rules": rules}))
    return name


def ecr_policy(c, **resource):
    statement = {"Sid": "a", "Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{c.other}:root"}, **resource}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


@plant("aws:ecr/repositoryPolicy:RepositoryPolicy")
def repository_policy(c):
    name = repository(c)
    c.client("ecr").set_repository_policy(repositoryName=name, policyText=ecr_policy(c, Action=["ecr:BatchGetImage"]))
    return name


@plant("aws:ecr/registryPolicy:RegistryPolicy")
def registry_policy(c):
    everything = f"arn:aws:ecr:{c.region}:{c.account}:repository/*"
    text = ecr_policy(c, Action=["ecr:ReplicateImage"], Resource=[everything])
    c.client("ecr").put_registry_policy(policyText=text)
    return c.account


@plant("aws:ecr/pullThroughCacheRule:PullThroughCacheRule")
def cache(c):
    c.client("ecr").create_pull_through_cache_rule(ecrRepositoryPrefix="orphan", upstreamRegistryUrl="quay.io")
    return "orphan"


@plant("aws:ecr/repositoryCreationTemplate:RepositoryCreationTemplate")
def template(c):
    c.client("ecr").create_repository_creation_template(prefix="orphan", appliedFor=["PULL_THROUGH_CACHE"])
    return "orphan"


@plant("aws:ecr/registryScanningConfiguration:RegistryScanningConfiguration")
def scanning(c):
    filters = [{"filter": "*", "filterType": "WILDCARD"}]
    rules = [{"scanFrequency": "SCAN_ON_PUSH", "repositoryFilters": filters}]
    c.client("ecr").put_registry_scanning_configuration(scanType="BASIC", rules=rules)
    return c.account


@plant("aws:ecr/replicationConfiguration:ReplicationConfiguration")
def replication(c):
    rules = [{"destinations": [{"region": "us-west-2", "registryId": c.account}]}]
    c.client("ecr").put_replication_configuration(replicationConfiguration={"rules": rules})
    return c.account


@plant("aws:codebuild/project:Project")
def project(c):
    made = c.client("codebuild").create_project(
        name="orphan",
        source={"type": "NO_SOURCE", "buildspec": "version: 0.2"},
        artifacts={"type": "NO_ARTIFACTS"},
        environment={"type": "LINUX_CONTAINER", "image": "i", "computeType": "BUILD_GENERAL1_SMALL"},
        serviceRole=c.role(service="codebuild.amazonaws.com"),
        tags=LOWER,
    )
    return made["project"]["arn"]


@plant("aws:s3/bucket:Bucket")
def bucket(c):
    name = c.bucket("orphan-bucket")
    c.client("s3").put_bucket_tagging(Bucket=name, Tagging={"TagSet": PAIRS})
    return name


@plant("aws:s3/bucketPolicy:BucketPolicy")
def bucket_policy(c):
    name = c.bucket()
    deny = {"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": f"arn:aws:s3:::{name}/*"}
    c.client("s3").put_bucket_policy(Bucket=name, Policy=json.dumps({"Version": "2012-10-17", "Statement": [deny]}))
    return name


@plant("aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration")
def bucket_lifecycle(c):
    name = c.bucket()
    rules = [{"ID": "a", "Status": "Enabled", "Filter": {"Prefix": ""}, "Expiration": {"Days": 30}}]
    c.client("s3").put_bucket_lifecycle_configuration(Bucket=name, LifecycleConfiguration={"Rules": rules})
    return name


@plant("aws:fsx/lustreFileSystem:LustreFileSystem")
def lustre(c):
    _, subnets = c.network()
    made = c.client("fsx").create_file_system(
        FileSystemType="LUSTRE",
        StorageCapacity=1200,
        SubnetIds=subnets,
        Tags=PAIRS,
        LustreConfiguration={"DeploymentType": "PERSISTENT_2", "PerUnitStorageThroughput": 125},
    )
    return made["FileSystem"]["FileSystemId"]


@plant("aws:fsx/openZfsFileSystem:OpenZfsFileSystem")
def openzfs(c):
    _, subnets = c.network()
    made = c.client("fsx").create_file_system(
        FileSystemType="OPENZFS",
        StorageCapacity=64,
        SubnetIds=subnets,
        Tags=PAIRS,
        OpenZFSConfiguration={"DeploymentType": "SINGLE_AZ_HA_2", "ThroughputCapacity": 320},
    )
    return made["FileSystem"]["FileSystemId"]


@plant("aws:fsx/dataRepositoryAssociation:DataRepositoryAssociation")
def data_association(c):
    made = c.client("fsx").create_data_repository_association(
        FileSystemId=lustre(c), FileSystemPath="/data", DataRepositoryPath=f"s3://{c.bucket()}", Tags=PAIRS
    )
    return made["Association"]["AssociationId"]


@plant("aws:fsx/backup:Backup")
def final_backup(c):
    done = c.client("fsx").delete_file_system(FileSystemId=openzfs(c), OpenZFSConfiguration={"FinalBackupTags": PAIRS})
    return done["OpenZFSResponse"]["FinalBackupId"]


@plant("aws:efs/fileSystem:FileSystem")
def efs(c):
    return c.client("efs").create_file_system(CreationToken="orphan", Tags=PAIRS)["FileSystemId"]


@plant("aws:efs/fileSystemPolicy:FileSystemPolicy")
def efs_policy(c):
    system = efs(c)
    allow = {"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "elasticfilesystem:ClientMount"}
    c.client("efs").put_file_system_policy(FileSystemId=system, Policy=json.dumps({"Statement": [allow]}))
    return system


@plant("aws:efs/mountTarget:MountTarget")
def mount(c):
    _, (zone,) = c.network()
    return c.client("efs").create_mount_target(FileSystemId=efs(c), SubnetId=zone)["MountTargetId"]


@plant("aws:efs/accessPoint:AccessPoint")
def access_point(c):
    return c.client("efs").create_access_point(ClientToken="t", FileSystemId=efs(c), Tags=PAIRS)["AccessPointId"]


@plant("aws:backup/vault:Vault")
def vault(c):
    c.client("backup").create_backup_vault(BackupVaultName="orphan", BackupVaultTags=TAGS)
    return "orphan"


@plant("aws:backup/vaultLockConfiguration:VaultLockConfiguration")
def vault_lock(c):
    name = vault(c)
    c.client("backup").put_backup_vault_lock_configuration(BackupVaultName=name, MinRetentionDays=7)
    return name


@plant("aws:backup/vaultPolicy:VaultPolicy")
def vault_policy(c):
    name = vault(c)
    deny = {"Effect": "Deny", "Principal": "*", "Action": "backup:DeleteRecoveryPoint", "Resource": "*"}
    c.client("backup").put_backup_vault_access_policy(BackupVaultName=name, Policy=json.dumps({"Statement": [deny]}))
    return name


@plant("aws:backup/plan:Plan")
def plan(c):
    rules = [{"RuleName": "nightly", "TargetBackupVaultName": vault(c)}]
    made = c.client("backup").create_backup_plan(
        BackupPlan={"BackupPlanName": "orphan", "Rules": rules}, BackupPlanTags=TAGS
    )
    return made["BackupPlanId"]


@plant("aws:backup/selection:Selection")
def selection(c):
    chosen = {"SelectionName": "orphan", "IamRoleArn": c.role(service="backup.amazonaws.com"), "Resources": ["*"]}
    return c.client("backup").create_backup_selection(BackupPlanId=plan(c), BackupSelection=chosen)["SelectionId"]


@plant("aws:budgets/budget:Budget")
def budget(c):
    wanted = {
        "BudgetName": "orphan",
        "BudgetType": "COST",
        "TimeUnit": "MONTHLY",
        "BudgetLimit": {"Amount": "5", "Unit": "USD"},
    }
    c.client("budgets").create_budget(AccountId=c.account, Budget=wanted, ResourceTags=PAIRS)
    return f"{c.account}:orphan"


@plant("aws:costexplorer/anomalyMonitor:AnomalyMonitor")
def monitor(c):
    wanted = {"MonitorName": "orphan", "MonitorType": "DIMENSIONAL", "MonitorDimension": "SERVICE"}
    return c.client("ce").create_anomaly_monitor(AnomalyMonitor=wanted, ResourceTags=PAIRS)["MonitorArn"]


@plant("aws:costexplorer/anomalySubscription:AnomalySubscription")
def cost_subscription(c):
    wanted = {
        "SubscriptionName": "orphan",
        "MonitorArnList": [monitor(c)],
        "Subscribers": [{"Type": "EMAIL", "Address": "team@example.org"}],
        "Frequency": "DAILY",
        "Threshold": 10.0,
    }
    made = c.client("ce").create_anomaly_subscription(AnomalySubscription=wanted, ResourceTags=PAIRS)
    return made["SubscriptionArn"]


@plant("aws:costexplorer/costAllocationTag:CostAllocationTag")
def allocation_tag(c):
    status = [{"TagKey": "owner", "Status": "Active"}]
    c.client("ce").update_cost_allocation_tags_status(CostAllocationTagsStatus=status)
    return "owner"


LISTED = {row.type: row for row in TABLE}


@plant("aws:eks/cluster:Cluster")
def cluster(c):
    _, subnets = c.network(2)
    access = {"authenticationMode": "API", "bootstrapClusterCreatorAdminPermissions": False}
    made = c.client("eks").create_cluster(
        name="orphan",
        roleArn=c.role("eks", "eks.amazonaws.com"),
        resourcesVpcConfig={"subnetIds": subnets},
        accessConfig=access,
        tags=TAGS,
    )
    return made["cluster"]["name"]


@plant("aws:eks/nodeGroup:NodeGroup")
def nodes(c):
    eks, name = c.client("eks"), cluster(c)
    subnets = eks.describe_cluster(name=name)["cluster"]["resourcesVpcConfig"]["subnetIds"]
    role = c.role("nodes", "ec2.amazonaws.com")
    eks.create_nodegroup(clusterName=name, nodegroupName="orphan", nodeRole=role, subnets=subnets, tags=TAGS)
    return f"{name}:orphan"


@plant("aws:eks/addon:Addon")
def addon(c):
    name = cluster(c)
    c.client("eks").create_addon(clusterName=name, addonName="kube-proxy", tags=TAGS)
    return f"{name}:kube-proxy"


@plant("aws:eks/accessEntry:AccessEntry")
def entry(c):
    name, principal = cluster(c), c.role("people")
    c.client("eks").create_access_entry(clusterName=name, principalArn=principal, tags=TAGS)
    return f"{name}:{principal}"


@plant("aws:eks/accessPolicyAssociation:AccessPolicyAssociation")
def access(c):
    name, _, principal = entry(c).partition(":")
    policy = "arn:aws:eks::aws:cluster-access-policy/AmazonEKSViewPolicy"
    aim = {"clusterName": name, "principalArn": principal, "policyArn": policy}
    c.client("eks").associate_access_policy(**aim, accessScope={"type": "cluster"})
    return f"{name}#{principal}#{policy}"


@plant("aws:eks/podIdentityAssociation:PodIdentityAssociation")
def pod_identity(c):
    name, trust = cluster(c), {"Service": "pods.eks.amazonaws.com"}
    actions = ["sts:AssumeRole", "sts:TagSession"]
    document = json.dumps({"Statement": [{"Effect": "Allow", "Principal": trust, "Action": actions}]})
    role = c.client("iam").create_role(RoleName="pods", AssumeRolePolicyDocument=document)["Role"]["Arn"]
    place = {"clusterName": name, "namespace": "kube-system", "serviceAccount": "karpenter"}
    made = c.client("eks").create_pod_identity_association(**place, roleArn=role, tags=TAGS)
    return made["association"]["associationId"]


DOCUMENT = """
name: orphan
schemaVersion: 1.0
phases:
  - name: build
    steps:
      - name: look
        action: ExecuteBash
        inputs:
          commands: [uname]
"""


@plant("aws:imagebuilder/component:Component")
def component(c):
    given = {"name": "orphan", "semanticVersion": "1.0.0", "platform": "Linux", "data": DOCUMENT}
    return c.client("imagebuilder").create_component(**given, tags=TAGS)["componentBuildVersionArn"]


@plant("aws:imagebuilder/imageRecipe:ImageRecipe")
def recipe(c):
    parent = c.client("ec2").register_image(Name="parent", Architecture="x86_64", RootDeviceName="/dev/xvda")["ImageId"]
    given = {"name": "orphan", "semanticVersion": "1.0.0", "components": [{"componentArn": component(c)}]}
    made = c.client("imagebuilder").create_image_recipe(**given, parentImage=parent, tags=TAGS)
    return made["imageRecipeArn"]


@plant("aws:imagebuilder/infrastructureConfiguration:InfrastructureConfiguration")
def machines_that_build(c):
    c.client("iam").create_instance_profile(InstanceProfileName="builds")
    given = {"name": "orphan", "instanceProfileName": "builds", "tags": TAGS}
    return c.client("imagebuilder").create_infrastructure_configuration(**given)["infrastructureConfigurationArn"]


@plant("aws:imagebuilder/distributionConfiguration:DistributionConfiguration")
def distribution(c):
    given = {"name": "orphan", "distributions": [{"region": c.region}], "tags": TAGS}
    return c.client("imagebuilder").create_distribution_configuration(**given)["distributionConfigurationArn"]


@plant("aws:imagebuilder/image:Image")
def image(c):
    uses = {"imageRecipeArn": recipe(c), "infrastructureConfigurationArn": machines_that_build(c)}
    return c.client("imagebuilder").create_image(**uses, tags=TAGS)["imageBuildVersionArn"]


@plant("aws:imagebuilder/imagePipeline:ImagePipeline")
def image_pipeline(c):
    uses = {"imageRecipeArn": recipe(c), "infrastructureConfigurationArn": machines_that_build(c)}
    return c.client("imagebuilder").create_image_pipeline(name="orphan", **uses, tags=TAGS)["imagePipelineArn"]


def found(cloud, types=None):
    return audit(cloud.endpoint, cloud.account, [cloud.region], types=types)


@pytest.mark.parametrize("type_", LISTED)
def test_an_orphan_of_each_type_is_found(cloud, type_):
    wanted = PLANTS[type_](cloud)
    matching = [each for each in found(cloud, [type_]) if each.id == wanted]
    assert len(matching) == 1, found(cloud)
    (orphan,) = matching
    assert (orphan.type, orphan.account) == (type_, cloud.account)
    in_region = LISTED[type_].scope == "region" or type_.startswith("aws:s3/")
    assert orphan.region == (cloud.region if in_region else "global")
    if LISTED[type_].tags is not None:
        assert orphan.tags == TAGS
        assert orphan.name in {"orphan", "/orphan", "orphan-bucket"}


def test_a_fresh_cloud_holds_nothing(cloud):
    # AWS's own keys appear when they are first used, and are nobody's.
    cloud.client("kms").describe_key(KeyId="alias/aws/s3")
    assert audit(cloud.endpoint, cloud.account, [cloud.region, "us-east-1"]) == []


def test_what_aws_makes_for_everybody_is_left_out(cloud):
    cloud.client("iam").create_service_linked_role(AWSServiceName="autoscaling.amazonaws.com")
    cloud.client("backup").create_backup_vault(BackupVaultName="Default")
    assert found(cloud) == []


def test_a_key_that_waits_for_its_deletion_is_not_left_over(cloud):
    cloud.client("kms").schedule_key_deletion(KeyId=key(cloud), PendingWindowInDays=7)
    assert found(cloud) == []


def test_a_deleted_nat_gateway_endpoint_and_secret_are_not_left_over(cloud):
    ec2 = cloud.client("ec2")
    ec2.delete_nat_gateway(NatGatewayId=nat(cloud))
    ec2.delete_vpc_endpoints(VpcEndpointIds=[endpoint(cloud)])
    cloud.client("secretsmanager").delete_secret(SecretId=secret(cloud))
    types = {each.type for each in found(cloud)}
    assert not types & {"aws:ec2/natGateway:NatGateway", "aws:ec2/vpcEndpoint:VpcEndpoint"}
    assert "aws:secretsmanager/secret:Secret" not in types


def test_the_routes_of_a_gateway_endpoint_are_the_endpoints(cloud):
    ec2, network = cloud.client("ec2"), vpc(cloud)
    routes = ec2.create_route_table(VpcId=network)["RouteTable"]["RouteTableId"]
    ec2.create_vpc_endpoint(VpcId=network, ServiceName=f"com.amazonaws.{cloud.region}.s3", RouteTableIds=[routes])
    assert "aws:ec2/route:Route" not in {each.type for each in found(cloud)}


def test_the_rule_that_lets_everything_out_of_a_new_group_is_the_groups(cloud):
    group(cloud)
    assert {each.type for each in found(cloud)} == {"aws:ec2/vpc:Vpc", "aws:ec2/securityGroup:SecurityGroup"}


def test_a_bucket_in_another_region_is_looked_for_there(cloud):
    cloud.client("s3", region="us-east-1").create_bucket(Bucket="orphan-elsewhere")
    assert found(cloud) == []
    (there,) = audit(cloud.endpoint, cloud.account, ["us-east-1"])
    assert (there.id, there.region) == ("orphan-elsewhere", "us-east-1")


def test_what_an_account_has_once_is_listed_once(cloud):
    role(cloud)
    assert [each.id for each in audit(cloud.endpoint, cloud.account, [cloud.region, "us-east-1", cloud.region])] == [
        "orphan"
    ]


def test_a_cluster_without_access_entries_has_none(cloud):
    """EKS refuses to list them where its ConfigMap alone says who may do what."""
    _, subnets = cloud.network(2)
    names = {"name": "other", "roleArn": cloud.role("eks", "eks.amazonaws.com")}
    access = {"authenticationMode": "CONFIG_MAP"}
    cloud.client("eks").create_cluster(**names, resourcesVpcConfig={"subnetIds": subnets}, accessConfig=access)
    types = ["aws:eks/cluster:Cluster", "aws:eks/accessEntry:AccessEntry"]
    assert [item.id for item in found(cloud, types)] == ["other"]


def test_another_account_is_another_cloud(cloud):
    vpc(cloud)
    assert audit(cloud.endpoint, cloud.other, [cloud.region]) == []


def test_more_than_a_page_is_listed_whole(cloud):
    kms = cloud.client("kms")
    made = {kms.create_key()["KeyMetadata"]["KeyId"] for _ in range(3)}
    for number in range(60):
        cloud.client("ssm").put_parameter(Name=f"/p{number}", Type="String", Value="x")
    listed = found(cloud, ["aws:kms/key:Key", "aws:ssm/parameter:Parameter"])
    assert {each.id for each in listed if each.type == "aws:kms/key:Key"} == made
    assert sum(each.type == "aws:ssm/parameter:Parameter" for each in listed) == 60


def test_pages_that_botocore_does_not_turn_are_turned(cloud):
    name = {"FileSystemId": lustre(cloud)}
    fsx = cloud.client("fsx")
    for path in ("/a", "/b", "/c"):
        fsx.create_data_repository_association(**name, FileSystemPath=path, DataRepositoryPath="s3://abc")
    listed = list(pages(fsx, "describe_data_repository_associations", {"MaxResults": 2}))
    assert [len(page["Associations"]) for page in listed] == [2, 1]


def test_what_cannot_be_listed_is_an_error_that_names_it_all(cloud):
    cloud.fault(kind="error", service="efs", action="DescribeFileSystems", code="AccessDeniedException", status=403)
    cloud.fault(kind="error", service="budgets", code="AccessDeniedException", status=400)
    with pytest.raises(InvalidInputError) as caught:
        found(cloud)
    assert {problem.field for problem in caught.value.problems} == {
        "aws:efs/fileSystem:FileSystem",
        "aws:budgets/budget:Budget",
    }


def test_an_operation_that_is_not_modelled_is_no_empty_list(cloud):
    cloud.fault(kind="error", service="ce", action="GetAnomalyMonitors", code="HerdNotModelled", status=501)
    with pytest.raises(InvalidInputError, match="HerdNotModelled"):
        found(cloud)


def test_an_unknown_type_is_refused(cloud):
    with pytest.raises(InvalidInputError, match="aws:ec2/instance:Instance"):
        found(cloud, ["aws:ec2/instance:Instance"])


def test_every_type_the_provider_has_is_listed_or_part_of_one_that_is():
    assert set(ROWS) <= set(LISTED) | set(CONTAINED)


def test_what_is_part_of_another_type_is_not_listed_itself():
    assert not set(LISTED) & set(CONTAINED)
    assert set(CONTAINED.values()) <= set(LISTED)


def test_every_listed_type_is_planted():
    assert set(PLANTS) == set(LISTED)
