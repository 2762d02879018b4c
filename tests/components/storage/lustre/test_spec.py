"""A Lustre file system is refused where FSx would refuse it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from components.base.problems import InvalidInputError
from components.base.validation import validate
from components.storage.lustre.spec import EFA_STEP_GIB, ManagedLustre

BASE = {"kind": "managed", "availabilityZone": "eu-west-1a", "storageCapacity": 2400}
LINK = {"bucket": "datasets", "fileSystemPath": "/datasets"}


def problems(**changes):
    try:
        validate(ManagedLustre, {**BASE, **changes}, file="stack.yaml")
    except InvalidInputError as error:
        return {problem.field: problem.message for problem in error.problems}
    return {}


@pytest.mark.parametrize("capacity", [1200, 2400, 4800, 240000])
def test_capacities_on_the_grid_are_taken(capacity):
    assert problems(storageCapacity=capacity) == {}


@pytest.mark.parametrize("capacity", [0, -2400, 1000, 3600, 2401])
def test_capacities_off_the_grid_are_refused(capacity):
    assert problems(storageCapacity=capacity) == {
        "storageCapacity": f"{capacity} GiB isn't offered: 1200 or a multiple of 2400 GiB"
    }


@pytest.mark.parametrize(("throughput", "step"), EFA_STEP_GIB.items())
def test_efa_has_a_coarser_grid_for_each_throughput(throughput, step):
    efa = {"efaEnabled": True, "perUnitStorageThroughput": throughput}
    assert problems(storageCapacity=step, **efa) == {}
    assert problems(storageCapacity=3 * step, **efa) == {}
    for off in (step // 2, step + 2400):
        assert f"a multiple of {step} GiB" in problems(storageCapacity=off, **efa)["storageCapacity"]


@given(st.integers(0, 500_000), st.sampled_from(sorted(EFA_STEP_GIB)))
def test_whatever_efa_offers_is_also_offered_without(capacity, throughput):
    if not problems(storageCapacity=capacity, perUnitStorageThroughput=throughput, efaEnabled=True):
        assert problems(storageCapacity=capacity, perUnitStorageThroughput=throughput) == {}


@pytest.mark.parametrize("throughput", [50, 100, 200, 2000])
def test_throughputs_of_other_types_are_refused(throughput):
    assert "125, 250, 500 or 1000" in problems(perUnitStorageThroughput=throughput)["perUnitStorageThroughput"]


@pytest.mark.parametrize("iops", [1500, 3000, 6000, 12000, 24000, 192000])
def test_metadata_iops_on_the_grid_are_taken(iops):
    assert problems(metadata={"mode": "USER_PROVISIONED", "iops": iops}) == {}


@pytest.mark.parametrize("iops", [0, 1501, 9000, 18000, 204000])
def test_metadata_iops_off_the_grid_are_refused(iops):
    assert "multiple of 12000" in problems(metadata={"mode": "USER_PROVISIONED", "iops": iops})["metadata.iops"]


def test_aws_chooses_the_iops_in_automatic_mode():
    assert problems(metadata={"mode": "AUTOMATIC", "iops": 1500}) == {"metadata.iops": "unknown key"}


@pytest.mark.parametrize("kind", ["nightly", "automatic"])
def test_a_linked_file_system_cannot_be_backed_up(kind):
    found = problems(repositories={"data": LINK}, backup={"kind": kind})
    assert list(found) == ["backup.kind"]
    assert "AWS doesn't back up a Lustre file system that is linked" in found["backup.kind"]
    assert "'export'" in found["backup.kind"]


def test_the_default_backup_does_not_slip_through():
    assert "backup.kind" in problems(repositories={"data": LINK})


def test_export_needs_a_link_that_exports_what_is_written():
    reading = {**LINK, "autoExport": []}
    partly = {**LINK, "autoExport": ["NEW"]}
    for links in ({}, {"data": reading}, {"data": partly}):
        assert "'export' needs" in problems(repositories=links, backup={"kind": "export"})["backup.kind"]
    writing = {**LINK, "autoExport": ["CHANGED", "NEW"]}
    assert problems(repositories={"data": writing}, backup={"kind": "export"}) == {}


def test_scratch_may_be_linked_or_not():
    assert problems(backup={"kind": "none"}) == {}
    assert problems(backup={"kind": "none"}, repositories={"data": LINK}) == {}


@pytest.mark.parametrize(("first", "second"), [("/a", "/a"), ("/a", "/a/b"), ("/a/b", "/a"), ("/", "/a")])
def test_directories_of_links_must_not_overlap(first, second):
    links = {
        "one": {"bucket": "x", "fileSystemPath": first},
        "two": {"bucket": "y", "fileSystemPath": second},
    }
    assert list(problems(repositories=links, backup={"kind": "export"})) == ["repositories.two.fileSystemPath"]


def test_directories_that_only_begin_alike_do_not_overlap():
    links = {
        "one": {"bucket": "x", "fileSystemPath": "/data"},
        "two": {"bucket": "y", "fileSystemPath": "/data2"},
    }
    assert problems(repositories=links, backup={"kind": "export"}) == {}


@pytest.mark.parametrize(("first", "second", "taken"), [("", "a/", False), ("a/", "a/b/", False), ("a/", "ab/", True)])
def test_one_part_of_a_bucket_is_linked_once(first, second, taken):
    links = {
        "one": {"bucket": "x", "prefix": first, "fileSystemPath": "/one"},
        "two": {"bucket": "x", "prefix": second, "fileSystemPath": "/two"},
    }
    found = problems(repositories=links, backup={"kind": "export"})
    assert list(found) == ([] if taken else ["repositories.two.prefix"])


def test_at_most_eight_links():
    links = {f"l{n}": {"bucket": f"b{n}", "fileSystemPath": f"/l{n}"} for n in range(9)}
    assert "at most 8" in problems(repositories=links, backup={"kind": "export"})["repositories"]


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"repositories": {"data": {**LINK, "fileSystemPath": "datasets"}}}, "repositories.data.fileSystemPath"),
        ({"repositories": {"data": {**LINK, "prefix": "imagenet"}}}, "repositories.data.prefix"),
        ({"repositories": {"data": {**LINK, "autoImport": ["NEW", "NEW"]}}}, "repositories.data.autoImport"),
        ({"repositories": {"data": {**LINK, "importedFileChunkSize": 0}}}, "repositories.data.importedFileChunkSize"),
        ({"rootSquash": {"uid": 0}}, "rootSquash.uid"),
        ({"rootSquash": {"gid": 4294967295}}, "rootSquash.gid"),
        ({"weeklyMaintenanceStartTime": "0:03:00"}, "weeklyMaintenanceStartTime"),
        ({"weeklyMaintenanceStartTime": "7:24:00"}, "weeklyMaintenanceStartTime"),
        ({"backup": {"kind": "automatic", "retentionDays": 91}}, "backup.retentionDays"),
        ({"backup": {"kind": "automatic", "dailyStartTime": "3:00"}}, "backup.dailyStartTime"),
        ({"logRetentionDays": 10}, "logRetentionDays"),
        ({"availabilityZone": "eu-west-1"}, "availabilityZone"),
        ({"dataCompressionType": "ZSTD"}, "dataCompressionType"),
        ({"deploymentType": "SCRATCH_2"}, "deploymentType"),
    ],
)
def test_values_fsx_does_not_take_are_refused(change, field):
    assert list(problems(**change)) == [field]


def test_every_problem_is_named_at_once():
    links = {"one": {**LINK}, "two": {**LINK}}
    assert set(problems(storageCapacity=5, repositories=links)) == {
        "storageCapacity",
        "repositories.two.fileSystemPath",
        "repositories.two.prefix",
        "backup.kind",
    }
