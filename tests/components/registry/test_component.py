"""What a registry registers."""

import json

import pytest
from pulumi_aws import cloudwatch, codebuild, ecr, iam, kms, scheduler

from components.base.problems import InvalidInputError
from components.base.spec import Spec
from components.registry.cache_spec import CacheSpec
from components.registry.mirror_spec import Login, MirrorSpec
from components.registry.spec import (
    Destination,
    RegistrySpec,
    ReplicationSpec,
    RepositorySpec,
    Retention,
    ScanningSpec,
    TagRetention,
)


@pytest.fixture(scope="module")
def runs():
    """Recordings made before, so that each registry is registered once for all tests that only look."""
    return {}


@pytest.fixture
def full_record(runs, record, program, full):
    """The registrations of the full registry in prod."""
    if "full" not in runs:
        runs["full"] = record(program(full))
    return runs["full"]


@pytest.fixture
def baseline(runs, record, program):
    """What the cloud is asked for before a change."""

    def of(data):
        text = json.dumps(data)
        if text not in runs:
            runs[text] = resources(record(program(data, "dev")))
        return runs[text]

    return of


def test_a_preview_registers_the_same(record, program, full, full_record):
    assert record(program(full), preview=True).identities == full_record.identities


def test_every_resource_has_an_explicit_provider(full_record):
    assert all(r.options.get("provider") for r in full_record if r.custom and not r.type.startswith("pulumi:"))


def test_a_repository_is_encrypted_scanned_and_final(full_record):
    repository = full_record.one(ecr.Repository, "released/trainer")
    key = full_record.one(kms.Key, "registry")
    assert repository.inputs == {
        "name": "released/trainer",
        "imageTagMutability": "IMMUTABLE",
        "imageScanningConfiguration": {"scanOnPush": True},
        "encryptionConfigurations": [{"encryptionType": "KMS", "kmsKey": f"${{{key.urn}.arn}}"}],
        "forceDelete": False,
    }


@pytest.mark.parametrize(("environment", "durable"), [("dev", False), ("test", False), ("prod", True)])
def test_images_and_keys_are_kept_in_prod_and_disposable_elsewhere(record, program, full, environment, durable):
    recording = record(program(full, environment))
    for registration in recording:
        stateful = durable and registration.type in (kms.Key.pulumi_type, ecr.Repository.pulumi_type)
        assert registration.options.get("protect", False) is stateful, registration.name
        assert registration.options.get("retainOnDelete", False) is stateful, registration.name
    assert {r.inputs["forceDelete"] for r in recording.of(ecr.Repository)} == {not durable}


def test_mutable_tags_are_excluded_by_pattern(record, program):
    data = {"repositories": [{"name": "ab", "mutableTags": ["cache-*"]}]}
    inputs = record(program(data, "dev")).one(ecr.Repository).inputs
    assert inputs["imageTagMutability"] == "IMMUTABLE_WITH_EXCLUSION"
    assert inputs["imageTagMutabilityExclusionFilters"] == [{"filter": "cache-*", "filterType": "WILDCARD"}]


def test_every_repository_has_a_lifecycle_policy_that_is_replaced_in_place(full_record):
    policies = {r.name: r for r in full_record.of(ecr.LifecyclePolicy)}
    assert set(policies) == {r.name for r in full_record.of(ecr.Repository)}
    assert all(r.options["deleteBeforeReplace"] for r in policies.values())
    assert all(r.inputs["repository"] == name for name, r in policies.items())
    assert json.loads(policies["released/trainer"].inputs["policy"])["rules"][0]["selection"]["tagStatus"] == "any"
    assert len(json.loads(policies["build/trainer"].inputs["policy"])["rules"]) == 3


def test_only_shared_repositories_have_a_policy(full_record):
    policy = full_record.one(ecr.RepositoryPolicy)
    assert (policy.name, policy.inputs["repository"]) == ("released/trainer", "released/trainer")
    assert json.loads(policy.inputs["policy"])["Statement"][0]["Sid"] == "Pull"


