"""ARNs and service endpoints, made from plain values so that policy documents are known before anything exists."""

from __future__ import annotations

# Prefix of a region's name -> (partition, DNS suffix). Source: AWS, "Amazon Resource Names (ARNs)" and endpoints.json.
PARTITIONS = {
    "cn-": ("aws-cn", "amazonaws.com.cn"),
    "us-gov-": ("aws-us-gov", "amazonaws.com"),
}
DEFAULT_PARTITION = ("aws", "amazonaws.com")


def _partition(region: str) -> tuple[str, str]:
    return next((found for prefix, found in PARTITIONS.items() if region.startswith(prefix)), DEFAULT_PARTITION)


def partition(region: str) -> str:
    """The partition a region belongs to: `aws`, `aws-cn` or `aws-us-gov`."""
    return _partition(region)[0]


def dns_suffix(region: str) -> str:
    """What the names of a region's regional endpoints end with, such as `amazonaws.com`."""
    return _partition(region)[1]


def arn(service: str, region: str, account: str, resource: str, *, global_service: bool = False) -> str:
    """An ARN in the partition of a region; IAM and other global services have no region in theirs."""
    return f"arn:{partition(region)}:{service}:{'' if global_service else region}:{account}:{resource}"


def account_root(region: str, account: str) -> str:
    """The principal that stands for a whole account: its administrators decide who within it."""
    return arn("iam", region, account, "root", global_service=True)
