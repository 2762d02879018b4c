"""Instance types as text and as plain data."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from components.hardware.catalogue import MIB_PER_GIB, offers
from components.hardware.spec import Accelerator, InstanceType, LocalDisks, NetworkCard, QuotaClass
from components.hardware.wiring import Interface, addresses, interfaces

HEADINGS = ("type", "accelerators", "vCPUs", "GiB", "EFA", "local disks", "usage", "quota")
NUMBERS = {"vCPUs", "GiB", "EFA"}


def facts(machine: InstanceType) -> dict[str, Any]:
    """Everything the catalogue says, and the interfaces that a node of the type gets (EFA where it takes any)."""
    found = _plain(machine)
    found["network_cards"] = found.pop("cards")
    wired = wiring_of(machine)
    return {
        **found,
        "gpus": machine.gpus,
        "zone_ids": {region: sorted(zones) for region, zones in sorted(offers(machine.name).items())},
        "network_interfaces": _plain(wired),
        "addresses": addresses(wired),
    }


def wiring_of(machine: InstanceType) -> tuple[Interface, ...]:
    """The interfaces that a node of the type gets, with EFA where it takes any."""
    return interfaces(machine, efa=machine.efa_supported)


def table(machines: Iterable[InstanceType]) -> str:
    """A line per type, in columns."""
    rows = [HEADINGS, *(_row(machine) for machine in machines)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(HEADINGS))]
    return "".join("  ".join(map(_cell, row, widths, HEADINGS)).rstrip() + "\n" for row in rows)


def page(machine: InstanceType) -> str:
    """One type in full."""
    wired = wiring_of(machine)
    cards = f"{len(machine.cards)} card{'s' * (len(machine.cards) != 1)}"
    about = {
        "architecture": ", ".join(machine.architectures),
        "vCPUs": str(machine.vcpus),
        "memory": _gib(machine.memory_mib),
        "accelerators": _accelerators(machine),
        "local disks": _disks(machine),
        "usage": ", ".join(machine.usage_classes),
        "placement": ", ".join(machine.placement_strategies),
        "vCPU quota": f"{machine.quota_class.name}: on demand {machine.quota_class.on_demand_code or 'none'}, "
        f"spot {machine.quota_class.spot_code or 'none'}",
        "network": f"{cards}, up to {machine.max_interfaces} interfaces, {machine.max_efa} EFA",
        "addresses": f"{addresses(wired)} a node",
    }
    lines = [machine.name, *(f"  {label:<14}{text}" for label, text in about.items() if text)]
    lines += ["", "  network interfaces of a node", *(f"    {line}" for line in _wiring(wired))]
    lines += ["", "  offered in"]
    lines += [f"    {region:<16}{' '.join(sorted(zones))}" for region, zones in sorted(offers(machine.name).items())]
    return "\n".join(lines) + "\n"


def _plain(value: Any) -> Any:
    # dataclasses.asdict copies every leaf: for the whole catalogue that is a quarter of a second.
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    if isinstance(value, InstanceType | NetworkCard | Accelerator | LocalDisks | QuotaClass | Interface):
        return {name: _plain(getattr(value, name)) for name in value.__slots__}
    return value


def _row(machine: InstanceType) -> tuple[str, ...]:
    return (
        machine.name,
        _accelerators(machine),
        str(machine.vcpus),
        f"{machine.memory_mib / MIB_PER_GIB:g}",
        str(machine.max_efa or ""),
        _disks(machine),
        " ".join(machine.usage_classes),
        machine.quota_class.name,
    )


def _cell(text: str, width: int, heading: str) -> str:
    return text.rjust(width) if heading in NUMBERS else text.ljust(width)


def _accelerators(machine: InstanceType) -> str:
    return ", ".join(map(_accelerator, machine.accelerators))


def _accelerator(device: Accelerator) -> str:
    share = "" if device.share == 1 else f" (1/{1 / device.share:g} of a GPU)"
    return f"{device.count} x {device.name} {_gib(device.memory_mib)}{share}"


def _disks(machine: InstanceType) -> str:
    disks = machine.local_disks
    return f"{disks.count} x {disks.size_gb} GB{' NVMe' * disks.nvme}" if disks else ""


def _wiring(wired: tuple[Interface, ...]) -> list[str]:
    """Runs of cards that are wired alike are one line."""
    lines = list[str]()
    rest = list(wired)
    while rest:
        first = run = rest.pop(0)
        alike = (first.device_index, first.interface_type)
        while rest and (rest[0].network_card_index, rest[0].device_index, rest[0].interface_type) == (
            run.network_card_index + 1,
            *alike,
        ):
            run = rest.pop(0)
        last = "" if run is first else f"-{run.network_card_index}"
        lines.append(
            f"{f'card {first.network_card_index}{last}':<12}device {first.device_index}  {first.interface_type}"
        )
    return lines


def _gib(mib: int) -> str:
    return f"{mib / MIB_PER_GIB:.4g} GiB"
