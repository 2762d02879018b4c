"""Karpenter's values, and the events that it must hear of: pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from components.base.context import StackContext
from components.k8s_platform.addons.derive import replicas
from components.k8s_platform.facts import ClusterFacts
from components.k8s_platform.scheduling import POOL, SYSTEM
from components.k8s_platform.spec import ClusterSpec

if TYPE_CHECKING:
    import pulumi

CHARTS: Final = ("karpenter-crd", "karpenter")
SERVICE_ACCOUNT: Final = "karpenter"
QUEUE_RETENTION_SECONDS: Final = 300
"""How long a notice is kept: the shortest one, of spot, is about the next two minutes."""


@dataclass(frozen=True)
class EventArgs:
    """One kind of event that Karpenter acts on."""

    name: str
    source: str
    detail_type: str


# Source: aws/karpenter-provider-aws v1.14, CloudFormation of its getting started guide.
EVENTS: Final = (
    EventArgs("health", "aws.health", "AWS Health Event"),
    EventArgs("spot-interruption", "aws.ec2", "EC2 Spot Instance Interruption Warning"),
    EventArgs("rebalance", "aws.ec2", "EC2 Instance Rebalance Recommendation"),
    EventArgs("state-change", "aws.ec2", "EC2 Instance State-change Notification"),
    EventArgs("reservation-interruption", "aws.ec2", "EC2 Capacity Reservation Instance Interruption Warning"),
)


def values(
    spec: ClusterSpec, context: StackContext, cluster: ClusterFacts, queue_name: pulumi.Input[str]
) -> dict[str, Any]:
    """What differs from the values of the chart `karpenter` 1.14."""
    copies = replicas(context)
    return {
        "replicas": copies,
        "serviceAccount": {"name": SERVICE_ACCOUNT},
        # On nodes that Karpenter doesn't make, or it could take away its own.
        "nodeSelector": {"kubernetes.io/os": "linux", POOL: spec.system_pool},
        "tolerations": list(SYSTEM),
        # A second copy is of use on another node alone; a system pool of one node leaves it waiting, which is no harm.
        "podDisruptionBudget": {"name": SERVICE_ACCOUNT, "maxUnavailable": 1},
        "controller": {
            "resources": {"requests": {"cpu": "1", "memory": "1Gi"}, "limits": {"memory": "1Gi"}},
            # Nodes answer metadata requests of their own processes alone (hop limit 1): the region has to be said.
            "env": [{"name": "AWS_REGION", "value": context.region}],
        },
        "settings": {
            "clusterName": cluster.name,
            "clusterEndpoint": cluster.endpoint,
            "eksControlPlane": True,
            "interruptionQueue": queue_name,
            "enableZonalShift": True,
            # With subnets of their own, pods have no address on a node's first interface.
            "reservedENIs": "1" if cluster.pods_have_subnets else "0",
            # Said one by one: a default that changes with a chart must not change how nodes are made.
            "featureGates": {
                "reservedCapacity": True,
                # Fixed sizes are managed node groups here.
                "staticCapacity": False,
                # It ends nodes without regard to budgets, and the agent never takes a false alarm back while it runs
                # (eks-node-monitoring-agent #266): of long jobs, those would be the victims.
                "nodeRepair": False,
                "spotToSpotConsolidation": False,
                "nodeOverlay": False,
                "capacityBuffer": False,
            },
        },
    }
