"""What a bucket's resources are given."""

from __future__ import annotations

import pytest

from components.storage.buckets import derive
from components.storage.buckets.spec import BucketSpec, Lifecycle, Transition
from components.storage.names import NightlyBackup

ARN = "arn:aws:s3:::b"


def test_every_request_without_recent_tls_is_denied_on_bucket_and_objects():
    document = derive.policy(ARN, f"{ARN}/*")
    assert {statement["Effect"] for statement in document["Statement"]} == {"Deny"}
    for statement in document["Statement"]:
        assert statement["Principal"] == {"AWS": "*"}
        assert statement["Action"] == "s3:*"
        assert statement["Resource"] == [ARN, f"{ARN}/*"]
    assert [statement["Condition"] for statement in document["Statement"]] == [
        {"Bool": {"aws:SecureTransport": "false"}},
        {"NumericLessThan": {"s3:TlsVersion": "1.2"}},
    ]


def test_objects_are_encrypted_with_the_key_through_a_bucket_key():
    (rule,) = derive.encryption("arn:key")
    assert rule == {
        "apply_server_side_encryption_by_default": {"sse_algorithm": "aws:kms", "kms_master_key_id": "arn:key"},
        "bucket_key_enabled": True,
    }


def test_everything_public_is_blocked():
    assert set(derive.public_access().values()) == {True}
    assert len(derive.public_access()) == 4


@pytest.mark.parametrize(("environment", "emptied"), [("dev", True), ("test", True), ("prod", False)])
def test_only_disposable_buckets_are_emptied(make_context, environment, emptied):
    assert derive.bucket(BucketSpec(), make_context(environment))["force_destroy"] is emptied


def test_the_backup_tag_goes_on_what_is_backed_up(make_context):
    context = make_context()
    assert derive.bucket(BucketSpec(), context)["tags"] == {}
    assert derive.bucket(BucketSpec(backup=NightlyBackup()), context)["tags"] == {"backup": "nightly"}


def test_a_plain_bucket_drops_unfinished_uploads_and_old_versions_but_keeps_what_is_current():
    uploads, versions = derive.lifecycle_rules(Lifecycle())
    assert uploads["abort_incomplete_multipart_upload"] == {"days_after_initiation": 7}
    assert versions["noncurrent_version_expiration"] == {"noncurrent_days": 30}
    assert versions["expiration"] == {"expired_object_delete_marker": True}


def test_every_rule_is_enabled_for_the_whole_bucket_and_named_once():
    spec = Lifecycle(
        newer_noncurrent_versions=3,
        transitions=(Transition(days=1, storage_class="GLACIER_IR"),),
        expiration_days=9,
    )
    rules = {rule["id"]: rule for rule in derive.lifecycle_rules(spec)}
    assert list(rules) == ["uploads", "versions", "moves", "expiry"]
    for rule in rules.values():
        assert rule["status"] == "Enabled"
        assert rule["filter"] == {"prefix": ""}
    assert rules["versions"]["noncurrent_version_expiration"]["newer_noncurrent_versions"] == 3
    assert rules["moves"]["transitions"] == [{"days": 1, "storage_class": "GLACIER_IR"}]
    assert rules["expiry"]["expiration"] == {"days": 9}