def test_a_cache_waits_for_its_template(full_record):
    rule = full_record.one(ecr.PullThroughCacheRule, "quay")
    template = full_record.one(ecr.RepositoryCreationTemplate, "registry-quay")
    assert rule.inputs == {"ecrRepositoryPrefix": "quay", "upstreamRegistryUrl": "quay.io"}
    assert template.urn in rule.options["dependencies"]
    assert template.inputs["appliedFors"] == ["PULL_THROUGH_CACHE"]
    assert template.inputs["prefix"] == "quay"
    assert template.inputs["imageTagMutability"] == "IMMUTABLE"
    assert template.inputs["encryptionConfigurations"][0]["encryptionType"] == "KMS"
    assert template.inputs["resourceTags"]["owner"] == "platform"
    creator = full_record.one(iam.Role, "registry-creator")
    assert template.inputs["customRoleArn"] == f"${{{creator.urn}.arn}}"
    assert json.loads(template.inputs["lifecyclePolicy"])["rules"][0]["selection"]["countNumber"] == 90


def test_credentials_are_named_and_never_held(full_record):
    rule = full_record.one(ecr.PullThroughCacheRule, "docker-hub")
    assert rule.inputs["credentialArn"].endswith(":secret:ecr-pullthroughcache/hub-AbCdEf")


def test_releases_are_copied_to_every_destination_once_the_templates_stand(full_record):
    replication = full_record.one(ecr.ReplicationConfiguration)
    assert replication.inputs["replicationConfiguration"]["rules"] == [
        {
            "destinations": [
                {"registryId": "777788889999", "region": "eu-west-1"},
                {"registryId": "111122223333", "region": "eu-central-1"},
            ],
            "repositoryFilters": [{"filter": "released/", "filterType": "PREFIX_MATCH"}],
        }
    ]
    templates = [r.urn for r in full_record.of(ecr.RepositoryCreationTemplate) if r.inputs["prefix"] == "released"]
    assert len(templates) == 2
    assert set(templates) <= set(replication.options["dependencies"])


def test_the_second_region_has_its_own_key_template_policy_and_scanning(full_record):
    there = [r for r in full_record if "::replica::" in r.options.get("provider", "")]
    assert sorted((r.type.split(":")[-1], r.name) for r in there) == [
        ("Alias", "registry-replica"),
        ("Key", "registry-replica"),
        ("RegistryPolicy", "registry-replica"),
        ("RegistryScanningConfiguration", "registry-replica"),
        ("RepositoryCreationTemplate", "registry-replica-released"),
    ]
    key = full_record.one(kms.Key, "registry-replica")
    assert "ecr.eu-central-1.amazonaws.com" in key.inputs["policy"]
    template = full_record.one(ecr.RepositoryCreationTemplate, "registry-replica-released")
    assert template.inputs["encryptionConfigurations"][0]["kmsKey"] == f"${{{key.urn}.arn}}"
    assert "lifecyclePolicy" not in template.inputs


def test_where_nothing_arrives_no_template_waits(record, program):
    recording = record(program({"replication": {"secondRegion": True}}, "test"))
    assert [r.name for r in recording.of(ecr.RepositoryCreationTemplate)] == ["registry-replica-released"]


def test_what_exists_once_a_region_is_registered_once(full_record):
    for kind in (ecr.RegistryScanningConfiguration, ecr.RegistryPolicy, ecr.ReplicationConfiguration):
        providers = [r.options["provider"] for r in full_record.of(kind)]
        assert len(set(providers)) == len(providers)


