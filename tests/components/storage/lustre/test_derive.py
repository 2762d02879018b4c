"""What a Lustre file system's resources are given."""

from __future__ import annotations

import pytest

from components.storage.lustre import derive
from components.storage.lustre.spec import ManagedLustre, Repository

BASE = {"kind": "managed", "availability_zone": "eu-west-1a", "storage_capacity": 4800}
LINKED = {"repositories": {"data": {"bucket": "datasets", "file_system_path": "/data"}}, "backup": {"kind": "export"}}


def spec(**changes):
    return ManagedLustre.model_validate({**BASE, **changes})


def test_it_is_persistent_compressed_and_scales_its_metadata(make_context):
    arguments = derive.file_system("scratch", spec(), make_context())
    assert arguments["deployment_type"] == "PERSISTENT_2"
    assert arguments["storage_type"] == "SSD"
    assert arguments["file_system_type_version"] == "2.15"
    assert arguments["data_compression_type"] == "LZ4"
    assert arguments["per_unit_storage_throughput"] == 250
    assert arguments["metadata_configuration"] == {"mode": "AUTOMATIC"}


def test_provisioned_metadata_carries_its_iops(make_context):
    arguments = derive.file_system("s", spec(metadata={"mode": "USER_PROVISIONED", "iops": 12000}), make_context())
    assert arguments["metadata_configuration"] == {"mode": "USER_PROVISIONED", "iops": 12000}


@pytest.mark.parametrize("environment", ["dev", "test", "prod"])
def test_nothing_asks_for_a_backup_of_a_linked_file_system(make_context, environment):
    arguments = derive.file_system("scratch", spec(**LINKED), make_context(environment))
    assert arguments["skip_final_backup"] is True
    assert "automatic_backup_retention_days" not in arguments
    assert "copy_tags_to_backups" not in arguments
    assert "backup" not in arguments["tags"]


@pytest.mark.parametrize(("environment", "skipped"), [("dev", True), ("test", True), ("prod", False)])
def test_the_final_backup_is_skipped_only_where_nothing_must_last(make_context, environment, skipped):
    assert derive.file_system("scratch", spec(), make_context(environment))["skip_final_backup"] is skipped


@pytest.mark.parametrize(
    ("backup", "tags"),
    [("nightly", {"backup": "nightly"}), ("automatic", {}), ("none", {"data": "scratch"})],
)
def test_tags_say_how_it_is_kept_safe(make_context, backup, tags):
    arguments = derive.file_system("scratch", spec(backup={"kind": backup}), make_context())
    assert arguments["tags"] == {"Name": "herd-dev-scratch", **tags}


def test_automatic_backups_have_their_days_and_hour(make_context):
    backup = {"kind": "automatic", "retention_days": 14, "daily_start_time": "04:15"}
    arguments = derive.file_system("scratch", spec(backup=backup), make_context())
    assert arguments["automatic_backup_retention_days"] == 14
    assert arguments["daily_automatic_backup_start_time"] == "04:15"
    assert arguments["copy_tags_to_backups"] is True


def test_efa_adds_the_group_that_lets_everything_through_among_its_members():
    assert derive.concerns(spec()) == ("lustre",)
    assert derive.concerns(spec(efa_enabled=True, storage_capacity=19200)) == ("lustre", "efa")


def test_root_is_mapped_only_if_asked_for(make_context):
    assert "root_squash_configuration" not in derive.file_system("s", spec(), make_context())
    squashed = spec(root_squash={"uid": 365534, "gid": 65534, "no_squash_nids": ["10.0.1.6@tcp"]})
    assert derive.file_system("s", squashed, make_context())["root_squash_configuration"] == {
        "root_squash": "365534:65534",
        "no_squash_nids": ["10.0.1.6@tcp"],
    }


def test_the_log_group_has_the_name_that_fsx_insists_on(make_context):
    assert derive.log_group("storage-lustre-scratch", spec(), make_context("test")) == {
        "name": "/aws/fsx/herd-test-storage-lustre-scratch",
        "retention_in_days": 90,
    }


def test_a_link_imports_and_exports_everything_and_never_deletes_files_when_it_goes():
    arguments = derive.repository(Repository(bucket="datasets", file_system_path="/data"))
    everything = {"events": ["NEW", "CHANGED", "DELETED"]}
    assert arguments["s3"] == {"auto_import_policy": everything, "auto_export_policy": everything}
    assert arguments["delete_data_in_filesystem"] is False
    assert arguments["batch_import_meta_data_on_create"] is True


def test_a_direction_without_events_is_left_out():
    arguments = derive.repository(
        Repository(bucket="datasets", file_system_path="/data", auto_import=("DELETED", "NEW"), auto_export=())
    )
    assert arguments["s3"] == {"auto_import_policy": {"events": ["NEW", "DELETED"]}}


@pytest.mark.parametrize(("prefix", "suffix"), [("", ""), ("imagenet/", "/imagenet/")])
def test_a_prefix_follows_the_bucket(prefix, suffix):
    assert derive.repository_suffix(Repository(bucket="b", prefix=prefix, file_system_path="/x")) == suffix
