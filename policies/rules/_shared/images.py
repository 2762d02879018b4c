"""Container images wherever a resource names one, taken apart: host, tag, digest."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from policies.engine.node import Node
from policies.engine.subject import Subject
from policies.engine.values import Reason, Reference, UnevaluatedError
from policies.rules._shared.kubernetes import kustomize, workloads
from policies.rules._shared.kubernetes.workloads import pods, walk
from policies.rules._shared.repositories import REPOSITORY

DOCKER_HUB: Final = "docker.io"
CODEBUILD: Final = "aws:codebuild/project:Project"
_CURATED: Final = "aws/codebuild/"

# type -> where images stand; before `:` a property that may be a JSON document.
_PLACES: Final = {
    "aws:lambda/function:Function": ("imageUri",),
    CODEBUILD: ("environment.image",),
    "aws:sagemaker/model:Model": ("primaryContainer.image", "containers.*.image"),
    "aws:apprunner/service:Service": ("sourceConfiguration.imageRepository.imageIdentifier",),
    "aws:ecs/taskDefinition:TaskDefinition": ("containerDefinitions:*.image",),
    "aws:batch/jobDefinition:JobDefinition": (
        "containerProperties:image",
        "nodeProperties:nodeRangeProperties.*.container.image",
        "ecsProperties:taskProperties.*.containers.*.image",
        "eksProperties:podProperties.containers.*.image",
        "eksProperties:podProperties.initContainers.*.image",
    ),
    # The image of both halves; what a half says of its own is a container's.
    **{
        f"kubernetes:sparkoperator.k8s.io/{version}:{kind}": (f"{above}.image",)
        for version in ("v1beta1", "v1beta2")
        for kind, above in (("SparkApplication", "spec"), ("ScheduledSparkApplication", "spec.template"))
    },
}
TYPES: Final = tuple(dict.fromkeys((*workloads.TYPES, *_PLACES, *kustomize.TYPES)))
"""Every type that `images` finds images in."""

# What other resources give whole images as, and whether that holds the digest.
_OUTPUTS: Final = {
    (REPOSITORY, "repositoryUrl"): False,
    ("docker-build:index:Image", "ref"): True,
    ("docker:index/image:Image", "repoDigest"): True,
    ("docker:index/remoteImage:RemoteImage", "repoDigest"): True,
    ("awsx:ecr:Image", "imageUri"): True,
    ("awsx-go:ecr:Image", "imageUri"): True,
}
_IN_OUR_REGISTRY: Final = (REPOSITORY, "awsx:ecr:Image", "awsx-go:ecr:Image")

# `${urn:…}` is a render's, and only the cloud knows it; the others (`${TAG}`, `$TAG`) are envsubst's and Flux's.
_SYMBOL: Final = re.compile(r"\$\{([^{}]+)\}|\$[A-Za-z_]\w*")
_VARIABLE_AT_END: Final = re.compile(r"\$(?:\{(?!urn:|invoke:)[^{}]+\}|[A-Za-z_]\w*)$")
_HOLE: Final = "\0"
_TEMPLATE: Final = re.compile(r"\{\{|\$\(")
_DIGEST: Final = re.compile(rf"(?:sha256|sha512):[0-9a-f]+|unresolved|[^:]*{_HOLE}.*|sha256:{_HOLE}")

_MOVING: Final = re.compile(
    "canary|current|dev|develop|development|edge|head|latest|main|mainline|master|next|nightly|prod|production"
    "|rolling|snapshot|stable|staging|trunk|unstable"
)
_BUILD: Final = re.compile(r"\d+|(?=.*\d)[0-9a-f]{6,}|v?\d+\.\d+.*")


@dataclass(frozen=True)
class Image:
    """An image as a resource names it.

    Attributes:
        at: The place.
        text: As it stands there.
        host: The registry's host, `docker.io` where none is named; None where only the cloud knows it.
        tag: The tag; None without one.
        digest: What stands after `@`; None without one.
        of_stack: Whether it comes from a repository of the stack.
    """

    at: Node
    text: str
    host: str | None
    tag: str | None
    digest: str | None
    of_stack: bool = False

    @property
    def pinned(self) -> bool:
        """Whether a digest names it. `unresolved` is one that is still to be looked up: such a stack can't go up."""
        return self.digest is not None and _DIGEST.fullmatch(self.digest) is not None


