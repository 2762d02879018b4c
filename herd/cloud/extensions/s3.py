"""S3: today's defaults of a new bucket, block public access, names, policies and lifecycles as S3 checks them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from herd.cloud import policies, world
from herd.cloud.errors import AwsError, not_modelled
from herd.cloud.extensions import _s3_held, checks, handles
from herd.cloud.wire import Call

__all__ = ["_s3_held"]

_NAME = re.compile(r"(?!xn--|sthree-|amzn-s3-demo-)(?!.*(\.\.|-s3alias$|--ol-s3$))[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
_ADDRESS = re.compile(r"\d+\.\d+\.\d+\.\d+")
# Storage class -> days an object must stay in Standard first.
_MIN_DAYS = {"STANDARD_IA": 30, "ONEZONE_IA": 30}
_ACTIONS = (
    "Expiration",
    "Transitions",
    "NoncurrentVersionTransitions",
    "NoncurrentVersionExpiration",
    "AbortIncompleteMultipartUpload",
)

# moto looks for the sub-resources it knows and takes any other request for one of the bucket itself: it would answer
# a request for a metrics configuration with a list of objects, and delete the bucket when one is to be deleted.
_UNROUTED = (
    "CreateBucketMetadataConfiguration",
    "CreateBucketMetadataTableConfiguration",
    "CreateSession",
    "DeleteBucketAnalyticsConfiguration",
    "DeleteBucketIntelligentTieringConfiguration",
    "DeleteBucketInventoryConfiguration",
    "DeleteBucketMetadataConfiguration",
    "DeleteBucketMetadataTableConfiguration",
    "DeleteBucketMetricsConfiguration",
    "DeleteObjectAnnotation",
    "GetBucketAbac",
    "GetBucketAnalyticsConfiguration",
    "GetBucketIntelligentTieringConfiguration",
    "GetBucketMetadataConfiguration",
    "GetBucketMetadataTableConfiguration",
    "GetBucketMetricsConfiguration",
    "GetBucketPolicyStatus",
    "GetBucketRequestPayment",
    "GetObjectAnnotation",
    "GetObjectTorrent",
    "ListBucketAnalyticsConfigurations",
    "ListBucketIntelligentTieringConfigurations",
    "ListBucketMetricsConfigurations",
    "ListDirectoryBuckets",
    "ListObjectAnnotations",
    "PutBucketAbac",
    "PutBucketAnalyticsConfiguration",
    "PutBucketIntelligentTieringConfiguration",
    "PutBucketMetricsConfiguration",
    "PutBucketRequestPayment",
    "PutObjectAnnotation",
    "RenameObject",
    "UpdateBucketMetadataAnnotationTableConfiguration",
    "UpdateBucketMetadataInventoryTableConfiguration",
    "UpdateBucketMetadataJournalTableConfiguration",
    "UpdateObjectEncryption",
    "WriteGetObjectResponse",
)


@checks("s3", *_UNROUTED)
def _unrouted(call: Call) -> None:
    raise not_modelled(call.service, call.operation)


@checks("s3", "CreateBucket")
def _check_create(call: Call) -> None:
    name = call.params["Bucket"]
    if not _NAME.fullmatch(name) or _ADDRESS.fullmatch(name):
        raise AwsError("InvalidBucketName", "The specified bucket is not valid.", 400, BucketName=name)
    known = world.bucket(name)
    if known is not None and known.account_id == call.account and call.region != "us-east-1":
        raise AwsError(
            "BucketAlreadyOwnedByYou",
            "Your previous request to create the named bucket succeeded and you already own it.",
            409,
        )


@handles("s3", "CreateBucket")
def _create(call: Call) -> Mapping[str, Any]:
    existed = world.bucket(call.params["Bucket"]) is not None
    result = call.forward()
    bucket = world.bucket(call.params["Bucket"])
    if bucket is not None and not existed:
        from moto.s3.models import PublicAccessBlock  # noqa: PLC0415

        # New buckets are closed to the public, have no ACLs, and encrypt (since January and April 2023).
        bucket.public_access_block = PublicAccessBlock(True, True, True, True)
        bucket.ownership_rule = bucket.ownership_rule or "BucketOwnerEnforced"
    return result


@handles("s3", "GetBucketEncryption")
def _encryption(call: Call) -> Mapping[str, Any]:
    bucket = world.bucket(call.params["Bucket"])
    if bucket is not None and not bucket.encryption:
        return {
            "ServerSideEncryptionConfiguration": {
                "Rules": [{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}, "BucketKeyEnabled": False}]
            }
        }
    return call.forward()


@checks("s3", "PutBucketPolicy")
def _policy(call: Call) -> None:
    bucket = world.bucket(call.params["Bucket"])
    if bucket is None:
        return
    text = call.body.decode()
    if not text.lstrip().startswith("{"):
        raise _malformed("Policies must be valid JSON and the first byte must be '{'")
    try:
        found = policies.statements(text)
        for statement in found:
            policies.check_principals(call, statement)
            _check_resources(call, statement)
    except policies.PolicyError as error:
        raise _malformed(str(error)) from error
    blocked = bucket.public_access_block
    if blocked and _true(blocked.block_public_policy) and any(policies.is_public(each) for each in found):
        raise AwsError(
            "AccessDenied",
            f"User: arn:aws:iam::{call.account}:user/herd is not authorized to perform: s3:PutBucketPolicy on "
            f'resource: "arn:aws:s3:::{bucket.name}" because public policies are prevented by the BlockPublicPolicy '
            "setting in S3 Block Public Access.",
            403,
        )


def _check_resources(call: Call, statement: Mapping[str, Any]) -> None:
    own = re.compile(rf"arn:aws[\w-]*:s3:::{re.escape(call.params['Bucket'])}(/.*)?")
    policies.check_resource(dict(statement))
    resources = policies.strings(statement.get("Resource", statement.get("NotResource")))
    if not all(own.fullmatch(resource) for resource in resources):
        raise policies.PolicyError("Policy has invalid resource")
    actions = policies.strings(statement.get("Action", statement.get("NotAction")))
    if not all(action == "*" or action.lower().startswith("s3:") for action in actions):
        raise policies.PolicyError("Policy has invalid action")


def _true(value: Any) -> bool:
    return str(value).lower() == "true"


def _malformed(message: str) -> AwsError:
    return AwsError("MalformedPolicy", message, 400)


@checks("s3", "PutBucketAcl", "PutObjectAcl")
def _acl(call: Call) -> None:
    bucket = world.bucket(call.params["Bucket"])
    if bucket is not None and str(bucket.ownership_rule) == "BucketOwnerEnforced":
        raise AwsError("AccessControlListNotSupported", "The bucket does not allow ACLs", 400)


@checks("s3", "PutBucketVersioning")
def _versioning(call: Call) -> None:
    bucket = world.bucket(call.params["Bucket"])
    status = (call.get("VersioningConfiguration") or {}).get("Status")
    if bucket is not None and bucket.object_lock_enabled and status == "Suspended":
        raise AwsError(
            "InvalidBucketState",
            "An Object Lock configuration is present on this bucket, so the versioning state cannot be changed.",
            409,
        )


@checks("s3", "PutBucketLifecycleConfiguration")
def _lifecycle(call: Call) -> None:
    rules = (call.get("LifecycleConfiguration") or {}).get("Rules") or []
    named = [rule["ID"] for rule in rules if rule.get("ID")]
    if len(set(named)) != len(named):
        raise AwsError("InvalidArgument", "Rule ID must be unique. Found same ID for more than one rule", 400)
    for rule in rules:
        if not any(rule.get(action) for action in _ACTIONS):
            raise AwsError("InvalidRequest", "At least one action needs to be specified in a rule", 400)
        _check_days(rule)


def _check_days(rule: Mapping[str, Any]) -> None:
    latest = 0
    for key, days_key in (("Transitions", "Days"), ("NoncurrentVersionTransitions", "NoncurrentDays")):
        for transition in rule.get(key) or []:
            days, storage = transition.get(days_key), transition.get("StorageClass", "")
            if days is not None and days < _MIN_DAYS.get(storage, 0):
                raise AwsError(
                    "InvalidArgument",
                    f"'{days_key}' in {key.rstrip('s')} action must be greater than or equal to {_MIN_DAYS[storage]} "
                    f"for storageClass '{storage}'",
                    400,
                )
            latest = max(latest, days or 0) if key == "Transitions" else latest
    expiration = (rule.get("Expiration") or {}).get("Days")
    if expiration is not None and latest and expiration <= latest:
        raise AwsError(
            "InvalidArgument",
            "'Days' in the Expiration action must be greater than 'Days' in the Transition action",
            400,
        )
