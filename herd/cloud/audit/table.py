"""What the audit lists: one row per kind of object, how to list it, what its Pulumi id is, what a fresh account holds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

NOTHING = "`false`"


@dataclass(frozen=True)
class Listing:
    """How one resource type is listed. Expressions are JMESPath.

    Attributes:
        type: Pulumi's type.
        service: boto3's name of the service.
        operation: The list operation, in boto3's spelling; paged where boto3 can.
        items: From the response (of one page) to the list of objects.
        id: From an object to the id Pulumi gives it. `@account` and `@region` stand for the place,
            `@parent` for the object of `within`.
        name: From an object to its name; empty where only a Name tag names it.
        tags: From an object to its tags, as a map or as a list of Key/Value pairs; empty for `tagged_by` or none.
        tagged_by: Operation, parameter, expression of its value, expression of the tags in the response.
        ignore: True for an object that AWS makes by itself.
        parameters: Of the operation; values that begin with `@` are expressions on the object of `within`.
        within: The listing whose objects this one is asked for one by one.
        scope: `global` services are listed once, in the first region.
    """

    type: str
    service: str
    operation: str
    items: str
    id: str
    name: str = ""
    tags: str = ""
    tagged_by: tuple[str, str, str, str] | None = None
    ignore: str = NOTHING
    parameters: tuple[tuple[str, object], ...] = ()
    within: Listing | None = None
    scope: Literal["regional", "global"] = "regional"


def _ec2(kind: str, operation: str, items: str, identity: str, ignore: str = NOTHING, name: str = "") -> Listing:
    return Listing(f"aws:ec2/{kind}", "ec2", operation, items, identity, name, "Tags || TagSet", ignore=ignore)


VPC = _ec2("vpc:Vpc", "describe_vpcs", "Vpcs", "VpcId", "IsDefault")
ROLE = Listing(
    "aws:iam/role:Role",
    "iam",
    "list_roles",
    "Roles",
    "RoleName",
    "RoleName",
    tagged_by=("list_role_tags", "RoleName", "RoleName", "Tags"),
    ignore="starts_with(Path, '/aws-service-role/')",
    scope="global",
)
KEY = Listing(
    "aws:kms/key:Key",
    "kms",
    "describe_key",
    "[KeyMetadata]",
    "KeyId",
    tagged_by=("list_resource_tags", "KeyId", "KeyId", "Tags[].{Key: TagKey, Value: TagValue}"),
    ignore="KeyManager == 'AWS' || KeyState == 'PendingDeletion'",
    parameters=(("KeyId", "@KeyId"),),
    within=Listing("", "kms", "list_keys", "Keys", "KeyId"),
)
EFS = Listing(
    "aws:efs/fileSystem:FileSystem", "efs", "describe_file_systems", "FileSystems", "FileSystemId", "Name", "Tags"
)
VAULT = Listing(
    "aws:backup/vault:Vault",
    "backup",
    "list_backup_vaults",
    "BackupVaultList",
    "BackupVaultName",
    "BackupVaultName",
    tagged_by=("list_tags", "ResourceArn", "BackupVaultArn", "Tags"),
    ignore="BackupVaultName == 'Default' || starts_with(BackupVaultName, 'aws/')",
)
PLAN = Listing(
    "aws:backup/plan:Plan",
    "backup",
    "list_backup_plans",
    "BackupPlansList",
    "BackupPlanId",
    "BackupPlanName",
    tagged_by=("list_tags", "ResourceArn", "BackupPlanArn", "Tags"),
)
TOPIC = Listing(
    "aws:sns/topic:Topic",
    "sns",
    "list_topics",
    "Topics",
    "TopicArn",
    tagged_by=("list_tags_for_resource", "ResourceArn", "TopicArn", "Tags"),
)

LISTINGS: tuple[Listing, ...] = (
    VPC,
    _ec2("subnet:Subnet", "describe_subnets", "Subnets", "SubnetId", "DefaultForAz"),
    # The internet gateway and the main route table of a default VPC carry no mark: what holds them is asked instead.
    _ec2("internetGateway:InternetGateway", "describe_internet_gateways", "InternetGateways", "InternetGatewayId"),
    _ec2("eip:Eip", "describe_addresses", "Addresses", "AllocationId"),
    _ec2("natGateway:NatGateway", "describe_nat_gateways", "NatGateways", "NatGatewayId", "State == 'deleted'"),
    _ec2(
        "routeTable:RouteTable",
        "describe_route_tables",
        "RouteTables",
        "RouteTableId",
        "length(Associations[?Main]) > `0`",
    ),
    _ec2("vpcEndpoint:VpcEndpoint", "describe_vpc_endpoints", "VpcEndpoints", "VpcEndpointId", "State == 'deleted'"),
    _ec2("flowLog:FlowLog", "describe_flow_logs", "FlowLogs", "FlowLogId"),
    _ec2(
        "securityGroup:SecurityGroup",
        "describe_security_groups",
        "SecurityGroups",
        "GroupId",
        "GroupName == 'default'",
        "GroupName",
    ),
    ROLE,
    Listing(
        "aws:cloudwatch/logGroup:LogGroup",
        "logs",
        "describe_log_groups",
        "logGroups",
        "logGroupName",
        "logGroupName",
        tagged_by=("list_tags_log_group", "logGroupName", "logGroupName", "tags"),
    ),
    Listing(
        "aws:cloudwatch/eventRule:EventRule",
        "events",
        "list_rules",
        "Rules",
        "Name",
        "Name",
        tagged_by=("list_tags_for_resource", "ResourceARN", "Arn", "Tags"),
    ),
    KEY,
    Listing(
        "aws:kms/alias:Alias",
        "kms",
        "list_aliases",
        "Aliases",
        "AliasName",
        "AliasName",
        ignore="starts_with(AliasName, 'alias/aws/')",
    ),
    Listing(
        "aws:kms/grant:Grant",
        "kms",
        "list_grants",
        "Grants",
        "join(':', [KeyId, GrantId])",
        "Name",
        parameters=(("KeyId", "@KeyId"),),
        within=KEY,
    ),
    Listing(
        "aws:ssm/parameter:Parameter",
        "ssm",
        "describe_parameters",
        "Parameters",
        "Name",
        "Name",
        tagged_by=("list_tags_for_resource", "ResourceId", "Name", "TagList"),
        ignore="starts_with(Name, '/aws/')",
    ),
    Listing("aws:secretsmanager/secret:Secret", "secretsmanager", "list_secrets", "SecretList", "ARN", "Name", "Tags"),
    TOPIC,
    Listing(
        "aws:sns/topicSubscription:TopicSubscription", "sns", "list_subscriptions", "Subscriptions", "SubscriptionArn"
    ),
    Listing(
        "aws:ecr/repository:Repository",
        "ecr",
        "describe_repositories",
        "repositories",
        "repositoryName",
        "repositoryName",
        tagged_by=("list_tags_for_resource", "resourceArn", "repositoryArn", "tags"),
    ),
    Listing(
        "aws:ecr/pullThroughCacheRule:PullThroughCacheRule",
        "ecr",
        "describe_pull_through_cache_rules",
        "pullThroughCacheRules",
        "ecrRepositoryPrefix",
        "ecrRepositoryPrefix",
    ),
    Listing(
        "aws:ecr/repositoryCreationTemplate:RepositoryCreationTemplate",
        "ecr",
        "describe_repository_creation_templates",
        "repositoryCreationTemplates",
        "prefix",
        "prefix",
    ),
    # Settings of a whole registry: there is always one, and the default is what a fresh account holds.
    Listing(
        "aws:ecr/registryScanningConfiguration:RegistryScanningConfiguration",
        "ecr",
        "get_registry_scanning_configuration",
        "[scanningConfiguration]",
        "@account",
        ignore="scanType == 'BASIC' && length(rules || `[]`) == `0`",
    ),
    Listing(
        "aws:ecr/replicationConfiguration:ReplicationConfiguration",
        "ecr",
        "describe_registry",
        "[replicationConfiguration]",
        "@account",
        ignore="length(rules || `[]`) == `0`",
    ),
    Listing("aws:ecr/registryPolicy:RegistryPolicy", "ecr", "get_registry_policy", "[@]", "registryId"),
    Listing(
        "aws:codebuild/project:Project",
        "codebuild",
        "batch_get_projects",
        "projects",
        "arn",
        "name",
        "tags",
        parameters=(("names", ("@@",)),),
        within=Listing("", "codebuild", "list_projects", "projects", "@"),
    ),
    Listing(
        "aws:scheduler/schedule:Schedule",
        "scheduler",
        "list_schedules",
        "Schedules",
        "join('/', [GroupName, Name])",
        "Name",
    ),
    EFS,
    Listing(
        "aws:efs/mountTarget:MountTarget",
        "efs",
        "describe_mount_targets",
        "MountTargets",
        "MountTargetId",
        parameters=(("FileSystemId", "@FileSystemId"),),
        within=EFS,
    ),
    Listing(
        "aws:efs/accessPoint:AccessPoint",
        "efs",
        "describe_access_points",
        "AccessPoints",
        "AccessPointId",
        "Name",
        "Tags",
    ),
    Listing(
        "aws:fsx/lustreFileSystem:LustreFileSystem",
        "fsx",
        "describe_file_systems",
        "FileSystems[?FileSystemType == 'LUSTRE']",
        "FileSystemId",
        tags="Tags",
    ),
    Listing(
        "aws:fsx/openZfsFileSystem:OpenZfsFileSystem",
        "fsx",
        "describe_file_systems",
        "FileSystems[?FileSystemType == 'OPENZFS']",
        "FileSystemId",
        tags="Tags",
    ),
    Listing(
        "aws:fsx/dataRepositoryAssociation:DataRepositoryAssociation",
        "fsx",
        "describe_data_repository_associations",
        "Associations",
        "AssociationId",
        tags="Tags",
    ),
    # Buckets are listed for the whole account; each is named once, in the region it lives in.
    Listing(
        "aws:s3/bucket:Bucket",
        "s3",
        "list_buckets",
        "Buckets",
        "Name",
        "Name",
        tagged_by=("get_bucket_tagging", "Bucket", "Name", "TagSet"),
        scope="global",
    ),
    VAULT,
    PLAN,
    Listing(
        "aws:backup/selection:Selection",
        "backup",
        "list_backup_selections",
        "BackupSelectionsList",
        "SelectionId",
        "SelectionName",
        parameters=(("BackupPlanId", "@BackupPlanId"),),
        within=PLAN,
    ),
    Listing(
        "aws:budgets/budget:Budget",
        "budgets",
        "describe_budgets",
        "Budgets",
        "join(':', ['@account', BudgetName])",
        "BudgetName",
        parameters=(("AccountId", "@account"),),
        scope="global",
    ),
    Listing(
        "aws:costexplorer/anomalyMonitor:AnomalyMonitor",
        "ce",
        "get_anomaly_monitors",
        "AnomalyMonitors",
        "MonitorArn",
        "MonitorName",
        tagged_by=("list_tags_for_resource", "ResourceArn", "MonitorArn", "ResourceTags"),
        scope="global",
    ),
    Listing(
        "aws:costexplorer/anomalySubscription:AnomalySubscription",
        "ce",
        "get_anomaly_subscriptions",
        "AnomalySubscriptions",
        "SubscriptionArn",
        "SubscriptionName",
        tagged_by=("list_tags_for_resource", "ResourceArn", "SubscriptionArn", "ResourceTags"),
        scope="global",
    ),
    Listing(
        "aws:costexplorer/costAllocationTag:CostAllocationTag",
        "ce",
        "list_cost_allocation_tags",
        "CostAllocationTags[?Status == 'Active']",
        "TagKey",
        "TagKey",
        scope="global",
    ),
)

# Types that are no object of their own: they live in another and go with it. Finding the other finds them.
CONTAINED: dict[str, str] = {
    "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup": "aws:ec2/vpc:Vpc",
    "aws:ec2/route:Route": "aws:ec2/routeTable:RouteTable",
    "aws:ec2/routeTableAssociation:RouteTableAssociation": "aws:ec2/routeTable:RouteTable",
    "aws:ec2/vpcEndpointRouteTableAssociation:VpcEndpointRouteTableAssociation": "aws:ec2/vpcEndpoint:VpcEndpoint",
    "aws:ec2/vpcIpv4CidrBlockAssociation:VpcIpv4CidrBlockAssociation": "aws:ec2/vpc:Vpc",
    "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule": "aws:ec2/securityGroup:SecurityGroup",
    "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule": "aws:ec2/securityGroup:SecurityGroup",
    "aws:iam/rolePolicy:RolePolicy": "aws:iam/role:Role",
    "aws:iam/rolePolicyAttachment:RolePolicyAttachment": "aws:iam/role:Role",
    "aws:cloudwatch/eventTarget:EventTarget": "aws:cloudwatch/eventRule:EventRule",
    "aws:sns/topicPolicy:TopicPolicy": "aws:sns/topic:Topic",
    "aws:ecr/lifecyclePolicy:LifecyclePolicy": "aws:ecr/repository:Repository",
    "aws:ecr/repositoryPolicy:RepositoryPolicy": "aws:ecr/repository:Repository",
    "aws:efs/backupPolicy:BackupPolicy": "aws:efs/fileSystem:FileSystem",
    "aws:efs/fileSystemPolicy:FileSystemPolicy": "aws:efs/fileSystem:FileSystem",
    "aws:backup/vaultLockConfiguration:VaultLockConfiguration": "aws:backup/vault:Vault",
    "aws:backup/vaultPolicy:VaultPolicy": "aws:backup/vault:Vault",
    **{
        f"aws:s3/{kind[0].lower()}{kind[1:]}:{kind}": "aws:s3/bucket:Bucket"
        for kind in (
            "BucketLifecycleConfiguration",
            "BucketOwnershipControls",
            "BucketPolicy",
            "BucketPublicAccessBlock",
            "BucketServerSideEncryptionConfiguration",
            "BucketVersioning",
        )
    },
}
