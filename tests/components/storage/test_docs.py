"""The page says what the code does: its example loads, and its tables are the code's."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from components.storage.homes.spec import THROUGHPUT
from components.storage.lustre.spec import EFA_STEP_GIB
from components.storage.mounts import EFS_OPTIONS, LUSTRE_OPTIONS, OPENZFS_OPTIONS
from components.storage.spec import StorageSpec


@pytest.fixture(scope="module")
def page():
    return (Path(__file__).parents[3] / "docs/components/storage.md").read_text(encoding="utf-8")


def test_the_example_is_a_storage_section_that_fits_a_stack(page, make_context):
    (block,) = re.findall(r"```yaml\n(.*?)```", page, re.DOTALL)
    spec = StorageSpec.model_validate(YAML(typ="safe").load(block)["herd:storage"])
    zones = ("us-west-2a", "us-west-2b", "us-west-2c")
    for environment in ("dev", "test", "prod"):
        assert spec.problems(make_context(environment, region="us-west-2", availability_zones=zones)) == []


def test_the_tables_have_the_codes_numbers(page):
    for grid in THROUGHPUT.values():
        assert " ".join(map(str, grid)) in page
    assert ", ".join(map(str, EFA_STEP_GIB.values())) in page
    assert ", ".join(map(str, EFA_STEP_GIB)) in page


@pytest.mark.parametrize("options", [LUSTRE_OPTIONS, OPENZFS_OPTIONS, EFS_OPTIONS])
def test_mount_options_are_the_codes(page, options):
    assert f"`{','.join(options)}`" in page
