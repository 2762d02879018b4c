"""The words that registry specs are written in: names, patterns, ARNs, and the two namespaces that mean something."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator
from typing import Annotated, Final

from pydantic import AfterValidator, Field

from components.base.validation import FieldPath
from components.registry.references import REPOSITORY, Reference, parse
from components.registry.wildcard import overlap

RELEASED: Final = "released"
MIRRORS: Final = "mirrors"
RELEASE_TAGS: Final = "release-*"

Region = Annotated[str, Field(pattern=r"^[a-z]{2}(-[a-z]+)+-\d$")]
RepositoryName = Annotated[str, Field(min_length=2, max_length=256, pattern=REPOSITORY)]
# Source: ECR API reference, CreatePullThroughCacheRule: a prefix has 2 to 30 characters.
Prefix = Annotated[str, Field(min_length=2, max_length=30, pattern=REPOSITORY)]
SecretArn = Annotated[str, Field(pattern=r"^arn:aws[a-z-]*:secretsmanager:[a-z0-9-]+:\d{12}:secret:[\w/+=.@-]+$")]
RoleArn = Annotated[str, Field(pattern=r"^arn:aws[a-z-]*:iam::\d{12}:role/[\w+=,.@/-]+$")]
Found = Iterator[tuple[FieldPath, str]]


def no_release(pattern: str) -> str:
    """A tag pattern that can't meet a release's tag.

    Raises:
        ValueError: It can.
    """
    if overlap(pattern, RELEASE_TAGS):
        raise ValueError(f"{pattern!r} can match a release ({RELEASE_TAGS}), which is never expired or overwritten")
    return pattern


def pinned_or_marked(text: str) -> str:
    """An image reference with its digest, or with the mark `unresolved` in its place.

    Raises:
        ValueError: It has neither, isn't a full reference, or has nothing by which the digest could be looked up.
    """
    image = parse(text)
    if not (image.resolved or image.tag):
        raise ValueError(f"{text!r} is unresolved and has no tag: name the one whose digest is to be read")
    return text


# Source: ECR User Guide, lifecycle policy properties: at most four wildcards.
TagPattern = Annotated[
    str,
    Field(pattern=r"^[A-Za-z0-9_.-]*(?:\*[A-Za-z0-9_.-]*){0,4}$", min_length=1, max_length=128),
    AfterValidator(no_release),
]
# Source: ECR API reference, ImageTagMutabilityExclusionFilter; the provider allows two wildcards.
MutableTag = Annotated[
    str,
    Field(pattern=r"^[A-Za-z0-9_.-]*(?:\*[A-Za-z0-9_.-]*){0,2}$", min_length=1, max_length=128),
    AfterValidator(no_release),
]
PinnedOrMarked = Annotated[str, AfterValidator(pinned_or_marked)]
# Source: ECR API reference, ScanningRepositoryFilter.
ScanFilter = Annotated[str, Field(max_length=255, pattern=r"^[a-z0-9*](?:[._\-/a-z0-9*]?[a-z0-9*]+)*$")]


def below(name: str, namespace: str) -> bool:
    """Whether a repository name lies below a namespace."""
    return name.startswith(f"{namespace}/")


def mirror_repository(image: Reference) -> str:
    """The repository that a mirrored image lands in."""
    return f"{MIRRORS}/{image.host.replace(':', '-')}/{image.path}"


def repeats(values: Iterable[Hashable]) -> list[int]:
    """Positions of values that stand earlier in the sequence as well."""
    seen: set[Hashable] = set()
    found = []
    for i, value in enumerate(values):
        if value in seen:
            found.append(i)
        seen.add(value)
    return found
