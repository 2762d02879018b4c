"""HERD-053: buckets with checkpoints or state keep versions, for a time."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from policies.engine.facts import Facts
from policies.engine.node import Node
from policies.engine.rule import GraphRule, Severity, Violation, everywhere
from policies.engine.subject import Stack, Subject
from policies.rules._shared import buckets
from policies.rules._shared.tags import own_tags

_COMPONENT: Final = "herd:storage:Bucket"
# What a bucket is for, as its name or a tag says it; one that says nothing is only judged by what it does say.
_KEEPS: Final = re.compile(
    r"checkpoint|ckpt|state|backup|dataset|data|model|artifact|weight|result|archive|account|share|home|evidence|release",
    re.IGNORECASE,
)
_PASSING: Final = re.compile(
    r"scratch|cache|tmp|temp(?:orary)?\b|staging|logs?\b|access-?log|static|website", re.IGNORECASE
)
_TELLING_TAGS: Final = ("Name", "purpose", "data", "data-class", "use", "role", "content")


def check(resource: Subject, stack: Stack, facts: Facts) -> Iterator[Violation]:
    """Versions bring back what a job overwrote; without an end to them they cost more each day than the data."""
    if resource.type == buckets.VERSIONING:
        yield from _status(resource.props.at("versioningConfiguration", "status"))
        return
    keeps = _keeps_state(resource, stack)
    inline = resource.props.at("versioning", "enabled")
    versioned = any(buckets.settings(stack, resource, buckets.VERSIONING))
    if not versioned and inline.present and not _passes(resource):
        versioned = bool(inline.flag())
        if not versioned:
            yield Violation(inline, "versioning is off: what is overwritten or deleted is gone")
    elif not versioned and keeps:
        yield Violation(resource.props, "keeps no versions: what is overwritten or deleted is gone")
    if keeps and not _ends(resource, stack):
        yield Violation(
            resource.props,
            "no lifecycle rule is enabled: old versions and unfinished uploads stay, and are paid for, for ever",
            fix="Add a BucketLifecycleConfiguration: noncurrent versions and unfinished uploads expire in days.",
        )


def _status(status: Node) -> Iterator[Violation]:
    value = status.literal()
    if (value or "").lower() != "enabled":
        yield Violation(status, f"versioning is {value or 'absent'}: what is overwritten or deleted is gone")


def _ends(bucket: Subject, stack: Stack) -> bool:
    rules = list(bucket.props.each("lifecycleRules"))
    on = any(rule.flag("enabled", default=False) for rule in rules)
    for beside in buckets.settings(stack, bucket, buckets.LIFECYCLE):
        on = on or any((rule.literal("status") or "").lower() == "enabled" for rule in beside.props.each("rules"))
    return on


def _keeps_state(bucket: Subject, stack: Stack) -> bool:
    if any(parent.type == _COMPONENT for parent in stack.ancestors(bucket)):
        return True
    return bool(_KEEPS.search(_told(bucket))) and not _passes(bucket)


def _passes(bucket: Subject) -> bool:
    return bool(_PASSING.search(_told(bucket)))


def _told(bucket: Subject) -> str:
    tags = own_tags(bucket.props.at("tags"))
    told = [tags[key].text() for key in _TELLING_TAGS if key in tags]
    return " ".join(
        [bucket.name, *(bucket.props.text(key) or "" for key in ("bucket", "bucketPrefix")), *map(str, told)]
    )


RULE: Final = GraphRule(
    id="HERD-053",
    name="bucket-versions",
    pack="data",
    title="Buckets with checkpoints or state keep versions, for a time",
    severity=everywhere(Severity.MEDIUM),
    types=(buckets.BUCKET, buckets.VERSIONING),
    properties=(
        "versioning.enabled",
        "lifecycleRules",
        "aws:s3/bucketVersioning:BucketVersioning.versioningConfiguration.status",
        "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration.rules",
    ),
    why=(
        "A job that overwrites its last good checkpoint, or a cleanup with the wrong prefix, is undone with versions"
        " and with nothing else. Versions without a lifecycle pile up for ever. A bucket is judged if its name or tags"
        " say that it keeps something (checkpoints, state, data, models …); buckets for logs, caches and scratch"
        " needn't keep versions."
    ),
    fix="Add a BucketVersioning with status Enabled and a lifecycle rule that expires noncurrent versions.",
    mappings={"checkov": ("CKV_AWS_21", "CKV2_AWS_61"), "fsbp": ("S3.14", "S3.13"), "trivy": ("AWS-0090",)},
    check=check,
)
