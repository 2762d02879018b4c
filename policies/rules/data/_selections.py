"""Which resources a backup plan's selection takes, as AWS Backup reads it."""

from __future__ import annotations

from collections.abc import Mapping
from fnmatch import fnmatchcase
from typing import Final

from policies.engine.node import Node
from policies.engine.subject import Stack, Subject
from policies.engine.values import Reference
from policies.rules._shared.tags import tags

SELECTION: Final = "aws:backup/selection:Selection"
_FSX: Final = ("arn:aws:fsx:region:account:file-system/fs-0",)
# A resource of each type as its ARN looks, which the wildcards of a selection are compared with.
SAMPLES: Final[Mapping[str, tuple[str, ...]]] = {
    "aws:efs/fileSystem:FileSystem": ("arn:aws:elasticfilesystem:region:account:file-system/fs-0",),
    "aws:fsx/lustreFileSystem:LustreFileSystem": _FSX,
    "aws:fsx/openZfsFileSystem:OpenZfsFileSystem": _FSX,
    # ONTAP is backed up volume by volume.
    "aws:fsx/ontapFileSystem:OntapFileSystem": (*_FSX, "arn:aws:fsx:region:account:volume/fs-0/fsvol-0"),
    "aws:fsx/windowsFileSystem:WindowsFileSystem": _FSX,
    "aws:ebs/volume:Volume": ("arn:aws:ec2:region:account:volume/vol-0",),
    "aws:rds/instance:Instance": ("arn:aws:rds:region:account:db:name",),
    "aws:rds/cluster:Cluster": ("arn:aws:rds:region:account:cluster:name",),
    "aws:dynamodb/table:Table": ("arn:aws:dynamodb:region:account:table/name",),
}
_TAG: Final = "aws:ResourceTag/"


def selected(resource: Subject, stack: Stack) -> bool:
    """Whether a selection of the stack takes a resource.

    Raises:
        UnevaluatedError: A selection or the resource's tags are hidden.
    """
    return any(
        _has_plan(selection.props.at("planId"), stack) and _takes(selection.props, resource, stack)
        for selection in stack.of_type(SELECTION)
    )


def _has_plan(plan: Node, stack: Stack) -> bool:
    """Whether there is a plan with rules; one outside the stack is taken for whole."""
    found = stack.named_by(plan)
    if found is None:
        return not isinstance(plan.text(), Reference)
    return any(True for _ in found.props.each("rules"))


def _takes(selection: Node, resource: Subject, stack: Stack) -> bool:
    """Resources (all, if none are named) with one of the selection's tags, with all of its conditions.

    Source: AWS Backup Developer Guide, "Assigning resources programmatically"; API, BackupSelection.
    """
    chosen, left_out = selection.texts("resources"), selection.texts("notResources")
    if any(_names(one, resource, stack) or _covers(one, resource) for one in left_out):
        return False
    wanted = {tag.text("key") or "": tag.text("value") for tag in selection.each("selectionTags")}
    given = {key: node.text() for key, node in tags(resource).items()}
    tagged = not wanted or any(given.get(key) == value for key, value in wanted.items())
    everything = not chosen or any(_covers(one, resource) for one in chosen)
    if not (any(_names(one, resource, stack) for one in chosen) or (everything and tagged)):
        return False
    return all(_holds(conditions, given) for conditions in selection.each("conditions"))


def _holds(conditions: Node, given: Mapping[str, str | None]) -> bool:
    def value(test: Node) -> str:
        return given.get((test.text("key") or "").removeprefix(_TAG)) or ""

    equal = all(value(test) == test.text("value") for test in conditions.each("stringEquals"))
    like = all(fnmatchcase(value(test), test.text("value") or "") for test in conditions.each("stringLikes"))
    other = all(value(test) != test.text("value") for test in conditions.each("stringNotEquals"))
    unlike = all(not fnmatchcase(value(test), test.text("value") or "") for test in conditions.each("stringNotLikes"))
    return equal and like and other and unlike


def _names(arn: str, resource: Subject, stack: Stack) -> bool:
    return stack.target(arn) is resource


def _covers(arn: str, resource: Subject) -> bool:
    return not isinstance(arn, Reference) and any(fnmatchcase(sample, arn) for sample in SAMPLES[resource.type])
