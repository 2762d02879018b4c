"""HERD-015: machine images come from the release lock, by id."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from policies.engine.facts import Facts
from policies.engine.node import Node
from policies.engine.rule import ResourceRule, Severity, Violation, everywhere
from policies.engine.subject import Subject
from policies.rules._shared.machines.machine_images import moves
from policies.rules._shared.parallelcluster import TYPES as CLUSTERS
from policies.rules._shared.parallelcluster import clusters, machines
from policies.rules._shared.scripts.boot import (
    INSTANCE,
    LAUNCH_CONFIGURATION,
    LAUNCH_TEMPLATE,
    SPOT_FLEET,
    SPOT_INSTANCE,
)
from policies.rules._shared.types import COMPUTE_ENVIRONMENT

_KEYS: Final = {LAUNCH_TEMPLATE: "imageId", LAUNCH_CONFIGURATION: "imageId", INSTANCE: "ami", SPOT_INSTANCE: "ami"}


def check(resource: Subject, facts: Facts) -> Iterator[Violation]:
    """An id that stands there, and in a lock. Without one somebody else says which image: see HERD-016 and HERD-017."""
    for place in _places(resource):
        if why := moves(place, facts):
            yield Violation(place, why)
    for cluster in clusters(resource):
        filters = cluster.at("DevSettings", "AmiSearchFilters")
        if filters.present:
            yield Violation(filters, "looks the image up by its owner, name or tags: the newest that fits")


def _places(resource: Subject) -> Iterator[Node]:
    props = resource.props
    if key := _KEYS.get(resource.type):
        yield props.at(key)
    elif resource.type == SPOT_FLEET:
        yield from (one.at("ami") for one in props.each("launchSpecifications"))
    elif resource.type == COMPUTE_ENVIRONMENT:
        yield props.at("computeResources", "imageId")
        yield from (one.at("imageIdOverride") for one in props.each("computeResources", "ec2Configurations"))
    for cluster in clusters(resource):
        yield cluster.at("Image", "CustomAmi")
        yield from (one.node.at("Image", "CustomAmi") for one in machines(cluster))


RULE: Final = ResourceRule(
    id="HERD-015",
    name="machine-image-pinned",
    pack="immutable",
    title="Machine images come from the release lock, by id",
    severity=everywhere(Severity.HIGH),
    types=(*_KEYS, SPOT_FLEET, COMPUTE_ENVIRONMENT, *CLUSTERS),
    properties=(
        "imageId",
        "ami",
        "launchSpecifications.ami",
        "Image.CustomAmi",
        "SlurmQueues.Image.CustomAmi",
        "DevSettings.AmiSearchFilters",
    ),
    why=(
        "An image that is looked up (mostRecent, an SSM parameter, recommended) is another one after the vendor's next"
        " build: half of a pool runs a driver that nobody tested, and no diff says so."
    ),
    fix="Take the id from the release lock (`herd release`): images are promoted, never looked up.",
    mappings={
        "checkov": ("CKV_AWS_386",),
        "trivy": ("AWS-0344",),
        "config": ("EC2_INSTANCE_LAUNCHED_WITH_ALLOWED_AMI",),
    },
    check=check,
)
