"""Stacks' storage as tests use it: everything at once, with a field or two changed."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pulumi
import pytest

from components.base.context import StackContext
from components.storage.component import Storage
from components.storage.mounts import StorageNetwork
from components.storage.spec import StorageSpec

ZONES = ("eu-west-1a", "eu-west-1b", "eu-west-1c")

FULL: dict[str, Any] = {
    "keys": {
        "imageAccounts": ["222233334444"],
        "imageKeys": {"factory": "arn:aws:kms:eu-west-1:333344445555:key/1b2c3d4e-0000-4000-8000-123456789012"},
    },
    "buckets": {
        "checkpoints": {"backup": {"kind": "nightly"}},
        "datasets": {"lifecycle": {"transitions": [{"days": 30, "storageClass": "INTELLIGENT_TIERING"}]}},
    },
    "lustre": {
        "scratch": {
            "kind": "managed",
            "availabilityZone": "eu-west-1a",
            "storageCapacity": 4800,
            "perUnitStorageThroughput": 1000,
            "efaEnabled": True,
            "repositories": {"datasets": {"bucket": "datasets", "fileSystemPath": "/datasets"}},
            "backup": {"kind": "export"},
        },
    },
    "homes": {
        "kind": "efs",
        "accessPoints": {
            "people": {"path": "/home"},
            "builds": {"path": "/builds", "user": {"uid": 1000, "gid": 1000}},
        },
    },
    "backup": {"lock": {"mode": "governance", "minRetentionDays": 7, "maxRetentionDays": 365}},
}

OPENZFS: dict[str, Any] = {"kind": "openzfs", "availabilityZones": ["eu-west-1b"], "storageCapacity": 1024}


def changed(data: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    """A deep copy with values set at dotted paths; `...` removes one."""
    result = copy.deepcopy(data)
    for path, value in changes.items():
        *parents, last = path.split(".")
        node = result
        for parent in parents:
            node = node.setdefault(parent, {})
        if value is ...:
            node.pop(last, None)
        else:
            node[last] = value
    return result


@pytest.fixture
def storage_data() -> Callable[..., dict[str, Any]]:
    """`storage_data({"homes.kind": "openzfs"})`: a stack file's storage section, with changes."""
    return lambda changes=None: changed(FULL, changes or {})


@pytest.fixture
def openzfs_data() -> dict[str, Any]:
    """Home directories on OpenZFS."""
    return copy.deepcopy(OPENZFS)


@pytest.fixture
def network() -> StorageNetwork:
    """A network's ids."""
    return StorageNetwork(
        subnet_ids={zone: f"subnet-{zone}" for zone in ZONES},
        security_group_ids={concern: f"sg-{concern}" for concern in ("lustre", "nfs", "efa")},
        route_table_ids=["rtb-a", "rtb-b"],
    )


@pytest.fixture
def register(record: Any, make_context: Any, network: StorageNetwork) -> Callable[..., Any]:
    """`register(data, "prod", preview=False)`: what a stack's storage registers."""

    def run(data: dict[str, Any], environment: str = "dev", **options: Any) -> Any:
        spec = StorageSpec.model_validate(data)
        context: StackContext = make_context(environment)

        def program() -> None:
            pulumi.export("storage", Storage("storage", spec, context, network=network).urn)

        return record(program, **options)

    return run
