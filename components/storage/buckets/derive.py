"""From a bucket's spec to the arguments of its resources: pure."""

from __future__ import annotations

from typing import Any

from components.base.context import StackContext
from components.storage.buckets.spec import BucketSpec, Lifecycle
from components.storage.names import backup_tags

Arguments = dict[str, Any]

LEAST_TLS = "1.2"


def bucket(spec: BucketSpec, context: StackContext) -> Arguments:
    """The bucket itself: emptied when destroyed only where nothing in it must last."""
    return {"force_destroy": not context.durable, "tags": backup_tags(spec.backup.kind)}


def encryption(key_arn: Any) -> list[Arguments]:
    """Default encryption. A bucket key asks KMS once for many objects, not once for each."""
    return [
        {
            "apply_server_side_encryption_by_default": {"sse_algorithm": "aws:kms", "kms_master_key_id": key_arn},
            "bucket_key_enabled": True,
        }
    ]


def public_access() -> Arguments:
    """Everything public is blocked."""
    return {
        "block_public_acls": True,
        "block_public_policy": True,
        "ignore_public_acls": True,
        "restrict_public_buckets": True,
    }


def policy(arn: Any, objects_arn: Any) -> Arguments:
    """A bucket policy that refuses everything without TLS, or with a TLS that is out of date."""
    deny: Arguments = {
        "Effect": "Deny",
        "Principal": {"AWS": "*"},
        "Action": "s3:*",
        "Resource": [arn, objects_arn],
    }
    return {
        "Version": "2012-10-17",
        "Statement": [
            {"Sid": "TlsOnly", **deny, "Condition": {"Bool": {"aws:SecureTransport": "false"}}},
            {"Sid": "RecentTlsOnly", **deny, "Condition": {"NumericLessThan": {"s3:TlsVersion": LEAST_TLS}}},
        ],
    }


def lifecycle_rules(spec: Lifecycle) -> list[Arguments]:
    """One rule a purpose, each for the whole bucket."""
    versions: Arguments = {"noncurrent_days": spec.noncurrent_version_expiration_days}
    if spec.newer_noncurrent_versions is not None:
        versions["newer_noncurrent_versions"] = spec.newer_noncurrent_versions
    rules = [
        _rule(
            "uploads",
            abort_incomplete_multipart_upload={"days_after_initiation": spec.abort_incomplete_multipart_upload_days},
        ),
        # S3 refuses a rule with both days and delete markers: here the markers go with their last version.
        _rule("versions", noncurrent_version_expiration=versions, expiration={"expired_object_delete_marker": True}),
    ]
    if spec.transitions:
        moves = [{"days": move.days, "storage_class": move.storage_class} for move in spec.transitions]
        rules.append(_rule("moves", transitions=moves))
    if spec.expiration_days is not None:
        rules.append(_rule("expiry", expiration={"days": spec.expiration_days}))
    return rules


def _rule(name: str, **actions: Any) -> Arguments:
    return {"id": name, "status": "Enabled", "filter": {"prefix": ""}, **actions}
