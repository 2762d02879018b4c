"""Names, ARNs and trust policies of a cluster, made from plain values: every preview knows them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, Final

from components.base.arns import arn, partition
from components.base.context import StackContext
from components.k8s_platform.spec import ClusterSpec

Statement = dict[str, Any]

SYSTEM_NAMESPACE: Final = "kube-system"
"""Where the platform's own pods live."""


def cluster_name(spec: ClusterSpec, context: StackContext) -> str:
    """`PROJECT-STACK-NAME`. Fixed, because a cluster's log group, named after it, must be there before EKS makes it."""
    return f"{context.project}-{context.stack}-{spec.name}"


def cluster_arn(spec: ClusterSpec, context: StackContext) -> str:
    """The ARN of the cluster."""
    return arn("eks", context.region, context.account, f"cluster/{cluster_name(spec, context)}")


def managed_policy(name: str, context: StackContext) -> str:
    """The ARN of a policy that AWS manages."""
    return f"arn:{partition(context.region)}:iam::aws:policy/{name}"


def document(statements: Sequence[Statement]) -> str:
    """A policy document as canonical JSON."""
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)}, separators=(",", ":"))


def control_plane_trust() -> str:
    """EKS. It documents no source for this call, and a condition that never holds would stop every cluster."""
    return document([_assume("eks.amazonaws.com", ["sts:AssumeRole"])])


def node_trust() -> str:
    """EC2, whose instances the nodes are."""
    return document([_assume("ec2.amazonaws.com", ["sts:AssumeRole"])])


def pod_trust(spec: ClusterSpec, context: StackContext, namespace: str, service_account: str) -> str:
    """Pod Identity, for one service account of this cluster.

    Source: EKS User Guide, "Create IAM role with trust policy required by EKS Pod Identity" and its session tags.
    """
    condition = {
        "aws:RequestTag/eks-cluster-arn": cluster_arn(spec, context),
        "aws:RequestTag/kubernetes-namespace": namespace,
        "aws:RequestTag/kubernetes-service-account": service_account,
    }
    return document([_assume("pods.eks.amazonaws.com", ["sts:AssumeRole", "sts:TagSession"], condition)])


def _assume(service: str, actions: Sequence[str], equals: dict[str, str] | None = None) -> Statement:
    statement: Statement = {"Effect": "Allow", "Principal": {"Service": service}, "Action": list(actions)}
    if equals:
        statement["Condition"] = {"StringEquals": equals}
    return statement
