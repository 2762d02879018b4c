"""FSx as modelled here: what is made, what may change, what is left."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from herd.cloud.errors import AwsError
from herd.cloud.extensions import _fsx_rules as rules

PERSISTENT = {"DeploymentType": "PERSISTENT_2", "PerUnitStorageThroughput": 250}
ZFS = {"DeploymentType": "SINGLE_AZ_HA_2", "ThroughputCapacity": 320}


def make(cloud, kind="LUSTRE", capacity=1200, **more):
    _, subnets = cloud.network()
    configuration = {"LUSTRE": "LustreConfiguration", "OPENZFS": "OpenZFSConfiguration"}[kind]
    given_ = {"LUSTRE": PERSISTENT, "OPENZFS": ZFS}[kind] | more.pop("configuration", {})
    wanted = {"FileSystemType": kind, "StorageCapacity": capacity, "SubnetIds": subnets, configuration: given_, **more}
    return wanted, cloud.client("fsx").create_file_system(**wanted)["FileSystem"]


def test_what_is_made_has_all_that_consumers_read(cloud):
    metadata = {"EfaEnabled": True, "MetadataConfiguration": {"Mode": "AUTOMATIC"}}
    _, made = make(cloud, configuration=metadata)
    assert made["Lifecycle"] == "CREATING"
    (seen,) = cloud.client("fsx").describe_file_systems(FileSystemIds=[made["FileSystemId"]])["FileSystems"]
    assert seen["Lifecycle"] == "AVAILABLE"
    assert seen["DNSName"] == f"{made['FileSystemId']}.fsx.eu-west-1.amazonaws.com"
    assert seen["VpcId"].startswith("vpc-")
    assert len(seen["NetworkInterfaceIds"]) == 1
    assert seen["KmsKeyId"].startswith("arn:aws:kms:eu-west-1:111122223333:key/")
    assert seen["FileSystemTypeVersion"] == "2.15"
    lustre = seen["LustreConfiguration"]
    assert len(lustre["MountName"]) == 8
    assert lustre["MetadataConfiguration"] == {"Mode": "AUTOMATIC", "Iops": 1500}
    assert lustre["EfaEnabled"] is True


def test_openzfs_has_a_root_volume(cloud):
    _, made = make(cloud, "OPENZFS", 64, configuration={"RootVolumeConfiguration": {"RecordSizeKiB": 1024}})
    root = made["OpenZFSConfiguration"]["RootVolumeId"]
    (volume,) = cloud.client("fsx").describe_volumes(VolumeIds=[root])["Volumes"]
    assert volume["FileSystemId"] == made["FileSystemId"]
    assert volume["OpenZFSConfiguration"]["RecordSizeKiB"] == 1024
    cloud.client("fsx").update_volume(VolumeId=root, OpenZFSConfiguration={"DataCompressionType": "ZSTD"})
    (volume,) = cloud.client("fsx").describe_volumes()["Volumes"]
    assert volume["OpenZFSConfiguration"]["DataCompressionType"] == "ZSTD"
    assert volume["OpenZFSConfiguration"]["RecordSizeKiB"] == 1024


def test_a_repeated_token_makes_nothing_new(cloud):
    wanted, made = make(cloud, ClientRequestToken="once")
    fsx = cloud.client("fsx")
    assert fsx.create_file_system(**wanted)["FileSystem"]["FileSystemId"] == made["FileSystemId"]
    assert len(fsx.describe_file_systems()["FileSystems"]) == 1
    other = {**wanted, "StorageCapacity": 2400}
    assert cloud.refused(fsx.create_file_system, **other) == "IncompatibleParameterError"


def test_its_network_interface_keeps_the_subnet(cloud):
    wanted, made = make(cloud)
    ec2, (subnet,) = cloud.client("ec2"), wanted["SubnetIds"]
    assert cloud.refused(ec2.delete_subnet, SubnetId=subnet) == "DependencyViolation"
    cloud.client("fsx").delete_file_system(FileSystemId=made["FileSystemId"])
    ec2.delete_subnet(SubnetId=subnet)


def test_updates_are_kept_and_told(cloud):
    _, made = make(cloud)
    fsx, name = cloud.client("fsx"), {"FileSystemId": made["FileSystemId"]}
    changed = {"PerUnitStorageThroughput": 500, "AutomaticBackupRetentionDays": 7}
    answer = fsx.update_file_system(**name, StorageCapacity=2400, LustreConfiguration=changed)["FileSystem"]
    assert answer["Lifecycle"] == "UPDATING"
    (seen,) = fsx.describe_file_systems()["FileSystems"]
    assert seen["StorageCapacity"] == 2400
    assert changed.items() <= seen["LustreConfiguration"].items()
    assert seen["LustreConfiguration"]["MountName"] == made["LustreConfiguration"]["MountName"]
    assert seen["AdministrativeActions"][0]["Status"] == "COMPLETED"


@pytest.mark.parametrize(
    ("kind", "capacity", "change"),
    [
        ("LUSTRE", 2400, {"StorageCapacity": 1200}),
        ("LUSTRE", 2400, {"StorageCapacity": 2400}),
        ("LUSTRE", 1200, {"StorageCapacity": 3000}),
        ("LUSTRE", 1200, {"LustreConfiguration": {"PerUnitStorageThroughput": 200}}),
        (
            "LUSTRE",
            1200,
            {"LustreConfiguration": {"MetadataConfiguration": {"Iops": 2000, "Mode": "USER_PROVISIONED"}}},
        ),
        ("OPENZFS", 100, {"StorageCapacity": 105}),
        ("OPENZFS", 100, {"OpenZFSConfiguration": {"ThroughputCapacity": 256}}),
    ],
)
def test_updates_aws_would_not_make(cloud, kind, capacity, change):
    _, made = make(cloud, kind, capacity)
    fsx = cloud.client("fsx")
    code = cloud.refused(fsx.update_file_system, FileSystemId=made["FileSystemId"], **change)
    assert code in {"BadRequest", "InvalidPerUnitStorageThroughput"}
    (seen,) = fsx.describe_file_systems()["FileSystems"]
    assert seen["StorageCapacity"] == capacity


def test_deleting_openzfs_leaves_a_final_backup_unless_told_not_to(cloud):
    fsx = cloud.client("fsx")
    for skip, left in ((True, 0), (False, 1)):
        _, made = make(cloud, "OPENZFS", 64)
        options = {"OpenZFSConfiguration": {"SkipFinalBackup": True}} if skip else {}
        fsx.delete_file_system(FileSystemId=made["FileSystemId"], **options)
        assert len(fsx.describe_backups()["Backups"]) == left
        assert fsx.describe_volumes()["Volumes"] == []
    (backup,) = fsx.describe_backups()["Backups"]
    fsx.delete_backup(BackupId=backup["BackupId"])
    assert cloud.refused(fsx.delete_backup, BackupId=backup["BackupId"]) == "BackupNotFound"


def test_deleting_lustre_leaves_none_unless_asked_to(cloud):
    fsx = cloud.client("fsx")
    for options, left in (({}, 0), ({"LustreConfiguration": {"SkipFinalBackup": False}}, 1)):
        _, made = make(cloud)
        fsx.delete_file_system(FileSystemId=made["FileSystemId"], **options)
        assert len(fsx.describe_backups()["Backups"]) == left


class TestDataRepositories:
    def test_association_lives_and_dies_with_its_file_system(self, cloud):
        _, made = make(cloud)
        fsx, name = cloud.client("fsx"), made["FileSystemId"]
        imported = {"AutoImportPolicy": {"Events": ["NEW", "CHANGED"]}}
        link = fsx.create_data_repository_association(
            FileSystemId=name, FileSystemPath="/data", DataRepositoryPath=f"s3://{cloud.bucket()}/x", S3=imported
        )["Association"]["AssociationId"]
        fsx.update_data_repository_association(AssociationId=link, S3={"AutoExportPolicy": {"Events": ["NEW"]}})
        only = [{"Name": "file-system-id", "Values": [name]}]
        (seen,) = fsx.describe_data_repository_associations(Filters=only)["Associations"]
        assert seen["Lifecycle"] == "AVAILABLE"
        assert seen["S3"] == {**imported, "AutoExportPolicy": {"Events": ["NEW"]}}
        assert cloud.refused(fsx.create_backup, FileSystemId=name) == "BadRequest"
        backups = {"AutomaticBackupRetentionDays": 7}
        assert cloud.refused(fsx.update_file_system, FileSystemId=name, LustreConfiguration=backups) == "BadRequest"
        fsx.delete_file_system(FileSystemId=name)
        assert fsx.describe_data_repository_associations()["Associations"] == []

    def test_a_bucket_there_is_not_is_taken_and_reported(self, cloud):
        _, made = make(cloud)
        fsx = cloud.client("fsx")
        fsx.create_data_repository_association(
            FileSystemId=made["FileSystemId"], FileSystemPath="/", DataRepositoryPath="s3://nothing-there"
        )
        (seen,) = fsx.describe_data_repository_associations()["Associations"]
        assert seen["Lifecycle"] == "MISCONFIGURED"
        assert "nothing-there" in seen["FailureDetails"]["Message"]

    @pytest.mark.parametrize("second", ["/data/deeper", "/", "/data"])
    def test_paths_must_not_overlap(self, cloud, second):
        _, made = make(cloud)
        fsx, link = cloud.client("fsx"), {"FileSystemId": made["FileSystemId"], "DataRepositoryPath": "s3://abc/"}
        fsx.create_data_repository_association(**link, FileSystemPath="/data")
        assert cloud.refused(fsx.create_data_repository_association, **link, FileSystemPath=second) == "BadRequest"
        fsx.create_data_repository_association(**link, FileSystemPath="/database")


def test_tags_of_every_kind_of_object(cloud):
    _, made = make(cloud, Tags=[{"Key": "a", "Value": "1"}])
    fsx, arn = cloud.client("fsx"), made["ResourceARN"]
    fsx.tag_resource(ResourceARN=arn, Tags=[{"Key": "b", "Value": "2"}])
    fsx.untag_resource(ResourceARN=arn, TagKeys=["a"])
    assert fsx.list_tags_for_resource(ResourceARN=arn)["Tags"] == [{"Key": "b", "Value": "2"}]
    assert cloud.refused(fsx.list_tags_for_resource, ResourceARN=arn + "0") == "ResourceNotFound"


def test_pages(cloud):
    _, subnets = cloud.network()
    fsx = cloud.client("fsx")
    for _ in range(3):
        fsx.create_file_system(FileSystemType="LUSTRE", StorageCapacity=1200, SubnetIds=subnets)
    first = fsx.describe_file_systems(MaxResults=2)
    second = fsx.describe_file_systems(MaxResults=2, NextToken=first["NextToken"])
    assert (len(first["FileSystems"]), len(second["FileSystems"])) == (2, 1)
    assert "NextToken" not in second


def test_a_kind_that_is_not_modelled_says_so(cloud):
    _, subnets = cloud.network()
    wanted = {"FileSystemType": "ONTAP", "StorageCapacity": 1024, "SubnetIds": subnets}
    assert cloud.refused(cloud.client("fsx").create_file_system, **wanted) == "HerdNotModelled"


@given(st.integers(0, 200))
def test_capacities_of_persistent_lustre_are_1200_and_multiples_of_2400(steps):
    rules.lustre_capacity(2400 * (steps + 1), "PERSISTENT_2", "SSD", 250)
    rules.lustre_capacity(1200, "PERSISTENT_2", "SSD", 250)
    for wrong in (2400 * (steps + 1) + 1200, 2400 * steps + 1, -2400 * steps):
        with pytest.raises(AwsError):
            rules.lustre_capacity(wrong, "PERSISTENT_2", "SSD", 250)


@pytest.mark.parametrize(
    ("params", "given_", "message"),
    [
        ({"StorageType": "HDD", "StorageCapacity": 1800}, PERSISTENT, "HDD is not supported"),
        (
            {"StorageCapacity": 1200},
            {"DeploymentType": "SCRATCH_2", "PerUnitStorageThroughput": 200},
            "not supported with",
        ),
        ({"StorageCapacity": 1200}, {"DeploymentType": "SCRATCH_2", "AutomaticBackupRetentionDays": 1}, "scratch"),
        ({"StorageCapacity": 1200}, {**PERSISTENT, "ImportPath": "s3://a"}, "data repository association"),
        ({"StorageCapacity": 1200}, {**PERSISTENT, "DriveCacheType": "READ"}, "HDD storage only"),
        ({"StorageCapacity": 1200, "FileSystemTypeVersion": "2.10"}, PERSISTENT, "2.10"),
        ({"StorageCapacity": 1200, "FileSystemTypeVersion": "2.11"}, PERSISTENT, "2.11"),
        (
            {"StorageCapacity": 1200, "FileSystemTypeVersion": "2.12"},
            {**PERSISTENT, "MetadataConfiguration": {"Mode": "AUTOMATIC"}},
            "2.12",
        ),
        (
            {"StorageCapacity": 1200},
            {**PERSISTENT, "MetadataConfiguration": {"Mode": "AUTOMATIC", "Iops": 1500}},
            "AUTOMATIC",
        ),
        ({"StorageType": "INTELLIGENT_TIERING", "StorageCapacity": 1200}, PERSISTENT, "INTELLIGENT_TIERING"),
        ({}, PERSISTENT, "StorageCapacity is required"),
    ],
)
def test_lustre_that_aws_would_not_make(params, given_, message):
    with pytest.raises(AwsError, match=message):
        rules.lustre(params, given_)
