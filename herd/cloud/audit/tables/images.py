"""The registry, its caches and settings, and the builds that fill it."""

from __future__ import annotations

from herd.cloud.audit.listing import Listing, TagCall

_REPOSITORY = "aws:ecr/repository:Repository"

LISTINGS = (
    Listing(
        _REPOSITORY,
        "ecr",
        "describe_repositories",
        "repositories",
        id="repositoryName",
        name="repositoryName",
        tags=TagCall("list_tags_for_resource", {"resourceArn": "repositoryArn"}, tags="tags"),
    ),
    Listing(
        "aws:ecr/lifecyclePolicy:LifecyclePolicy",
        "ecr",
        "get_lifecycle_policy",
        "[repositoryName]",
        id="value",
        params={"repositoryName": "$repositoryName"},
        over=_REPOSITORY,
        none=frozenset({"LifecyclePolicyNotFoundException"}),
    ),
    Listing(
        "aws:ecr/repositoryPolicy:RepositoryPolicy",
        "ecr",
        "get_repository_policy",
        "[repositoryName]",
        id="value",
        params={"repositoryName": "$repositoryName"},
        over=_REPOSITORY,
        none=frozenset({"RepositoryPolicyNotFoundException"}),
    ),
    Listing(
        "aws:ecr/registryPolicy:RegistryPolicy",
        "ecr",
        "get_registry_policy",
        "[registryId]",
        id="value",
        none=frozenset({"RegistryPolicyNotFoundException"}),
    ),
    Listing(
        "aws:ecr/pullThroughCacheRule:PullThroughCacheRule",
        "ecr",
        "describe_pull_through_cache_rules",
        "pullThroughCacheRules",
        id="ecrRepositoryPrefix",
        name="ecrRepositoryPrefix",
    ),
    Listing(
        "aws:ecr/repositoryCreationTemplate:RepositoryCreationTemplate",
        "ecr",
        "describe_repository_creation_templates",
        "repositoryCreationTemplates",
        id="prefix",
        name="prefix",
    ),
    # Settings of the registry that are as AWS makes them are nobody's.
    Listing(
        "aws:ecr/registryScanningConfiguration:RegistryScanningConfiguration",
        "ecr",
        "get_registry_scanning_configuration",
        "[scanningConfiguration]",
        id="_account",
        keep=lambda item: item.get("scanType", "BASIC") != "BASIC" or bool(item.get("rules")),
    ),
    Listing(
        "aws:ecr/replicationConfiguration:ReplicationConfiguration",
        "ecr",
        "describe_registry",
        "[replicationConfiguration]",
        id="_account",
        keep=lambda item: bool(item.get("rules")),
    ),
    Listing(
        "aws:codebuild/project:Project",
        "codebuild",
        "list_projects",
        "projects",
        id="arn",
        name="value",
        tags="tags",
        details=("batch_get_projects", {"names": "[value]"}, "projects[0]"),
    ),
)
