"""What a stack's storage registers, as an engine would see it."""

from __future__ import annotations

import json

import pytest
from pulumi_aws import backup, cloudwatch, efs, fsx, iam, kms, s3

from components.base.problems import InvalidInputError
from components.storage.mounts import EFS_OPTIONS, LUSTRE_OPTIONS, OPENZFS_OPTIONS

LINKED = "aws:fsx/dataRepositoryAssociation:DataRepositoryAssociation"
# What holds data, and what guards it: a bucket that is left behind must not lose its policy.
LASTING = {
    cls.pulumi_type
    for cls in (
        kms.Key,
        s3.Bucket,
        s3.BucketVersioning,
        s3.BucketPublicAccessBlock,
        s3.BucketOwnershipControls,
        s3.BucketServerSideEncryptionConfiguration,
        s3.BucketLifecycleConfiguration,
        s3.BucketPolicy,
        fsx.LustreFileSystem,
        fsx.DataRepositoryAssociation,
        fsx.OpenZfsFileSystem,
        efs.FileSystem,
        efs.AccessPoint,
        efs.FileSystemPolicy,
        efs.BackupPolicy,
        backup.Vault,
        backup.VaultLockConfiguration,
    )
}
MADE_AGAIN_AT_WILL = {
    cls.pulumi_type
    for cls in (
        kms.Alias,
        kms.Grant,
        cloudwatch.LogGroup,
        efs.MountTarget,
        backup.Plan,
        backup.Selection,
        iam.Role,
        iam.RolePolicyAttachment,
    )
}
OLD = "fs-0123456789abcdef0"
POINT = "fsap-0123456789abcdef0"


@pytest.fixture(params=["efs", "openzfs"])
def data(request, storage_data, openzfs_data):
    return storage_data({} if request.param == "efs" else {"homes": openzfs_data})


def custom(recording):
    return [resource for resource in recording if resource.custom]


class TestDurability:
    def test_in_prod_everything_that_must_last_is_protected_and_retained(self, register, data):
        for resource in custom(register(data, "prod")):
            guarded = resource.type in LASTING
            assert (resource.options.get("protect"), resource.options.get("retainOnDelete")) == (
                (True, True) if guarded else (None, None)
            ), resource.urn

    def test_elsewhere_nothing_is(self, register, data):
        for environment in ("dev", "test"):
            for resource in custom(register(data, environment)):
                assert not resource.options.get("protect"), resource.urn
                assert not resource.options.get("retainOnDelete"), resource.urn

    def test_every_type_is_judged(self, register, data):
        assert {resource.type for resource in custom(register(data))} <= LASTING | MADE_AGAIN_AT_WILL

    def test_the_same_resources_in_every_environment(self, register, data):
        dev, prod = register(data, "dev"), register(data, "prod")
        assert dev.identities == prod.identities

    def test_keys_can_be_brought_back_for_longer_where_data_must_last(self, register, data):
        assert {key.inputs["deletionWindowInDays"] for key in register(data, "prod").of(kms.Key)} == {30}
        assert {key.inputs["deletionWindowInDays"] for key in register(data, "dev").of(kms.Key)} == {7}


class TestRegistrations:
    def test_a_preview_registers_what_an_update_registers(self, register, data):
        assert register(data, preview=True).identities == register(data).identities

    def test_everything_is_below_the_component_and_nothing_brings_its_own_provider(self, register, data):
        for resource in register(data):
            if resource.type == "herd:storage:Storage":
                continue
            assert "herd:storage:Storage" in resource.parent, resource.urn
            assert "provider" not in resource.options, resource.urn

    def test_every_component_completes(self, register, data):
        recording = register(data)
        assert {resource.urn for resource in recording if not resource.custom} <= set(recording.outputs)

    def test_buckets_are_named_by_aws(self, register, data):
        for bucket in register(data).of(s3.Bucket):
            assert "bucket" not in bucket.inputs
            assert "bucketPrefix" not in bucket.inputs

    def test_everything_that_stores_is_encrypted_with_a_key_of_the_stack(self, register, data):
        recording = register(data)
        keys = {name: f"${{{recording.one(kms.Key, f'storage-{name}').urn}.arn}}" for name in ("data", "backups")}
        for cls in (fsx.LustreFileSystem, fsx.OpenZfsFileSystem, efs.FileSystem, cloudwatch.LogGroup):
            for system in recording.of(cls):
                assert system.inputs["kmsKeyId"] == keys["data"], system.urn
        for bucket in recording.of(s3.BucketServerSideEncryptionConfiguration):
            (rule,) = bucket.inputs["rules"]
            assert rule["applyServerSideEncryptionByDefault"]["kmsMasterKeyId"] == keys["data"]
        assert recording.one(backup.Vault).inputs["kmsKeyArn"] == keys["backups"]


