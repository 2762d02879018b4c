"""A node's network cards and what is on them, as SVG drawn from `wiring.interfaces`."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape
from typing import Final

from components.hardware.catalogue import MIB_PER_GIB
from components.hardware.spec import InstanceType, NetworkCard
from components.hardware.wiring import Interface, addresses, interfaces

COLUMNS: Final = 8
CARD_WIDTH: Final = 122
CARD_HEIGHT: Final = 76
GAP: Final = 8
MARGIN: Final = 16
HEADER: Final = 62
FOOTER: Final = 34
LEAST_WIDTH: Final = 560

# The panel brings its own background, so that the text is readable on whatever page it stands.
STYLE: Final = """
  text { font: 12px ui-sans-serif, system-ui, sans-serif; fill: #1f2328 }
  .title { font-size: 16px; font-weight: 600 }
  .quiet { fill: #59636e }
  .small { font-size: 10px }
  .panel { fill: #ffffff; stroke: #8c959f }
  .card { fill: #f6f8fa; stroke: #8c959f }
  .slot { stroke-width: 1 }
  .interface { fill: #ddf4ff; stroke: #0969da }
  .efa-only { fill: #dafbe1; stroke: #1a7f37 }
  .efa { fill: #fbefff; stroke: #8250df }
  .free { fill: none; stroke: #8c959f; stroke-dasharray: 3 3 }
  @media (prefers-color-scheme: dark) {
    text { fill: #f0f6fc } .quiet { fill: #9198a1 }
    .panel { fill: #0d1117 } .card { fill: #151b23 }
    .interface { fill: #0c2d6b } .efa-only { fill: #033a16 } .efa { fill: #3c1e70 }
  }
"""
MEANINGS: Final = {
    "interface": "interface: ENA, an address",
    "efa-only": "efa-only: RDMA, no address",
    "efa": "efa: both in one",
    "free": "free",
}


def draw(machine: InstanceType) -> str:
    """An SVG document of a node of this type, with every EFA interface it takes."""
    wired = interfaces(machine, efa=machine.efa_supported)
    columns = min(COLUMNS, len(machine.cards))
    rows = -(-len(machine.cards) // columns)
    width = max(LEAST_WIDTH, 2 * MARGIN + columns * (CARD_WIDTH + GAP) - GAP)
    height = HEADER + rows * (CARD_HEIGHT + GAP) - GAP + FOOTER
    title = escape(f"Network cards of {machine.name}")
    size = f'width="{width}" height="{height}" viewBox="0 0 {width} {height}"'
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img" aria-label="{title}">',
        f"<title>{title}</title>",
        f"<style>{STYLE}</style>",
        f'<rect class="panel" x="0.5" y="0.5" width="{width - 1}" height="{height - 1}" rx="8"/>',
        f'<text class="title" x="{MARGIN}" y="26">{escape(machine.name)}</text>',
        f'<text class="quiet" x="{MARGIN}" y="46">{escape(summary(machine, wired))}</text>',
    ]
    for card in machine.cards:
        lines += _card(card, wired, columns)
    lines += _legend(wired, machine.cards, height - FOOTER)
    return "\n".join([*lines, "</svg>\n"])


def summary(machine: InstanceType, wired: tuple[Interface, ...]) -> str:
    """One line about accelerators, cards and addresses."""
    count = addresses(wired)
    return " · ".join(
        [
            *(f"{device.count} x {device.name}, {_gib(device.memory_mib)}" for device in machine.accelerators),
            f"{len(machine.cards)} network card{'s' * (len(machine.cards) != 1)}",
            f"{sum(item.interface_type != 'interface' for item in wired)} EFA",
            f"{count} address{'es' * (count != 1)}",
        ]
    )


def _card(card: NetworkCard, wired: tuple[Interface, ...], columns: int) -> Iterator[str]:
    x = MARGIN + card.index % columns * (CARD_WIDTH + GAP)
    y = HEADER + card.index // columns * (CARD_HEIGHT + GAP)
    yield f'<rect class="card" x="{x}" y="{y}" width="{CARD_WIDTH}" height="{CARD_HEIGHT}" rx="5"/>'
    yield f'<text x="{x + 7}" y="{y + 16}">card {card.index}</text>'
    place = f'x="{x + CARD_WIDTH - 7}" y="{y + 16}" text-anchor="end"'
    yield f'<text class="quiet small" {place}>{card.gbps:g} Gbit/s</text>'
    used = {item.device_index: item.interface_type for item in wired if item.network_card_index == card.index}
    # EC2 numbers devices from 0 on each card; no wiring here uses more than two.
    for device in range(min(card.interfaces, 2)):
        top, kind = y + 23 + device * 25, used.get(device, "free")
        yield f'<rect class="slot {kind}" x="{x + 6}" y="{top}" width="{CARD_WIDTH - 12}" height="21" rx="3"/>'
        yield f'<text class="quiet" x="{x + 12}" y="{top + 15}">{device}</text>'
        if device in used:
            yield f'<text x="{x + 28}" y="{top + 15}">{kind}</text>'


def _legend(wired: tuple[Interface, ...], cards: tuple[NetworkCard, ...], top: int) -> Iterator[str]:
    kinds = {item.interface_type for item in wired}
    places = sum(min(card.interfaces, 2) for card in cards)
    shown = [kind for kind in MEANINGS if kind in kinds or (kind == "free" and len(wired) < places)]
    x = MARGIN
    for kind in shown:
        yield f'<rect class="slot {kind}" x="{x}" y="{top + 13}" width="14" height="11" rx="2"/>'
        yield f'<text class="quiet" x="{x + 20}" y="{top + 23}">{MEANINGS[kind]}</text>'
        x += 32 + 7 * len(MEANINGS[kind])


def _gib(mib: int) -> str:
    return f"{mib / MIB_PER_GIB:.4g} GiB"
