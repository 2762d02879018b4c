"""From a registry's spec to plain arguments: names, policies and settings, all known before anything exists."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from components.base.arns import account_root, arn, dns_suffix
from components.base.context import Environment, StackContext
from components.base.problems import InvalidInputError, Problem
from components.base.validation import FieldPath, dotted
from components.keys.spec import KeySpec, KeyUse, ServiceItself, ThroughServices
from components.registry.cache_spec import CacheSpec
from components.registry.fields import RELEASED, Found, mirror_repository
from components.registry.lifecycle import lifecycle_policy
from components.registry.references import Reference, parse
from components.registry.spec import RegistrySpec, RepositorySpec, Retention

Document = dict[str, Any]
Statement = dict[str, Any]

# Source: ECR User Guide, "Private repository policy examples".
PULL: Final = ("ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer")
# Source: ECR User Guide, "Create a custom policy for repository creation templates".
CREATE: Final = ("ecr:CreateRepository", "ecr:ReplicateImage", "ecr:TagResource")
CREATE_ENCRYPTED: Final = ("kms:CreateGrant", "kms:DescribeKey", "kms:RetireGrant")


@dataclass(frozen=True)
class RepositoryArgs:
    """A repository: whose tags are final but for `mutable_tags`, what expires, who else may pull."""

    name: str
    mutable_tags: tuple[str, ...]
    lifecycle: str
    policy: str | None

    @property
    def mutability(self) -> str:
        """ECR's word for it."""
        return "IMMUTABLE_WITH_EXCLUSION" if self.mutable_tags else "IMMUTABLE"


def repositories(spec: RegistrySpec, context: StackContext) -> tuple[RepositoryArgs, ...]:
    """The repositories declared, then those that the mirror fills."""
    declared = [
        RepositoryArgs(row.name, row.mutable_tags, lifecycle_policy(_retention(row)), _pull_policy(row, context))
        for row in spec.repositories
    ]
    mirrored = [RepositoryArgs(name, (), lifecycle_policy(None), None) for name in spec.mirror_repositories]
    return (*declared, *mirrored)


def registry_host(context: StackContext) -> str:
    """What the names of images in this registry begin with."""
    return f"{context.account}.dkr.ecr.{context.region}.{dns_suffix(context.region)}"


def repository_arn(context: StackContext, name: str) -> str:
    """The ARN of a repository, or of every repository that a name with `*` matches."""
    return arn("ecr", context.region, context.account, f"repository/{name}")


def own_image(spec: RegistrySpec, context: StackContext, image: Reference) -> str | None:
    """What an upstream's image is called in this registry: cached or mirrored; None if it is neither."""
    host = registry_host(context)
    for cache in spec.caches:
        path = _cached_path(cache, image)
        if path is not None:
            return f"{host}/{cache.namespace}/{path}@{image.digest}"
    if spec.mirror and image.pinned in {known.pinned for known in spec.mirror.references}:
        return f"{host}/{mirror_repository(image)}@{image.digest}"
    return None


def key_spec(spec: RegistrySpec, context: StackContext, *, logs: bool) -> KeySpec:
    """The key that images (and the mirror's log) are encrypted with; ECR's grants on it serve whoever pulls."""
    uses: list[KeyUse] = [ThroughServices(services=("ecr",))]
    if logs:
        uses.append(ServiceItself(service="logs"))
    return KeySpec(
        description=f"Container images of {context.project} {context.stack} in {context.region}",
        uses=tuple(uses),
        deletion_window_days=spec.key_deletion_days,
    )


def registry_policy(spec: RegistrySpec, context: StackContext) -> str | None:
    """Who may send releases here, and nothing else; None if nobody may."""
    statements = [
        {
            "Sid": f"ReleasesFrom{account}",
            "Effect": "Allow",
            "Principal": {"AWS": account_root(context.region, account)},
            "Action": ["ecr:CreateRepository", "ecr:ReplicateImage"],
            "Resource": repository_arn(context, f"{RELEASED}/*"),
        }
        for account in spec.replication.accept_from
    ]
    return _json(_document(statements)) if statements else None