def images(resource: Subject) -> Iterator[Node]:
    """The places where a resource names an image; those of AWS's own build images, which have no registry, left out.

    What may not be readable comes last: it must not hide what is.
    """
    partly, later = [], []
    for node in _places(resource):
        text = "" if node.hidden else node.text() or ""
        if node.hidden or _is_later(text):
            later.append(node)
        elif "$" in text:
            partly.append(node)
        else:
            yield node
    yield from (*partly, *later)


def _is_later(name: str) -> bool:
    """Whether nothing of a name can be told: a template, or a variable that may stand for its tag and digest too."""
    if _TEMPLATE.search(name) is not None:
        return True
    return _VARIABLE_AT_END.search(name) is not None and not re.search("[:@]", _SYMBOL.sub("", name).rpartition("/")[2])


def _places(resource: Subject) -> Iterator[Node]:
    for pod in pods(resource):
        yield from (
            container.image for container in pod.containers if container.image.hidden or container.image.present
        )
        for volume in pod.spec.each("volumes"):
            if volume.has("image", "reference"):
                yield volume.at("image", "reference")
    yield from kustomize.replacements(resource)
    for place in _PLACES.get(resource.type, ()):
        document, _, path = place.rpartition(":")
        inside = resource.props.document(document) if document else resource.props
        for node in walk(inside, path) if inside.present else ():
            if not (resource.type == CODEBUILD and (node.text() or "").startswith(_CURATED)):
                yield node


def read(node: Node) -> Image:
    """What an image's name says.

    Raises:
        UnevaluatedError: It is hidden, filled in later (`{{inputs.image}}`), or only the cloud knows it.
    """
    text = node.text() or ""
    if isinstance(text, Reference):
        return _given(node, text)
    if _is_later(text):
        raise UnevaluatedError(Reason.UNKNOWN, f"{text} is filled in later", node.path)
    first = _SYMBOL.match(text)
    of_stack = first is not None and any(type_ in (first[1] or "") for type_ in _IN_OUR_REGISTRY)
    name, at, digest = _SYMBOL.sub(_HOLE, text).partition("@")
    above, _, last = name.rpartition("/")
    _, colon, tag = last.partition(":")
    host = name.partition("/")[0] if above else DOCKER_HUB
    if first and not of_stack and (not above or not host.removeprefix(_HOLE)):
        host = ""
    elif host != "localhost" and not re.search(r"[.:\0]", host):
        host = DOCKER_HUB
    return Image(node, text, host or None, tag if colon else None, digest if at else None, of_stack)


def _given(node: Node, reference: Reference) -> Image:
    owner = reference.owner.split("::")[2].rpartition("$")[2] if reference.owner.count("::") > 1 else ""
    pinned = _OUTPUTS.get((owner, reference.path))
    if pinned is None:
        raise UnevaluatedError(Reason.UNKNOWN, f"only the cloud knows the value ({reference})", node.path)
    return Image(node, reference, None, None, _HOLE if pinned else None, of_stack=owner in _IN_OUR_REGISTRY)


def moves(tag: str) -> bool:
    """Whether a tag is one that is given to the next image as soon as there is one."""
    parts = re.split(r"[-_]", tag.lower())
    if "latest" in (parts[0], parts[-1]) or not re.search(r"\d", tag):
        return True
    # `nightly-20250704` and `main-3f2c1a9` are builds; `nightly-cuda12` and `py3-nightly` are whatever came last.
    return any(_MOVING.fullmatch(part) for part in parts) and not any(_BUILD.fullmatch(part) for part in parts)