def test_the_mirror_runs_its_tool_by_digest_and_on_schedule(full_record, digest):
    project = full_record.one(codebuild.Project)
    environment = project.inputs["environment"]
    assert environment["image"].endswith(f"/quay/tools/regctl@{digest}")
    assert (environment["type"], environment["privilegedMode"]) == ("ARM_CONTAINER", False)
    assert project.inputs["source"]["type"] == "NO_SOURCE"
    schedule = full_record.one(scheduler.Schedule)
    assert schedule.inputs["scheduleExpression"] == "cron(0 3 * * ? *)"
    assert schedule.inputs["target"]["arn"] == f"${{{project.urn}.arn}}"
    start = json.loads(full_record.one(iam.RolePolicy, "registry-mirror-schedule").inputs["policy"])
    assert start["Statement"][0]["Resource"] == f"${{{project.urn}.arn}}"


def test_the_mirrors_log_is_encrypted_and_expires(full_record):
    logs = full_record.one(cloudwatch.LogGroup)
    key = full_record.one(kms.Key, "registry")
    assert logs.inputs == {"kmsKeyId": f"${{{key.urn}.arn}}", "retentionInDays": 90}
    assert "logs.eu-west-1.amazonaws.com" in key.inputs["policy"]
    assert "logs." not in full_record.one(kms.Key, "registry-replica").inputs["policy"]


def test_on_demand_there_is_no_schedule(record, program, full):
    del full["mirror"]["schedule"], full["mirror"]["timezone"]
    recording = record(program(full))
    assert recording.of(codebuild.Project)
    assert not recording.of(scheduler.Schedule)


def test_a_bare_registry_is_a_key_and_its_scanning(record, program):
    recording = record(program({}, "dev"))
    kinds = sorted(r.type.split(":")[-1] for r in recording if r.custom and not r.type.startswith("pulumi:"))
    assert kinds == ["Alias", "Key", "RegistryScanningConfiguration"]


def test_outputs(full_record):
    registry = full_record.one("herd:registry:Registry")
    outputs = full_record.outputs[registry.urn]
    assert outputs["host"] == "111122223333.dkr.ecr.eu-west-1.amazonaws.com"
    trainer = full_record.one(ecr.Repository, "released/trainer")
    assert outputs["repositoryArns"]["released/trainer"] == f"${{{trainer.urn}.arn}}"
    assert outputs["mirrorProject"] == f"${{{full_record.one(codebuild.Project).urn}.name}}"


def test_a_spec_that_does_not_fit_the_stack_registers_nothing(record, program, full):
    full["replication"]["acceptFrom"] = ["111122223333"]
    with pytest.raises(InvalidInputError, match=r"registry\.replication\.acceptFrom"):
        record(program(full))


