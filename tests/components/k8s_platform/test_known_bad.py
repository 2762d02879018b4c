"""Every row of the table fires on what it forbids, on nothing less, and not on what it recommends."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packaging.specifiers import SpecifierSet
from pydantic import ValidationError

from components.k8s_platform.known_bad import KnownBad, Nodes, known_bad, table, within

TRAIN = ("train", "generations", 0, "node")
INFER = ("infer", "generations", 0, "node")
# For each row: the releases and pools that run into it, by what differs from the good ones.
BAD = {
    "device-plugin-takes-efa": {"charts": ("nvidia-device-plugin", "0.19.1")},
    "cni-counts-cards-together": {"addons": {"vpc-cni": "v1.19.6-eksbuild.7"}},
    "r595-p6e-efa": {
        "inside": {"driver": "595.91.07"},
        "pools": {(*TRAIN, "instanceTypes"): ["p6e-gb200.36xlarge"]},
    },
    "ofi-nccl-broadcast-hang": {"inside": {"aws-ofi-nccl": "1.18.0"}},
    "nccl-needs-efa-1.29": {"inside": {"nccl": "2.27.7-1", "efa": "1.28.0"}},
    "dcgm-exporter-without-dra-v1": {"charts": ("dcgm-exporter", "4.8.2"), "pools": {(*TRAIN, "devices"): "dra"}},
    "dra-driver-without-v1": {"charts": ("nvidia-dra-driver-gpu", "25.3.2"), "pools": {(*TRAIN, "devices"): "dra"}},
    "karpenter-without-interfaces": {"charts": ("karpenter", "1.10.2"), "pools": {(*INFER, "efa"): True}},
    "karpenter-without-reservations": {
        "charts": ("karpenter", "1.5.0"),
        "pools": {("infer", "capacity"): {"kind": "targeted-reservation", "reservation": "g6"}},
    },
    "karpenter-kubernetes-1.34": {"charts": ("karpenter", "1.5.0"), "kubernetes": "1.34"},
    "karpenter-kubernetes-1.35": {"charts": ("karpenter", "1.8.6"), "kubernetes": "1.35"},
    "karpenter-kubernetes-1.36": {"charts": ("karpenter", "1.12.0"), "kubernetes": "1.36"},
    "parallelcluster-maintenance-loop": {"versions": {"parallelcluster": "3.15.1"}},
    "parallelcluster-efa-kernel": {"versions": {"parallelcluster": "3.7.2"}},
}


@pytest.fixture
def findings(make_pools, make_release, chart_of):
    """`findings(BAD[id])`: what the table says of a stack with these differences."""

    def find(*, charts=None, addons=None, kubernetes="1.35", versions=None, inside=None, pools=()):
        own = make_release(
            kubernetes=kubernetes,
            charts=chart_of(*charts) if charts else None,
            addons=addons,
            versions=versions,
            inside=inside,
        )
        return list(known_bad(make_pools(pools), {"base": own}, own))

    return find


def test_every_row_has_its_counter_example_here():
    assert [row.id for row in table()] == list(BAD)


@pytest.mark.parametrize("row", table(), ids=lambda row: row.id)
def test_a_row_fires_and_says_where_why_and_what_to_do(findings, row):
    found = [(path, message, fix) for path, message, fix in findings(**BAD[row.id]) if f"({row.id}: " in message]
    assert found
    path, message, fix = found[0]
    assert message.startswith(row.why)
    assert row.sources[0] in message
    assert fix == row.fix
    assert (path == ("release",)) == (row.nodes is None)


@pytest.mark.parametrize("row", table(), ids=lambda row: row.id)
def test_a_row_needs_all_of_its_conditions(findings, row):
    """Without any one of the differences that make it bad, the stack is good."""
    bad = BAD[row.id]
    for left_out in bad:
        rest = {part: value for part, value in bad.items() if part != left_out}
        if left_out == "kubernetes":
            rest["kubernetes"] = "1.30"
        assert not [message for _, message, _ in findings(**rest) if f"({row.id}: " in message], left_out


def test_todays_versions_are_good(findings):
    assert (
        findings(inside={"driver": "580.173.02", "efa": "1.49.0", "nccl": "2.28.9-1", "aws-ofi-nccl": "1.20.0"}) == []
    )


@pytest.mark.parametrize("row", table(), ids=lambda row: row.id)
def test_what_a_row_recommends_is_out_of_its_range(row):
    recommended = re.findall(r"\d+(?:\.\d+)+", row.fix)
    assert recommended
    assert not all(within(version, text) for version in recommended for text in row.versions.values())


def test_an_image_is_its_generations_own(make_pools, make_release):
    """Two generations of one pool on two releases: the one with the bad image is named, the other isn't."""
    bad, good = make_release("old", inside={"aws-ofi-nccl": "1.18.0"}), make_release("new")
    train = make_pools()["train"]
    first = train.generations[0].model_copy(update={"release": "old"})
    second = train.generations[0].model_copy(update={"release": "new", "key": "g2-00000009"})
    both = {"train": train.model_copy(update={"generations": (first, second)})}
    found = list(known_bad(both, {"old": bad, "new": good}, good))
    assert [path for path, _, _ in found] == [("pools", "train", "generations", 0, "node")]


