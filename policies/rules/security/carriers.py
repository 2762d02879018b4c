"""HERD-079: nothing hides in what carries other infrastructure: templates, Cloud Control, products, programs."""

from __future__ import annotations

import re
from collections.abc import Iterator
from fnmatch import fnmatchcase
from typing import Final, NoReturn

from policies.engine.facts import Facts
from policies.engine.node import Node
from policies.engine.rule import GraphRule, Severity, Violation, everywhere
from policies.engine.subject import Stack, Subject
from policies.engine.values import Reason, UnevaluatedError
from policies.rules._shared.cloudformation import CLOUDFORMATION, PROVIDER, template
from policies.rules._shared.naming import named
from policies.rules._shared.parallelcluster import CUSTOM_RESOURCE

STACK_SET: Final = "aws:cloudformation/stackSet:StackSet"
_TEMPLATES: Final = (CLOUDFORMATION, STACK_SET)
_INSTANCES: Final = (
    "aws:cloudformation/stackSetInstance:StackSetInstance",
    "aws:cloudformation/stackInstances:StackInstances",
)
_CLOUD_CONTROL: Final = "aws:cloudcontrol/resource:Resource"
_EXTENSION: Final = "aws-native:index:ExtensionResource"
# What nobody sees into at all, and why.
_CLOSED: Final = (
    ("aws:servicecatalog/provisionedProduct:ProvisionedProduct", "what a Service Catalog product makes"),
    ("aws:serverlessrepository/cloudFormationStack:CloudFormationStack", "what a serverless application makes"),
    ("pulumi-*:dynamic[:/]*", "what a dynamic resource's own code makes"),
    ("awscc:*", "a resource of the awscc provider"),
)
_NATIVE: Final = re.compile(r"aws-native:(?P<service>\w+):(?P<kind>\w+)")
# Controllers that make AWS resources out of Kubernetes objects: ACK, Crossplane's two providers, Cluster API.
_CONTROLLED: Final = re.compile(
    r"kubernetes:(?P<service>[\w-]+)\.(?:services\.k8s\.aws|aws(?:\.m)?\.upbound\.io|aws\.crossplane\.io)/\w+:(?P<kind>\w+)"
    r"|kubernetes:infrastructure\.cluster\.x-k8s\.io/\w+:(?P<machines>AWS\w+)"
)
# What a template may hold that makes nothing.
_NOTHING: Final = (
    CUSTOM_RESOURCE,
    "AWS::CDK::Metadata",
    "AWS::CloudFormation::WaitCondition",
    "AWS::CloudFormation::WaitConditionHandle",
)
_STACK: Final = "AWS::CloudFormation::Stack"
_SHOWN: Final = 3
# What a rule forbids however it is made.
FORBIDDEN: Final = {
    "AWS::AutoScaling::LaunchConfiguration": "HERD-013",
    "AWS::EC2::Instance": "HERD-010",
    "AWS::EC2::InstanceConnectEndpoint": "HERD-064",
    "AWS::EC2::KeyPair": "HERD-001",
    "AWS::ECR::PublicRepository": "HERD-038",
    "AWS::IAM::AccessKey": "HERD-008",
    "AWS::IAM::User": "HERD-008",
}
# CloudFormation's kinds -> the types that rules judge. Source: CloudFormation, resource types; pulumi-aws 7.
OWN: Final = {
    "AWS::AutoScaling::AutoScalingGroup": "aws:autoscaling/group:Group",
    "AWS::AutoScaling::LaunchConfiguration": "aws:ec2/launchConfiguration:LaunchConfiguration",
    "AWS::Backup::BackupVault": "aws:backup/vault:Vault",
    "AWS::Batch::ComputeEnvironment": "aws:batch/computeEnvironment:ComputeEnvironment",
    "AWS::Batch::JobDefinition": "aws:batch/jobDefinition:JobDefinition",
    "AWS::CloudFormation::Stack": CLOUDFORMATION,
    "AWS::CloudFormation::StackSet": STACK_SET,
    "AWS::CodeBuild::Project": "aws:codebuild/project:Project",
    "AWS::DynamoDB::Table": "aws:dynamodb/table:Table",
    "AWS::EC2::EIP": "aws:ec2/eip:Eip",
    "AWS::EC2::Instance": "aws:ec2/instance:Instance",
    "AWS::EC2::InstanceConnectEndpoint": "aws:ec2transitgateway/instanceConnectEndpoint:InstanceConnectEndpoint",
    "AWS::EC2::KeyPair": "aws:ec2/keyPair:KeyPair",
    "AWS::EC2::LaunchTemplate": "aws:ec2/launchTemplate:LaunchTemplate",
    "AWS::EC2::SecurityGroup": "aws:ec2/securityGroup:SecurityGroup",
    "AWS::EC2::SecurityGroupIngress": "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule",
    "AWS::EC2::SpotFleet": "aws:ec2/spotFleetRequest:SpotFleetRequest",
    "AWS::EC2::Subnet": "aws:ec2/subnet:Subnet",
    "AWS::EC2::VPC": "aws:ec2/vpc:Vpc",
    "AWS::EC2::Volume": "aws:ebs/volume:Volume",
    "AWS::ECR::PublicRepository": "aws:ecrpublic/repository:Repository",
    "AWS::ECR::Repository": "aws:ecr/repository:Repository",
    "AWS::ECS::TaskDefinition": "aws:ecs/taskDefinition:TaskDefinition",
    "AWS::EFS::FileSystem": "aws:efs/fileSystem:FileSystem",
    "AWS::EKS::Addon": "aws:eks/addon:Addon",
    "AWS::EKS::Cluster": "aws:eks/cluster:Cluster",
    "AWS::EKS::Nodegroup": "aws:eks/nodeGroup:NodeGroup",
    "AWS::ElasticLoadBalancing::LoadBalancer": "aws:elb/loadBalancer:LoadBalancer",
    "AWS::ElasticLoadBalancingV2::LoadBalancer": "aws:lb/loadBalancer:LoadBalancer",
    "AWS::FSx::FileSystem": "aws:fsx/lustreFileSystem:LustreFileSystem",
    "AWS::IAM::AccessKey": "aws:iam/accessKey:AccessKey",
    "AWS::IAM::ManagedPolicy": "aws:iam/policy:Policy",
    "AWS::IAM::Policy": "aws:iam/rolePolicy:RolePolicy",
    "AWS::IAM::Role": "aws:iam/role:Role",
    "AWS::IAM::RolePolicy": "aws:iam/rolePolicy:RolePolicy",
    "AWS::IAM::User": "aws:iam/user:User",
    "AWS::IAM::UserPolicy": "aws:iam/userPolicy:UserPolicy",
    "AWS::KMS::Key": "aws:kms/key:Key",
    "AWS::Lambda::Function": "aws:lambda/function:Function",
    "AWS::Lambda::Permission": "aws:lambda/permission:Permission",
    "AWS::Lambda::Url": "aws:lambda/functionUrl:FunctionUrl",
    "AWS::Logs::LogGroup": "aws:cloudwatch/logGroup:LogGroup",
    "AWS::OpenSearchService::Domain": "aws:opensearch/domain:Domain",
    "AWS::RDS::DBCluster": "aws:rds/cluster:Cluster",
    "AWS::RDS::DBInstance": "aws:rds/instance:Instance",
    "AWS::S3::Bucket": "aws:s3/bucket:Bucket",
    "AWS::S3::BucketPolicy": "aws:s3/bucketPolicy:BucketPolicy",
    "AWS::SNS::Topic": "aws:sns/topic:Topic",
    "AWS::SQS::Queue": "aws:sqs/queue:Queue",
    "AWS::SSM::Association": "aws:ssm/association:Association",
    "AWS::SSM::Document": "aws:ssm/document:Document",
    "AWS::SSM::Parameter": "aws:ssm/parameter:Parameter",
    "AWS::SageMaker::Model": "aws:sagemaker/model:Model",
    "AWS::SageMaker::NotebookInstance": "aws:sagemaker/notebookInstance:NotebookInstance",
    "AWS::SecretsManager::Secret": "aws:secretsmanager/secret:Secret",
}
_BY_PARTS: Final = {tuple(kind.lower().split("::")[1:]): kind for kind in OWN}


