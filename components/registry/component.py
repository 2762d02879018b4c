"""The registry of a stack: repositories, caches, the digest mirror, and the settings that exist once a region."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import pulumi
from pulumi_aws import ecr, iam

from components.base.component import HerdComponent
from components.base.context import StackContext
from components.keys.component import Key
from components.registry import derive
from components.registry.fields import RELEASED
from components.registry.lifecycle import cache_policy
from components.registry.mirror_component import DigestMirror
from components.registry.spec import RegistrySpec


@dataclass(frozen=True)
class SecondRegion:
    """A stack's second region and its provider."""

    region: str
    provider: pulumi.ProviderResource


@dataclass(frozen=True)
class _Region:
    """One region of the registry: its names' stem, its context, its key and its provider (None: the component's)."""

    name: str
    context: StackContext
    key: Key
    provider: pulumi.ProviderResource | None


class Registry(HerdComponent):
    """The container registry of one account and region, and of its second region if it has one.

    Attributes:
        host: What image names begin with; plain, so that previews and policies know it.
        pull_policy: Identity policy (JSON) for whatever pulls from here; plain.
        repository_arns: ARN of each repository by its name.
        key_arn: The key that images are encrypted with.
        mirror_project: Name of the CodeBuild project that mirrors digests; None without a mirror.
    """

    token: ClassVar[str] = "herd:registry:Registry"  # noqa: S105 - a resource type

    def __init__(
        self,
        name: str,
        spec: RegistrySpec,
        context: StackContext,
        *,
        second: SecondRegion | None = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """Register the registry.

        Args:
            name: Logical name; also what the key's alias ends with.
            spec: What is asked for.
            context: The stack.
            second: The stack's second region, if it has one; used if `replication.secondRegion` says so.
            opts: Options of the component; its providers are those of the stack's own region.

        Raises:
            InvalidInputError: The spec doesn't fit the stack.
        """
        derive.require(spec, context, second.region if second else None)
        super().__init__(name, spec, context, opts=opts)
        self._stem, self._spec = name, spec

        regions = [self._region(name, context, None)]
        if second and spec.replication.second_region:
            there = context.model_copy(update={"region": second.region, "availability_zones": ()})
            regions.append(self._region(f"{name}-replica", there, second.provider))
        key = regions[0].key

        templates: list[ecr.RepositoryCreationTemplate] = []
        arriving = derive.arrivals(spec, context, second.region if second else None)
        if spec.caches or arriving:
            creator = self._creator(regions, arriving)
            copied = [region for region in regions if region.context.region in arriving]
            templates = [self._template(region, RELEASED, "REPLICATION", creator) for region in copied]
            self._caches(regions[0], creator)
        self.repository_arns = self._repositories(key)
        self._replicate(second.region if second else None, templates)
        self.mirror_project = self._mirror(key)

        self.host: str = derive.registry_host(context)
        self.pull_policy: str = derive.image_pull_policy(spec, context)
        self.key_arn: pulumi.Output[str] = key.arn
        self.register_outputs(
            {
                "host": self.host,
                "keyArn": self.key_arn,
                "repositoryArns": self.repository_arns,
                "mirrorProject": self.mirror_project,
            }
        )

    def _repositories(self, key: Key) -> dict[str, pulumi.Output[str]]:
        arns: dict[str, pulumi.Output[str]] = {}
        for row in derive.repositories(self._spec, self.context):
            repository = ecr.Repository(
                row.name,
                name=row.name,
                image_tag_mutability=row.mutability,
                image_tag_mutability_exclusion_filters=[
                    ecr.RepositoryImageTagMutabilityExclusionFilterArgs(filter=pattern, filter_type="WILDCARD")
                    for pattern in row.mutable_tags
                ]
                or None,
                image_scanning_configuration=ecr.RepositoryImageScanningConfigurationArgs(scan_on_push=True),
                encryption_configurations=[
                    ecr.RepositoryEncryptionConfigurationArgs(encryption_type="KMS", kms_key=key.arn)
                ],
                force_delete=not self.context.durable,
                # Image names are fixed by what pulls them: a new repository can't stand beside the old one.
                opts=self.state(delete_before_replace=True),
            )
            # A changed policy replaces the resource under the same id: creating first would end with it deleted.
            once = self.child(delete_before_replace=True)
            ecr.LifecyclePolicy(row.name, repository=repository.name, policy=row.lifecycle, opts=once)
            if row.policy:
                ecr.RepositoryPolicy(row.name, repository=repository.name, policy=row.policy, opts=self.child())
            arns[row.name] = repository.arn
        return arns

    def _region(self, name: str, context: StackContext, provider: pulumi.ProviderResource | None) -> _Region:
        """What exists once in each region: a key, what is scanned, and who may send releases."""
        logs = self._spec.mirror is not None and context.region == self.context.region
        encryption = derive.key_spec(self._spec, context, logs=logs)
        region = _Region(name, context, Key(name, encryption, context, opts=self.child(provider=provider)), provider)
        ecr.RegistryScanningConfiguration(
            name,
            scan_type=self._spec.scanning.type,
            rules=[
                ecr.RegistryScanningConfigurationRuleArgs(
                    scan_frequency=frequency,
                    repository_filters=[
                        ecr.RegistryScanningConfigurationRuleRepositoryFilterArgs(filter=text, filter_type="WILDCARD")
                        for text in filters
                    ],
                )
                for frequency, filters in derive.scanning_rules(self._spec)
            ],
            opts=self.child(provider=provider),
        )
        if policy := derive.registry_policy(self._spec, context):
            ecr.RegistryPolicy(name, policy=policy, opts=self.child(provider=provider))
        return region

    def _creator(self, regions: Sequence[_Region], arriving: Sequence[str]) -> iam.Role:
        """The role that ECR makes encrypted, tagged repositories with; its own service-linked role can do neither."""
        # ECR documents no source account for this call, and a condition that never holds would stop every first pull.
        trust = derive.service_trust("ecr", self.context, this_account_only=False)
        role = iam.Role(f"{self._stem}-creator", assume_role_policy=trust, opts=self.child())
        iam.RolePolicy(
            f"{self._stem}-creator",
            role=role.name,
            policy=pulumi.Output.all(*(region.key.arn for region in regions)).apply(
                lambda arns: derive.creator_policy(self._spec, self.context, arriving, [str(arn) for arn in arns])
            ),
            opts=self.child(),
        )
        return role

    def _template(
        self, region: _Region, prefix: str, cause: str, creator: iam.Role, *, lifecycle: str | None = None
    ) -> ecr.RepositoryCreationTemplate:
        return ecr.RepositoryCreationTemplate(
            f"{region.name}-{prefix}",
            prefix=prefix,
            applied_fors=[cause],
            description=f"{self.context.project} {self.context.stack}: {prefix}/",
            image_tag_mutability="IMMUTABLE",
            encryption_configurations=[
                ecr.RepositoryCreationTemplateEncryptionConfigurationArgs(encryption_type="KMS", kms_key=region.key.arn)
            ],
            custom_role_arn=creator.arn,
            lifecycle_policy=lifecycle,
            # Repositories made by ECR don't get the provider's default tags.
            resource_tags=self.context.tags,
            opts=self.child(provider=region.provider),
        )

    def _caches(self, region: _Region, creator: iam.Role) -> None:
        for cache in self._spec.caches:
            prefix, lifecycle = cache.namespace, cache_policy(cache.expire_days) if cache.expire_days else None
            template = self._template(region, prefix, "PULL_THROUGH_CACHE", creator, lifecycle=lifecycle)
            ecr.PullThroughCacheRule(
                prefix,
                ecr_repository_prefix=prefix,
                upstream_registry_url=cache.registry_url,
                upstream_repository_prefix=cache.upstream_prefix,
                credential_arn=cache.credential_arn,
                custom_role_arn=cache.role_arn,
                # One rule a prefix; and the template first, or the first pull makes a plain repository.
                opts=self.child(delete_before_replace=True, depends_on=[template]),
            )

    def _replicate(self, second_region: str | None, templates: list[ecr.RepositoryCreationTemplate]) -> None:
        destinations = derive.destinations(self._spec, self.context, second_region)
        if not destinations:
            return
        rule = ecr.ReplicationConfigurationReplicationConfigurationRuleArgs(
            destinations=[
                ecr.ReplicationConfigurationReplicationConfigurationRuleDestinationArgs(
                    registry_id=account, region=region
                )
                for account, region in destinations
            ],
            repository_filters=[
                ecr.ReplicationConfigurationReplicationConfigurationRuleRepositoryFilterArgs(
                    filter=f"{RELEASED}/", filter_type="PREFIX_MATCH"
                )
            ],
        )
        ecr.ReplicationConfiguration(
            self._stem,
            replication_configuration=ecr.ReplicationConfigurationReplicationConfigurationArgs(rules=[rule]),
            opts=self.child(depends_on=templates),
        )

    def _mirror(self, key: Key) -> pulumi.Output[str] | None:
        if self._spec.mirror is None:
            return None
        mirror = DigestMirror(f"{self._stem}-mirror", self._spec, self.context, key_arn=key.arn, opts=self.child())
        return mirror.project_name
