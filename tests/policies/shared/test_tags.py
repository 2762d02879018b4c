"""The tags a resource ends up with, and whether one is there whatever it is spelled like."""

import pytest

from policies.engine.subject import Subject
from policies.engine.values import UNKNOWN, UnevaluatedError
from policies.rules._shared.tags import lacking, own_tags, tags

FILE_SYSTEM = "aws:efs/fileSystem:FileSystem"


def subject(values=None, provider=None, results=None):
    return Subject("urn", FILE_SYSTEM, "fs", values or {}, results=results or {}, provider_values=provider)


def plain(found):
    return {key: node.text() for key, node in found.items()}


@pytest.mark.parametrize("default", ['{"tags": {"owner": "a", "team": "b"}}', {"tags": {"owner": "a", "team": "b"}}])
def test_own_tags_win_over_the_provider_s(default):
    assert plain(tags(subject({"tags": {"team": "c"}}, {"defaultTags": default}))) == {"owner": "a", "team": "c"}


def test_a_saved_deployment_knows_all_of_them():
    assert plain(tags(subject({"tags": {"x": "1"}}, results={"tagsAll": {"owner": "a"}}))) == {"owner": "a", "x": "1"}


def test_nothing_is_nothing():
    assert tags(subject()) == {}


@pytest.mark.parametrize(
    "value", [{"owner": "a"}, [{"Key": "owner", "Value": "a"}], [{"key": "owner", "value": "a"}]], ids=str
)
def test_maps_and_lists(value):
    assert plain(own_tags(subject({"tags": value}).props.at("tags"))) == {"owner": "a"}


@pytest.mark.parametrize("where", [{"values": {"tags": UNKNOWN}}, {"provider": {"defaultTags": UNKNOWN}}])
def test_hidden_ones_are_never_nothing(where):
    with pytest.raises(UnevaluatedError):
        tags(subject(**where))


@pytest.mark.parametrize(
    "key", ["cost-centre", "CostCenter", "cost_center", "herd:cost-centre", "acme.com/cost-center"]
)
def test_spellings_of_one_tag(key):
    assert lacking(["cost-centre"], own_tags(subject({"tags": {key: "1"}}).props.at("tags"))) == []


@pytest.mark.parametrize("given", [{}, {"cost": "1"}, {"cost-centre": ""}, {"centre": "1"}])
def test_lacks(given):
    assert lacking(["cost-centre"], own_tags(subject({"tags": given}).props.at("tags"))) == ["cost-centre"]


def test_tags_that_only_the_cloud_knows_may_hold_what_is_missing():
    given = own_tags(subject({"tags": {"*": "${urn:vpc.tagsAll[*]}", "owner": "a"}}).props.at("tags"))
    assert lacking(["owner"], given) == []
    with pytest.raises(UnevaluatedError, match="only the cloud knows"):
        lacking(["owner", "release"], given)