# One change of each field of each spec, as a path into the full registry and a new value.
SECRET = "arn:aws:secretsmanager:eu-west-1:111122223333:secret:"
CHANGES: dict[tuple[type[Spec], str], tuple[tuple, object]] = {
    (RegistrySpec, "repositories"): (("repositories",), []),
    (RegistrySpec, "caches"): (("caches",), []),
    (RegistrySpec, "mirror"): (("mirror",), None),
    (RegistrySpec, "scanning"): (("scanning",), {}),
    (RegistrySpec, "replication"): (("replication",), {}),
    (RegistrySpec, "key_deletion_days"): (("keyDeletionDays",), 7),
    (RepositorySpec, "name"): (("repositories", 0, "name"), "released/other"),
    (RepositorySpec, "pull_accounts"): (("repositories", 0, "pullAccounts"), []),
    (RepositorySpec, "mutable_tags"): (("repositories", 1, "mutableTags"), ["cache-*"]),
    (RepositorySpec, "retention"): (("repositories", 1, "retention"), None),
    (Retention, "untagged_days"): (("repositories", 1, "retention", "untaggedDays"), 8),
    (Retention, "tags"): (("repositories", 1, "retention", "tags"), []),
    (TagRetention, "pattern"): (("repositories", 1, "retention", "tags", 0, "pattern"), "pr-*"),
    (TagRetention, "days"): (("repositories", 1, "retention", "tags", 0, "days"), 31),
    (TagRetention, "keep"): (("repositories", 1, "retention", "tags", 0), {"pattern": "build-*", "keep": 3}),
    (CacheSpec, "upstream"): (("caches", 0, "upstream"), "ecr-public"),
    (CacheSpec, "prefix"): (("caches", 1, "prefix"), "k8"),
    (CacheSpec, "url"): (("caches", 3, "url"), "444455556666.dkr.ecr.us-east-1.amazonaws.com"),
    (CacheSpec, "upstream_prefix"): (("caches", 3, "upstreamPrefix"), "other"),
    (CacheSpec, "credential_arn"): (("caches", 2, "credentialArn"), f"{SECRET}ecr-pullthroughcache/x"),
    (CacheSpec, "role_arn"): (("caches", 3, "roleArn"), "arn:aws:iam::111122223333:role/other"),
    (CacheSpec, "expire_days"): (("caches", 0, "expireDays"), None),
    (MirrorSpec, "images"): (("mirror", "images"), [f"nvcr.io/nvidia/nemo@sha256:{'0' * 64}"]),
    (MirrorSpec, "tool"): (("mirror", "tool"), f"quay.io/tools/regctl@sha256:{'0' * 64}"),
    (MirrorSpec, "architecture"): (("mirror", "architecture"), "x86_64"),
    (MirrorSpec, "schedule"): (("mirror", "schedule"), "rate(1 day)"),
    (MirrorSpec, "timezone"): (("mirror", "timezone"), "UTC"),
    (MirrorSpec, "logins"): (("mirror", "logins"), []),
    (MirrorSpec, "timeout_minutes"): (("mirror", "timeoutMinutes"), 5),
    (MirrorSpec, "log_days"): (("mirror", "logDays"), 7),
    (Login, "registry"): (("mirror",), {"logins": [{"registry": "n.io", "username": "u", "secretArn": f"{SECRET}x"}]}),
    (Login, "username"): (("mirror", "logins", 0, "username"), "other"),
    (Login, "secret_arn"): (("mirror", "logins", 0, "secretArn"), f"{SECRET}other"),
    (Login, "secret_key"): (("mirror", "logins", 0, "secretKey"), "token"),
    (ScanningSpec, "type"): (("scanning", "type"), "ENHANCED"),
    (ScanningSpec, "on_push"): (("scanning", "onPush"), ["build/*"]),
    (ScanningSpec, "continuous"): (("scanning", "continuous"), []),
    (ReplicationSpec, "to"): (("replication", "to"), []),
    (ReplicationSpec, "accept_from"): (("replication", "acceptFrom"), []),
    (ReplicationSpec, "second_region"): (("replication", "secondRegion"), False),
    (Destination, "account"): (("replication", "to", 0, "account"), "888899990000"),
    (Destination, "region"): (("replication", "to", 0, "region"), "us-east-1"),
}


def changed(data, path, value):
    *parents, last = path
    for part in parents:
        data = data[part]
    data[last] = {**data[last], **value} if path == ("mirror",) and value else value


def resources(recording):
    """What the cloud would be asked for; components' own props don't count."""
    return {(r.type, r.name): r.inputs for r in recording if r.custom}


def test_no_field_is_missing_from_the_table():
    kinds = {kind for kind, _ in CHANGES}
    assert set(CHANGES) == {(kind, field) for kind in kinds for field in kind.model_fields}


@pytest.mark.parametrize(("kind", "field"), CHANGES, ids=[f"{kind.__name__}.{field}" for kind, field in CHANGES])
def test_every_field_changes_what_the_cloud_is_asked_for(record, program, full, baseline, kind, field):
    if (kind, field) == (ScanningSpec, "type"):
        full["scanning"] = {"type": "BASIC"}
    if (kind, field) == (Login, "registry"):
        full["mirror"]["images"].append(f"n.io/a@sha256:{'1' * 64}")
    before = baseline(full)
    path, value = CHANGES[kind, field]
    changed(full, path, value)
    assert resources(record(program(full, "dev"))) != before
