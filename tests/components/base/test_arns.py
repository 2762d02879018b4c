"""ARNs follow the partition of the region."""

import pytest

from components.base.arns import account_root, arn, dns_suffix, partition


@pytest.mark.parametrize(
    ("region", "expected"),
    [
        ("eu-west-1", ("aws", "amazonaws.com")),
        ("us-east-1", ("aws", "amazonaws.com")),
        ("us-gov-west-1", ("aws-us-gov", "amazonaws.com")),
        ("cn-north-1", ("aws-cn", "amazonaws.com.cn")),
    ],
)
def test_partition_and_suffix(region, expected):
    assert (partition(region), dns_suffix(region)) == expected


def test_regional_and_global_services():
    assert arn("ecr", "cn-north-1", "1", "repository/a") == "arn:aws-cn:ecr:cn-north-1:1:repository/a"
    assert account_root("eu-west-1", "1") == "arn:aws:iam::1:root"
