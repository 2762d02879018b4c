"""A registry that uses everything, and the program that registers one."""

import pulumi
import pulumi_aws as aws
import pytest

from components.registry.component import Registry, SecondRegion
from components.registry.spec import RegistrySpec

DIGEST = "sha256:" + "0123456789abcdef" * 4
OTHER_DIGEST = "sha256:" + "fedcba9876543210" * 4
TEST, SHARED = "444455556666", "777788889999"

FULL = {
    "repositories": [
        {"name": "released/trainer", "pullAccounts": [SHARED, TEST]},
        {"name": "build/trainer", "retention": {"untaggedDays": 7, "tags": [{"pattern": "build-*", "days": 30}]}},
    ],
    "caches": [
        {"upstream": "quay", "expireDays": 90},
        {"upstream": "k8s", "prefix": "kube"},
        {
            "upstream": "docker-hub",
            "credentialArn": "arn:aws:secretsmanager:eu-west-1:111122223333:secret:ecr-pullthroughcache/hub-AbCdEf",
        },
        {
            "upstream": "ecr",
            "url": f"{TEST}.dkr.ecr.eu-west-1.amazonaws.com",
            "prefix": "shared",
            "upstreamPrefix": "base",
            "roleArn": "arn:aws:iam::111122223333:role/ptc",
        },
    ],
    "mirror": {
        "tool": f"quay.io/tools/regctl:v1-alpine@{DIGEST}",
        "images": [f"nvcr.io/nvidia/pytorch:25.10-py3@{DIGEST}", f"nvcr.io/nvidia/cuda@{OTHER_DIGEST}"],
        "schedule": "cron(0 3 * * ? *)",
        "timezone": "Europe/Dublin",
        "logins": [
            {
                "registry": "nvcr.io",
                "username": "$oauthtoken",
                "secretArn": "arn:aws:secretsmanager:eu-west-1:111122223333:secret:herd/ngc-AbCdEf",
            }
        ],
    },
    "scanning": {"type": "ENHANCED", "onPush": ["*"], "continuous": ["released/*"]},
    "replication": {
        "to": [{"account": SHARED, "region": "eu-west-1"}],
        "acceptFrom": [TEST],
        "secondRegion": True,
    },
}


@pytest.fixture
def full():
    """The data of a registry spec that uses every feature; change it at will."""
    import copy

    return copy.deepcopy(FULL)


@pytest.fixture
def digest():
    """A digest."""
    return DIGEST


@pytest.fixture
def program(make_context):
    """`program(data, environment)`: registers a registry, with providers as the stack's program does."""

    def make(data, environment="prod", **context):
        spec = RegistrySpec.model_validate(data)

        def run():
            main = aws.Provider("main", region="eu-west-1")
            second = SecondRegion("eu-central-1", aws.Provider("replica", region="eu-central-1"))
            Registry(
                "registry",
                spec,
                make_context(environment, **context),
                second=second,
                opts=pulumi.ResourceOptions(providers=[main]),
            )

        return run

    return make
