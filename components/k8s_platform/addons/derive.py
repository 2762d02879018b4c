"""The configuration of each add-on: pure. What isn't an agent of every node runs on the system pool.

Sources: the add-ons' configuration schemas (`aws eks describe-addon-configuration`); aws-ebs-csi-driver,
eks-node-monitoring-agent and metrics-server, values of their charts.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from components.base.context import Environment, StackContext
from components.k8s_platform.scheduling import EVERYWHERE, ON_DCGM_NODES, POOL, SYSTEM
from components.k8s_platform.spec import ClusterSpec

EBS_SERVICE_ACCOUNT: Final = "ebs-csi-controller-sa"
# V2 reaches only volumes and snapshots that the driver itself made and tagged. Source: aws-ebs-csi-driver, install.md.
EBS_POLICY: Final = "AmazonEBSCSIDriverPolicyV2"
EBS_PROVISIONER: Final = "ebs.csi.aws.com"
STORAGE_CLASS: Final = "gp3"
DEFAULT_CLASS: Final = {"storageclass.kubernetes.io/is-default-class": "true"}
VOLUME_PARAMETERS: Final = {"type": "gp3", "encrypted": "true"}
"""What the driver makes for a claim. Source: aws-ebs-csi-driver, parameters.md."""
EBS_KEY_ACTIONS: Final = ("kms:Decrypt", "kms:DescribeKey", "kms:GenerateDataKeyWithoutPlaintext")

Values = dict[str, Any]


@dataclass(frozen=True)
class AddonArgs:
    """One add-on: its name, and its configuration as canonical JSON."""

    name: str
    configuration: str


def replicas(context: StackContext) -> int:
    """Copies of a controller: one in dev, two where a lost node must not stop it."""
    return 1 if context.environment is Environment.DEV else 2


def _placed(spec: ClusterSpec) -> Values:
    return {"nodeSelector": {POOL: spec.system_pool}, "tolerations": list(SYSTEM)}


def _coredns(spec: ClusterSpec, context: StackContext) -> Values:
    # Two even in dev: a cluster without names is no cluster.
    return {**_placed(spec), "replicaCount": max(2, replicas(context))}


def _ebs(spec: ClusterSpec, context: StackContext) -> Values:
    controller = {
        **_placed(spec),
        "replicaCount": replicas(context),
        # The provider's default tags stop at what it makes itself: volumes would be nobody's on the bill.
        "extraVolumeTags": dict(sorted(context.tags.items())),
    }
    # The nodes' half runs on every node, whatever its taints: a pod with a volume may run anywhere.
    return {"controller": controller, "node": {"tolerateAllTaints": True}}


def _metrics(spec: ClusterSpec, context: StackContext) -> Values:
    return {**_placed(spec), "replicas": replicas(context)}


def _monitoring(_: ClusterSpec, __: StackContext) -> Values:
    # The agent reaches DCGM in dcgm-server: without tolerations that doesn't run on tainted GPU nodes, the agent
    # reports sick accelerators, and repair takes good nodes away (containers-roadmap #2567, #2555).
    # By itself it knows GPU nodes by a list of types, which lags behind EC2 and differs from the exporter's labels.
    dcgm = {"affinity": ON_DCGM_NODES, "tolerations": list(EVERYWHERE)}
    return {"nodeAgent": {"tolerations": list(EVERYWHERE)}, "dcgmAgent": dcgm}


CONFIGURATIONS: Final[Mapping[str, Callable[[ClusterSpec, StackContext], Values]]] = {
    "coredns": _coredns,
    "aws-ebs-csi-driver": _ebs,
    "metrics-server": _metrics,
    "eks-node-monitoring-agent": _monitoring,
}
"""Add-ons by name, with what makes their configuration."""


def addons(spec: ClusterSpec, context: StackContext) -> tuple[AddonArgs, ...]:
    """Every add-on, in the order of the table."""
    return tuple(
        AddonArgs(name, json.dumps(make(spec, context), sort_keys=True)) for name, make in CONFIGURATIONS.items()
    )


def volume_key_policy(key_arn: str) -> list[Values]:
    """What the EBS driver needs of the key that volumes are encrypted with.

    Grants for AWS services alone: EC2 holds them while a volume is attached. Source: aws-ebs-csi-driver, install.md.
    """
    return [
        {"Sid": "Use", "Effect": "Allow", "Action": list(EBS_KEY_ACTIONS), "Resource": key_arn},
        {
            "Sid": "Attach",
            "Effect": "Allow",
            "Action": "kms:CreateGrant",
            "Resource": key_arn,
            "Condition": {"Bool": {"kms:GrantIsForAWSResource": "true"}},
        },
    ]
