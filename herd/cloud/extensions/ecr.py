"""ECR: pull-through cache rules, repository creation templates, digests and lifecycle policies as AWS has them.

Source: botocore's ecr model; Amazon ECR User Guide, "Sync an upstream registry".
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from typing import Any

from herd.cloud import world
from herd.cloud.errors import AwsError
from herd.cloud.extensions import checks, handles
from herd.cloud.wire import Call

# Upstream address -> (name of the registry, whether it needs credentials).
_UPSTREAMS: tuple[tuple[str, str, bool], ...] = (
    (r"public\.ecr\.aws", "ecr-public", False),
    (r"registry\.k8s\.io", "k8s", False),
    (r"quay\.io", "quay", False),
    (r"registry-1\.docker\.io", "docker-hub", True),
    (r"ghcr\.io", "github-container-registry", True),
    (r"registry\.gitlab\.com", "gitlab-container-registry", True),
    (r"cgr\.dev", "chainguard", True),
    (r"[\w-]+\.azurecr\.io", "azure-container-registry", True),
    (r"\d{12}\.dkr\.ecr\.[\w-]+\.amazonaws\.com", "ecr", False),
)
_RULE_LIMIT = 50


@handles("ecr", "CreatePullThroughCacheRule")
def _create_rule(call: Call) -> Mapping[str, Any]:
    prefix, url = call.params["ecrRepositoryPrefix"], call.params["upstreamRegistryUrl"]
    rules = call.objects("pull_through_cache_rule")
    known = next(((name, secret) for pattern, name, secret in _UPSTREAMS if re.fullmatch(pattern, url)), None)
    if known is None or call.get("upstreamRegistry", known[0]) != known[0]:
        raise AwsError(
            "UnsupportedUpstreamRegistryException",
            f"The specified upstream registry isn't supported: {call.get('upstreamRegistry') or url}",
        )
    name, needs_secret = known
    if needs_secret and not call.get("credentialArn"):
        raise AwsError("ValidationException", f"A credentialArn is required for the upstream registry {name}.")
    _check_secret(call)
    if prefix in rules:
        raise AwsError(
            "PullThroughCacheRuleAlreadyExistsException",
            f"A pull through cache rule for the prefix '{prefix}' already exists in the registry with id "
            f"'{call.account}'",
        )
    if len(rules) >= _RULE_LIMIT:
        raise AwsError("LimitExceededException", f"The limit of {_RULE_LIMIT} pull through cache rules is reached.")
    rules[prefix] = {
        "ecrRepositoryPrefix": prefix,
        "upstreamRegistryUrl": url,
        "upstreamRegistry": name,
        "registryId": call.account,
        "createdAt": world.now(),
        "updatedAt": world.now(),
        "credentialArn": call.get("credentialArn"),
        "customRoleArn": call.get("customRoleArn"),
        "upstreamRepositoryPrefix": call.get("upstreamRepositoryPrefix", "ROOT"),
    }
    return _rule(call, prefix)


@handles("ecr", "DescribePullThroughCacheRules")
def _describe_rules(call: Call) -> Mapping[str, Any]:
    rules = call.objects("pull_through_cache_rule")
    wanted = call.get("ecrRepositoryPrefixes")
    found = [_rule(call, prefix) for prefix in wanted] if wanted else [rules[prefix] for prefix in sorted(rules)]
    shown, token = world.page(found, call.get("nextToken"), call.get("maxResults"))
    return {"pullThroughCacheRules": shown, "nextToken": token}


@handles("ecr", "UpdatePullThroughCacheRule")
def _update_rule(call: Call) -> Mapping[str, Any]:
    rule = _rule(call, call.params["ecrRepositoryPrefix"])
    _check_secret(call)
    for name in ("credentialArn", "customRoleArn"):
        if name in call.params:
            rule[name] = call.params[name]
    rule["updatedAt"] = world.now()
    return rule


@handles("ecr", "DeletePullThroughCacheRule")
def _delete_rule(call: Call) -> Mapping[str, Any]:
    rule = _rule(call, call.params["ecrRepositoryPrefix"])
    del call.objects("pull_through_cache_rule")[rule["ecrRepositoryPrefix"]]
    return rule


def _rule(call: Call, prefix: str) -> dict[str, Any]:
    rule: dict[str, Any] | None = call.objects("pull_through_cache_rule").get(prefix)
    if rule is None:
        raise AwsError(
            "PullThroughCacheRuleNotFoundException",
            f"Pull through cache rule with prefix '{prefix}' does not exist in the registry with id '{call.account}'",
        )
    return rule


def _check_secret(call: Call) -> None:
    secret = call.get("credentialArn")
    if secret and not world.secret_exists(secret):
        raise AwsError(
            "SecretNotFoundException", f"The ARN of the secret specified in the rule was not found: {secret}"
        )


@handles("ecr", "CreateRepositoryCreationTemplate")
def _create_template(call: Call) -> Mapping[str, Any]:
    prefix = call.params["prefix"]
    templates = call.objects("repository_creation_template")
    if prefix in templates:
        raise AwsError("TemplateAlreadyExistsException", f"A template already exists for the prefix '{prefix}'.")
    _check_template(call)
    templates[prefix] = {
        "imageTagMutability": "MUTABLE",
        "encryptionConfiguration": {"encryptionType": "AES256"},
        **call.params,
        "createdAt": world.now(),
        "updatedAt": world.now(),
    }
    return _template_answer(call, templates[prefix])


@handles("ecr", "DescribeRepositoryCreationTemplates")
def _describe_templates(call: Call) -> Mapping[str, Any]:
    templates = call.objects("repository_creation_template")
    wanted = call.get("prefixes") or sorted(templates)
    found = [templates[prefix] for prefix in wanted if prefix in templates]
    shown, token = world.page(found, call.get("nextToken"), call.get("maxResults"))
    return {"registryId": call.account, "repositoryCreationTemplates": shown, "nextToken": token}


@handles("ecr", "UpdateRepositoryCreationTemplate")
def _update_template(call: Call) -> Mapping[str, Any]:
    template = _template(call)
    _check_template(call)
    template |= {**call.params, "updatedAt": world.now()}
    return _template_answer(call, template)


@handles("ecr", "DeleteRepositoryCreationTemplate")
def _delete_template(call: Call) -> Mapping[str, Any]:
    template = _template(call)
    del call.objects("repository_creation_template")[template["prefix"]]
    return _template_answer(call, template)


def _template(call: Call) -> dict[str, Any]:
    template: dict[str, Any] | None = call.objects("repository_creation_template").get(call.params["prefix"])
    if template is None:
        raise AwsError("TemplateNotFoundException", f"No template exists for the prefix '{call.params['prefix']}'.")
    return template


def _template_answer(call: Call, template: dict[str, Any]) -> Mapping[str, Any]:
    return {"registryId": call.account, "repositoryCreationTemplate": template}


def _check_template(call: Call) -> None:
    policy = call.get("lifecyclePolicy")
    if policy:
        _check_lifecycle(policy)
    exclusions = call.get("imageTagMutabilityExclusionFilters")
    if bool(exclusions) != str(call.get("imageTagMutability", "")).endswith("_WITH_EXCLUSION"):
        raise AwsError(
            "InvalidParameterException", "imageTagMutabilityExclusionFilters go with a _WITH_EXCLUSION mutability only."
        )


@checks("ecr", "PutLifecyclePolicy")
def _put_lifecycle_policy(call: Call) -> None:
    _check_lifecycle(call.params["lifecyclePolicyText"])


def _check_lifecycle(text: str) -> None:
    problem = "Lifecycle policy validation failure: "
    try:
        rules = json.loads(text)["rules"]
    except (ValueError, KeyError, TypeError) as error:
        raise AwsError(
            "InvalidParameterException", f"Invalid parameter at 'LifecyclePolicyText': {problem}{error}"
        ) from (error)
    priorities = [rule.get("rulePriority") for rule in rules]
    if len(set(priorities)) != len(priorities):
        raise _bad_lifecycle("rulePriority must be unique")
    for rule in rules:
        selection = rule.get("selection", {})
        prefixed = "tagPrefixList" in selection or "tagPatternList" in selection
        if selection.get("tagStatus") == "tagged" and not prefixed:
            raise _bad_lifecycle("tagPrefixList or tagPatternList is required with tagStatus 'tagged'")
        if selection.get("tagStatus") in {"any", "untagged"} and prefixed:
            raise _bad_lifecycle("tagPrefixList and tagPatternList go with tagStatus 'tagged' only")
        if selection.get("tagStatus") == "any" and rule.get("rulePriority") != max(priorities):
            raise _bad_lifecycle("a rule with tagStatus 'any' must have the highest rulePriority")


def _bad_lifecycle(why: str) -> AwsError:
    return AwsError(
        "InvalidParameterException",
        f"Invalid parameter at 'LifecyclePolicyText' failed to satisfy constraint: 'Lifecycle policy validation "
        f"failure: {why}'",
    )


@handles("ecr", "PutImage")
def _put_image(call: Call) -> Mapping[str, Any]:
    """The digest is the manifest's own; a second push to an immutable tag is refused as AWS does."""
    digest = "sha256:" + hashlib.sha256(call.params["imageManifest"].encode()).hexdigest()
    given = call.get("imageDigest")
    if given and given != digest:
        raise AwsError(
            "ImageDigestDoesNotMatchException",
            f"The specified digest '{given}' does not match the digest calculated by Amazon ECR '{digest}'.",
        )
    call.replace_params(imageDigest=digest)
    try:
        return call.forward()
    except AwsError as error:
        tag, name = call.get("imageTag"), call.params["repositoryName"]
        # moto names the digest the tag already has.
        if error.code == "ImageAlreadyExistsException" and tag and digest not in error.message:
            raise AwsError(
                "ImageTagAlreadyExistsException",
                f"The image tag '{tag}' already exists in the '{name}' repository and cannot be overwritten because "
                "the tag is immutable.",
            ) from error
        raise


@checks("ecr", "CreateRepository")
def _create_repository(call: Call) -> None:
    encryption = call.get("encryptionConfiguration") or {}
    key = encryption.get("kmsKey")
    if key and encryption.get("encryptionType") == "AES256":
        raise AwsError("InvalidParameterException", "A kmsKey goes with encryptionType KMS only.")
    if key and not world.key_exists(call, key):
        raise AwsError(
            "KmsException", f"The KMS key {key} does not exist or is not enabled.", kmsError="NotFoundException"
        )
