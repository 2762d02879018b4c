"""HERD-051: file systems, volumes, buckets and databases are encrypted with a key of ours."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from policies.engine.facts import Facts
from policies.engine.node import Node
from policies.engine.rule import GraphRule, Severity, Violation, everywhere
from policies.engine.subject import Stack, Subject
from policies.rules._shared import buckets
from policies.rules._shared.access.iam import statements
from policies.rules._shared.kubernetes.karpenter import EC2_NODE_CLASSES
from policies.rules._shared.machines.templates import TEMPLATE
from policies.rules._shared.naming import named
from policies.rules._shared.parallelcluster import TYPES as CLUSTERS
from policies.rules._shared.parallelcluster import clusters
from policies.rules._shared.types import DYNAMODB_TABLE, LUSTRE, STORAGE_CLASSES

_AWS_KEY: Final = re.compile(r"(?:^|:)alias/aws/")
_OUR_KEYS: Final = ("aws:kms/key:Key", "aws:kms/replicaKey:ReplicaKey", "aws:kms/externalKey:ExternalKey")
_EBS_KEY: Final = "aws:ebs/defaultKmsKey:DefaultKmsKey"
_EBS_DEFAULT: Final = "aws:ebs/encryptionByDefault:EncryptionByDefault"


@dataclass(frozen=True)
class _Store:
    """How a type spells its encryption.

    Attributes:
        key: The property with the key.
        flag: The property that turns encryption on; empty if it is always on.
        on: Its default.
        strict: Whether AWS's own key is refused in any stack; otherwise only in a stack that has keys of its own.
        ebs: Whether an account's default key for volumes serves.
    """

    key: str
    flag: str = ""
    on: bool = False
    strict: bool = True
    ebs: bool = False


# Property names and defaults: pulumi-aws 7, which has them from the services' own APIs.
_STORES: Final = {
    "aws:ebs/volume:Volume": _Store("kmsKeyId", "encrypted", ebs=True),
    "aws:ebs/snapshotCopy:SnapshotCopy": _Store("kmsKeyId", "encrypted", strict=False, ebs=True),
    "aws:efs/fileSystem:FileSystem": _Store("kmsKeyId", "encrypted"),
    "aws:fsx/lustreFileSystem:LustreFileSystem": _Store("kmsKeyId"),
    "aws:fsx/openZfsFileSystem:OpenZfsFileSystem": _Store("kmsKeyId"),
    "aws:fsx/ontapFileSystem:OntapFileSystem": _Store("kmsKeyId"),
    "aws:fsx/windowsFileSystem:WindowsFileSystem": _Store("kmsKeyId"),
    "aws:fsx/fileCache:FileCache": _Store("kmsKeyId"),
    "aws:rds/instance:Instance": _Store("kmsKeyId", "storageEncrypted", strict=False),
    "aws:rds/cluster:Cluster": _Store("kmsKeyId", "storageEncrypted", strict=False),
    "aws:docdb/cluster:Cluster": _Store("kmsKeyId", "storageEncrypted", strict=False),
    "aws:neptune/cluster:Cluster": _Store("kmsKeyArn", "storageEncrypted", strict=False),
    "aws:backup/vault:Vault": _Store("kmsKeyArn", strict=False),
}
# Property with the key, and the principals in a key's policy that show it is meant for this.
_BY_SERVICE: Final = {
    "aws:cloudwatch/logGroup:LogGroup": ("kmsKeyId", ("logs.",)),
    "aws:sns/topic:Topic": ("kmsMasterKeyId", ("sns.", "budgets.", "costalerts.", "cloudwatch.", "events.")),
}
_EBS_PROVISIONERS: Final = ("ebs.csi.aws.com", "ebs.csi.eks.amazonaws.com", "kubernetes.io/aws-ebs")
_INSTANCES: Final = ("aws:ec2/instance:Instance", "aws:ec2/spotInstanceRequest:SpotInstanceRequest")
# ParallelCluster 3, SharedStorage: settings -> encryption. Volumes are encrypted unless told otherwise, EFS isn't.
_SHARED: Final = {
    "EbsSettings": _Store("KmsKeyId", "Encrypted", on=True),
    "EfsSettings": _Store("KmsKeyId", "Encrypted"),
    "FsxLustreSettings": _Store("KmsKeyId"),
}
_EXISTING: Final = ("VolumeId", "FileSystemId", "FileCacheId")


def check(resource: Subject, stack: Stack, facts: Facts) -> Iterator[Violation]:
    """Each type by its own spelling."""
    return _SPELLED[resource.type](resource, stack)


def _plainly(resource: Subject, stack: Stack) -> Iterator[Violation]:
    if not _without_a_key(resource):
        yield from _store(resource.props, _STORES[resource.type], stack)


def _table(resource: Subject, stack: Stack) -> Iterator[Violation]:
    yield from _store(resource.props.at("serverSideEncryption"), _Store("kmsKeyArn", strict=False), stack)


def _template(resource: Subject, stack: Stack) -> Iterator[Violation]:
    yield from _mappings(resource.props, "kmsKeyId", stack)


def _node_class(resource: Subject, stack: Stack) -> Iterator[Violation]:
    yield from _mappings(resource.props.at("spec"), "kmsKeyID", stack)


def _through_service(resource: Subject, stack: Stack) -> Iterator[Violation]:
    """What a service encrypts with a key that lets it: judged if a key of the stack does."""
    key, services = _BY_SERVICE[resource.type]
    at = resource.props.at(key)
    if _is_ours(at, stack):
        return
    yield from _of_aws(at)
    if not at.text() and any(_lets_in(one, services) for one in stack.of_type(*_OUR_KEYS)):
        yield Violation(at, f"{key} names no key though the stack has one that lets the service use it")


def _lets_in(key: Subject, services: tuple[str, ...]) -> bool:
    return any(
        service.startswith(services)
        for statement in statements(key)
        if statement.allows
        for service in statement.principals.get("Service", ())
    )


def _mappings(at: Node, key: str, stack: Stack) -> Iterator[Violation]:
    for mapping in at.each("blockDeviceMappings"):
        if mapping.has("ebs"):
            yield from _store(mapping.at("ebs"), _Store(key, strict=False, ebs=True), stack)


def _instance(resource: Subject, stack: Stack) -> Iterator[Violation]:
    for disk in (*resource.props.each("rootBlockDevice"), *resource.props.each("ebsBlockDevices")):
        yield from _store(disk, _Store("kmsKeyId", strict=False, ebs=True), stack)


def _store(at: Node, store: _Store, stack: Stack) -> Iterator[Violation]:
    if store.flag:
        flag = at.at(store.flag)
        ebs_default = store.ebs and _encrypts_by_default(stack)
        # Aurora Serverless v1 is always encrypted; RDS refuses a flag that says otherwise.
        serverless = (at.text("engineMode") or "").lower() == "serverless"
        if not flag.flag(default=store.on or ebs_default or serverless):
            how = "false" if flag.present else "absent, and false by default"
            yield Violation(flag, f"{store.flag} is {how}: nothing is encrypted")
            return
    key = at.at(store.key)
    if _is_ours(key, stack):
        return
    yield from _of_aws(key)
    if not key.text() and not (store.ebs and stack.of_type(_EBS_KEY)):
        if store.strict:
            yield Violation(key, f"{store.key} names no key: AWS takes its own, which nobody can take away or audit")
        elif stack.of_type(*_OUR_KEYS):
            yield Violation(key, f"{store.key} names no key though the stack has keys of its own: AWS takes its own")


def _of_aws(key: Node) -> Iterator[Violation]:
    name = key.text()
    if name and _AWS_KEY.search(name):
        yield Violation(key, f"{name} is AWS's own key, which nobody can take away, audit apart or share")


def _is_ours(key: Node, stack: Stack) -> bool:
    """Whether one of the stack's keys is named; a preview knows that before the key has an ARN."""
    named = stack.named_by(key)
    return named is not None and named.type in _OUR_KEYS


