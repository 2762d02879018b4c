"""Machine images: what moto loses of a registered one (architecture, root device, volumes), and images by seed.

The images that the public parameters of SSM stand for are moto's own; they come with their architecture.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from components.base.problems import InvalidInputError, Problem
from herd.cloud import world
from herd.cloud.errors import AwsError
from herd.cloud.extensions import handles
from herd.cloud.extensions._ec2_placement import SEEDED
from herd.cloud.state import store
from herd.cloud.wire import Call

_ID = re.compile(r"ami-[0-9a-f]{8,17}")
_ARCHITECTURES = ("i386", "x86_64", "arm64", "x86_64_mac", "arm64_mac")
_KNOWN = frozenset({"id", "architecture", "name", "size_gib", "root_device"})
# What moto forgets: (parameter of RegisterImage, attribute of its image).
_FORGOTTEN = {
    "Architecture": "architecture",
    "RootDeviceName": "root_device_name",
    "VirtualizationType": "virtualization_type",
    "SriovNetSupport": "sriov",
    "BootMode": "boot_mode",
}


def make_image(
    account: str,
    region: str,
    identifier: str,
    name: str,
    architecture: str,
    *,
    root_device: str = "/dev/xvda",
    size_gib: int = 20,
    tags: Mapping[str, str] | None = None,
    **volume: Any,
) -> Any:
    """Put an image there that belongs to the account, as RegisterImage or Image Builder would.

    Args:
        account: Its account.
        region: Its region.
        identifier: Its id, ``ami-...``.
        name: Its name.
        architecture: ``x86_64`` or ``arm64``.
        root_device: Name of its root device.
        size_gib: Size of its root volume.
        tags: Its tags.
        volume: Further members of its root volume as DescribeImages shows them (`Encrypted`, `KmsKeyId`).

    Returns:
        moto's image.
    """
    from moto.ec2.models import ec2_backends  # noqa: PLC0415
    from moto.ec2.models.amis import Ami  # noqa: PLC0415

    backend = ec2_backends[account][region]
    image = Ami(
        backend,
        identifier,
        name=name,
        architecture=architecture,
        virtualization_type="hvm",
        root_device_type="ebs",
        root_device_name=root_device,
        region_name=f"{region}a",
    )
    image.add_tags(dict(tags or {}))
    backend.amis[identifier] = image
    own = {"VolumeSize": size_gib, "VolumeType": "gp3", "DeleteOnTermination": True, "Encrypted": False} | volume
    own["SnapshotId"] = image.ebs_snapshot.id
    _volumes(account, region)[identifier] = [{"DeviceName": root_device, "Ebs": own}]
    return image


def plant(account: str, region: str, items: Iterable[Mapping[str, Any]]) -> None:
    """Put images there, as if they had been built before; `herd.cloud.seed` says what an item is.

    Raises:
        InvalidInputError: Items that can't be; then none was put there.
    """
    listed = list(items)
    problems = [
        Problem("", 0, f"images[{at}].{field}", text)
        for at, item in enumerate(listed)
        for field, text in _problems(item)
    ]
    if problems:
        raise InvalidInputError(problems)
    for item in listed:
        given = {key: item[key] for key in ("root_device", "size_gib") if key in item}
        name = item.get("name") or item["id"]
        tags = {SEEDED["Key"]: SEEDED["Value"]}
        make_image(account, region, item["id"], name, item["architecture"], tags=tags, **given)


def _problems(item: Mapping[str, Any]) -> Iterable[tuple[str, str]]:
    for name in sorted(set(item) - _KNOWN):
        yield name, f"is not one of {', '.join(sorted(_KNOWN))}"
    if not _ID.fullmatch(str(item.get("id"))):
        yield "id", f"{item.get('id')!r} is no image id such as ami-0123456789abcdef0"
    if item.get("architecture") not in _ARCHITECTURES:
        yield "architecture", f"{item.get('architecture')!r} is not one of {', '.join(_ARCHITECTURES)}"


def image(call: Call, identifier: str) -> dict[str, Any]:
    """What a launch has to know of an image: architecture, state, volumes.

    Raises:
        AwsError: There is no such image, or it can't be used.
    """
    if not _ID.fullmatch(identifier):
        raise AwsError("InvalidAMIID.Malformed", f'Invalid id: "{identifier}" (expecting "ami-...")')
    found = world.ec2(call).amis.get(identifier)
    if found is None:
        raise AwsError("InvalidAMIID.NotFound", f"The image id '[{identifier}]' does not exist")
    if found.state != "available":
        raise AwsError("InvalidAMIID.Unavailable", f"The image ID '{identifier}' is not available")
    return {
        "ImageId": identifier,
        "Architecture": found.architecture,
        "RootDeviceName": found.root_device_name,
        "BlockDeviceMappings": _own_volumes(call, identifier, found.name or "", found.block_device_mappings),
    }


# Images of moto's that public parameters of SSM stand for -> GiB of the root volume of what AWS publishes there: EKS's
# for Amazon Linux 2023 (amazon-eks-ami, volume_size), and at most Bottlerocket's (bottlerocket.dev, "Volumes").
_ROOT_GIB = {"al2023-ami-minimal-": 2, "al2023-ami-2023": 20}


def _own_volumes(call: Call, identifier: str, name: str, shown: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """An image's volumes; moto says 15 GiB of every one."""
    held: list[dict[str, Any]] = _volumes(call.account, call.region).get(identifier, [])
    size = next((gib for prefix, gib in _ROOT_GIB.items() if name.startswith(prefix)), None)
    if held or size is None:
        return held or shown
    return [{**each, "Ebs": {**each.get("Ebs", {}), "VolumeSize": size}} for each in shown]


def _volumes(account: str, region: str) -> dict[str, Any]:
    return store("ec2.image_volumes", account, region)


@handles("ec2", "RegisterImage")
def _register(call: Call) -> Mapping[str, Any]:
    backend, name = world.ec2(call), call.params["Name"]
    if any(each.name == name and each.owner_id == call.account for each in backend.amis.values()):
        raise AwsError("InvalidAMIName.Duplicate", f"AMI name {name} is already in use by an AMI")
    result = call.forward()
    made = backend.amis[result["ImageId"]]
    made.architecture, made.root_device_type = "i386", "ebs"
    for parameter, attribute in _FORGOTTEN.items():
        if call.get(parameter):
            setattr(made, attribute, call.get(parameter))
    for specification in call.get("TagSpecifications") or []:
        if specification.get("ResourceType") == "image":
            made.add_tags({tag["Key"]: tag.get("Value", "") for tag in specification.get("Tags") or []})
    if call.get("BlockDeviceMappings"):
        _volumes(call.account, call.region)[made.id] = call.get("BlockDeviceMappings")
    return result


@handles("ec2", "DescribeImages")
def _describe(call: Call) -> Mapping[str, Any]:
    result = call.forward()
    for shown in result.get("Images") or []:
        own = shown.get("BlockDeviceMappings", [])
        shown["BlockDeviceMappings"] = _own_volumes(call, shown["ImageId"], shown.get("Name", ""), own)
    return result