class TestBuckets:
    def test_each_bucket_has_every_guard(self, register, data):
        recording = register(data)
        for bucket in recording.of(s3.Bucket):
            for cls in (
                s3.BucketVersioning,
                s3.BucketPublicAccessBlock,
                s3.BucketOwnershipControls,
                s3.BucketServerSideEncryptionConfiguration,
                s3.BucketLifecycleConfiguration,
                s3.BucketPolicy,
            ):
                assert recording.one(cls, bucket.name).inputs["bucket"] == f"${{{bucket.urn}.id}}"
            assert recording.one(s3.BucketVersioning, bucket.name).inputs["versioningConfiguration"] == {
                "status": "Enabled"
            }
            assert recording.one(s3.BucketOwnershipControls, bucket.name).inputs["rule"] == {
                "objectOwnership": "BucketOwnerEnforced"
            }

    def test_the_policy_is_a_complete_document(self, register, data):
        recording = register(data)
        bucket = recording.one(s3.Bucket, "storage-datasets")
        document = json.loads(recording.one(s3.BucketPolicy, "storage-datasets").inputs["policy"])
        for statement in document["Statement"]:
            assert statement["Resource"] == [f"${{{bucket.urn}.arn}}", f"${{{bucket.urn}.arn}}/*"]


class TestLustre:
    def test_it_is_in_its_zone_behind_its_groups(self, register, storage_data):
        system = register(storage_data()).one(fsx.LustreFileSystem)
        assert system.inputs["subnetIds"] == "subnet-eu-west-1a"
        assert system.inputs["securityGroupIds"] == ["sg-lustre", "sg-efa"]
        assert system.inputs["logConfiguration"]["level"] == "WARN_ERROR"

    def test_a_link_waits_until_its_bucket_is_guarded(self, register, storage_data):
        recording = register(storage_data({"lustre.scratch.repositories.datasets.prefix": "imagenet/"}))
        bucket = recording.one(s3.Bucket, "storage-datasets")
        link = recording.one(fsx.DataRepositoryAssociation)
        assert link.inputs["dataRepositoryPath"] == f"s3://${{{bucket.urn}.bucket}}/imagenet/"
        guards = {
            resource.urn
            for resource in recording
            if resource.type.startswith("aws:s3/") and resource.name == bucket.name
        }
        assert guards <= set(link.dependencies)
        assert len(guards) == 7

    def test_an_existing_file_system_is_read_and_nothing_else(self, register):
        spec = {"lustre": {"old": {"kind": "existing", "id": OLD, "availabilityZone": "eu-west-1b"}}}
        read = {OLD: {"dnsName": "old.fsx", "mountName": "abcd", "tags": {"owner": "somebody"}}}
        recording = register(spec, "prod", reads=read)
        (system,) = recording.of(fsx.LustreFileSystem)
        assert system.read_id == OLD
        assert system.inputs == {}
        assert not system.options.get("protect")
        outputs = recording.outputs[recording.one("herd:storage:BorrowedLustre").urn]
        assert outputs["source"] == "old.fsx@tcp:/abcd"
        assert outputs["availabilityZones"] == ["eu-west-1b"]
        assert outputs["concerns"] == ["lustre"]


