"""docs/stacks.md says of the three stacks what their files say."""

import pytest

from herd.stackfile import load_stack
from infra.loading import load_settings
from infra.settings import Settings, Tags
from infra.source import StackSource


@pytest.fixture(scope="module")
def page(repository):
    return (repository / "docs" / "stacks.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("column", ["dev", "test", "prod"])
def test_the_table_has_the_files_values(page, repository, column):
    settings = load_settings(load_stack(repository, column).strings(), StackSource(repository, "herd", column))
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in page.splitlines() if line.startswith("|")]
    place = rows[0].index(column)
    said = {row[0]: row[place] for row in rows if len(row) == len(rows[0])}
    assert said["account (replace)"] == settings.account
    assert said["region, second region"] == ", ".join(filter(None, [settings.region, settings.replica_region]))
    network = settings.network.managed
    assert said["VPC, pods"] == f"{network.cidr}, {network.pod_cidr}"
    assert said["NAT gateways"] == {"single": "one", "per-az": "one a zone"}[network.nat]
    assert (said["release"] == "none yet") == (settings.release is None)


def test_every_setting_and_tag_is_on_the_page(page):
    fields = [field.alias for model in (Settings, Tags) for field in model.model_fields.values()]
    assert [field for field in fields if f"`{field}`" not in page] == []


def test_the_lock_it_names_is_there(page, repository):
    names = [path.name.removesuffix(".lock.yaml") for path in (repository / "stacks" / "releases").iterdir()]
    assert names
    assert any(name in page for name in names)
