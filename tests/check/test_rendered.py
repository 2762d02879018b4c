"""A rendered graph as the law sees it."""

import pytest

from herd.check.rendered import stack_of
from policies.engine.evaluate import evaluate
from policies.engine.facts import Facts
from policies.engine.subject import Origin
from policies.engine.values import Reason, UnevaluatedError
from policies.rules import all_rules

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


@pytest.mark.parametrize(
    ("kind", "inputs"),
    [
        ("kubernetes:kustomize/v2:Directory", {"directory": "overlays/prod"}),
        ("kubernetes:kustomize:Directory", {}),
        ("kubernetes:yaml/v2:ConfigFile", {"file": "https://example.com/all.yaml"}),
        ("kubernetes:yaml/v2:ConfigGroup", {"files": ["a.yaml", "https://example.com/all.yaml"]}),
        ("kubernetes:yaml/v2:ConfigGroup", {"yaml": [f"${{{SITE}.arn}}"]}),
        ("kubernetes:yaml/v2:ConfigGroup", {"yaml": [f"${{{SITE}.arn}}${{{SITE}.id}}"]}),
        ("kubernetes:yaml/v2:ConfigFile", {"file": f"${{{SITE}.bucketDomainName}}/all.yaml"}),
        ("kubernetes:yaml/v2:ConfigGroup", {"objs": ["[secret]"]}),
    ],
)
def test_manifests_that_nobody_can_read_here_are_not_evaluated(graph, kind, inputs):
    stack = stack_of(graph(bundle=(inputs, {}, kind)))
    results = evaluate(stack, all_rules(), Facts())
    told = {silent.rule for silent in results.not_evaluated if silent.property == "items"}
    assert {"HERD-041", "HERD-050", "HERD-070", "HERD-078"} <= told


def test_a_bundle_of_which_the_graph_shows_every_object_stays_what_it_is(graph):
    objects = [{"apiVersion": "v1", "kind": "Namespace"}]
    text = f"apiVersion: v1\nkind: Namespace\nmetadata: {{name: ${{{SITE}.id}}}}"
    inputs = {"objs": objects, "yaml": text, "files": ["a.yaml"]}
    stack = stack_of(graph(bundle=(inputs, {}, "kubernetes:yaml/v2:ConfigGroup")))
    assert stack.of_type("kubernetes:core/v1:List") == ()
