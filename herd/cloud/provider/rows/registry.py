"""ECR repositories and the registry's own settings, of which there is one per account and region."""

from __future__ import annotations

from herd.cloud.provider.naming import AutoName
from herd.cloud.provider.row import Call, Change, Read, Row
from herd.cloud.provider.rows.common import input_of, listed_tags

REPOSITORY = Row(
    type="aws:ecr/repository:Repository",
    service="ecr",
    create=Call("create_repository", takes=None),
    id="$inputs.name",
    reads=(
        Read(
            Call("describe_repositories", {"repositoryNames": ["$id"]}),
            "repositories[0]",
            {"arn": "repositoryArn", "repositoryUrl": "repositoryUri"},
        ),
    ),
    updates=(
        Change(
            ("imageTagMutability", "imageTagMutabilityExclusionFilters"),
            (
                Call(
                    "put_image_tag_mutability",
                    {"repositoryName": "$id"},
                    takes=("imageTagMutability", "imageTagMutabilityExclusionFilters"),
                ),
            ),
        ),
        Change(
            ("imageScanningConfiguration",),
            (
                Call(
                    "put_image_scanning_configuration",
                    {
                        "repositoryName": "$id",
                        "imageScanningConfiguration": lambda s: s.inputs.get(
                            "imageScanningConfiguration", {"scanOnPush": False}
                        ),
                    },
                ),
            ),
        ),
    ),
    delete=(Call("delete_repository", {"repositoryName": "$id", "force": input_of("forceDelete")}),),
    names={"name": "repositoryName"},
    defaults={"imageTagMutability": "MUTABLE"},
    name=AutoName(),
    tags=listed_tags(
        ("resourceArn", "$state.arn"), found="tags", create="tags", tags_param="tags", keys_param="tagKeys"
    ),
    natural=True,
    fixed=("forceDelete",),
)

LIFECYCLE_POLICY = Row(
    type="aws:ecr/lifecyclePolicy:LifecyclePolicy",
    service="ecr",
    create=Call("put_lifecycle_policy", takes=None),
    id="$inputs.repository",
    reads=(Read(Call("get_lifecycle_policy", {"repositoryName": "$id"})),),
    delete=(Call("delete_lifecycle_policy", {"repositoryName": "$id"}),),
    names={"repository": "repositoryName", "policy": "lifecyclePolicyText"},
    documents=("policy",),
    natural=True,
    delete_before_replace=True,
)

SET_REPOSITORY_POLICY = Call("set_repository_policy", takes=None)
REPOSITORY_POLICY = Row(
    type="aws:ecr/repositoryPolicy:RepositoryPolicy",
    service="ecr",
    create=SET_REPOSITORY_POLICY,
    id="$inputs.repository",
    reads=(Read(Call("get_repository_policy", {"repositoryName": "$id"})),),
    updates=(Change(("policy",), (SET_REPOSITORY_POLICY,)),),
    delete=(Call("delete_repository_policy", {"repositoryName": "$id"}),),
    names={"repository": "repositoryName", "policy": "policyText"},
    documents=("policy",),
    natural=True,
)

PUT_REGISTRY_POLICY = Call("put_registry_policy", takes=None)
REGISTRY_POLICY = Row(
    type="aws:ecr/registryPolicy:RegistryPolicy",
    service="ecr",
    create=PUT_REGISTRY_POLICY,
    id="$result.registryId || account",
    reads=(Read(Call("get_registry_policy")),),
    updates=(Change(("policy",), (PUT_REGISTRY_POLICY,)),),
    delete=(Call("delete_registry_policy"),),
    names={"policy": "policyText"},
    documents=("policy",),
    natural=True,
)

CACHE_RULE = Row(
    type="aws:ecr/pullThroughCacheRule:PullThroughCacheRule",
    service="ecr",
    create=Call("create_pull_through_cache_rule", takes=None),
    id="$inputs.ecrRepositoryPrefix",
    reads=(
        Read(Call("describe_pull_through_cache_rules", {"ecrRepositoryPrefixes": ["$id"]}), "pullThroughCacheRules[0]"),
    ),
    updates=(
        Change(
            ("credentialArn", "customRoleArn"),
            (
                Call(
                    "update_pull_through_cache_rule",
                    takes=("ecrRepositoryPrefix", "credentialArn", "customRoleArn"),
                ),
            ),
        ),
    ),
    delete=(Call("delete_pull_through_cache_rule", {"ecrRepositoryPrefix": "$id"}),),
    natural=True,
)

TEMPLATE_INPUTS = (
    "appliedFors",
    "customRoleArn",
    "description",
    "encryptionConfigurations",
    "imageTagMutability",
    "imageTagMutabilityExclusionFilters",
    "lifecyclePolicy",
    "repositoryPolicy",
    "resourceTags",
)
CREATION_TEMPLATE = Row(
    type="aws:ecr/repositoryCreationTemplate:RepositoryCreationTemplate",
    service="ecr",
    create=Call("create_repository_creation_template", takes=None),
    id="$inputs.prefix",
    reads=(
        Read(
            Call("describe_repository_creation_templates", {"prefixes": ["$id"]}),
            "repositoryCreationTemplates[0]",
        ),
    ),
    updates=(Change(TEMPLATE_INPUTS, (Call("update_repository_creation_template", takes=None),)),),
    delete=(Call("delete_repository_creation_template", {"prefix": "$id"}),),
    outputs={"registryId": "$account"},
    defaults={"imageTagMutability": "MUTABLE"},
    documents=("lifecyclePolicy", "repositoryPolicy"),
    natural=True,
)

PUT_SCANNING = Call("put_registry_scanning_configuration", takes=None)
SCANNING = Row(
    type="aws:ecr/registryScanningConfiguration:RegistryScanningConfiguration",
    service="ecr",
    create=PUT_SCANNING,
    id="$account",
    reads=(Read(Call("get_registry_scanning_configuration"), "scanningConfiguration"),),
    updates=(Change(("rules", "scanType"), (PUT_SCANNING,)),),
    delete=(Call("put_registry_scanning_configuration", {"scanType": "BASIC", "rules": []}),),
    outputs={"registryId": "$account"},
    natural=True,
)

PUT_REPLICATION = Call("put_replication_configuration", takes=None)
REPLICATION = Row(
    type="aws:ecr/replicationConfiguration:ReplicationConfiguration",
    service="ecr",
    create=PUT_REPLICATION,
    id="$account",
    reads=(Read(Call("describe_registry")),),
    updates=(Change(("replicationConfiguration",), (PUT_REPLICATION,)),),
    delete=(Call("put_replication_configuration", {"replicationConfiguration": {"rules": []}}),),
    natural=True,
    gone=lambda found: not (found.get("replicationConfiguration") or {}).get("rules"),
)

ROWS = (
    REPOSITORY,
    LIFECYCLE_POLICY,
    REPOSITORY_POLICY,
    REGISTRY_POLICY,
    CACHE_RULE,
    CREATION_TEMPLATE,
    SCANNING,
    REPLICATION,
)
