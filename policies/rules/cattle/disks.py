"""HERD-024: the disks of machines are encrypted and end with the machine."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from policies.engine.facts import Facts
from policies.engine.node import Node
from policies.engine.rule import GraphRule, Severity, Violation, everywhere
from policies.engine.subject import Stack, Subject
from policies.engine.values import Reason, UnevaluatedError
from policies.rules._shared import parallelcluster
from policies.rules._shared.kubernetes.karpenter import EC2_NODE_CLASSES
from policies.rules._shared.scripts.boot import (
    INSTANCE,
    LAUNCH_CONFIGURATION,
    LAUNCH_TEMPLATE,
    NODE_TEMPLATE,
    SPOT_FLEET,
    SPOT_INSTANCE,
)

IMAGE_RECIPE: Final = "aws:imagebuilder/imageRecipe:ImageRecipe"
_BY_DEFAULT: Final = "aws:ebs/encryptionByDefault:EncryptionByDefault"
_ROOT: Final = ("rootBlockDevice", "rootBlockDevices")
_MACHINES: Final = (INSTANCE, LAUNCH_CONFIGURATION, SPOT_INSTANCE)


def check(resource: Subject, stack: Stack, facts: Facts) -> Iterator[Violation]:
    """What a machine writes is gone with it; what must stay lives on file systems and in buckets."""
    if resource.type in parallelcluster.TYPES:
        for cluster in parallelcluster.clusters(resource):
            yield from _of_cluster(cluster)
        return
    for disk in _disks(resource):
        yield from _of_machine(disk, stack)
    root_is_the_images = resource.type in _MACHINES and not any(resource.props.has(key) for key in _ROOT)
    if root_is_the_images and not _encrypts_by_default(stack):
        message = "is absent: the root disk is as the image has it, and most images aren't encrypted"
        yield Violation(resource.props.at("rootBlockDevice"), message)


def _disks(resource: Subject) -> Iterator[Node]:
    """The EBS disks that a resource describes; one that it leaves to the image isn't its own to say."""
    props = resource.props
    if resource.type in (LAUNCH_TEMPLATE, IMAGE_RECIPE, *EC2_NODE_CLASSES, NODE_TEMPLATE):
        at = props if resource.type in (LAUNCH_TEMPLATE, IMAGE_RECIPE) else props.at("spec")
        for mapping in at.each("blockDeviceMappings"):
            yield from mapping.each("ebs")
        return
    for machine in (props,) if resource.type in _MACHINES else props.each("launchSpecifications"):
        for key in (*_ROOT, "ebsBlockDevice", "ebsBlockDevices"):
            yield from machine.each(key)


def _of_machine(disk: Node, stack: Stack) -> Iterator[Violation]:
    encrypted = disk.at("encrypted")
    state = encrypted.flag()
    if state is None and not _encrypts_by_default(stack):
        if any(disk.text(key) for key in ("snapshotId", "snapshotID")):
            message = "the snapshot decides, and nobody sees whether it is encrypted"
            raise UnevaluatedError(Reason.ABSENT, message, encrypted.path)
        yield Violation(encrypted, "doesn't say that the disk is encrypted, and EC2's default is that it isn't")
    elif state is False:
        yield Violation(encrypted, "leaves the disk unencrypted")
    # Absent it is true for disks that a launch makes: EC2 Auto Scaling API, Ebs; pulumi-aws, InstanceRootBlockDevice.
    ends = disk.at("deleteOnTermination")
    if ends.flag() is False:
        yield Violation(ends, "keeps the disk when its machine is gone", _ENDS)


_ENDS: Final = "Set delete_on_termination to true, and keep what must stay on a file system or in a bucket."


def _of_cluster(cluster: Node) -> Iterator[Violation]:
    """ParallelCluster encrypts root volumes and deletes them unless it is told otherwise."""
    for machines in parallelcluster.machines(cluster):
        settings = machines.node
        if machines.kind is parallelcluster.Kind.QUEUE:
            settings = settings.at("ComputeSettings")
        volume = settings.at("LocalStorage", "RootVolume")
        if volume.flag("Encrypted") is False:
            yield Violation(volume.at("Encrypted"), f"leaves the root disk of {machines} unencrypted", _ENCRYPT)
        if volume.flag("DeleteOnTermination") is False:
            yield Violation(volume.at("DeleteOnTermination"), f"keeps the root disk when {machines} is gone", _LEAVE)


_ENCRYPT: Final = "Set Encrypted: true, which is the default."
_LEAVE: Final = "Leave DeleteOnTermination out; what must stay lives on shared storage that the cluster names by id."


def _encrypts_by_default(stack: Stack) -> bool:
    return any(setting.props.flag("enabled", default=True) for setting in stack.of_type(_BY_DEFAULT))


RULE: Final = GraphRule(
    id="HERD-024",
    name="disks-encrypted-and-ephemeral",
    pack="cattle",
    title="Disks of machines are encrypted and end with the machine",
    severity=everywhere(Severity.HIGH),
    types=(
        LAUNCH_TEMPLATE,
        IMAGE_RECIPE,
        *_MACHINES,
        SPOT_FLEET,
        *EC2_NODE_CLASSES,
        NODE_TEMPLATE,
        *parallelcluster.TYPES,
    ),
    properties=(
        "blockDeviceMappings[].ebs.encrypted",
        "blockDeviceMappings[].ebs.deleteOnTermination",
        "rootBlockDevice.encrypted",
        "LocalStorage.RootVolume.Encrypted",
    ),
    why=(
        "Checkpoints, data sets and credentials pass over local disks. A disk that outlives its machine is paid for,"
        " found by nobody, and the place where state hides that a rebuilt node then lacks."
    ),
    fix="Set encrypted and delete_on_termination to true, for volumes with the stack's key as kms_key_id.",
    mappings={
        "checkov": ("CKV_AWS_8",),
        "trivy": ("AWS-0008", "AWS-0131"),
        "config": ("EC2_LAUNCH_TEMPLATES_EBS_VOLUME_ENCRYPTED",),
    },
    check=check,
)
