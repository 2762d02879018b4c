"""Policy documents of every kind of resource as statements, whichever way they are spelled."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from fnmatch import fnmatchcase
from functools import cached_property
from typing import Final

from policies.engine.node import Node
from policies.engine.subject import Subject


class DocumentKind(StrEnum):
    """What a document says."""

    TRUST = "trust"
    """Who may become a role."""
    IDENTITY = "identity"
    """What its holder may do."""
    RESOURCE = "resource"
    """Who may do what with a resource."""


ROLE: Final = "aws:iam/role:Role"
_IDENTITY: Final = {
    "aws:iam/policy:Policy": "policy",
    "aws:iam/rolePolicy:RolePolicy": "policy",
    "aws:iam/userPolicy:UserPolicy": "policy",
    "aws:iam/groupPolicy:GroupPolicy": "policy",
    "aws:ssoadmin/permissionSetInlinePolicy:PermissionSetInlinePolicy": "inlinePolicy",
}
_RESOURCE: Final = {
    "aws:acmpca/policy:Policy": "policy",
    "aws:backup/vaultPolicy:VaultPolicy": "policy",
    "aws:cloudwatch/eventBusPolicy:EventBusPolicy": "policy",
    "aws:cloudwatch/logDestinationPolicy:LogDestinationPolicy": "accessPolicy",
    "aws:cloudwatch/logResourcePolicy:LogResourcePolicy": "policyDocument",
    "aws:codeartifact/domainPermissions:DomainPermissions": "policyDocument",
    "aws:codeartifact/repositoryPermissionsPolicy:RepositoryPermissionsPolicy": "policyDocument",
    "aws:codebuild/resourcePolicy:ResourcePolicy": "policy",
    "aws:dynamodb/resourcePolicy:ResourcePolicy": "policy",
    "aws:ecr/registryPolicy:RegistryPolicy": "policy",
    "aws:ecr/repositoryPolicy:RepositoryPolicy": "policy",
    "aws:efs/fileSystemPolicy:FileSystemPolicy": "policy",
    "aws:glacier/vault:Vault": "accessPolicy",
    "aws:glue/resourcePolicy:ResourcePolicy": "policy",
    "aws:kinesis/resourcePolicy:ResourcePolicy": "policy",
    "aws:kms/externalKey:ExternalKey": "policy",
    "aws:kms/key:Key": "policy",
    "aws:kms/keyPolicy:KeyPolicy": "policy",
    "aws:kms/replicaKey:ReplicaKey": "policy",
    "aws:lambda/resourcePolicy:ResourcePolicy": "policy",
    "aws:msk/clusterPolicy:ClusterPolicy": "policy",
    "aws:redshift/resourcePolicy:ResourcePolicy": "policy",
    "aws:redshiftserverless/resourcePolicy:ResourcePolicy": "policy",
    "aws:s3/bucket:Bucket": "policy",
    "aws:s3/bucketPolicy:BucketPolicy": "policy",
    "aws:s3tables/tableBucketPolicy:TableBucketPolicy": "resourcePolicy",
    "aws:s3tables/tablePolicy:TablePolicy": "resourcePolicy",
    "aws:sagemaker/modelPackageGroupPolicy:ModelPackageGroupPolicy": "resourcePolicy",
    "aws:schemas/registryPolicy:RegistryPolicy": "policy",
    "aws:secretsmanager/secret:Secret": "policy",
    "aws:secretsmanager/secretPolicy:SecretPolicy": "policy",
    "aws:ses/identityPolicy:IdentityPolicy": "policy",
    "aws:sesv2/emailIdentityPolicy:EmailIdentityPolicy": "policy",
    "aws:sns/topic:Topic": "policy",
    "aws:sns/topicPolicy:TopicPolicy": "policy",
    "aws:sqs/queue:Queue": "policy",
    "aws:sqs/queuePolicy:QueuePolicy": "policy",
}
_ATTACHED: Final = {
    ROLE: "managedPolicyArns",
    "aws:iam/rolePolicyAttachment:RolePolicyAttachment": "policyArn",
    "aws:iam/userPolicyAttachment:UserPolicyAttachment": "policyArn",
    "aws:iam/groupPolicyAttachment:GroupPolicyAttachment": "policyArn",
    "aws:iam/policyAttachment:PolicyAttachment": "policyArn",
    "aws:iam/rolePolicyAttachmentsExclusive:RolePolicyAttachmentsExclusive": "policyArns",
    "aws:iam/groupPolicyAttachmentsExclusive:GroupPolicyAttachmentsExclusive": "policyArns",
    "aws:iam/userPolicyAttachmentsExclusive:UserPolicyAttachmentsExclusive": "policyArns",
    "aws:ssoadmin/managedPolicyAttachment:ManagedPolicyAttachment": "managedPolicyArn",
}
IDENTITY_TYPES: Final = (ROLE, *_IDENTITY)
ATTACHING_TYPES: Final = tuple(_ATTACHED)
"""Types that attach managed policies."""
RESOURCE_TYPES: Final = tuple(_RESOURCE)
DOCUMENT_TYPES: Final = (*IDENTITY_TYPES, *RESOURCE_TYPES)


@dataclass(frozen=True)
class Condition:
    """One test of a statement.

    Attributes:
        at: Its place.
        operator: Such as `StringLike`, without `ForAnyValue:`, `ForAllValues:` and `IfExists`.
        every: Whether `ForAllValues:`, which also holds where the key is absent.
        if_exists: Whether `IfExists`, which also holds where the key is absent.
        key: The key, in lower case, as AWS compares it.
        values: What it is compared with.
    """

    at: Node
    operator: str
    every: bool
    if_exists: bool
    key: str
    values: tuple[str, ...]


@dataclass(frozen=True)
class Statement:
    """One statement. Values are read when they are asked for.

    Attributes:
        at: Its place.
        kind: What its document says.
    """

    at: Node
    kind: DocumentKind

    @property
    def allows(self) -> bool:
        """Whether it allows; false for a Deny."""
        return (self.at.literal("Effect", default="Deny") or "").lower() == "allow"

    @cached_property
    def actions(self) -> tuple[str, ...]:
        """`Action`, in lower case, as AWS compares it; empty with `NotAction`."""
        return tuple(action.lower() for action in self.at.texts("Action"))

    @cached_property
    def not_actions(self) -> tuple[str, ...]:
        """`NotAction`, in lower case."""
        return tuple(action.lower() for action in self.at.texts("NotAction"))

    @cached_property
    def resources(self) -> tuple[str, ...]:
        """`Resource`."""
        return self.at.texts("Resource")

    @cached_property
    def not_resources(self) -> tuple[str, ...]:
        """`NotResource`."""
        return self.at.texts("NotResource")

    @cached_property
    def principals(self) -> dict[str, tuple[str, ...]]:
        """`Principal` by kind: `AWS`, `Service`, `Federated`, `CanonicalUser`; a bare `*` as `AWS`."""
        return _principals(self.at.at("Principal"))

    @cached_property
    def not_principals(self) -> dict[str, tuple[str, ...]]:
        """`NotPrincipal` by kind."""
        return _principals(self.at.at("NotPrincipal"))

    @cached_property
    def conditions(self) -> tuple[Condition, ...]:
        """Every test; all of them have to hold."""
        return tuple(
            _condition(operator, key, values)
            for operator, tests in self.at.entries("Condition").items()
            for key, values in tests.entries().items()
        )

    def grants(self, action: str) -> bool:
        """Whether it speaks of an action, by name, by wildcard or by leaving it out of `NotAction`."""
        wanted = action.lower()
        if self.not_actions:
            return not any(fnmatchcase(wanted, pattern) for pattern in self.not_actions)
        return any(fnmatchcase(wanted, pattern) for pattern in self.actions)

    @property
    def everyone(self) -> bool:
        """Whether its principals include everybody: `*`, `{"AWS": "*"}`, or all but some (`NotPrincipal`)."""
        return bool(self.not_principals) or "*" in self.principals.get("AWS", ())


@dataclass(frozen=True)
class Document:
    """One policy document.

    Attributes:
        at: The property that holds it.
        kind: What it says.
    """

    at: Node
    kind: DocumentKind

    def statements(self) -> Iterator[Statement]:
        """Its statements.

        Raises:
            UnevaluatedError: It is hidden, only the cloud knows it, or it has none.
        """
        document = self.at.document()
        if document.present:
            yield from (Statement(at, self.kind) for at in document.need("Statement").each())


def documents(resource: Subject) -> Iterator[Document]:
    """The policy documents of a resource, those that are absent left out; none for other types."""
    props = resource.props
    if resource.type == ROLE:
        yield from _present(props.at("assumeRolePolicy"), DocumentKind.TRUST)
        for inline in props.each("inlinePolicies"):
            yield from _present(inline.at("policy"), DocumentKind.IDENTITY)
    elif resource.type in _IDENTITY:
        yield from _present(props.at(_IDENTITY[resource.type]), DocumentKind.IDENTITY)
    elif resource.type in _RESOURCE:
        yield from _present(props.at(_RESOURCE[resource.type]), DocumentKind.RESOURCE)


def attached(resource: Subject) -> Iterator[Node]:
    """The places that name managed policies by ARN, one each; none for other types."""
    key = _ATTACHED.get(resource.type)
    if key is None:
        return
    if key.endswith("s"):
        yield from resource.props.each(key)
    else:
        yield resource.props.at(key)


def _present(node: Node, kind: DocumentKind) -> Iterator[Document]:
    if node.present:
        yield Document(node, kind)


def statements(resource: Subject) -> Iterator[Statement]:
    """The statements of all its documents."""
    for document in documents(resource):
        yield from document.statements()


def _principals(node: Node) -> dict[str, tuple[str, ...]]:
    if not node.present:
        return {}
    return {kind: value.texts() for kind, value in node.entries().items()} if node.is_map else {"AWS": node.texts()}


def _condition(operator: str, key: str, values: Node) -> Condition:
    _, _, bare = operator.rpartition(":")
    every = operator.lower().startswith("forallvalues:")
    if_exists = bare.lower().endswith("ifexists")
    bare = bare[: -len("IfExists")] if if_exists else bare
    listed = values.each() if values.is_list else (values,)
    texts = tuple(text for item in listed if (text := item.text()) is not None)
    return Condition(values, bare, every, if_exists, key.lower(), texts)