def _encrypts_by_default(stack: Stack) -> bool:
    return any(one.props.flag("enabled", default=True) for one in stack.of_type(_EBS_DEFAULT))


def _without_a_key(resource: Subject) -> bool:
    """What takes no key: a scratch Lustre file system, a replica, which has its source's."""
    if resource.type == LUSTRE:
        return (resource.props.literal("deploymentType") or "SCRATCH_1").upper().startswith("SCRATCH")
    source = resource.props.text("replicateSourceDb") or resource.props.text("replicationSourceIdentifier")
    return bool(source) and not str(source).startswith("arn:")


def _bucket(bucket: Subject, stack: Stack) -> Iterator[Violation]:
    if any(buckets.settings(stack, bucket, buckets.ENCRYPTION)):
        return
    inline = bucket.props.at("serverSideEncryptionConfiguration")
    if inline.present:
        yield from _rules(inline, "rule", lambda: buckets.takes_logs(stack, bucket), stack)
    elif not buckets.takes_logs(stack, bucket):
        yield Violation(
            bucket.props, "nothing encrypts the bucket with a key of ours: S3 takes its own (SSE-S3) by default"
        )


def _beside(resource: Subject, stack: Stack) -> Iterator[Violation]:
    def takes_logs() -> bool:
        bucket = named(resource.props.at("bucket"), stack, buckets.BUCKET)
        return bucket is not None and buckets.takes_logs(stack, bucket)

    yield from _rules(resource.props, "rules", takes_logs, stack)


