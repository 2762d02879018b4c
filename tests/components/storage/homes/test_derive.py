"""What the resources of home directories are given."""

from __future__ import annotations

import pytest

from components.storage.homes import derive
from components.storage.homes.spec import AccessPoint, EfsHomes, OpenZfsHomes

ARN = "arn:aws:elasticfilesystem:eu-west-1:111122223333:file-system/fs-1"
POINT = "arn:aws:elasticfilesystem:eu-west-1:111122223333:access-point/fsap-1"
CLIENT_ACTIONS = {f"elasticfilesystem:Client{what}" for what in ("Mount", "Write", "RootAccess")}


def zfs(**changes):
    return OpenZfsHomes.model_validate(
        {"kind": "openzfs", "availability_zones": ["eu-west-1a"], "storage_capacity": 1024, **changes}
    )


def efs(**changes):
    return EfsHomes.model_validate({"kind": "efs", **changes})


def policy(spec, context, points=(POINT,)):
    return {
        statement["Sid"]: statement for statement in derive.file_system_policy(spec, context, ARN, points)["Statement"]
    }


class TestOpenZfs:
    def test_the_default_is_highly_available_with_included_iops(self, make_context):
        arguments = derive.openzfs("homes", zfs(), make_context())
        assert arguments["deployment_type"] == "SINGLE_AZ_HA_2"
        assert arguments["throughput_capacity"] == 320
        assert arguments["disk_iops_configuration"] == {"mode": "AUTOMATIC"}

    def test_exports_write_safely_and_map_root(self, make_context):
        arguments = derive.openzfs("homes", zfs(clients=["10.0.0.0/16", "10.1.0.0/16"]), make_context())
        exports = arguments["root_volume_configuration"]["nfs_exports"]["client_configurations"]
        assert exports == [
            {"clients": clients, "options": ["rw", "crossmnt", "sync", "root_squash"]}
            for clients in ("10.0.0.0/16", "10.1.0.0/16")
        ]

    def test_root_stays_root_only_if_asked_for(self, make_context):
        arguments = derive.openzfs("homes", zfs(root_squash=False), make_context())
        (export,) = arguments["root_volume_configuration"]["nfs_exports"]["client_configurations"]
        assert "no_root_squash" in export["options"]
        assert "root_squash" not in export["options"]

    def test_fsx_makes_no_backups_of_its_own_beside_the_plans(self, make_context):
        arguments = derive.openzfs("homes", zfs(), make_context())
        assert arguments["automatic_backup_retention_days"] == 0
        assert arguments["tags"]["backup"] == "nightly"

    @pytest.mark.parametrize(("environment", "disposable"), [("dev", True), ("test", True), ("prod", False)])
    def test_it_goes_without_a_trace_only_where_nothing_must_last(self, make_context, environment, disposable):
        arguments = derive.openzfs("homes", zfs(), make_context(environment))
        assert arguments["skip_final_backup"] is disposable
        assert ("delete_options" in arguments) is disposable

    def test_an_address_that_moves_between_zones_needs_route_tables(self):
        assert not derive.is_multi_zone(zfs())
        assert derive.is_multi_zone(zfs(deployment_type="MULTI_AZ_1", availability_zones=["eu-west-1a", "eu-west-1b"]))


