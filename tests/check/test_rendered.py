"""A rendered graph as the law sees it."""

import pytest

from herd.check.rendered import stack_of
from policies.engine.subject import Origin
from policies.engine.values import Reason, UnevaluatedError

SITE = "urn:pulumi:dev::demo::aws:s3/bucket:Bucket::site"


def bucket(graph, inputs, options=None):
    return next(s for s in stack_of(graph(site=(inputs, options or {}))).subjects if s.name == "site")


def test_who_it_is_and_where_it_is_made(graph):
    it = bucket(graph, {})
    assert (it.urn, it.origin, it.custom, str(it.where(("a",)))) == (SITE, Origin.RENDER, True, "__main__.py:7")


def test_symbols_are_references_and_other_dollars_are_text(graph):
    stack = stack_of(graph(site=({"to": f"${{{SITE}.arn}}", "policy": "${aws:SourceArn}"}, {})))
    site = stack.by_urn[SITE]
    assert stack.named_by(site.props.at("to")) is site
    assert site.props.literal("policy") == "${aws:SourceArn}"
    with pytest.raises(UnevaluatedError):
        site.props.literal("to")


@pytest.mark.parametrize(("written", "reason"), [("[secret]", Reason.SECRET), ("[unknown]", Reason.UNKNOWN)])
def test_what_nobody_can_see_is_hidden(graph, written, reason):
    with pytest.raises(UnevaluatedError) as caught:
        bucket(graph, {"a": [{"b": written}]}).props.text("a", 0, "b")
    assert caught.value.reason is reason


def test_the_provider_s_maps_come_as_json_text(graph):
    it = bucket(graph, {})
    assert it.provider.text("defaultTags", "tags", "owner") == "web"


def test_options(graph):
    assert bucket(graph, {}, {"protect": True}).options.flag("protect") is True


def test_what_the_program_only_reads_is_left_out(graph):
    assert [s.name for s in stack_of(graph(site=({}, {"id": "b-1"}))).subjects] == ["s", "aws"]
