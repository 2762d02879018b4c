"""Which FSx file systems AWS makes: capacities, throughputs and what goes with what.

Source: documentation in botocore's fsx model (CreateFileSystem, UpdateFileSystem, CreateDataRepositoryAssociation);
FSx for Lustre User Guide, "Metadata performance".
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from herd.cloud.errors import AwsError

# (deployment type, storage type) -> MB/s per TiB that can be provisioned.
LUSTRE_THROUGHPUT: dict[tuple[str, str], tuple[int, ...]] = {
    ("PERSISTENT_1", "SSD"): (50, 100, 200),
    ("PERSISTENT_1", "HDD"): (12, 40),
    ("PERSISTENT_2", "SSD"): (125, 250, 500, 1000),
}
_FIRST = (64, 128, 256, 512, 1024, 2048, 3072, 4096)
_SECOND = (160, 320, 640, 1280, 2560, 3840, 5120, 7680, 10240)
OPENZFS_THROUGHPUT: dict[str, tuple[int, ...]] = {
    "SINGLE_AZ_1": _FIRST,
    "SINGLE_AZ_HA_1": _FIRST,
    "SINGLE_AZ_2": _SECOND,
    "SINGLE_AZ_HA_2": _SECOND,
    "MULTI_AZ_1": _SECOND,
}
OPENZFS_CAPACITY = (64, 524_288)
METADATA_IOPS = frozenset({1500, 3000, 6000, *range(12_000, 192_001, 12_000)})
LUSTRE_VERSIONS = ("2.10", "2.12", "2.15")
_OPENZFS_GROWTH = 1.1


def lustre(params: Mapping[str, Any], given: Mapping[str, Any]) -> None:
    """Refuse a Lustre file system AWS would not create."""
    deployment, storage = given.get("DeploymentType", "SCRATCH_1"), params.get("StorageType", "SSD")
    persistent = deployment.startswith("PERSISTENT")
    if storage == "INTELLIGENT_TIERING":
        if deployment != "PERSISTENT_2" or params.get("StorageCapacity") or not given.get("ThroughputCapacity"):
            raise _bad("INTELLIGENT_TIERING needs PERSISTENT_2 with ThroughputCapacity and without StorageCapacity.")
    else:
        lustre_capacity(params.get("StorageCapacity"), deployment, storage, given.get("PerUnitStorageThroughput"))
        lustre_throughput(deployment, storage, given.get("PerUnitStorageThroughput"))
    if given.get("AutomaticBackupRetentionDays") and not persistent:
        raise _bad("Automatic backups are not supported on scratch file systems.")
    if deployment == "PERSISTENT_2" and (given.get("ImportPath") or given.get("ExportPath")):
        raise _bad("ImportPath and ExportPath are not supported with PERSISTENT_2: use a data repository association.")
    if given.get("DriveCacheType") and storage != "HDD":
        raise _bad("DriveCacheType is supported with HDD storage only.")
    metadata = given.get("MetadataConfiguration")
    if metadata:
        lustre_metadata(deployment, metadata)
    if given.get("EfaEnabled") and not (deployment == "PERSISTENT_2" and metadata):
        raise _bad("EfaEnabled is supported with PERSISTENT_2 and a MetadataConfiguration only.")
    version = lustre_version(params, given)
    if version not in LUSTRE_VERSIONS:
        raise _bad(f"FileSystemTypeVersion {version} is not one of {', '.join(LUSTRE_VERSIONS)}.")
    if deployment == "PERSISTENT_2" and (version == "2.10" or (metadata and version != "2.15")):
        raise _bad(f"Lustre {version} does not support this PERSISTENT_2 configuration.")


def lustre_version(params: Mapping[str, Any], given: Mapping[str, Any]) -> str:
    """The Lustre version of a new file system."""
    default = "2.10"
    if given.get("DeploymentType") == "PERSISTENT_2":
        default = "2.15" if given.get("MetadataConfiguration") else "2.12"
    return str(params.get("FileSystemTypeVersion", default))


def lustre_capacity(capacity: int | None, deployment: str, storage: str, throughput: int | None) -> None:
    """Refuse a storage capacity (GiB) that Lustre doesn't come in."""
    if capacity is None:
        raise _bad("StorageCapacity is required.")
    if storage == "HDD":
        step = 6000 if throughput == 12 else 1800  # noqa: PLR2004 - MB/s/TiB
        if capacity <= 0 or capacity % step:
            raise _bad(f"Invalid storage capacity {capacity}: valid values are multiples of {step} GiB.")
        return
    step = 3600 if deployment == "SCRATCH_1" else 2400
    if capacity not in {1200, 2400} and (capacity <= 0 or capacity % step):
        raise _bad(f"Invalid storage capacity {capacity}: valid values are 1200, 2400 and increments of {step} GiB.")


def lustre_throughput(deployment: str, storage: str, throughput: int | None) -> None:
    """Refuse a throughput per unit of storage (MB/s/TiB) that doesn't go with the deployment type."""
    if not deployment.startswith("PERSISTENT"):
        if throughput:
            raise _bad(f"PerUnitStorageThroughput is not supported with {deployment}.")
        return
    valid = LUSTRE_THROUGHPUT.get((deployment, storage))
    if valid is None:
        raise _bad(f"StorageType {storage} is not supported with {deployment}.")
    if throughput not in valid:
        raise AwsError(
            "InvalidPerUnitStorageThroughput",
            f"Invalid PerUnitStorageThroughput {throughput}: {deployment} {storage} takes {list(valid)}.",
        )


