"""One name for each type: pulumi-aws and pulumi-kubernetes renamed some, saved deployments keep the old ones."""

from __future__ import annotations

import re
from functools import cache
from typing import Final

PARALLELCLUSTER: Final = "parallelcluster:index:Cluster"
"""The type of a ParallelCluster configuration; its properties are those of the file (`HeadNode`, `Scheduling` …)."""

# old -> new; source: `aliases=[pulumi.Alias(type_=…)]` and the deprecated modules of pulumi-aws 7.
_RENAMED: Final = {
    "aws:s3/bucketV2:BucketV2": "aws:s3/bucket:Bucket",
    "aws:s3/bucketVersioningV2:BucketVersioningV2": "aws:s3/bucketVersioning:BucketVersioning",
    "aws:s3/bucketLifecycleConfigurationV2:BucketLifecycleConfigurationV2": (
        "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration"
    ),
    "aws:s3/bucketServerSideEncryptionConfigurationV2:BucketServerSideEncryptionConfigurationV2": (
        "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration"
    ),
    "aws:s3/bucketLoggingV2:BucketLoggingV2": "aws:s3/bucketLogging:BucketLogging",
    "aws:s3/bucketAclV2:BucketAclV2": "aws:s3/bucketAcl:BucketAcl",
    "aws:alb/loadBalancer:LoadBalancer": "aws:lb/loadBalancer:LoadBalancer",
    "aws:alb/listener:Listener": "aws:lb/listener:Listener",
    "aws:alb/targetGroup:TargetGroup": "aws:lb/targetGroup:TargetGroup",
    "aws:applicationloadbalancing/loadBalancer:LoadBalancer": "aws:lb/loadBalancer:LoadBalancer",
    "aws:elasticloadbalancingv2/loadBalancer:LoadBalancer": "aws:lb/loadBalancer:LoadBalancer",
    "aws:elasticloadbalancing/loadBalancer:LoadBalancer": "aws:elb/loadBalancer:LoadBalancer",
    "aws:s3/BucketObject:BucketObject": "aws:s3/bucketObjectv2:BucketObjectv2",
}
_OLD_GROUPS: Final = re.compile(
    r"^kubernetes:(?:extensions/v1beta1|apps/v1beta[12]):(Deployment|DaemonSet|ReplicaSet|StatefulSet)$"
)


@cache
def canonical(name: str) -> str:
    """The name that rules use for a type."""
    if name in _RENAMED:
        return _RENAMED[name]
    if name.startswith("kubernetes:"):
        # Patches carry the same properties and do the same to the cluster.
        name = name.removesuffix("Patch") if name.endswith("Patch") else name
        if old := _OLD_GROUPS.fullmatch(name):
            return f"kubernetes:apps/v1:{old[1]}"
    return name
