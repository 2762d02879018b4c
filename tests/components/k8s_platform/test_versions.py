"""Which versions go together."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from components.base.problems import InvalidInputError
from components.k8s_platform.versions import SKEW, behind, minor, missing, proxy_fits, require

MINORS = st.integers(20, 60)


@pytest.mark.parametrize(("text", "number"), [("1.35", 35), ("v1.35.3-eksbuild.21", 35), ("1.9", 9)])
def test_the_minor_version(text, number):
    assert minor(text) == number


@pytest.mark.parametrize("text", ["", "1", "2.0", "1.x", "latest"])
def test_what_is_no_version_is_refused(text):
    with pytest.raises(ValueError, match="no version of Kubernetes"):
        minor(text)


@given(MINORS, MINORS)
def test_kubelets_are_never_newer_and_at_most_three_minors_older(control, node):
    found = list(behind(f"1.{control}", {"pool": f"1.{node}"}))
    assert bool(found) == (node > control or control - node > SKEW)
    assert all(name == "pool" and fix for name, _, fix in found)


def test_what_is_wrong_says_both_versions():
    assert next(behind("1.34", {"p5": "1.35"}))[1] == (
        "its nodes run Kubernetes 1.35, newer than the control plane's 1.34"
    )
    assert "more than 3 minor versions behind 1.35" in next(behind("1.35", {"p5": "1.31"}))[1]


def test_a_release_says_what_it_lacks(make_release):
    bare = make_release(kubernetes=None, addons={}, charts={})
    found = [path for path, _, _ in missing(bare, addons=["coredns"], charts=["karpenter"])]
    assert found == [("versions", "kubernetes"), ("addons", "coredns"), ("charts", "karpenter")]
    assert list(missing(make_release(), addons=["coredns"], charts=["karpenter"])) == []
    with pytest.raises(InvalidInputError, match="release base has no chart karpenter"):
        require(bare, charts=["karpenter"])


@pytest.mark.parametrize(
    ("proxy", "message"),
    [("v1.36.0-eksbuild.1", "its version is v1.36.0-eksbuild.1, newer"), ("v1.35.3-eksbuild.21", None)],
)
def test_kube_proxy_fits_its_api_server(make_release, proxy, message):
    found = list(proxy_fits(make_release(addons={"kube-proxy": proxy})))
    assert [text for _, text, _ in found if message and message in text] == ([found[0][1]] if message else [])
    assert bool(found) == bool(message)
