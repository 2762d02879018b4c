"""What must hold for the whole of a stack's storage, and for the stack it is for."""

from __future__ import annotations

import pytest

from components.storage.spec import StorageSpec

SECOND = {
    "kind": "managed",
    "availabilityZone": "eu-west-1b",
    "storageCapacity": 2400,
    "repositories": {"again": {"bucket": "datasets", "fileSystemPath": "/datasets"}},
    "backup": {"kind": "export"},
}


@pytest.fixture
def problems_in(storage_data, make_context):
    """`problems_in("prod", changes)`: field -> message of what doesn't fit a stack."""

    def run(environment, changes=None, **context):
        spec = StorageSpec.model_validate(storage_data(changes))
        return {problem.field: problem.message for problem in spec.problems(make_context(environment, **context))}

    return run


def test_the_whole_is_taken(refused, storage_data):
    assert refused(storage_data()) == {}
    assert refused({}) == {}


def test_a_link_names_a_bucket_of_the_stack(refused, storage_data):
    found = refused(storage_data({"lustre.scratch.repositories.datasets.bucket": "data"}))
    assert found == {
        "lustre.scratch.repositories.datasets.bucket": "no bucket 'data' in this stack; there is: checkpoints, datasets"
    }


@pytest.mark.parametrize("storage_class", ["GLACIER", "DEEP_ARCHIVE"])
def test_a_linked_bucket_keeps_its_objects_readable(refused, storage_data, storage_class):
    move = {"buckets.datasets.lifecycle.transitions": [{"days": 30, "storageClass": storage_class}]}
    assert "can't read them" in refused(storage_data(move))["lustre.scratch.repositories.datasets.bucket"]


def test_the_only_copy_of_a_file_system_does_not_expire(refused, storage_data):
    expiry = {"buckets.datasets.lifecycle.expirationDays": 60}
    assert "only copy" in refused(storage_data(expiry))["lustre.scratch.repositories.datasets.bucket"]
    assert refused(storage_data({**expiry, "lustre.scratch.backup.kind": "none"})) == {}


def test_two_file_systems_do_not_share_a_part_of_a_bucket(refused, storage_data):
    found = refused(storage_data({"lustre.second": SECOND}))
    assert list(found) == ["lustre.second.repositories.again.prefix"]
    assert "lustre.scratch.repositories.datasets" in found["lustre.second.repositories.again.prefix"]
    apart = {
        "lustre.scratch.repositories.datasets.prefix": "one/",
        "lustre.second": {**SECOND, "repositories": {"again": {**SECOND["repositories"]["again"], "prefix": "two/"}}},
    }
    assert refused(storage_data(apart)) == {}


def test_one_may_write_what_another_reads(refused, storage_data):
    reader = {**SECOND["repositories"]["again"], "autoExport": []}
    changes = {
        "lustre.scratch.repositories.datasets.autoImport": [],
        "lustre.second": {**SECOND, "repositories": {"again": reader}, "backup": {"kind": "none"}},
    }
    assert refused(storage_data(changes)) == {}


def test_nightly_needs_a_plan(refused, storage_data):
    found = refused(
        storage_data({"backup": ..., "lustre.second": {**SECOND, "repositories": {}, "backup": {"kind": "nightly"}}})
    )
    assert set(found) == {"buckets.checkpoints.backup", "lustre.second.backup", "homes.backup"}
    assert set(found.values()) == {"'nightly' needs a plan: add a `backup` section to storage"}