def check(resource: Subject, stack: Stack, facts: Facts) -> Iterator[Violation]:
    """A kind that rules judge is to be written as what they judge; what nobody can see into is never a pass."""
    type_, props = resource.type, resource.props
    if type_ in _TEMPLATES:
        yield from _template(resource)
    elif type_ in _INSTANCES:
        if named(props.at("stackSetName"), stack, STACK_SET) is None:
            _unseen("what a stack set makes that isn't in this stack", props.at("stackSetName"))
    elif type_ in (_CLOUD_CONTROL, _EXTENSION):
        place = props.need("typeName" if type_ == _CLOUD_CONTROL else "type")
        yield from _one(place, place.literal() or "", type_.partition("/")[0])
    elif match := _NATIVE.fullmatch(type_):
        yield from _one(props, _kind(match), type_)
    elif match := _CONTROLLED.fullmatch(type_):
        kind = _kind(match)
        if kind in FORBIDDEN:
            yield _forbidden(props, kind)
        _unseen(f"{kind} of a Kubernetes controller", props)
    else:
        for pattern, what in _CLOSED:
            if fnmatchcase(type_, pattern):
                _unseen(what, props)


def _one(place: Node, kind: str, carrier: str) -> Iterator[Violation]:
    kind = _BY_PARTS.get(tuple(kind.lower().split("::")[1:]), kind)
    if kind in FORBIDDEN:
        yield _forbidden(place, kind)
    elif kind in OWN:
        fix = f"Write it as {OWN[kind]}, which the rules judge."
        yield Violation(place, f"{carrier} carries an {kind}, where no rule looks into it", fix)
    else:
        _unseen(f"{kind}, carried by {carrier}", place)


