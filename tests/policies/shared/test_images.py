"""Names of container images: what a rule may read in them, and what it must leave open."""

import pytest

from policies.engine.subject import Subject
from policies.engine.values import Reference, UnevaluatedError
from policies.rules._shared.images import images, moves, read

DIGEST = "sha256:" + "0f" * 32
REPOSITORY = "urn:pulumi:prod::herd::herd:registry:Registry$aws:ecr/repository:Repository::trainer"


def image(name):
    (node,) = images(Subject("urn", "aws:lambda/function:Function", "it", {"imageUri": name}))
    return read(node)


@pytest.mark.parametrize(
    ("name", "host", "tag", "digest"),
    [
        ("nginx", "docker.io", None, None),
        ("library/nginx:1.27", "docker.io", "1.27", None),
        ("nvcr.io/nvidia/pytorch:24.01-py3", "nvcr.io", "24.01-py3", None),
        ("registry:5000/trainer", "registry:5000", None, None),
        ("localhost/trainer:1", "localhost", "1", None),
        (f"quay.io/a/b:latest@{DIGEST}", "quay.io", "latest", DIGEST),
        (f"a@{DIGEST}", "docker.io", None, DIGEST),
    ],
)
def test_a_name_is_taken_apart(name, host, tag, digest):
    found = image(name)
    assert (found.host, found.tag, found.digest) == (host, tag, digest)
    assert found.pinned == (digest is not None)


@pytest.mark.parametrize("digest", ["md5:12", "latest", "sha256:", "sha256:XYZ"])
def test_what_is_no_digest_pins_nothing(digest):
    assert not image(f"quay.io/a/b@{digest}").pinned


def test_a_symbol_may_stand_for_the_repository_the_tag_and_the_digest():
    found = image(f"${{{REPOSITORY}.repositoryUrl}}:v1@${{urn:x::y::docker-build:index:Image::i.digest}}")
    assert (found.of_stack, found.tag, found.pinned) == (True, "v1", True)
    assert not image(f"${{{REPOSITORY}.repositoryUrl}}:v1").pinned
    assert image("${urn:x::y::aws:ssm/parameter:Parameter::p.value}/trainer:1").host is None


def test_a_variable_may_stand_for_the_repository_and_the_tag():
    found = image("${REPOSITORY}:${TAG}")
    assert (found.host, found.tag, found.pinned) == (None, "\0", False)
    assert image("${REGISTRY}/trainer:latest").tag == "latest"
    assert image("registry.acme.io/trainer:$TAG").host == "registry.acme.io"


def test_an_output_says_what_it_is_by_its_owner():
    url = Reference("${r.repositoryUrl}", REPOSITORY, "repositoryUrl")
    assert (image(url).of_stack, image(url).tag, image(url).pinned) == (True, None, False)
    assert image(Reference("${i.ref}", "urn:pulumi:a::b::docker-build:index:Image::i", "ref")).pinned


@pytest.mark.parametrize(
    "name",
    [
        Reference("${p.value}", "urn:pulumi:a::b::aws:ssm/parameter:Parameter::p", "value"),
        "{{inputs.parameters.image}}",
        "$(IMAGE)",
        "${IMAGE}",
        "$IMAGE",
        "registry.acme.io/team/${IMAGE:-trainer}",
    ],
)
def test_what_is_filled_in_later_is_left_open(name):
    with pytest.raises(UnevaluatedError):
        image(name)


@pytest.mark.parametrize(
    "tag", ["latest", "main", "stable", "alpine", "latest-gpu", "2.1.0-latest", "nightly-cuda12", "py3-nightly"]
)
def test_tags_that_move(tag):
    assert moves(tag)
    assert moves(tag.upper())


@pytest.mark.parametrize(
    "tag",
    ["1.27", "v1", "24.01-py3", "12.4.1-devel-ubuntu22.04", "main-3f2c1a9", "nightly-20250704", "dev-42", "build-7"],
)
def test_tags_that_stay(tag):
    assert not moves(tag)
