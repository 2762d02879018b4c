"""Which values are looked up where, and how the answers get into the content."""

import copy

import pytest

from components.release.resolve import AmiQuery, Answer, ChartQuery, ImageQuery, queries, resolved
from components.release.spec import Lock, Origin

NODE = "/aws/service/eks/optimized-ami/1.35/amazon-linux-2023/x86_64/standard/recommended/image_id"


def asked(content, here):
    return list(queries(Lock.model_validate(content), here))


def test_on_aws_only_what_is_unresolved_is_looked_up(content):
    assert asked(content, Origin.AWS) == [
        AmiQuery(("amis", "node", "ids", "us-east-2"), NODE, "us-east-2"),
        ChartQuery(("charts", "keda", "digest"), "https://charts.example.com/stable", "keda", "2.19.0"),
    ]


def test_on_a_stand_in_aws_s_image_ids_mean_nothing(content):
    assert [query.path for query in asked(content, Origin.STAND_IN)] == [
        ("amis", "node", "ids", "eu-west-1"),
        ("amis", "node", "ids", "us-east-2"),
        ("charts", "keda", "digest"),
    ]


def test_on_aws_a_stand_in_s_values_are_looked_up_again(content):
    content["amis"]["node"]["resolved_from"] = "stand-in"
    content["images"]["exporter"]["resolved_from"] = "stand-in"
    paths = [query.path for query in asked(content, Origin.AWS)]
    assert ("amis", "node", "ids", "eu-west-1") in paths
    assert ("images", "exporter", "digest") in paths


def test_a_complete_lock_is_left_alone(content):
    content["amis"]["node"]["ids"] = {"eu-west-1": "ami-0123456789abcdef0"}
    del content["charts"]["keda"]
    assert asked(content, Origin.AWS) == []


@pytest.mark.parametrize("here", [Origin.AWS, Origin.STAND_IN])
def test_answers_make_a_lock_with_nothing_left_to_ask(content, here):
    def answer(query):
        value = "ami-00000000000000001" if isinstance(query, AmiQuery) else f"sha256:{'2' * 64}"
        return Answer(value, Origin.UPSTREAM if isinstance(query, ImageQuery | ChartQuery) else here)

    new = resolved(content, {query: answer(query) for query in asked(content, here)})
    assert asked(new, here) == []
    assert new["amis"]["node"]["ids"]["us-east-2"] == "ami-00000000000000001"
    assert new["amis"]["node"]["resolved_from"] == here.value
    assert new["charts"]["keda"] == {
        **content["charts"]["keda"],
        "digest": f"sha256:{'2' * 64}",
        "resolved_from": "upstream",
    }
    assert new["images"] == content["images"]


def test_the_content_given_is_not_touched(content):
    before = copy.deepcopy(content)
    resolved(content, {query: Answer("ami-00000000000000001", Origin.AWS) for query in asked(content, Origin.AWS)[:1]})
    assert content == before
