"""What a key component registers."""

import pytest
from pulumi_aws import kms

from components.keys.component import BorrowedKey, Key
from components.keys.derive import key_policy
from components.keys.spec import BorrowedKeySpec, KeySpec, OtherAccount, ThroughServices

SPEC = KeySpec(description="Storage", uses=(ThroughServices(services=("fsx", "s3")),))
BORROWED = BorrowedKeySpec(key_arn="arn:aws:kms:eu-west-1:444455556666:key/1234abcd", roles=("autoscaling", "spot"))


def test_a_key_rotates_and_its_alias_follows_it(record, make_context):
    context = make_context("dev")
    recording = record(lambda: Key("storage", SPEC, context))
    key, alias = recording.one(kms.Key), recording.one(kms.Alias)
    assert key.inputs == {
        "description": "Storage",
        "policy": key_policy(SPEC, context),
        "enableKeyRotation": True,
        "rotationPeriodInDays": 365,
        "deletionWindowInDays": 30,
    }
    assert alias.inputs == {"name": "alias/herd-dev-storage", "targetKeyId": f"${{{key.urn}.keyId}}"}
    assert key.parent == alias.parent == recording.one("herd:keys:Key").urn
    assert recording.outputs[key.parent]["arn"] == f"${{{key.urn}.arn}}"


@pytest.mark.parametrize(("environment", "durable"), [("dev", None), ("test", None), ("prod", True)])
def test_keys_are_protected_and_kept_in_prod_alone(record, make_context, environment, durable):
    key = record(lambda: Key("storage", SPEC, make_context(environment))).one(kms.Key)
    assert (key.options.get("protect"), key.options.get("retainOnDelete")) == (durable, durable)


def test_policies_see_the_intent(record, make_context):
    props = record(lambda: Key("storage", SPEC, make_context())).one("herd:keys:Key").inputs
    assert props["uses"] == [{"kind": "throughServices", "services": ["fsx", "s3"]}]


def test_tags_are_passed_on(record, make_context):
    key = record(lambda: Key("storage", SPEC, make_context(), tags={"data-class": "internal"})).one(kms.Key)
    assert key.inputs["tags"] == {"data-class": "internal"}


def test_a_borrowed_key_registers_a_grant_a_role(record, make_context):
    recording = record(lambda: BorrowedKey("images", BORROWED, make_context("prod")))
    assert [grant.name for grant in recording.of(kms.Grant)] == ["images-autoscaling", "images-spot"]
    assert {grant.inputs["keyId"] for grant in recording.of(kms.Grant)} == {BORROWED.key_arn}
    assert not recording.of(kms.Key)
    assert recording.outputs[recording.one("herd:keys:BorrowedKey").urn] == {"arn": BORROWED.key_arn}


def test_every_field_of_the_spec_changes_an_input(record, make_context):
    changes = {
        "description": "Other",
        "uses": (OtherAccount(account="444455556666"),),
        "rotation_days": 90,
        "deletion_window_days": 7,
    }
    assert set(changes) == set(KeySpec.model_fields)
    base = record(lambda: Key("storage", SPEC, make_context())).one(kms.Key).inputs
    for field, value in changes.items():
        changed = KeySpec(**{**dict(SPEC), field: value})
        assert record(lambda: Key("storage", changed, make_context())).one(kms.Key).inputs != base, field  # noqa: B023


def test_a_preview_registers_the_same_and_knows_the_policy(record, make_context):
    def program():
        Key("storage", SPEC, make_context())
        BorrowedKey("images", BORROWED, make_context())

    preview = record(program, preview=True)
    assert preview.identities == record(program).identities
    assert preview.one(kms.Key).inputs["policy"] == key_policy(SPEC, make_context())
