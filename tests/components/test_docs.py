"""Each component's page names every field a stack file may hold, and every endpoint with its reason."""

from pathlib import Path

import pytest

from components.budget.spec import BudgetSpec
from components.network.endpoints import CORE, GATEWAY_SERVICES, REASONS
from components.network.security import Concern
from components.network.spec import NetworkSpec

PAGES = Path(__file__).parents[2] / "docs" / "components"


@pytest.mark.parametrize(("page", "spec"), [("network.md", NetworkSpec), ("budget.md", BudgetSpec)])
def test_every_field_is_on_the_page(page, spec, spec_fields):
    text = (PAGES / page).read_text(encoding="utf-8")
    missing = [field for field in spec_fields(spec) if field.rpartition(".")[2] not in text]
    assert missing == []


def test_the_table_of_endpoints_is_the_codes():
    text = (PAGES / "network.md").read_text(encoding="utf-8")
    for service, why in REASONS.items():
        assert f"| `{service}` | {'yes' if service in CORE else ''} | {why} |".replace("|  |", "| |") in text
    assert all(f"`{service}`" in text for service in (*GATEWAY_SERVICES, *Concern))
