"""Names, policies and settings that follow from a spec."""

import json

import pytest

from components.registry import derive
from components.registry.lifecycle import StoredImage, expired
from components.registry.references import parse
from components.registry.spec import RegistrySpec

HOST = "111122223333.dkr.ecr.eu-west-1.amazonaws.com"


@pytest.fixture
def spec(full):
    return RegistrySpec.model_validate(full)


def statements(policy):
    document = json.loads(policy)
    assert document["Version"] == "2012-10-17"
    return {statement["Sid"]: statement for statement in document["Statement"]}


def test_the_host_follows_the_partition(make_context):
    assert derive.registry_host(make_context()) == HOST
    assert derive.registry_host(make_context(region="cn-north-1")).endswith(".dkr.ecr.cn-north-1.amazonaws.com.cn")


def test_mirrored_images_get_a_repository_each(spec, make_context):
    names = [row.name for row in derive.repositories(spec, make_context())]
    assert names == [
        "released/trainer",
        "build/trainer",
        "mirrors/nvcr.io/nvidia/pytorch",
        "mirrors/nvcr.io/nvidia/cuda",
    ]


def test_releases_and_mirrored_images_are_kept_whole(spec, make_context):
    """Below `released/` a release may have no tag at all, and mirrored images are pulled by digest."""
    rows = {row.name: row.lifecycle for row in derive.repositories(spec, make_context())}
    untagged = [StoredImage("sha256:1", frozenset(), 9999.0)]
    gone = {name: bool(expired(policy, untagged)) for name, policy in rows.items()}
    assert gone == {
        "released/trainer": False,
        "build/trainer": True,
        "mirrors/nvcr.io/nvidia/pytorch": False,
        "mirrors/nvcr.io/nvidia/cuda": False,
    }


def test_untagged_images_expire_after_two_weeks_by_default(make_context):
    (row,) = derive.repositories(RegistrySpec.model_validate({"repositories": [{"name": "ab"}]}), make_context())
    images = [StoredImage("old", frozenset(), 14.5), StoredImage("new", frozenset(), 13.5)]
    assert list(expired(row.lifecycle, images)) == ["old"]


def test_tags_are_final_but_for_those_that_may_move(make_context):
    spec = RegistrySpec.model_validate({"repositories": [{"name": "ab", "mutableTags": ["cache-*"]}, {"name": "cd"}]})
    rows = derive.repositories(spec, make_context())
    assert [(row.mutability, row.mutable_tags) for row in rows] == [
        ("IMMUTABLE_WITH_EXCLUSION", ("cache-*",)),
        ("IMMUTABLE", ()),
    ]


def test_other_accounts_pull_and_no_more(spec, make_context):
    shared, private = derive.repositories(spec, make_context())[:2]
    pull = statements(shared.policy)["Pull"]
    assert pull["Principal"] == {"AWS": ["arn:aws:iam::444455556666:root", "arn:aws:iam::777788889999:root"]}
    assert pull["Action"] == ["ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"]
    assert private.policy is None


def test_senders_may_replicate_releases_alone(spec, make_context):
    policy = derive.registry_policy(spec, make_context(region="eu-central-1"))
    assert policy is not None
    (statement,) = statements(policy).values()
    assert statement["Principal"] == {"AWS": "arn:aws:iam::444455556666:root"}
    assert statement["Action"] == ["ecr:CreateRepository", "ecr:ReplicateImage"]
    assert statement["Resource"] == "arn:aws:ecr:eu-central-1:111122223333:repository/released/*"


def test_nobody_may_send_unless_named(make_context):
    assert derive.registry_policy(RegistrySpec(), make_context()) is None
    assert derive.arrivals(RegistrySpec(), make_context(), "eu-central-1") == ()


@pytest.mark.parametrize(
    ("replication", "regions"),
    [
        ({"acceptFrom": ["444455556666"]}, ("eu-west-1",)),
        ({"secondRegion": True}, ("eu-central-1",)),
        ({"acceptFrom": ["444455556666"], "secondRegion": True}, ("eu-west-1", "eu-central-1")),
        ({"to": [{"account": "444455556666", "region": "eu-west-1"}]}, ()),
    ],
)
def test_copies_arrive_where_others_send_and_in_the_second_region(make_context, replication, regions):
    spec = RegistrySpec.model_validate({"replication": replication})
    assert derive.arrivals(spec, make_context(), "eu-central-1") == regions