def lustre_metadata(deployment: str, metadata: Mapping[str, Any]) -> None:
    """Refuse metadata IOPS that can't be provisioned."""
    if deployment != "PERSISTENT_2":
        raise _bad("MetadataConfiguration is supported with PERSISTENT_2 only.")
    iops = metadata.get("Iops")
    if metadata.get("Mode") == "AUTOMATIC":
        if iops:
            raise _bad("Iops can't be set with metadata mode AUTOMATIC.")
    elif iops is not None and iops not in METADATA_IOPS:
        raise _bad(
            f"Invalid metadata Iops {iops}: valid values are 1500, 3000, 6000 and multiples of 12000 up to 192000."
        )


def automatic_metadata_iops(capacity: int) -> int:
    """Metadata IOPS that AUTOMATIC mode gives a storage capacity (GiB)."""
    for limit, iops in ((1200, 1500), (2400, 3000), (9600, 6000)):
        if capacity <= limit:
            return iops
    return min(192_000, 12_000 * -(-capacity // 24_000))


def openzfs(params: Mapping[str, Any], given: Mapping[str, Any]) -> None:
    """Refuse an OpenZFS file system AWS would not create."""
    capacity = params.get("StorageCapacity")
    low, high = OPENZFS_CAPACITY
    if params.get("StorageType") != "INTELLIGENT_TIERING" and not (capacity and low <= capacity <= high):
        raise _bad(f"Invalid storage capacity {capacity}: valid values are {low} to {high} GiB.")
    openzfs_throughput(given["DeploymentType"], given["ThroughputCapacity"])
    iops = given.get("DiskIopsConfiguration") or {}
    if iops.get("Mode") == "USER_PROVISIONED" and (iops.get("Iops") or 0) < 3 * (capacity or 0):
        raise _bad("Provisioned SSD IOPS must be at least 3 per GiB of storage capacity.")


def openzfs_throughput(deployment: str, throughput: int) -> None:
    """Refuse a throughput (MB/s) that doesn't go with the deployment type."""
    valid = OPENZFS_THROUGHPUT[deployment]
    if throughput not in valid:
        raise _bad(f"Invalid throughput capacity {throughput}: valid values for {deployment} are {list(valid)}.")


def update(system: Mapping[str, Any], params: Mapping[str, Any], given: Mapping[str, Any]) -> None:
    """Refuse an update AWS would not make."""
    old, new = system["StorageCapacity"], params.get("StorageCapacity")
    if system["FileSystemType"] == "LUSTRE":
        current = system["LustreConfiguration"]
        deployment, storage = current["DeploymentType"], system["StorageType"]
        throughput = given.get("PerUnitStorageThroughput", current.get("PerUnitStorageThroughput"))
        if "PerUnitStorageThroughput" in given:
            lustre_throughput(deployment, storage, throughput)
        if given.get("MetadataConfiguration"):
            lustre_metadata(deployment, {"Mode": "USER_PROVISIONED", **given["MetadataConfiguration"]})
        if given.get("AutomaticBackupRetentionDays") and not deployment.startswith("PERSISTENT"):
            raise _bad("Automatic backups are not supported on scratch file systems.")
        if new is not None:
            if deployment == "SCRATCH_1":
                raise _bad("The storage capacity of SCRATCH_1 file systems can't be changed.")
            if new <= old:
                raise _bad(f"The storage capacity {new} must be greater than the current {old} GiB.")
            lustre_capacity(new, deployment, storage, throughput)
        return
    if "ThroughputCapacity" in given:
        openzfs_throughput(system["OpenZFSConfiguration"]["DeploymentType"], given["ThroughputCapacity"])
    if new is not None and new < _OPENZFS_GROWTH * old:
        raise _bad(f"The storage capacity {new} must be at least 10% greater than the current {old} GiB.")


def association(system: Mapping[str, Any], path: str, repository: str, others: Iterable[Mapping[str, Any]]) -> None:
    """Refuse a data repository association AWS would not create."""
    current = system.get("LustreConfiguration") or {}
    if current.get("DeploymentType") not in {"PERSISTENT_2", "SCRATCH_2", "PERSISTENT_1"}:
        raise AwsError(
            "UnsupportedOperation", "Data repository associations need Lustre 2.12 or newer and not SCRATCH_1."
        )
    if system["FileSystemTypeVersion"] == "2.10":
        raise AwsError("UnsupportedOperation", "Data repository associations need Lustre 2.12 or newer.")
    if current.get("AutomaticBackupRetentionDays"):
        raise _bad("Data repository associations are not supported on file systems with automatic backups enabled.")
    if not repository.startswith("s3://") or not repository.removeprefix("s3://").strip("/"):
        raise _bad(f"DataRepositoryPath {repository} is not of the form s3://bucket-name/prefix/.")
    if not path.startswith("/"):
        raise _bad(f"FileSystemPath {path} must begin with a forward slash.")
    for other in others:
        if other["FileSystemId"] == system["FileSystemId"] and _overlap(path, other["FileSystemPath"]):
            raise _bad(f"FileSystemPath {path} overlaps with {other['FileSystemPath']} of {other['AssociationId']}.")


def _overlap(one: str, other: str) -> bool:
    first, second = one.rstrip("/") + "/", other.rstrip("/") + "/"
    return first.startswith(second) or second.startswith(first)


def _bad(message: str) -> AwsError:
    return AwsError("BadRequest", message)