def test_a_row_about_an_image_needs_no_nodes(make_pools, make_release):
    row = KnownBad(id="x", versions={"ami/driver": "<580"}, why="w", fix="f", sources=("https://x",))
    own, old = make_release(inside={"driver": "580.1"}), make_release("old", inside={"driver": "570.1"})
    pools = make_pools({("infer", "generations", 0, "release"): "old"})
    found = list(known_bad(pools, {"base": own, "old": old}, own, (row,)))
    assert found == [(("pools", "infer", "generations", 0, "node"), "w (x: https://x)", "f")]


def test_one_bad_type_of_several_is_enough(make_pools):
    node = (
        make_pools()["infer"].generations[0].node.model_copy(update={"instance_types": ("g6.12xlarge", "p5.4xlarge")})
    )
    assert Nodes(types=("p5.*",)).match(make_pools()["infer"], node)


def test_what_nobody_knows_is_in_no_range(make_pools, make_release):
    """A vendor's image has no bill of materials, and a release that isn't read says nothing."""
    own = make_release()
    assert list(known_bad(make_pools(), {}, own)) == []
    assert not KnownBad(id="x", versions={"ami/driver": ">=0"}, why="", fix="", sources=("https://x",)).match({})


@pytest.mark.parametrize(
    ("version", "text", "inside"),
    [
        ("v1.35.3-eksbuild.21", "==1.35.3", True),
        ("v0.5.30", ">=0.5.26,<=0.5.30", True),
        ("595.112.07", ">=595,<596", True),
        ("6.12.40-63.114.amzn2023", ">=6.12", True),
        ("1.7.0", "<1.7.0", False),
        ("unresolved", ">=0", False),
    ],
)
def test_versions_are_compared_by_their_numbers(version, text, inside):
    assert within(version, text) is inside


@given(st.lists(st.integers(0, 400), min_size=1, max_size=4), st.lists(st.integers(0, 400), min_size=1, max_size=4))
def test_ranges_split_versions_in_two(version, limit):
    text, edge = ".".join(map(str, version)), ".".join(map(str, limit))
    assert within(text, f"<{edge}") != within(text, f">={edge}")
    assert within(f"v{text}-eksbuild.7", f"<{edge}") == within(text, f"<{edge}")


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("versions", {"chart/x": "newer than 1"}, "no range of versions"),
        ("versions", {"driver": ">=1"}, "should match pattern"),
        ("versions", {}, "at least 1"),
        ("sources", [], "at least 1"),
        ("sources", ["somebody said so"], "should match pattern"),
        ("nodes", {"gpu": True}, "not permitted"),
    ],
)
def test_a_row_that_can_mean_nothing_is_refused(field, value, message):
    good = {"id": "x", "versions": {"ami/efa": "<1"}, "why": "w", "fix": "f", "sources": ["https://x"]}
    assert KnownBad.model_validate(good)
    with pytest.raises(ValidationError, match=message):
        KnownBad.model_validate({**good, field: value})


def test_every_condition_on_nodes_narrows(make_pools):
    pools = make_pools()
    pool, node = pools["train"], pools["train"].generations[0].node
    assert Nodes(types=("p5.*", "p4d.*"), devices="device-plugin", efa=True, kind="static").match(pool, node)
    for other in (
        {"types": ("p4d.*",)},
        {"devices": "dra"},
        {"efa": False},
        {"kind": "elastic"},
        {"capacity": ("spot",)},
    ):
        assert not Nodes.model_validate(other).match(pool, node), other
    assert all(SpecifierSet(text) for row in table() for text in row.versions.values())