def _template(resource: Subject) -> Iterator[Violation]:
    whole = template(resource)
    unseen: list[str] = []
    for name, found in whole.entries("Resources").items():
        kind = found.text("Type") if found.is_map else "a loop"
        if kind in FORBIDDEN:
            yield _forbidden(found.at("Type"), kind)
        elif not (kind in _NOTHING or (kind == _STACK and _of_parallelcluster(found))):
            unseen.append(f"{name} ({kind})")
    if unseen:
        more = f" and {len(unseen) - _SHOWN} more" if len(unseen) > _SHOWN else ""
        _unseen(f"what a template makes: {', '.join(unseen[:_SHOWN])}{more}", whole.at("Resources"))
    if whole.present and whole.has("Transform"):
        _unseen("what a template's macros make of it", whole.at("Transform"))


def _of_parallelcluster(nested: Node) -> bool:
    return PROVIDER.search(nested.text("Properties", "TemplateURL") or "") is not None


def _kind(match: re.Match[str]) -> str:
    """CloudFormation's name of a kind; a guess where the table has none."""
    parts = match.groupdict()
    if machines := parts.get("machines"):
        return machines
    service, kind = match["service"], match["kind"]
    return _BY_PARTS.get((service.lower(), kind.lower()), f"AWS::{service}::{kind}")


def _forbidden(place: Node, kind: str) -> Violation:
    fix = f"Take it out: {FORBIDDEN[kind]} says what to have instead."
    return Violation(place, f"makes an {kind}, which {FORBIDDEN[kind]} forbids wherever it is written", fix)


def _unseen(what: str, place: Node) -> NoReturn:
    raise UnevaluatedError(Reason.INVISIBLE, f"no rule looks into {what}", place.path)


RULE: Final = GraphRule(
    id="HERD-079",
    name="nothing-hides-in-carriers",
    pack="security",
    title="Nothing hides in what carries other infrastructure",
    severity=everywhere(Severity.MEDIUM),
    types=(
        *_TEMPLATES,
        *_INSTANCES,
        _CLOUD_CONTROL,
        *(name for name, _ in _CLOSED),
        "aws-native:*",
        "kubernetes:*.services.k8s.aws/*",
        "kubernetes:*.aws*.upbound.io/*",
        "kubernetes:*.aws.crossplane.io/*",
        "kubernetes:infrastructure.cluster.x-k8s.io/*:AWS*",
    ),
    properties=(
        f"{CLOUDFORMATION}.templateBody",
        f"{CLOUDFORMATION}.templateUrl",
        f"{STACK_SET}.templateBody",
        f"{_CLOUD_CONTROL}.typeName",
    ),
    why=(
        "A template, Cloud Control, a catalogue's product or a dynamic resource makes whatever it likes, and each rule"
        " that would forbid it sees one resource of another type: a key pair in a template is a key pair all the same."
    ),
    fix="Write each resource as itself; keep a carrier for what has no type of its own, and review what it carries.",
    check=check,
)
