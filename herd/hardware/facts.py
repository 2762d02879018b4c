"""EC2's answers as the lines of the catalogue: pure functions."""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Iterable, Mapping
from typing import Any

from components.base.problems import InvalidInputError
from components.hardware.catalogue import DATA

ZONE_ID = re.compile(r"[a-z]+\d+-az\d+")
FACTS = (
    *("architectures", "vcpus", "memory_mib", "accelerators", "cards", "max_efa", "max_interfaces", "ipv4"),
    *("disks", "usage", "placement", "quota", "hypervisor", "current"),
)
"""What an entry says, in this order; accelerators and disks only where there are some."""
MANUFACTURERS = {"NVIDIA": "nvidia", "AMD": "amd", "Habana": "habana"}


def entry(answer: Mapping[str, Any]) -> dict[str, Any]:
    """One type of DescribeInstanceTypes as the catalogue's entry.

    Raises:
        InvalidInputError: A family, or a maker of GPUs, that no table here knows.
    """
    network = answer["NetworkInfo"]
    found = {
        "architectures": answer["ProcessorInfo"]["SupportedArchitectures"],
        "vcpus": answer["VCpuInfo"]["DefaultVCpus"],
        "memory_mib": answer["MemoryInfo"]["SizeInMiB"],
        "accelerators": accelerators(answer),
        "cards": cards(network["NetworkCards"]),
        "max_efa": network.get("EfaInfo", {}).get("MaximumEfaInterfaces", 0),
        "max_interfaces": network["MaximumNetworkInterfaces"],
        "ipv4": network["Ipv4AddressesPerInterface"],
        "disks": disks(answer.get("InstanceStorageInfo")),
        "usage": sorted(answer["SupportedUsageClasses"]),
        "placement": sorted(answer["PlacementGroupInfo"]["SupportedStrategies"]),
        "quota": quota(answer["InstanceType"]),
        "hypervisor": answer.get("Hypervisor", ""),
        "current": answer["CurrentGeneration"],
    }
    return {key: value for key, value in found.items() if value not in ([], None)}


def accelerators(answer: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The accelerators of a type, of whichever kind."""
    found = [_gpu(device) for device in answer.get("GpuInfo", {}).get("Gpus", [])]
    neuron = answer.get("NeuronInfo", {}).get("NeuronDevices", [])
    found += [{**_device("neuron", device), "cores": device["CoreInfo"]["Count"]} for device in neuron]
    # Inferentia stands in both NeuronInfo and InferenceAcceleratorInfo: it is there once.
    named = {device["name"] for device in found}
    inference = answer.get("InferenceAcceleratorInfo", {}).get("Accelerators", [])
    found += [_device("inference", device) for device in inference if device["Name"] not in named]
    found += [_device("fpga", device) for device in answer.get("FpgaInfo", {}).get("Fpgas", [])]
    found += [_device("media", device) for device in answer.get("MediaAcceleratorInfo", {}).get("Accelerators", [])]
    return found


def cards(answer: Iterable[Mapping[str, Any]]) -> list[list[Any]]:
    """Network cards by index, equal neighbours as one run: how many, interfaces, types of interface, Gbit/s."""
    ordered = sorted(answer, key=lambda card: card["NetworkCardIndex"])
    if [card["NetworkCardIndex"] for card in ordered] != list(range(len(ordered))):
        raise InvalidInputError.one("network cards are not numbered from 0 without holes: the catalogue can't say that")
    facts = [
        (
            card["MaximumNetworkInterfaces"],
            " ".join(sorted(card["InterfaceTypes"])),
            _number(card.get("BaselineBandwidthInGbps", 0)),
        )
        for card in ordered
    ]
    return [[len(list(run)), *fact] for fact, run in itertools.groupby(facts)]


def disks(answer: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """The instance store."""
    if not answer:
        return None
    (found,) = answer["Disks"]
    return {
        "count": found["Count"],
        "size_gb": found["SizeInGB"],
        "nvme": answer.get("NvmeSupport") in {"required", "supported"},
    }


def quota(name: str) -> str:
    """The vCPU quota class of a type, by the letters its name begins with."""
    match = re.match(r"[a-z]+", name)
    letters = match[0] if match else ""
    for row in json.loads((DATA / "quotas.json").read_text(encoding="utf-8"))["classes"]:
        if letters in row["families"]:
            return str(row["name"])
    raise InvalidInputError.one(
        f"{name}: no quota class has the family {letters!r}",
        file="components/hardware/data/quotas.json",
        fix="add it to the class that the EC2 User Guide counts it in",
    )


def offering(zone_ids: Iterable[str]) -> str:
    """Zones as the catalogue's short form: `use1-az1,2,4 usw2-az2`; local and wavelength zones are left out."""
    split = sorted(
        (prefix, int(number))
        for prefix, _, number in (zone.rpartition("-az") for zone in zone_ids if ZONE_ID.fullmatch(zone))
    )
    groups = itertools.groupby(split, key=lambda zone: zone[0])
    return " ".join(f"{prefix}-az{','.join(str(number) for _, number in run)}" for prefix, run in groups)


def _gpu(device: Mapping[str, Any]) -> dict[str, Any]:
    maker = device["Manufacturer"]
    if maker not in MANUFACTURERS:
        raise InvalidInputError.one(
            f"unknown maker of GPUs {maker!r}", file="herd/hardware/facts.py", fix="name its kind in MANUFACTURERS"
        )
    found = _device(MANUFACTURERS[maker], device)
    # A divided GPU is stated as Count 0 with one logical GPU, which is what the operating system sees.
    found["count"] = device.get("LogicalGpuCount", device["Count"])
    share = device.get("GpuPartitionSize", 1.0)
    return found if share == 1 else {**found, "share": share}


def _device(kind: str, device: Mapping[str, Any]) -> dict[str, Any]:
    memory = device["MemoryInfo"]["SizeInMiB"]
    return {"kind": kind, "name": device["Name"], "count": device["Count"], "memory_mib": memory}


def _number(value: float) -> float:
    return int(value) if value == int(value) else value
