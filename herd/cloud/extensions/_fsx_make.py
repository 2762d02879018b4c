"""New FSx file systems as AWS fills them in."""

from __future__ import annotations

import uuid
from typing import Any

from herd.cloud import world
from herd.cloud.errors import AwsError
from herd.cloud.extensions import _fsx_rules as rules
from herd.cloud.wire import Call


def common(call: Call, vpc: str) -> dict[str, Any]:
    """What file systems of all types have."""
    identifier = world.new_id("fs")
    return {
        "OwnerId": call.account,
        "CreationTime": world.now(),
        "FileSystemId": identifier,
        "FileSystemType": call.params["FileSystemType"],
        "Lifecycle": "AVAILABLE",
        "StorageCapacity": call.get("StorageCapacity"),
        "StorageType": call.get("StorageType", "SSD"),
        "VpcId": vpc,
        "SubnetIds": list(call.params["SubnetIds"]),
        "DNSName": f"{identifier}.fsx.{call.region}.amazonaws.com",
        "KmsKeyId": _key_arn(call),
        "ResourceARN": world.arn(call, "fsx", f"file-system/{identifier}"),
        "Tags": call.get("Tags", []),
        "NetworkType": call.get("NetworkType", "IPV4"),
        "AdministrativeActions": [],
    }


def lustre(call: Call, system: dict[str, Any]) -> None:
    """Add what Lustre has, or refuse."""
    given = call.get("LustreConfiguration") or {}
    rules.lustre(call.params, given)
    deployment = given.get("DeploymentType", "SCRATCH_1")
    metadata = given.get("MetadataConfiguration")
    if metadata and metadata["Mode"] == "AUTOMATIC":
        metadata = {**metadata, "Iops": rules.automatic_metadata_iops(call.params.get("StorageCapacity") or 0)}
    system["FileSystemTypeVersion"] = rules.lustre_version(call.params, given)
    system["LustreConfiguration"] = {
        "WeeklyMaintenanceStartTime": "7:05:00",
        "DataCompressionType": "NONE",
        "CopyTagsToBackups": False,
        "EfaEnabled": False,
        "LogConfiguration": {"Level": "DISABLED"},
        **{key: value for key, value in given.items() if key not in {"ImportPath", "ExportPath", "AutoImportPolicy"}},
        "DeploymentType": deployment,
        "MountName": "fsx" if deployment == "SCRATCH_1" else uuid.uuid4().hex[:8],
        "MetadataConfiguration": metadata,
    }
    if deployment.startswith("PERSISTENT"):
        system["LustreConfiguration"].setdefault("AutomaticBackupRetentionDays", 0)
    if given.get("ImportPath"):
        system["LustreConfiguration"]["DataRepositoryConfiguration"] = {
            "Lifecycle": "AVAILABLE",
            "ImportPath": given["ImportPath"],
            "ExportPath": given.get("ExportPath"),
            "ImportedFileChunkSize": given.get("ImportedFileChunkSize", 1024),
            "AutoImportPolicy": given.get("AutoImportPolicy", "NONE"),
        }


def openzfs(call: Call, system: dict[str, Any]) -> None:
    """Add what OpenZFS has, or refuse; makes the root volume too."""
    given = call.get("OpenZFSConfiguration")
    if not given:
        raise AwsError("MissingFileSystemConfiguration", "OpenZFSConfiguration is required for OpenZFS file systems.")
    rules.openzfs(call.params, given)
    root = world.new_id("fsvol")
    system["OpenZFSConfiguration"] = {
        "AutomaticBackupRetentionDays": 30,
        "CopyTagsToBackups": False,
        "CopyTagsToVolumes": False,
        "WeeklyMaintenanceStartTime": "7:05:00",
        "DiskIopsConfiguration": {"Mode": "AUTOMATIC", "Iops": 3 * (call.get("StorageCapacity") or 0)},
        **{key: value for key, value in given.items() if key != "RootVolumeConfiguration"},
        "RootVolumeId": root,
        "EndpointIpAddress": "10.0.0.10",
    }
    volume = {
        "RecordSizeKiB": 128,
        "DataCompressionType": "NONE",
        "CopyTagsToSnapshots": False,
        "ReadOnly": False,
        "NfsExports": [{"ClientConfigurations": [{"Clients": "*", "Options": ["rw", "crossmnt"]}]}],
        **(given.get("RootVolumeConfiguration") or {}),
        "VolumePath": "/fsx",
    }
    call.objects("volume")[root] = {
        "VolumeId": root,
        "Name": "fsx",
        "VolumeType": "OPENZFS",
        "FileSystemId": system["FileSystemId"],
        "Lifecycle": "AVAILABLE",
        "CreationTime": world.now(),
        "ResourceARN": world.arn(call, "fsx", f"volume/{system['FileSystemId']}/{root}"),
        "Tags": [],
        "OpenZFSConfiguration": volume,
    }


def network(call: Call) -> str:
    """The VPC of the subnets, once they and the security groups have been looked at."""
    subnets = call.params["SubnetIds"]
    vpcs = set()
    for identifier in subnets:
        found = world.subnet(call, identifier)
        if found is None:
            raise AwsError(
                "InvalidNetworkSettings", f"The subnet ID '{identifier}' does not exist", InvalidSubnetId=identifier
            )
        vpcs.add(found.vpc_id)
    if len(vpcs) != 1:
        raise AwsError("InvalidNetworkSettings", "All subnets must be in the same VPC.")
    vpc = str(vpcs.pop())
    for identifier in call.get("SecurityGroupIds") or []:
        group = world.security_group(call, identifier)
        if group is None or group.vpc_id != vpc:
            raise AwsError(
                "InvalidNetworkSettings",
                f"The security group '{identifier}' does not exist in VPC '{vpc}'",
                InvalidSecurityGroupId=identifier,
            )
    deployment = (call.get("OpenZFSConfiguration") or {}).get("DeploymentType", "")
    expected = 2 if deployment == "MULTI_AZ_1" else 1
    if len(subnets) != expected:
        raise AwsError("BadRequest", f"Exactly {expected} subnet ID(s) must be given for this deployment type.")
    return vpc


def _key_arn(call: Call) -> str:
    key = call.get("KmsKeyId")
    if key:
        return str(key) if key.startswith("arn:") else world.arn(call, "kms", f"key/{key}")
    # The AWS-managed key aws/fsx: one per account and region.
    return world.arn(call, "kms", f"key/{uuid.uuid5(uuid.NAMESPACE_URL, f'aws/fsx/{call.account}/{call.region}')}")
