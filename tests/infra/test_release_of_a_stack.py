"""A stack's release: named in its file, found, unedited, complete for the run; or absent, and then never read."""

import json
import re

import pytest

import infra.locks
from components.base.problems import InvalidInputError
from components.release.canonical import content_hash, lock_name
from components.release.spec import Origin
from herd.release.files import write_lock
from herd.render import render
from infra.loading import load_fidelity
from infra.settings import Fidelity
from infra.source import StackSource

LOCK = "vendor-1ea35f3a8a36"


def content(**parts):
    return {"format": 1, "amis": {"node": ami(**parts)}}


def ami(**changes):
    return {
        "provenance": "vendor",
        "recipe_hash": None,
        "architecture": "x86_64",
        "source": "/aws/service/some/image",
        "ids": {"us-east-2": "ami-0123456789abcdef0"},
        "resolved_from": "aws",
        **changes,
    }


def use(few, lock_content) -> str:
    """Make dev run a lock of this content; its name."""
    path = write_lock(few.root / "stacks" / "releases", "mine", lock_content)
    name = path.name.removesuffix(".lock.yaml")
    few.edit(few.file("dev"), LOCK, name)
    return name


def test_a_missing_lock_names_those_there_are(few):
    line = few.edit(few.file("dev"), LOCK, "vendor-4d4c7908b912")
    asked, missing = few.refused("dev")
    assert (asked.file, asked.line, asked.field) == ("stacks/Pulumi.dev.yaml", line, "release")
    assert missing.file == "stacks/releases/vendor-4d4c7908b912.lock.yaml"
    assert LOCK in missing.fix
    assert few.refused_by_the_program("dev") == (asked, missing)


def test_an_edited_lock_names_both_hashes(few):
    few.edit(few.lock, "1.35'", "1.36'")
    text = few.lock.read_text(encoding="utf-8")
    expected = re.search(r"sha256: (\w+)", text)[1]
    problems = [problem for problem in few.refused("dev") if problem.field == "sha256"]
    (problem,) = problems
    assert problem.file == f"stacks/releases/{LOCK}.lock.yaml"
    assert problem.line == 3
    assert expected in problem.message
    actual = re.search(r"its SHA-256 is (\w{64})", problem.message)[1]
    assert actual != expected
    assert problem in few.refused_by_the_program("dev")


def test_a_lock_without_the_stack_s_region_is_refused(few):
    name = use(few, content(ids={"eu-west-1": "ami-0123456789abcdef0"}))
    (problem,) = few.refused("dev")
    assert (problem.file, problem.field) == (f"stacks/releases/{name}.lock.yaml", "content.amis.node.ids")
    assert "no image in us-east-2" in problem.message
    assert problem.line > 1


REFUSALS = {
    # what the lock holds: which runs refuse it
    "aws": (content(), set()),
    "stand-in": (content(resolved_from="stand-in"), {Fidelity.REAL}),
    "unresolved": (
        {"format": 1, "amis": {"node": {**ami(ids={"us-east-2": "unresolved"}), "resolved_from": None}}},
        {Fidelity.REAL, Fidelity.REHEARSE},
    ),
    "unresolved in another region": (
        content(ids={"us-east-2": "ami-0123456789abcdef0", "us-west-2": "unresolved"}),
        {Fidelity.REAL, Fidelity.REHEARSE},
    ),
}


@pytest.mark.parametrize("fidelity", Fidelity)
@pytest.mark.parametrize("kind", REFUSALS)
def test_the_more_real_the_run_the_less_it_takes(few, kind, fidelity):
    lock_content, refusing = REFUSALS[kind]
    use(few, lock_content)
    few.read_digests("dev")
    if fidelity in refusing:
        (problem,) = few.refused("dev", fidelity)
        assert "herd release resolve" in problem.fix
    else:
        _, pinned = few.load("dev", fidelity)
        assert pinned.releases.own.amis["node"].id == lock_content["amis"]["node"]["ids"]["us-east-2"]


@pytest.mark.parametrize("stack", ["dev", "test", "prod"])
def test_digests_that_nobody_has_read_are_fit_for_a_rehearsal_and_not_for_a_real_run(few, stack):
    lines = few.file(stack).read_text(encoding="utf-8").splitlines()
    if stack == "dev":  # its lock is another matter
        few.edit(few.file(stack), f"herd:release: {LOCK}", 'herd:release: ""')
    few.load(stack, Fidelity.REHEARSE)
    problems = few.refused(stack, Fidelity.REAL)
    assert [problem.field for problem in problems] == [
        *(f"registry.mirror.images[{i}]" for i in range(2)),
        "registry.mirror.tool",
    ]
    for problem in problems:
        assert "@unresolved" in lines[problem.line - 1]
        assert "regctl image digest" in problem.fix
    few.read_digests(stack)
    few.load(stack, Fidelity.REAL)


