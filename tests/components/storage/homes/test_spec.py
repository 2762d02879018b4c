"""Home directories are refused where FSx or EFS would refuse them."""

from __future__ import annotations

import pytest

from components.storage.homes.spec import THROUGHPUT

ZFS = {"kind": "openzfs", "availabilityZones": ["eu-west-1a"], "storageCapacity": 1024}
EFS = {"kind": "efs"}
PLAN = {"backup": {}}


@pytest.fixture
def problems(refused):
    def run(base, **changes):
        found = refused({"homes": {**base, **changes}, **PLAN})
        return {field.removeprefix("homes."): message for field, message in found.items()}

    return run


@pytest.mark.parametrize(("deployment", "grid"), THROUGHPUT.items())
def test_throughput_follows_the_deployment_types_grid(problems, deployment, grid):
    zones = ["eu-west-1a", "eu-west-1b"] if deployment == "MULTI_AZ_1" else ["eu-west-1a"]
    base = {**ZFS, "deploymentType": deployment, "availabilityZones": zones}
    for throughput in grid:
        assert problems(base, throughputCapacity=throughput) == {}
    for off in {64, 160, 320, 512, 10240, 20480} - set(grid):
        assert f"isn't offered for {deployment}" in problems(base, throughputCapacity=off)["throughputCapacity"]


@pytest.mark.parametrize(
    ("deployment", "zones", "needs"),
    [
        ("SINGLE_AZ_HA_2", [], "one zone"),
        ("SINGLE_AZ_HA_2", ["eu-west-1a", "eu-west-1b"], "one zone"),
        ("MULTI_AZ_1", ["eu-west-1a"], "two different zones"),
        ("MULTI_AZ_1", ["eu-west-1a", "eu-west-1a"], "two different zones"),
    ],
)
def test_a_deployment_type_decides_how_many_zones(problems, deployment, zones, needs):
    found = problems(ZFS, deploymentType=deployment, availabilityZones=zones)
    assert needs in found["availabilityZones"]


def test_iops_below_those_included_are_refused(problems):
    assert "at least 3072" in problems(ZFS, diskIops=3071)["diskIops"]
    assert problems(ZFS, diskIops=3072) == {}


@pytest.mark.parametrize(
    ("base", "change", "field"),
    [
        (ZFS, {"storageCapacity": 63}, "storageCapacity"),
        (ZFS, {"recordSize": 100}, "recordSize"),
        (ZFS, {"clients": []}, "clients"),
        (ZFS, {"clients": ["10.0.0.1/8"]}, "clients[0]"),
        (ZFS, {"clients": ["everyone"]}, "clients[0]"),
        (ZFS, {"weeklyMaintenanceStartTime": "8:00:00"}, "weeklyMaintenanceStartTime"),
        (ZFS, {"backup": {"kind": "export"}}, "backup.kind"),
        (ZFS, {"throughput": {"mode": "elastic"}}, "throughput"),
        (EFS, {"throughput": {"mode": "provisioned"}}, "throughput.mibps"),
        (EFS, {"throughput": {"mode": "provisioned", "mibps": 3415}}, "throughput.mibps"),
        (EFS, {"throughput": {"mode": "elastic", "mibps": 5}}, "throughput.mibps"),
        (EFS, {"transitionToIa": 31}, "transitionToIa"),
        (EFS, {"transitionToArchive": 30}, "transitionToArchive"),
        (EFS, {"transitionToArchive": 90, "throughput": {"mode": "bursting"}}, "transitionToArchive"),
        (EFS, {"transitionToIa": None, "returnOnAccess": False, "transitionToArchive": 90}, "transitionToArchive"),
        (EFS, {"transitionToIa": None}, "returnOnAccess"),
        (EFS, {"accessPoints": {"a": {"path": "/a/b/c/d/e"}}}, "accessPoints.a.path"),
        (EFS, {"accessPoints": {"a": {"path": "/.hidden"}}}, "accessPoints.a.path"),
        (EFS, {"accessPoints": {"a": {"path": "/a", "permissions": "0789"}}}, "accessPoints.a.permissions"),
        (EFS, {"accessPoints": {"a": {"path": "/a", "ownerUid": -1}}}, "accessPoints.a.ownerUid"),
        (
            EFS,
            {"accessPoints": {"a": {"path": "/a", "user": {"uid": 4294967296, "gid": 0}}}},
            "accessPoints.a.user.uid",
        ),
        (
            EFS,
            {"accessPoints": {"a": {"path": "/a", "user": {"uid": 1, "gid": 1, "secondaryGids": list(range(17))}}}},
            "accessPoints.a.user.secondaryGids",
        ),
        (EFS, {"accessPoints": {"a": {"path": "/a"}, "b": {"path": "/a"}}}, "accessPoints.b.path"),
        ({"kind": "existing-efs"}, {}, "id"),
        ({"kind": "existing-efs", "id": "fsx-1"}, {}, "id"),
        ({"kind": "existing-openzfs", "id": "fs-0123456789abcdef0"}, {"backup": {"kind": "nightly"}}, "backup"),
        ({"kind": "ontap"}, {}, "kind"),
    ],
)
def test_what_aws_refuses_is_refused(problems, base, change, field):
    assert list(problems(base, **change)) == [field]


def test_every_problem_is_named_at_once(problems):
    found = problems(ZFS, throughputCapacity=5, availabilityZones=[], diskIops=1, clients=[])
    assert set(found) == {"throughputCapacity", "availabilityZones", "diskIops", "clients"}