def destinations(spec: RegistrySpec, context: StackContext, second_region: str | None) -> tuple[tuple[str, str], ...]:
    """Account and region of every registry that releases are copied to; this account's own second region last."""
    own = [(context.account, second_region)] if spec.replication.second_region and second_region else []
    return (*((to.account, to.region) for to in spec.replication.to), *own)


def arrivals(spec: RegistrySpec, context: StackContext, second_region: str | None) -> tuple[str, ...]:
    """The regions of this account where copies of releases arrive, and repositories are made for them."""
    own = (context.region,) if spec.replication.accept_from else ()
    return (*own, second_region) if spec.replication.second_region and second_region else own


def scanning_rules(spec: RegistrySpec) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """Scan frequency and repository filters of each rule; ECR takes at most one rule a frequency."""
    rules = (("SCAN_ON_PUSH", spec.scanning.on_push), ("CONTINUOUS_SCAN", spec.scanning.continuous))
    return tuple((frequency, filters) for frequency, filters in rules if filters)


def image_pull_statements(spec: RegistrySpec, context: StackContext) -> list[Statement]:
    """What a machine or a job needs to pull anything here, including through the caches for the first time."""
    statements: list[Statement] = [
        # GetAuthorizationToken knows no resources (Service Authorization Reference, Amazon ECR).
        {"Sid": "Login", "Effect": "Allow", "Action": "ecr:GetAuthorizationToken", "Resource": "*"},
        {"Sid": "Pull", "Effect": "Allow", "Action": list(PULL), "Resource": repository_arn(context, "*")},
    ]
    if spec.caches:
        statements.append(
            {
                "Sid": "FillCaches",
                "Effect": "Allow",
                "Action": ["ecr:BatchImportUpstreamImage", "ecr:CreateRepository"],
                "Resource": [repository_arn(context, f"{cache.namespace}/*") for cache in spec.caches],
            }
        )
    return statements


def image_pull_policy(spec: RegistrySpec, context: StackContext) -> str:
    """The same as an identity policy."""
    return _json(_document(image_pull_statements(spec, context)))


def creator_policy(spec: RegistrySpec, context: StackContext, arriving: Sequence[str], key_arns: Sequence[str]) -> str:
    """What ECR may do in the name of the role that makes repositories from templates: encrypt and tag them."""
    cached = [repository_arn(context, f"{cache.namespace}/*") for cache in spec.caches]
    copied = [arn("ecr", region, context.account, f"repository/{RELEASED}/*") for region in arriving]
    return _json(
        _document(
            [
                {"Sid": "Create", "Effect": "Allow", "Action": list(CREATE), "Resource": [*cached, *copied]},
                {"Sid": "Encrypt", "Effect": "Allow", "Action": list(CREATE_ENCRYPTED), "Resource": list(key_arns)},
            ]
        )
    )


def service_trust(service: str, context: StackContext, *, this_account_only: bool = True) -> str:
    """A role's trust in one AWS service, acting for this account."""
    statement: Statement = {
        "Effect": "Allow",
        "Principal": {"Service": f"{service}.amazonaws.com"},
        "Action": "sts:AssumeRole",
    }
    if this_account_only:
        statement["Condition"] = {"StringEquals": {"aws:SourceAccount": context.account}}
    return _json(_document([statement]))


def start_policy(project_arn: str) -> str:
    """What the schedule may do: start the one project."""
    statement = {"Sid": "Start", "Effect": "Allow", "Action": "codebuild:StartBuild", "Resource": project_arn}
    return _json(_document([statement]))


def unresolved(spec: RegistrySpec) -> tuple[FieldPath, ...]:
    """Fields whose digest nobody has read where the image lives: fit for a rehearsal, not for a real run."""
    if spec.mirror is None:
        return ()
    images: list[tuple[FieldPath, Reference]] = [
        (("mirror", "images", i), image) for i, image in enumerate(spec.mirror.references)
    ]
    return tuple(path for path, image in [*images, (("mirror", "tool"), parse(spec.mirror.tool))] if not image.resolved)


