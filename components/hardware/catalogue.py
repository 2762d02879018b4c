"""Look-up in the vendored catalogue: `data/`, written by `python -m herd.hardware.generate`.

Nothing is read at import; the first look-up parses the file it needs (5 ms) and makes the one type it is asked for.
"""

from __future__ import annotations

import difflib
import json
from functools import cache
from pathlib import Path
from typing import Any, Final

from components.base.problems import InvalidInputError
from components.hardware.spec import Accelerator, InstanceType, LocalDisks, NetworkCard, QuotaClass

DATA: Final = Path(__file__).with_name("data")
MIB_PER_GIB: Final = 1024


def instance_type(name: str) -> InstanceType:
    """The facts of a type.

    Raises:
        InvalidInputError: The catalogue has no such type; the fix names the nearest.
    """
    found = find_type(name)
    if found is None:
        raise InvalidInputError.one(f"unknown instance type {name!r}", fix=_nearest(name))
    return found


@cache
def find_type(name: str) -> InstanceType | None:
    """The facts of a type, None if the catalogue has no such type."""
    entry = _rows("types.json", "types").get(name)
    return None if entry is None else _read(name, entry)


@cache
def all_types() -> tuple[InstanceType, ...]:
    """Every type of the catalogue, by name."""
    return tuple(_read(name, entry) for name, entry in _rows("types.json", "types").items())


def find(
    *,
    gpus: int = 0,
    gpu_memory_gib: float = 0,
    efa: bool = False,
    architecture: str | None = None,
    usage: str | None = None,
    region: str | None = None,
    zone_id: str | None = None,
) -> tuple[InstanceType, ...]:
    """Types that have at least what is asked for, the smallest first (GPUs, their memory, vCPUs, memory).

    Args:
        gpus: Whole GPUs; a type that divides one doesn't count.
        gpu_memory_gib: Memory of each GPU in GiB, as EC2 states it: an "80 GB" H100 has 80, a "24 GB" L4 has 22.35.
        efa: Only types that take EFA interfaces.
        architecture: Such as "x86_64" or "arm64".
        usage: Only types sold that way: "on-demand", "spot" or "capacity-block".
        region: Only types offered in some zone of it.
        zone_id: Only types offered in this zone.
    """
    return tuple(
        sorted(
            (
                machine
                for machine in all_types()
                if _whole_gpus(machine, gpu_memory_gib) >= max(gpus, 1 if gpu_memory_gib else 0)
                and (machine.efa_supported or not efa)
                and (architecture is None or architecture in machine.architectures)
                and (usage is None or usage in machine.usage_classes)
                and (region is None or offered_zone_ids(machine.name, region))
                and (zone_id is None or any(zone_id in zones for zones in offers(machine.name).values()))
            ),
            key=_size,
        )
    )


def offered_zone_ids(name: str, region: str) -> frozenset[str]:
    """The zones of a region, by id, that offer a type; none for an unknown type or region."""
    return offers(name).get(region, frozenset())


@cache
def offers(name: str) -> dict[str, frozenset[str]]:
    """Region -> the zones, by id, that offer a type, for the regions where there are some."""
    found = dict[str, frozenset[str]]()
    # The file says `use1-az1,2,4` for three zones.
    for group in _rows("offerings.json", "offerings").get(name, "").split():
        prefix, _, numbers = group.rpartition("-az")
        found[_region_of()[prefix]] = frozenset(f"{prefix}-az{number}" for number in numbers.split(","))
    return found


def regions() -> tuple[str, ...]:
    """The regions that the catalogue knows offerings of."""
    return tuple(_zones())


def zone_ids(region: str | None = None) -> frozenset[str]:
    """The ids of a region's zones, or of all, by the usual mapping; none for an unknown region."""
    there = _zones().values() if region is None else [_zones().get(region, {})]
    return frozenset(zone for zones in there for zone in zones.values())


def zone_id(zone_name: str) -> str:
    """The id of a zone by the usual mapping of names; AWS gives an account its own, which a stack file may state.

    Raises:
        InvalidInputError: The catalogue has no such zone.
    """
    zones = _zones().get(zone_name[:-1], {})
    if zone_name not in zones:
        known = sorted(zones) or sorted(_zones())
        raise InvalidInputError.one(f"unknown availability zone {zone_name!r}", fix=f"known: {', '.join(known)}")
    return zones[zone_name]


@cache
def _region_of() -> dict[str, str]:
    """What zone ids begin with -> region: `use1` -> `us-east-1`."""
    return {zone.rpartition("-az")[0]: region for region, zones in _zones().items() for zone in zones.values()}


def _zones() -> dict[str, dict[str, str]]:
    """Region -> zone name -> zone id."""
    zones: dict[str, dict[str, str]] = _rows("zones.json", "zones")
    return zones


@cache
def _rows(file: str, title: str) -> Any:
    return json.loads((DATA / file).read_text(encoding="utf-8"))[title]


def _read(name: str, entry: dict[str, Any]) -> InstanceType:
    disks = entry.get("disks")
    return InstanceType(
        name=name,
        architectures=tuple(entry["architectures"]),
        vcpus=entry["vcpus"],
        memory_mib=entry["memory_mib"],
        accelerators=tuple(Accelerator(**device) for device in entry.get("accelerators", ())),
        cards=_cards(entry["cards"]),
        max_efa=entry["max_efa"],
        efa_supported=entry["max_efa"] > 0,
        local_disks=LocalDisks(**disks) if disks else None,
        usage_classes=tuple(entry["usage"]),
        placement_strategies=tuple(entry["placement"]),
        quota_class=_quota_class(entry["quota"], name.partition(".")[0]),
        bare_metal=entry["hypervisor"] == "",
        hypervisor=entry["hypervisor"],
        max_interfaces=entry["max_interfaces"],
        ipv4_per_interface=entry["ipv4"],
        current_generation=entry["current"],
    )


def _cards(groups: list[list[Any]]) -> tuple[NetworkCard, ...]:
    """Runs of equal cards, `[how many, interfaces of each, "efa efa-only interface", Gbit/s]`, one after the other."""
    cards = list[NetworkCard]()
    for count, limit, types, gbps in groups:
        kinds = tuple(types.split())
        cards += [NetworkCard(len(cards) + offset, limit, kinds, gbps) for offset in range(count)]
    return tuple(cards)


@cache
def _quota_class(name: str, family: str) -> QuotaClass:
    """A class of types; some families of it have a limit of spot requests of their own."""
    [row] = (row for row in _rows("quotas.json", "classes") if row["name"] == name)
    return QuotaClass(name, row["on_demand_code"], row.get("spot_code_of", {}).get(family, row["spot_code"]))


def _whole_gpus(machine: InstanceType, memory_gib: float) -> int:
    if not machine.gpus:
        return 0
    return sum(
        device.count
        for device in machine.accelerators
        if device.share >= 1 and device.memory_mib >= memory_gib * MIB_PER_GIB
    )


def _size(machine: InstanceType) -> tuple[Any, ...]:
    memory = sum(device.count * device.memory_mib for device in machine.accelerators)
    return machine.gpus, memory, machine.vcpus, machine.memory_mib, machine.name


def _nearest(name: str) -> str:
    near = difflib.get_close_matches(name.lower(), [machine.name for machine in all_types()], n=3, cutoff=0.6)
    if near:
        return f"did you mean {' or '.join(map(repr, near))}?"
    return "`herd hardware find` lists the types there are"
