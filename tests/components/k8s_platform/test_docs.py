"""The page names every field, add-on, chart, label and known-bad row."""

from pathlib import Path

from components.k8s_platform import scheduling
from components.k8s_platform.addons.derive import CONFIGURATIONS
from components.k8s_platform.control_plane.derive import FIRST_ADDONS
from components.k8s_platform.devices.derive import CHARTS
from components.k8s_platform.karpenter.derive import CHARTS as KARPENTER
from components.k8s_platform.known_bad import table
from components.k8s_platform.spec import ClusterSpec

PAGE = (Path(__file__).parents[3] / "docs" / "components" / "k8s_platform.md").read_text(encoding="utf-8")


def test_every_field_is_on_the_page(spec_fields):
    assert [field for field in spec_fields(ClusterSpec) if f"{field.rpartition('.')[2]}" not in PAGE] == []


def test_every_name_is_on_the_page():
    labels = [getattr(scheduling, name) for name in ("POOL", "GENERATION", "SLICE", "DEVICES", "ACCELERATOR", "EFA")]
    names = [*FIRST_ADDONS, *CONFIGURATIONS, *CHARTS, *KARPENTER, *labels, *(row.id for row in table())]
    assert [name for name in names if f"`{name}`" not in PAGE] == []