class TestHomes:
    def test_efs_has_a_target_in_every_zone_once_its_policy_is_there(self, register, storage_data):
        recording = register(storage_data())
        policy = recording.one(efs.FileSystemPolicy)
        targets = recording.of(efs.MountTarget)
        assert {target.inputs["subnetId"] for target in targets} == {f"subnet-eu-west-1{zone}" for zone in "abc"}
        for target in targets:
            assert target.inputs["securityGroups"] == ["sg-nfs"]
            assert policy.urn in target.dependencies

    def test_the_policy_names_every_access_point(self, register, storage_data):
        recording = register(storage_data())
        document = json.loads(recording.one(efs.FileSystemPolicy).inputs["policy"])
        (statement,) = [item for item in document["Statement"] if item["Sid"] == "AccessPointsOnly"]
        arns = statement["Condition"]["StringNotEquals"]["elasticfilesystem:AccessPointArn"]
        assert arns == [f"${{{point.urn}.arn}}" for point in recording.of(efs.AccessPoint)]
        assert len(arns) == 2

    def test_openzfs_is_in_its_zone(self, register, storage_data, openzfs_data):
        system = register(storage_data({"homes": openzfs_data})).one(fsx.OpenZfsFileSystem)
        assert system.inputs["subnetIds"] == ["subnet-eu-west-1b"]
        assert system.inputs["securityGroupIds"] == ["sg-nfs"]
        assert "preferredSubnetId" not in system.inputs
        assert "routeTableIds" not in system.inputs

    def test_openzfs_in_two_zones_prefers_the_first_and_moves_by_routes(self, register, storage_data, openzfs_data):
        zones = {"deploymentType": "MULTI_AZ_1", "availabilityZones": ["eu-west-1c", "eu-west-1a"]}
        system = register(storage_data({"homes": {**openzfs_data, **zones}})).one(fsx.OpenZfsFileSystem)
        assert system.inputs["subnetIds"] == ["subnet-eu-west-1c", "subnet-eu-west-1a"]
        assert system.inputs["preferredSubnetId"] == "subnet-eu-west-1c"
        assert system.inputs["routeTableIds"] == ["rtb-a", "rtb-b"]

    @pytest.mark.parametrize(
        ("homes", "cls", "source"),
        [
            ({"kind": "existing-efs", "id": OLD, "accessPoints": {"people": POINT}}, efs.FileSystem, f"{OLD}:/"),
            ({"kind": "existing-openzfs", "id": OLD}, fsx.OpenZfsFileSystem, "old.example:/fsx"),
        ],
    )
    def test_existing_ones_are_read_and_nothing_else(self, register, homes, cls, source):
        recording = register({"homes": homes}, "test", reads={OLD: {"dnsName": "old.example"}})
        (system,) = recording.of(cls)
        assert (system.read_id, system.inputs) == (OLD, {})
        outputs = recording.outputs[recording.one("herd:storage:BorrowedHomes").urn]
        assert outputs["source"] == source
        assert outputs["accessPointIds"] == ({"people": POINT} if "accessPoints" in homes else {})
        assert not recording.of(efs.MountTarget)


class TestBackup:
    def test_the_plan_writes_to_the_vault_and_the_role_is_ready_first(self, register, storage_data):
        recording = register(storage_data())
        (rule,) = recording.one(backup.Plan).inputs["rules"]
        assert rule["targetVaultName"] == f"${{{recording.one(backup.Vault).urn}.name}}"
        attachments = {resource.urn for resource in recording.of(iam.RolePolicyAttachment)}
        assert len(attachments) == 4
        assert attachments <= set(recording.one(backup.Selection).dependencies)

    def test_a_changed_lock_is_taken_off_before_it_is_put_on_again(self, register, storage_data):
        lock = register(storage_data()).one(backup.VaultLockConfiguration)
        assert lock.options["deleteBeforeReplace"] is True
        assert lock.inputs["minRetentionDays"] == 7

    def test_what_is_backed_up_carries_the_tag_that_the_selection_looks_for(self, register, storage_data, openzfs_data):
        unlinked = {"lustre.scratch.repositories": {}, "lustre.scratch.backup": {"kind": "nightly"}}
        for homes in ({}, {"homes": openzfs_data}):
            recording = register(storage_data({**unlinked, **homes}))
            (condition,) = recording.one(backup.Selection).inputs["conditions"]
            wanted = {pair["key"].removeprefix("aws:ResourceTag/"): pair["value"] for pair in condition["stringEquals"]}
            del wanted["stack"]  # the provider's default tags put it on everything
            tagged = {
                resource.name
                for resource in custom(recording)
                if wanted.items() <= resource.inputs.get("tags", {}).items()
            }
            assert tagged == {"storage-checkpoints", "storage-lustre-scratch", "storage-homes"}

    def test_a_linked_file_system_never_carries_the_tag(self, register, storage_data):
        for environment in ("dev", "test", "prod"):
            recording = register(storage_data(), environment)
            assert recording.of(LINKED)
            assert "backup" not in recording.one(fsx.LustreFileSystem).inputs["tags"]

    def test_without_a_plan_there_is_no_vault(self, register):
        recording = register({"buckets": {"datasets": {}}})
        assert not recording.of(backup.Vault)
        assert {key.name for key in recording.of(kms.Key)} == {"storage-data", "storage-volumes"}


