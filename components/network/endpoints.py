"""VPC endpoints: which AWS services a private platform calls from inside, and why."""

from __future__ import annotations

from enum import StrEnum

GATEWAY_SERVICES = {
    "s3": "image layers from ECR, datasets, checkpoints, package mirrors; a gateway costs nothing and spares the NAT",
    "dynamodb": "ParallelCluster keeps the state of its compute fleet there; a gateway costs nothing",
}
"""Gateway endpoints: routes, not network interfaces, and free. Always made."""


class EndpointService(StrEnum):
    """Services with interface endpoints, as they end the service name `com.amazonaws.<region>.<service>`."""

    EC2 = "ec2"
    ECR_API = "ecr.api"
    ECR_DKR = "ecr.dkr"
    STS = "sts"
    EKS = "eks"
    EKS_AUTH = "eks-auth"
    LOGS = "logs"
    SSM = "ssm"
    SSMMESSAGES = "ssmmessages"
    EC2MESSAGES = "ec2messages"
    KMS = "kms"
    SECRETSMANAGER = "secretsmanager"
    MONITORING = "monitoring"
    ELASTICFILESYSTEM = "elasticfilesystem"
    FSX = "fsx"
    SQS = "sqs"
    AUTOSCALING = "autoscaling"
    ELASTICLOADBALANCING = "elasticloadbalancing"
    CLOUDFORMATION = "cloudformation"


REASONS = {
    EndpointService.EC2: "the VPC CNI and the EBS driver attach to nodes; Karpenter and Slurm launch them",
    EndpointService.ECR_API: "image pulls: authorization and manifests",
    EndpointService.ECR_DKR: "image pulls: the registry protocol itself",
    EndpointService.STS: "every role that a pod or a node assumes",
    EndpointService.EKS: "nodes describe their cluster at start",
    EndpointService.EKS_AUTH: "Pod Identity hands credentials to pods",
    EndpointService.LOGS: "node, job and control-plane logs",
    EndpointService.SSM: "Session Manager, the only shell; parameters such as AMI ids",
    EndpointService.SSMMESSAGES: "Session Manager's data channel",
    EndpointService.EC2MESSAGES: "the SSM agent of older images",
    EndpointService.KMS: "encrypted volumes, file systems and secrets",
    EndpointService.SECRETSMANAGER: "secrets are read where they are used, never written to git",
    EndpointService.MONITORING: "CloudWatch metrics of nodes and jobs",
    EndpointService.ELASTICFILESYSTEM: "the EFS driver makes and mounts access points",
    EndpointService.FSX: "the FSx driver describes file systems",
    EndpointService.SQS: "job queues, interruption notices for Karpenter, queue depth for KEDA",
    EndpointService.AUTOSCALING: "nodes and lifecycle hooks of managed groups",
    EndpointService.ELASTICLOADBALANCING: "the load balancer controller",
    EndpointService.CLOUDFORMATION: "ParallelCluster nodes read their configuration and signal that they are up",
}
"""Why each interface endpoint is there. Source for EKS: EKS User Guide, "Deploy private clusters with limited internet
access"; for Slurm: ParallelCluster User Guide, "AWS ParallelCluster in a single subnet with no internet access"."""

CORE = (
    EndpointService.EC2,
    EndpointService.ECR_API,
    EndpointService.ECR_DKR,
    EndpointService.STS,
    EndpointService.EKS,
    EndpointService.EKS_AUTH,
    EndpointService.LOGS,
    EndpointService.SSM,
    EndpointService.SSMMESSAGES,
)
"""Without these a node in a network without internet doesn't start, pull, log or let anybody in."""

PRESETS: dict[str, tuple[EndpointService, ...]] = {"full": tuple(EndpointService), "core": CORE, "none": ()}
"""What a stack file may say in place of a list."""


def service_name(region: str, service: str) -> str:
    """The name AWS knows an endpoint service by. Source: VPC User Guide, "AWS services that integrate"."""
    return f"com.amazonaws.{region}.{service}"
