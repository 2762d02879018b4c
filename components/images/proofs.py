"""How an image shows what is in it: one question a version, asked before the snapshot and again on a fresh machine."""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, StringConstraints

from components.images.steps import Module
from components.images.values import PackageName, Path, Pinned, Text

Word = Annotated[Text, StringConstraints(min_length=1, max_length=256)]


def _one_group(value: str) -> str:
    # bash takes POSIX extended expressions; what Python can't read either is certainly wrong.
    try:
        groups = re.compile(value).groups
    except re.error as error:
        raise ValueError(f"is no regular expression: {error}") from None
    if groups < 1:
        raise ValueError("needs a group (in parentheses) that is the version")
    return value


Pattern = Annotated[Text, StringConstraints(pattern=r"^[^\n]+$", max_length=128), AfterValidator(_one_group)]
"""An extended regular expression for one line; its first group is the version."""


class Package(Pinned):
    """The version and release of an installed package."""

    kind: Literal["package"]
    name: PackageName


class ModuleVersion(Pinned):
    """The version a kernel module says it has."""

    kind: Literal["module"]
    name: Module


class Kernel(Pinned):
    """The kernel that runs."""

    kind: Literal["kernel"]


class FileText(Pinned):
    """A line of a file of the image that `matching` matches."""

    kind: Literal["file"]
    path: Path
    matching: Pattern


class Output(Pinned):
    """A line of what a command says that `matching` matches."""

    kind: Literal["output"]
    command: Annotated[tuple[Word, ...], Field(min_length=1)]
    matching: Pattern


Proof = Annotated[Package | ModuleVersion | Kernel | FileText | Output, Field(discriminator="kind")]