class TestEfs:
    def test_it_is_encrypted_elastic_and_tagged(self, make_context):
        arguments = derive.efs("homes", efs(), make_context())
        assert arguments["encrypted"] is True
        assert arguments["throughput_mode"] == "elastic"
        assert "provisioned_throughput_in_mibps" not in arguments
        assert arguments["tags"] == {"Name": "herd-dev-homes", "backup": "nightly"}

    def test_provisioned_throughput_has_a_number(self, make_context):
        arguments = derive.efs("homes", efs(throughput={"mode": "provisioned", "mibps": 256}), make_context())
        assert (arguments["throughput_mode"], arguments["provisioned_throughput_in_mibps"]) == ("provisioned", 256)

    def test_each_move_is_a_policy_of_its_own(self):
        spec = efs(transition_to_ia=1, transition_to_archive=90)
        assert derive.lifecycle_policies(spec) == [
            {"transition_to_ia": "AFTER_1_DAY"},
            {"transition_to_archive": "AFTER_90_DAYS"},
            {"transition_to_primary_storage_class": "AFTER_1_ACCESS"},
        ]
        assert derive.lifecycle_policies(efs(transition_to_ia=None, return_on_access=False)) == []

    @pytest.mark.parametrize(
        ("kind", "status"), [("nightly", "DISABLED"), ("automatic", "ENABLED"), ("none", "DISABLED")]
    )
    def test_efs_never_backs_up_beside_the_plan(self, kind, status):
        assert derive.backup_status(efs(backup={"kind": kind})) == status

    def test_an_access_point_makes_its_directory_and_says_who_clients_are(self, make_context):
        point = AccessPoint.model_validate(
            {
                "path": "/builds",
                "owner_uid": 7,
                "owner_gid": 8,
                "permissions": "0770",
                "user": {"uid": 1000, "gid": 1001},
            }
        )
        arguments = derive.access_point("homes-builds", point, make_context())
        assert arguments["root_directory"] == {
            "path": "/builds",
            "creation_info": {"owner_uid": 7, "owner_gid": 8, "permissions": "0770"},
        }
        assert arguments["posix_user"] == {"uid": 1000, "gid": 1001, "secondary_gids": []}

    def test_without_a_user_clients_keep_their_ids(self, make_context):
        assert "posix_user" not in derive.access_point("homes-people", AccessPoint(path="/home"), make_context())


class TestFileSystemPolicy:
    def test_only_this_accounts_roles_through_a_mount_target(self, make_context):
        (allow,) = [s for s in policy(efs(), make_context()).values() if s["Effect"] == "Allow"]
        assert allow["Principal"] == {"AWS": "arn:aws:iam::111122223333:root"}
        assert set(allow["Action"]) == CLIENT_ACTIONS - {"elasticfilesystem:ClientRootAccess"}
        assert allow["Condition"] == {"Bool": {"elasticfilesystem:AccessedViaMountTarget": "true"}}

    def test_nothing_without_tls(self, make_context):
        deny = policy(efs(), make_context())["TlsOnly"]
        assert (deny["Effect"], set(deny["Action"])) == ("Deny", CLIENT_ACTIONS)
        assert deny["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}

    def test_nothing_around_the_access_points(self, make_context):
        deny = policy(efs(), make_context())["AccessPointsOnly"]
        assert (deny["Effect"], set(deny["Action"])) == ("Deny", CLIENT_ACTIONS)
        assert deny["Condition"] == {"StringNotEquals": {"elasticfilesystem:AccessPointArn": [POINT]}}

    def test_without_access_points_the_root_may_be_mounted(self, make_context):
        assert "AccessPointsOnly" not in policy(efs(), make_context(), points=())

    def test_no_identity_policy_can_give_root_unless_the_spec_does(self, make_context):
        assert policy(efs(), make_context())["NoRoot"]["Action"] == ["elasticfilesystem:ClientRootAccess"]
        rooted = policy(efs(root_access=True), make_context())
        assert "NoRoot" not in rooted
        assert "elasticfilesystem:ClientRootAccess" in rooted["RolesOfThisAccount"]["Action"]

    def test_every_statement_is_about_this_file_system(self, make_context):
        assert {statement["Resource"] for statement in policy(efs(), make_context()).values()} == {ARN}

    def test_other_partitions_have_other_principals(self, make_context):
        context = make_context(region="cn-north-1", availability_zones=("cn-north-1a",))
        allow = policy(efs(), context)["RolesOfThisAccount"]
        assert allow["Principal"] == {"AWS": "arn:aws-cn:iam::111122223333:root"}