def test_cold_storage_needs_something_that_can_go_there(refused, storage_data, openzfs_data):
    cold = {"backup.coldStorageAfterDays": 30, "backup.retentionDays": 120}
    assert refused(storage_data(cold)) == {}
    for homes in (openzfs_data, {"kind": "efs", "backup": {"kind": "none"}}):
        assert list(refused(storage_data({**cold, "homes": homes}))) == ["backup.coldStorageAfterDays"]


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"keys.rotationDays": 89}, "keys.rotationDays"),
        ({"keys.imageAccounts": ["2222"]}, "keys.imageAccounts[0]"),
        ({"keys.imageAccounts": ["222233334444", "222233334444"]}, "keys.imageAccounts"),
        ({"keys.volumeRoles": ["autoscaling", "autoscaling"]}, "keys.volumeRoles"),
        ({"keys.volumeRoles": []}, "keys.volumeRoles"),
        ({"keys.imageKeys.factory": "alias/images"}, "keys.imageKeys.factory"),
        ({"buckets.Data": {}}, "buckets.Data"),
        ({"buckets.data-": {}}, "buckets.data-"),
        ({f"buckets.{'b' * 25}": {}}, f"buckets.{'b' * 25}"),
        ({"lustre.old": {"kind": "existing", "id": "fs-xyz", "availabilityZone": "eu-west-1a"}}, "lustre.old.id"),
        (
            {
                "lustre.old": {
                    "kind": "existing",
                    "id": "fs-0123456789abcdef0",
                    "availabilityZone": "eu-west-1a",
                    "tags": {},
                }
            },
            "lustre.old.tags",
        ),
        ({"buckets.datasets.name": "my-bucket"}, "buckets.datasets.name"),
    ],
)
def test_other_values_are_refused(refused, storage_data, changes, field):
    assert list(refused(storage_data(changes))) == [field]


def test_problems_of_different_parts_are_reported_together(refused, storage_data):
    found = refused(
        storage_data(
            {
                "lustre.scratch.storageCapacity": 5000,
                "homes.transitionToArchive": 7,
                "backup.retentionDays": 5,
                "buckets.datasets.lifecycle.transitions": [{"days": 1, "storageClass": "STANDARD_IA"}],
            }
        )
    )
    assert set(found) == {
        "lustre.scratch.storageCapacity",
        "homes.transitionToArchive",
        "backup.retentionDays",
        "buckets.datasets.lifecycle.transitions[0].days",
    }


class TestInAStack:
    def test_the_whole_fits_every_environment(self, problems_in):
        for environment in ("dev", "test", "prod"):
            assert problems_in(environment) == {}

    def test_file_systems_are_in_the_stacks_zones(self, problems_in, openzfs_data):
        changes = {
            "lustre.scratch.availabilityZone": "eu-west-1d",
            "homes": {**openzfs_data, "availabilityZones": ["us-east-1a"]},
        }
        found = problems_in("dev", changes)
        assert set(found) == {"lustre.scratch.availabilityZone", "homes.availabilityZones[0]"}
        assert "eu-west-1a, eu-west-1b, eu-west-1c" in found["lustre.scratch.availabilityZone"]

    def test_prod_has_a_vault_lock(self, problems_in):
        assert "needs a vault lock" in problems_in("prod", {"backup.lock": ...})["backup.lock"]
        assert problems_in("test", {"backup.lock": ...}) == {}

    def test_prod_backs_home_directories_up(self, problems_in):
        assert list(problems_in("prod", {"homes.backup": {"kind": "none"}})) == ["homes.backup.kind"]
        assert problems_in("dev", {"homes.backup": {"kind": "none"}}) == {}

    def test_only_prod_can_have_a_lock_for_ever(self, problems_in):
        forever = {"backup.lock.mode": "compliance", "backup.lock.changeableForDays": 7}
        assert problems_in("prod", forever) == {}
        for environment in ("dev", "test"):
            assert list(problems_in(environment, forever)) == ["backup.lock.mode"]

    def test_borrowed_keys_are_another_accounts_in_this_region(self, problems_in):
        arn = "arn:aws:kms:{}:{}:key/1b2c3d4e-0000-4000-8000-123456789012"
        for key in (arn.format("us-east-1", "333344445555"), arn.format("eu-west-1", "111122223333")):
            assert list(problems_in("dev", {"keys.imageKeys.factory": key})) == ["keys.imageKeys.factory"]

    def test_the_stacks_own_account_is_no_image_account(self, problems_in):
        assert list(problems_in("dev", {"keys.imageAccounts": ["111122223333"]})) == ["keys.imageAccounts"]