def test_every_destination_is_named_because_a_copy_is_never_copied_on(spec, make_context):
    found = derive.destinations(spec, make_context(), "eu-central-1")
    assert found == (("777788889999", "eu-west-1"), ("111122223333", "eu-central-1"))


def test_a_second_region_is_used_only_if_asked_for(make_context):
    assert derive.destinations(RegistrySpec(), make_context(), "eu-central-1") == ()


def test_scanning_has_at_most_a_rule_a_frequency(spec):
    assert derive.scanning_rules(spec) == (("SCAN_ON_PUSH", ("*",)), ("CONTINUOUS_SCAN", ("released/*",)))
    assert derive.scanning_rules(RegistrySpec()) == (("SCAN_ON_PUSH", ("*",)),)


def test_who_pulls_may_fill_the_caches_and_nothing_else(spec, make_context):
    found = statements(derive.image_pull_policy(spec, make_context()))
    assert found["FillCaches"]["Resource"] == [
        f"arn:aws:ecr:eu-west-1:111122223333:repository/{prefix}/*"
        for prefix in ("quay", "kube", "docker-hub", "shared")
    ]
    assert found["Login"]["Action"] == "ecr:GetAuthorizationToken"
    assert not any("Put" in action for action in found["Pull"]["Action"])
    assert "FillCaches" not in statements(derive.image_pull_policy(RegistrySpec(), make_context()))


def test_repositories_are_made_where_copies_and_caches_arrive(spec, make_context):
    found = statements(derive.creator_policy(spec, make_context(), ["eu-central-1"], ["arn:key:1", "arn:key:2"]))
    assert found["Create"]["Resource"] == [
        *(
            f"arn:aws:ecr:eu-west-1:111122223333:repository/{name}/*"
            for name in ("quay", "kube", "docker-hub", "shared")
        ),
        "arn:aws:ecr:eu-central-1:111122223333:repository/released/*",
    ]
    assert found["Encrypt"]["Resource"] == ["arn:key:1", "arn:key:2"]
    assert "kms:CreateGrant" in found["Encrypt"]["Action"]


@pytest.mark.parametrize(
    ("image", "own"),
    [
        ("quay.io/a/b:v1@{d}", "quay/a/b@{d}"),
        ("registry.k8s.io/pause@{d}", "kube/pause@{d}"),
        ("docker.io/library/python@{d}", "docker-hub/library/python@{d}"),
        ("444455556666.dkr.ecr.eu-west-1.amazonaws.com/base/python@{d}", "shared/python@{d}"),
        ("444455556666.dkr.ecr.eu-west-1.amazonaws.com/other/python@{d}", None),
        ("nvcr.io/nvidia/pytorch@{d}", "mirrors/nvcr.io/nvidia/pytorch@{d}"),
        ("nvcr.io/nvidia/nemo@{d}", None),
        ("ghcr.io/a/b@{d}", None),
    ],
)
def test_what_an_upstreams_image_is_called_here(spec, make_context, digest, image, own):
    found = derive.own_image(spec, make_context(), parse(image.format(d=digest)))
    assert found == (f"{HOST}/{own.format(d=digest)}" if own else None)


def test_a_mirrored_image_with_another_digest_is_not_here(spec, make_context):
    assert derive.own_image(spec, make_context(), parse(f"nvcr.io/nvidia/pytorch@sha256:{'0' * 64}")) is None


def test_services_act_for_this_account_only(make_context):
    trust = json.loads(derive.service_trust("scheduler", make_context()))["Statement"][0]
    assert trust["Condition"] == {"StringEquals": {"aws:SourceAccount": "111122223333"}}


def test_unresolved_digests_are_reported(full):
    assert derive.unresolved(RegistrySpec.model_validate(full)) == ()
    full["mirror"]["tool"] = "quay.io/tools/regctl:v1@unresolved"
    assert derive.unresolved(RegistrySpec.model_validate(full)) == (("mirror", "tool"),)
    full["mirror"]["images"] = [*full["mirror"]["images"], "nvcr.io/a:1@unresolved", "nvcr.io/a:2@unresolved"]
    last = len(full["mirror"]["images"]) - 1
    assert derive.unresolved(RegistrySpec.model_validate(full)) == (
        ("mirror", "images", last - 1),
        ("mirror", "images", last),
        ("mirror", "tool"),
    )
    assert derive.unresolved(RegistrySpec()) == ()