def check(spec: RegistrySpec, context: StackContext, second_region: str | None) -> tuple[tuple[FieldPath, str], ...]:
    """What is wrong with a spec in this very stack: paths below the spec and messages."""
    return (
        *_check_repositories(spec, context),
        *_check_reads(spec, context),
        *_check_copies(spec, context, second_region),
    )


def require(spec: RegistrySpec, context: StackContext, second_region: str | None) -> None:
    """Refuse a spec that doesn't fit the stack.

    Raises:
        InvalidInputError: Every problem that `check` finds.
    """
    if found := check(spec, context, second_region):
        raise InvalidInputError(Problem("", 0, dotted(("registry", *path)), message) for path, message in found)


def _check_repositories(spec: RegistrySpec, context: StackContext) -> Found:
    for i, row in enumerate(spec.repositories):
        if row.mutable_tags and context.environment is not Environment.DEV:
            yield (
                ("repositories", i, "mutableTags"),
                f"tags are final in {context.environment}: mutable ones are for dev",
            )
        if context.account in row.pull_accounts:
            yield ("repositories", i, "pullAccounts"), "this account pulls anyway: leave it out"


def _check_reads(spec: RegistrySpec, context: StackContext) -> Found:
    for i, cache in enumerate(spec.caches):
        if cache.credential_arn and cache.credential_arn.split(":")[3:5] != [context.region, context.account]:
            where = f"{context.account} in {context.region}"
            yield ("caches", i, "credentialArn"), f"ECR reads the secret of its own account and region, {where}"
        if cache.role_arn and cache.role_arn.split(":")[4] != context.account:
            yield ("caches", i, "roleArn"), f"the role must be of this account, {context.account}"
        if cache.registry_url == registry_host(context):
            yield ("caches", i, "url"), "a registry can't cache itself"
    for i, login in enumerate(spec.mirror.logins if spec.mirror else ()):
        if login.secret_arn.split(":")[3] != context.region:
            yield (
                ("mirror", "logins", i, "secretArn"),
                f"the job runs in {context.region} and reads secrets of that region",
            )


def _check_copies(spec: RegistrySpec, context: StackContext, second_region: str | None) -> Found:
    for i, to in enumerate(spec.replication.to):
        if to.account == context.account:
            own = "a registry can't copy to itself" if to.region == context.region else "that is secondRegion"
            yield ("replication", "to", i), f"{own}: `to` names registries of other accounts"
        if to.account in spec.replication.accept_from:
            yield ("replication", "to", i), f"{to.account} sends releases here: they would not be copied back"
    if context.account in spec.replication.accept_from:
        yield ("replication", "acceptFrom"), "this account needs no permission: leave it out"
    if spec.replication.second_region and second_region in (None, context.region):
        why = "the stack has none" if second_region is None else f"{second_region} is the stack's first"
        yield ("replication", "secondRegion"), f"{why}: set the stack's replicaRegion to another region"


def _cached_path(cache: CacheSpec, image: Reference) -> str | None:
    if image.host not in (cache.registry_url, *cache.row.hosts):
        return None
    if cache.upstream_prefix is None:
        return image.path
    rest = image.path.removeprefix(f"{cache.upstream_prefix}/")
    return rest if rest != image.path else None


def _retention(row: RepositorySpec) -> Retention | None:
    return None if row.released else row.retention or Retention()


def _pull_policy(row: RepositorySpec, context: StackContext) -> str | None:
    if not row.pull_accounts:
        return None
    principals = [account_root(context.region, account) for account in sorted(row.pull_accounts)]
    statement = {"Sid": "Pull", "Effect": "Allow", "Principal": {"AWS": principals}, "Action": list(PULL)}
    return _json(_document([statement]))


def _document(statements: Sequence[Statement]) -> Document:
    return {"Version": "2012-10-17", "Statement": list(statements)}


def _json(document: Document) -> str:
    return json.dumps(document, separators=(",", ":"))
