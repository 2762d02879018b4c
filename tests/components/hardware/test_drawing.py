"""Drawings of a node's cards: as many interfaces as it gets, and the ones in the docs are these."""

from collections import Counter
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from components.hardware.catalogue import instance_type
from components.hardware.drawing import draw
from components.hardware.wiring import interfaces

DOCS = Path(__file__).parents[3] / "docs" / "components" / "hardware"
RECT = "{http://www.w3.org/2000/svg}rect"


def classes(svg):
    return Counter(rect.get("class") for rect in ET.fromstring(svg).iter(RECT))


@pytest.mark.parametrize("name", ["p5.48xlarge", "p6-b300.48xlarge"])
def test_the_drawings_in_the_docs_are_up_to_date(name):
    # If the change is meant: herd hardware draw NAME --out docs/components/hardware/NAME.svg
    assert draw(instance_type(name)) == (DOCS / f"{name}.svg").read_text()


@pytest.mark.parametrize("name", ["p5.48xlarge", "p6-b300.48xlarge", "hpc6id.32xlarge", "g6.xlarge", "trn2u.48xlarge"])
def test_every_card_and_interface_is_drawn(name):
    machine = instance_type(name)
    drawn = classes(draw(machine))
    wired = Counter(item.interface_type for item in interfaces(machine, efa=machine.efa_supported))

    assert drawn["card"] == len(machine.cards)
    # One more of each kind stands in the legend.
    assert {kind: drawn[f"slot {kind}"] - 1 for kind in wired} == wired
    places = sum(min(card.interfaces, 2) for card in machine.cards)
    assert drawn["slot free"] == (places - wired.total() + 1 if places > wired.total() else 0)


def test_nothing_reaches_over_the_edge():
    for name in ("p5.48xlarge", "p6-b300.48xlarge", "g6.xlarge", "hpc7a.96xlarge"):
        root = ET.fromstring(draw(instance_type(name)))
        width, height = float(root.get("width")), float(root.get("height"))
        for rect in root.iter(RECT):
            assert float(rect.get("x")) + float(rect.get("width")) <= width
            assert float(rect.get("y")) + float(rect.get("height")) <= height
