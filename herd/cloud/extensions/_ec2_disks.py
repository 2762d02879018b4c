"""Volumes of a launch. Limits: EBS User Guide, "Amazon EBS volume types"; codes: EC2 API Reference, "Error codes"."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from herd.cloud import world
from herd.cloud.errors import AwsError
from herd.cloud.wire import Call


@dataclass(frozen=True)
class _Limits:
    """What a volume type allows: GiB, operations a second (also for each GiB), MiB/s (also for each operation)."""

    size: tuple[int, int]
    iops: tuple[int, int] | None = None
    iops_per_gib: int = 0
    throughput: tuple[int, int] | None = None


_LIMITS = {
    "gp3": _Limits((1, 65536), (3000, 80000), 500, (125, 2000)),
    "gp2": _Limits((1, 16384)),
    "io1": _Limits((4, 16384), (100, 64000), 50),
    "io2": _Limits((4, 65536), (100, 256000), 1000),
    "st1": _Limits((125, 16384)),
    "sc1": _Limits((125, 16384)),
    "standard": _Limits((1, 1024)),
}
_LAUNCH_ERROR = "Client.InternalError"
_GP3_THROUGHPUT_PER_OPERATION = 0.25


def disk_refusals(
    call: Call, mappings: Sequence[Mapping[str, Any]], image: Mapping[str, Any] | None, launcher: str = ""
) -> Iterator[AwsError]:
    """Why a machine can't have these volumes.

    Args:
        call: The request.
        mappings: A launch's BlockDeviceMappings.
        image: The image it boots from, as DescribeImages shows it, if it is known.
        launcher: The ARN of the service-linked role that launches; empty for whoever calls EC2.
    """
    for device, count in Counter(each.get("DeviceName") for each in mappings).items():
        if count > 1:
            yield AwsError(
                "InvalidBlockDeviceMapping", f"The device '{device}' is used in more than one block-device mapping"
            )
    own = {each["DeviceName"]: each.get("Ebs", {}) for each in (image or {}).get("BlockDeviceMappings", ())}
    for each in mappings:
        if each.get("Ebs"):
            yield from _volume_refusals(each["Ebs"], own.get(each.get("DeviceName"), {}))
            yield from _key_refusals(call, str(each.get("DeviceName")), each["Ebs"], launcher)


def _volume_refusals(volume: Mapping[str, Any], own: Mapping[str, Any]) -> Iterator[AwsError]:
    kind = volume.get("VolumeType") or own.get("VolumeType") or "gp2"
    limits, size = _LIMITS[kind], volume.get("VolumeSize")
    least = own.get("VolumeSize", 0)
    if size is not None and size < least:
        yield AwsError(
            "InvalidBlockDeviceMapping",
            f"Volume of size {size}GB is smaller than snapshot '{own.get('SnapshotId')}', expect size>= {least}GB",
        )
    if size is None and not own and not volume.get("SnapshotId"):
        yield AwsError("MissingParameter", "The request must contain the parameter size or snapshotId")
    yield from _range("size", size, limits.size, kind)
    for name, value, allowed in (
        ("iops", volume.get("Iops"), limits.iops),
        ("throughput", volume.get("Throughput"), limits.throughput),
    ):
        if value is not None and allowed is None:
            yield AwsError("InvalidParameterCombination", f"The parameter {name} is not supported for {kind} volumes.")
        elif allowed is not None:
            yield from _range(name, value, allowed, kind)
    yield from _ratio_refusals(volume, limits, size or least)


def _ratio_refusals(volume: Mapping[str, Any], limits: _Limits, size: int) -> Iterator[AwsError]:
    iops, throughput = volume.get("Iops"), volume.get("Throughput")
    if limits.iops is None:
        return
    free = limits.iops[0]
    if iops and size and iops > max(free, limits.iops_per_gib * size):
        yield AwsError(
            "InvalidParameterValue",
            f"Iops to volume size ratio of {iops / size:.6f} is too high; maximum is {limits.iops_per_gib}",
        )
    if limits.throughput and throughput and throughput > _GP3_THROUGHPUT_PER_OPERATION * (iops or free):
        yield AwsError(
            "InvalidParameterValue",
            f"Throughput (MiBps) to iops ratio of {throughput / (iops or free):.6f} is too high; maximum is "
            f"{_GP3_THROUGHPUT_PER_OPERATION}",
        )


def _range(name: str, value: int | None, allowed: tuple[int, int], kind: str) -> Iterator[AwsError]:
    if value is not None and not allowed[0] <= value <= allowed[1]:
        yield AwsError(
            "InvalidParameterValue",
            f"Volume {name} of {value} is invalid for type {kind}: it must be between {allowed[0]} and {allowed[1]}.",
        )


def _key_refusals(call: Call, device: str, volume: Mapping[str, Any], launcher: str) -> Iterator[AwsError]:
    key = volume.get("KmsKeyId")
    if not key:
        return
    if not volume.get("Encrypted"):
        yield AwsError(
            "InvalidParameterDependency", "The parameter KmsKeyId requires the parameter Encrypted to be set."
        )
    # EC2 takes the launch and ends the instance with this reason, which is all it says; the rest is ours.
    elif not world.key_exists(call, key):
        yield AwsError(_LAUNCH_ERROR, f"Client error on launch: the KMS key {key} of {device} isn't there or enabled")
    elif launcher and not world.key_lets(call, key, launcher):
        why = f"the policy of the KMS key {key} of {device} doesn't let {launcher.rpartition('/')[2]} use it"
        yield AwsError(_LAUNCH_ERROR, f"Client error on launch: {why}")