def test_the_shipped_lock_is_refused_for_real_until_it_is_resolved(few):
    few.read_digests("dev")
    problems = few.refused("dev", Fidelity.REAL)
    assert len(problems) == 14  # four images in two regions, six charts
    assert all("unresolved" in problem.message and problem.line for problem in problems)


def test_fidelity_is_real_unless_a_tool_says_otherwise(few):
    assert load_fidelity({}, StackSource(few.root, "herd", "dev"), None) is Fidelity.REAL


@pytest.mark.parametrize("endpoint", [None, "", "https://ec2.us-east-2.amazonaws.com", "https://stand-in.example.com"])
def test_a_rehearsal_that_would_reach_beyond_this_machine_is_refused(few, endpoint):
    with pytest.raises(InvalidInputError, match="AWS_ENDPOINT_URL"):
        load_fidelity({"herd:fidelity": "rehearse"}, StackSource(few.root, "herd", "dev"), endpoint)


@pytest.mark.parametrize("endpoint", ["http://127.0.0.1:5000", "http://localhost:5000", "http://[::1]:5000"])
def test_a_rehearsal_on_this_machine_s_stand_in_runs(few, endpoint):
    source = StackSource(few.root, "herd", "dev")
    assert load_fidelity({"herd:fidelity": "rehearse"}, source, endpoint) is Fidelity.REHEARSE


@pytest.mark.parametrize("key", ["herd:fidelity", "fidelity"])
def test_a_stack_file_cannot_ask_for_less(few, key):
    line = few.edit(few.file("dev"), "  herd:region:", f"  {key}: render\n  herd:region:")
    with pytest.raises(InvalidInputError) as caught:
        load_fidelity({"herd:fidelity": "render"}, StackSource(few.root, "herd", "dev"), None)
    (problem,) = caught.value.problems
    assert (problem.file, problem.line, problem.field) == ("stacks/Pulumi.dev.yaml", line, "fidelity")


def test_an_unknown_fidelity_is_refused(few):
    with pytest.raises(InvalidInputError, match="did you mean 'rehearse'"):
        load_fidelity({"herd:fidelity": "rehearsal"}, StackSource(few.root, "herd", "dev"), None)


def test_a_stack_without_a_release_reads_no_lock(few, monkeypatch):
    def never(*_):
        raise AssertionError("a lock was read")

    monkeypatch.setattr(infra.locks, "load_release", never)
    assert few.load("test")[1].releases.own is None
    with pytest.raises(AssertionError):
        few.load("dev")


def test_a_stack_without_a_release_renders_without_a_lock_in_the_world(few):
    few.lock.unlink()
    (few.root / "stacks" / "releases").rmdir()
    types = {resource.type for resource in render(few.root, "test").resources}
    assert "aws:ec2/vpc:Vpc" in types
    assert "aws:ssm/parameter:Parameter" not in types


def test_the_foundation_is_the_same_with_and_without_a_release(few):
    with_release = json.loads(render(few.root, "dev").to_json())["resources"]
    without = json.loads(render(few.root, "dev", release="").to_json())["resources"]
    released = [
        row for row in with_release if "::herd:release:" in row["urn"] or "herd:release:" in (row["parent"] or "")
    ]
    assert len(released) == 22
    assert [row for row in with_release if row not in released] == without


def test_what_runs_is_published(few):
    name = use(few, content())
    graph = json.loads(render(few.root, "dev").to_json())
    inputs = [row["inputs"] for row in graph["resources"] if row["type"] == "aws:ssm/parameter:Parameter"]
    published = {row["name"]: row for row in inputs}
    assert published["/herd/dev/release/name"]["insecureValue"] == name
    assert published["/herd/dev/release/sha256"]["insecureValue"] == content_hash(content())
    image = published["/herd/dev/release/ami/node"]
    assert (image["insecureValue"], image["dataType"]) == ("ami-0123456789abcdef0", "aws:ec2:image")
    assert {row["tags"]["release"] for row in inputs} == {name}
    assert graph["outputs"]["release"]["name"] == name


def test_a_lock_in_the_place_of_the_stack_file_s(few, tmp_path):
    path = write_lock(tmp_path / "elsewhere", "mine", content(resolved_from=Origin.STAND_IN.value))
    graph = json.loads(render(few.root, "test", release="").to_json())
    assert "release" not in graph["outputs"]
    graph = json.loads(render(few.root, "dev", release=path).to_json())
    assert graph["outputs"]["release"]["name"] == lock_name("mine", content_hash(content(resolved_from="stand-in")))
