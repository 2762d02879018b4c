"""Stacks' storage as tests use it: everything at once, with a field or two changed."""

from __future__ import annotations

import copy
import functools
import json
from collections.abc import Callable
from typing import Any

import pytest

from components.base.context import StackContext
from components.base.problems import InvalidInputError
from components.base.validation import validate
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
            node[last] = copy.deepcopy(value)
    return result


@pytest.fixture
def storage_data() -> Callable[..., dict[str, Any]]:
    """`storage_data({"homes.kind": "openzfs"})`: a storage section, with changes made one after another."""
    return lambda *changes: functools.reduce(changed, filter(None, changes), FULL)


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


@pytest.fixture(scope="session")
def recordings() -> dict[str, Any]:
    """What was registered for which data: the same storage is looked at from many sides."""
    return {}


@pytest.fixture
def register(record: Any, make_context: Any, network: StorageNetwork, recordings: dict[str, Any]) -> Callable[..., Any]:
    """`register(data, "prod", preview=False)`: what a stack's storage registers. Don't change it: it is shared."""

    def run(data: dict[str, Any], environment: str = "dev", **options: Any) -> Any:
        key = json.dumps([data, environment, options], sort_keys=True)
        if key not in recordings:
            spec = StorageSpec.model_validate(data)
            context: StackContext = make_context(environment)

            def program() -> None:
                Storage("storage", spec, context, network=network)

            recordings[key] = record(program, **options)
        return recordings[key]

    return run


@pytest.fixture
def refused() -> Callable[[dict[str, Any]], dict[str, str]]:
    """`refused(data)`: field -> message of everything that loading the storage section refuses."""

    def load(data: dict[str, Any]) -> dict[str, str]:
        try:
            validate(StorageSpec, data, file="stack.yaml")
        except InvalidInputError as error:
            return {problem.field: f"{problem.message} {problem.fix}".strip() for problem in error.problems}
        return {}

    return load