def _rules(at: Node, key: str, takes_logs: Callable[[], bool], stack: Stack) -> Iterator[Violation]:
    rules = list(at.each(key)) or [at.at(key)]
    for rule in rules:
        default = rule.at("applyServerSideEncryptionByDefault")
        algorithm = default.at("sseAlgorithm")
        name = algorithm.literal()
        if name in ("aws:kms", "aws:kms:dsse"):
            yield from _store(default, _Store("kmsMasterKeyId"), stack)
        elif not takes_logs():
            yield Violation(algorithm, f"{name or 'no algorithm'}: S3 encrypts with its own keys, not with one of ours")


def _default(resource: Subject, stack: Stack) -> Iterator[Violation]:
    enabled = resource.props.at("enabled")
    if not enabled.flag(default=True):
        message = "encryption by default is switched off: only those new volumes that ask for it are encrypted"
        yield Violation(enabled, message, "Write enabled=True, and name the stack's key with aws.ebs.DefaultKmsKey.")


def _storage_class(resource: Subject, stack: Stack) -> Iterator[Violation]:
    if resource.props.literal("provisioner") in _EBS_PROVISIONERS:
        store = _Store("kmsKeyId", "encrypted", strict=False, ebs=True)
        yield from _store(resource.props.at("parameters"), store, stack)


def _cluster(resource: Subject, stack: Stack) -> Iterator[Violation]:
    for cluster in clusters(resource):
        for storage in cluster.each("SharedStorage"):
            name = storage.text("StorageType") or ""
            if (store := _SHARED.get(settings := f"{name}Settings")) is None:
                continue
            made = storage.at(settings)
            kind = made.literal("DeploymentType", default="SCRATCH_2") or ""
            scratch = name == "FsxLustre" and kind.upper().startswith("SCRATCH")
            if not scratch and not any(made.has(key) for key in _EXISTING):
                yield from _store(made, store, stack)


_SPELLED: Final[dict[str, Callable[[Subject, Stack], Iterator[Violation]]]] = {
    **dict.fromkeys(_STORES, _plainly),
    buckets.BUCKET: _bucket,
    buckets.ENCRYPTION: _beside,
    DYNAMODB_TABLE: _table,
    TEMPLATE: _template,
    _EBS_DEFAULT: _default,
    **dict.fromkeys(_BY_SERVICE, _through_service),
    **dict.fromkeys(EC2_NODE_CLASSES, _node_class),
    **dict.fromkeys(_INSTANCES, _instance),
    **dict.fromkeys(STORAGE_CLASSES, _storage_class),
    **dict.fromkeys(CLUSTERS, _cluster),
}


RULE: Final = GraphRule(
    id="HERD-051",
    name="customer-managed-keys",
    pack="data",
    title="File systems, volumes, buckets and databases are encrypted with a key of ours",
    severity=everywhere(Severity.HIGH),
    types=tuple(_SPELLED),
    properties=(
        "kmsKeyId",
        "encrypted",
        "enabled",
        "storageEncrypted",
        "serverSideEncryption.kmsKeyArn",
        "rules.applyServerSideEncryptionByDefault",
        "blockDeviceMappings.ebs.kmsKeyId",
        "parameters.encrypted",
        "SharedStorage.EfsSettings.Encrypted",
    ),
    why=(
        "AWS's own keys can't be taken away from anybody, are the same for every stack of an account, and can't be used"
        " from another account: a copy for restores there is impossible. A key of ours has a policy, an audit trail"
        " and an end. Disks of machines, storage classes, databases and vaults may do with AWS's own key as long as"
        " the stack has no key, logs and topics as long as no key lets their service in; S3 and load balancers write"
        " access logs only to buckets with S3's own keys."
    ),
    fix="Pass the ARN of the stack's key (`kms_key_id=key.arn`), for a bucket as `kms_master_key_id` with `aws:kms`.",
    mappings={
        "checkov": (
            "CKV_AWS_3",
            "CKV_AWS_42",
            "CKV_AWS_106",
            "CKV_AWS_145",
            "CKV_AWS_178",
            "CKV_AWS_184",
            "CKV_AWS_190",
            "CKV_AWS_203",
        ),
        "fsbp": ("EC2.7", "EFS.1"),
        "cis": ("3.3.1", "6.1.1"),
    },
    check=check,
)
