"""HERD-055: production's file systems, volumes and databases are backed up."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from components.base.context import Environment
from policies.engine.facts import Facts
from policies.engine.rule import GraphRule, Severity, Violation, only_in
from policies.engine.subject import Stack, Subject
from policies.rules._shared.naming import naming
from policies.rules._shared.tags import tags
from policies.rules._shared.types import DYNAMODB_TABLE, EFS, LUSTRE
from policies.rules.data._selections import SAMPLES, selected

VOLUME: Final = "aws:ebs/volume:Volume"
_LINK: Final = "aws:fsx/dataRepositoryAssociation:DataRepositoryAssociation"
_EFS_POLICY: Final = "aws:efs/backupPolicy:BackupPolicy"
_SNAPSHOTS: Final = "aws:dlm/lifecyclePolicy:LifecyclePolicy"
# Days that the service keeps backups of its own: property, and what it does unless told. Source: pulumi-aws 7.
_OWN_DAYS: Final = {
    LUSTRE: ("automaticBackupRetentionDays", 0),
    "aws:fsx/openZfsFileSystem:OpenZfsFileSystem": ("automaticBackupRetentionDays", 0),
    "aws:fsx/ontapFileSystem:OntapFileSystem": ("automaticBackupRetentionDays", 0),
    "aws:fsx/windowsFileSystem:WindowsFileSystem": ("automaticBackupRetentionDays", 7),
    "aws:rds/instance:Instance": ("backupRetentionPeriod", 0),
    "aws:rds/cluster:Cluster": ("backupRetentionPeriod", 1),
}
_SCRATCH_TAGS: Final = ("data", "data-class", "data_class", "dataclass", "data-classification")


def check(resource: Subject, stack: Stack, facts: Facts) -> Iterator[Violation]:
    """Somewhere there is a second copy, or a tag that says nobody needs one."""
    if _scratch(resource) or resource.props.has("replicateSourceDb"):
        return
    if resource.type == LUSTRE:
        kind = (resource.props.literal("deploymentType") or "SCRATCH_1").upper()
        if kind.startswith("SCRATCH"):
            yield Violation(
                resource.props.at("deploymentType"),
                f"{kind} is lost with one of its servers, and no tag says that what it holds may be",
                fix="Tag it `data: scratch`, or make it PERSISTENT_2.",
            )
            return
        if (links := list(naming(stack, resource, "fileSystemId", _LINK))) or resource.props.has("importPath"):
            if not resource.props.has("exportPath") and not any(map(_exports, links)):
                yield Violation(
                    resource.props,
                    "is linked to a bucket, so AWS can't back it up, and exports nothing there",
                    fix="Give a data repository association an autoExportPolicy, or tag it `data: scratch`.",
                )
            return
    if not _keeps_its_own(resource, stack) and not selected(resource, stack):
        yield Violation(resource.props, "no backup plan of the stack selects it, and it keeps no backups of its own")


def _scratch(resource: Subject) -> bool:
    given = tags(resource)
    return any((given[key].text() or "").lower() == "scratch" for key in _SCRATCH_TAGS if key in given)


def _exports(link: Subject) -> bool:
    return bool(link.props.at("s3", "autoExportPolicy").texts("events"))


def _keeps_its_own(resource: Subject, stack: Stack) -> bool:
    if resource.type in _OWN_DAYS:
        days, default = _OWN_DAYS[resource.type]
        return (resource.props.number(days, default=default) or 0) > 0
    if resource.type == EFS:
        policies = naming(stack, resource, "fileSystemId", _EFS_POLICY)
        return any((one.props.text("backupPolicy", "status") or "").upper() == "ENABLED" for one in policies)
    if resource.type == VOLUME:
        given = {key: node.text() for key, node in tags(resource).items()}
        return any(
            given.get(key) == value.text()
            for policy in stack.of_type(_SNAPSHOTS)
            for key, value in policy.props.at("policyDetails").entries("targetTags").items()
        )
    recovery = resource.props.at("pointInTimeRecovery", "enabled")
    return resource.type == DYNAMODB_TABLE and bool(recovery.flag(default=False))


RULE: Final = GraphRule(
    id="HERD-055",
    name="state-backed-up",
    pack="data",
    title="Production's file systems, volumes and databases are backed up",
    severity=only_in(Environment.PROD, severity=Severity.HIGH),
    types=tuple(SAMPLES),
    properties=(
        "tags",
        "automaticBackupRetentionDays",
        "backupRetentionPeriod",
        "pointInTimeRecovery.enabled",
        "deploymentType",
    ),
    why=(
        "Protection against deletion doesn't bring a file back, and a file system has a single copy. AWS can't back up"
        " a Lustre file system that is linked to a bucket: there the bucket that it exports to is the copy. Scratch"
        " file systems are lost with a server; a tag says that this is meant."
    ),
    fix="Let the backup plan's selection take it (by tag or ARN), or set automaticBackupRetentionDays.",
    mappings={
        "checkov": ("CKV2_AWS_9", "CKV2_AWS_18"),
        "fsbp": ("EFS.2", "EC2.28"),
        "config": ("FSX_RESOURCES_PROTECTED_BY_BACKUP_PLAN",),
    },
    check=check,
)