class TestKeys:
    def test_auto_scaling_and_image_accounts_may_use_the_volume_key(self, register, storage_data):
        policy = json.loads(register(storage_data()).one(kms.Key, "storage-volumes").inputs["policy"])
        statements = {statement["Sid"]: statement for statement in policy["Statement"]}
        role = "arn:aws:iam::111122223333:role/aws-service-role/autoscaling.amazonaws.com/AWSServiceRoleForAutoScaling"
        grants = statements["AutoscalingGrantsToServices"]
        assert grants["Condition"]["StringEquals"]["aws:PrincipalArn"] == role
        assert grants["Condition"]["Bool"] == {"kms:GrantIsForAWSResource": "true"}
        assert statements["Account222233334444StartsMachines"]["Principal"] == {"AWS": "arn:aws:iam::222233334444:root"}

    def test_the_data_key_is_not_for_machines_or_other_accounts(self, register, storage_data):
        policy = register(storage_data()).one(kms.Key, "storage-data").inputs["policy"]
        assert "222233334444" not in policy
        assert "autoscaling" not in policy
        assert "s3.eu-west-1.amazonaws.com" in policy
        assert "fsx.eu-west-1.amazonaws.com" in policy

    def test_cloudwatch_may_encrypt_the_logs_it_keeps(self, register, storage_data):
        recording = register(storage_data())
        policy = json.loads(recording.one(kms.Key, "storage-data").inputs["policy"])
        services = [statement["Principal"].get("Service") for statement in policy["Statement"]]
        assert "logs.eu-west-1.amazonaws.com" in services

    def test_an_image_accounts_key_is_granted_to_auto_scaling_here(self, register, storage_data):
        grant = register(storage_data()).one(kms.Grant)
        assert grant.inputs["keyId"] == storage_data()["keys"]["imageKeys"]["factory"]
        assert grant.inputs["granteePrincipal"].endswith("/AWSServiceRoleForAutoScaling")
        assert "CreateGrant" in grant.inputs["operations"]


class TestFacts:
    def test_consumers_get_ids_names_and_how_to_mount(self, register, storage_data):
        recording = register(storage_data())
        outputs = recording.outputs[recording.one("herd:storage:Storage").urn]
        system = recording.one(fsx.LustreFileSystem).urn
        assert outputs["lustre"]["scratch"] == {
            "type": "lustre",
            "fileSystemId": f"${{{system}.id}}",
            "dnsName": f"${{{system}.dnsName}}",
            "source": f"${{{system}.dnsName}}@tcp:/${{{system}.mountName}}",
            "options": ",".join(LUSTRE_OPTIONS),
            "concerns": ["lustre", "efa"],
            "availabilityZones": ["eu-west-1a"],
            "efa": True,
            "accessPointIds": {},
            "mountName": f"${{{system}.mountName}}",
        }
        assert set(outputs["buckets"]) == {"checkpoints", "datasets"}
        assert outputs["homes"]["options"] == ",".join(EFS_OPTIONS)
        assert set(outputs["homes"]["accessPointIds"]) == {"people", "builds"}

    def test_openzfs_is_mounted_as_nfs(self, register, storage_data, openzfs_data):
        recording = register(storage_data({"homes": openzfs_data}))
        outputs = recording.outputs[recording.one("herd:storage:Storage").urn]
        assert (outputs["homes"]["type"], outputs["homes"]["options"]) == ("nfs", ",".join(OPENZFS_OPTIONS))
        assert outputs["homes"]["source"].endswith(":/fsx")

    def test_options_are_those_known_to_work(self):
        assert LUSTRE_OPTIONS[:3] == ("noatime", "flock", "lazystatfs")
        assert "x-systemd.requires=network-online.target" in LUSTRE_OPTIONS
        assert OPENZFS_OPTIONS[:6] == ("noatime", "nfsvers=3", "sync", "nconnect=16", "rsize=1048576", "wsize=1048576")
        assert {"tls", "iam"} <= set(EFS_OPTIONS)


def test_a_spec_that_does_not_fit_its_stack_registers_nothing(register, storage_data):
    with pytest.raises(InvalidInputError) as caught:
        register(storage_data({"backup.lock": ..., "lustre.scratch.availabilityZone": "eu-west-1e"}), "prod")
    assert {problem.field for problem in caught.value.problems} == {"backup.lock", "lustre.scratch.availabilityZone"}


def test_the_component_passes_its_spec_as_props(register, storage_data):
    props = register(storage_data()).one("herd:storage:Storage").inputs
    assert props["lustre"]["scratch"]["backup"] == {"kind": "export"}
    assert props["backup"]["lock"]["mode"] == "governance"
