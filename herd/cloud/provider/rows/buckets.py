"""S3 buckets and the configurations that are resources of their own."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from herd.cloud.provider.naming import AutoName
from herd.cloud.provider.row import Call, Change, Read, Row, Tags
from herd.cloud.provider.rows.common import input_of
from herd.cloud.provider.scope import Scope

CLASSIC = "us-east-1"  # the one region that CreateBucket doesn't take as a location


def _set_tags(scope: Scope) -> None:
    tags = [{"Key": key, "Value": value} for key, value in (scope.inputs.get("tags") or {}).items()]
    if tags:
        scope.run("put_bucket_tagging", Bucket=scope.id, Tagging={"TagSet": tags})
    else:
        scope.run("delete_bucket_tagging", Bucket=scope.id)


def _empty(scope: Scope) -> None:
    """Delete every version of every object, where the program allows it."""
    if not scope.given("forceDestroy"):
        return
    while True:
        page = scope.run("list_object_versions", Bucket=scope.id)
        doomed = [*page.get("Versions", []), *page.get("DeleteMarkers", [])]
        if not doomed:
            return
        objects = [{"Key": item["Key"], "VersionId": item["VersionId"]} for item in doomed]
        scope.run("delete_objects", Bucket=scope.id, Delete={"Objects": objects, "Quiet": True})


def _locked(scope: Scope) -> None:
    if not scope.given("objectLockEnabled"):
        scope.outputs["objectLockEnabled"] = False
        return
    answer = scope.run("get_object_lock_configuration", Bucket=scope.id)
    scope.outputs["objectLockEnabled"] = answer["ObjectLockConfiguration"].get("ObjectLockEnabled") == "Enabled"


BUCKET = Row(
    type="aws:s3/bucket:Bucket",
    service="s3",
    create=Call(
        "create_bucket",
        {
            "Bucket": "$inputs.bucket",
            "ObjectLockEnabledForBucket": "$inputs.objectLockEnabled",
            "CreateBucketConfiguration": lambda s: None if s.region == CLASSIC else {"LocationConstraint": s.region},
        },
    ),
    id="$inputs.bucket",
    reads=(Read(Call("head_bucket", {"Bucket": "$id"}), only=()),),
    delete=(Call("delete_bucket", {"Bucket": "$id"}),),
    outputs={
        "arn": lambda scope: scope.arn("s3", scope.id, region=False, account=False),
        "bucket": "$id",
        "bucketDomainName": lambda scope: f"{scope.id}.s3.amazonaws.com",
        "bucketRegionalDomainName": lambda scope: f"{scope.id}.s3.{scope.region}.amazonaws.com",
        "bucketRegion": "$region",
    },
    defaults={"forceDestroy": False},
    name=AutoName("bucket", longest=63, lower=True),
    tags=Tags(create="", hook=_set_tags, read=Read(Call("get_bucket_tagging", {"Bucket": "$id"}), "TagSet")),
    natural=True,
    after_read=_locked,
    before_delete=_empty,
    fixed=("forceDestroy",),
)


def _id(scope: Scope) -> str:
    owner = scope.inputs.get("expectedBucketOwner")
    return f"{scope.inputs['bucket']},{owner}" if owner else str(scope.inputs["bucket"])


def _parse(id_: str) -> dict[str, Any]:
    bucket, _, owner = id_.partition(",")
    return {"bucket": bucket, **({"expectedBucketOwner": owner} if owner else {})}


def _of_bucket(
    kind: str,
    *,
    put: str,
    get: str,
    delete: Call | None,
    inputs: tuple[str, ...],
    names: Mapping[str, str],
    read_names: Mapping[str, str] | None = None,
    finish: Callable[[Scope, dict[str, Any]], None] | None = None,
    **rest: Any,
) -> Row:
    """A configuration of a bucket: one call sets all of it, one reads it, one takes it away."""
    write = Call(put, {"Bucket": "$inputs.bucket"}, takes=("expectedBucketOwner", *inputs), finish=finish)
    folded = kind[0].lower() + kind[1:]
    return Row(
        type=f"aws:s3/{folded}:{kind}",
        service="s3",
        create=write,
        id=_id,
        reads=(Read(Call(get, {"Bucket": input_of("bucket")}), names=read_names or {}),),
        updates=(Change(inputs, (write,)),),
        delete=(delete,) if delete else (),
        names=names,
        outputs={"bucket": input_of("bucket")},
        natural=True,
        parse=_parse,
        **rest,
    )


def _drop(operation: str) -> Call:
    return Call(operation, {"Bucket": input_of("bucket")})


VERSIONING = _of_bucket(
    "BucketVersioning",
    put="put_bucket_versioning",
    get="get_bucket_versioning",
    delete=Call(
        "put_bucket_versioning",
        {"Bucket": input_of("bucket"), "VersioningConfiguration": {"Status": "Suspended"}},
        when=lambda scope: scope.state.get("versioningConfiguration", {}).get("status") == "Enabled",
    ),
    inputs=("versioningConfiguration", "mfa"),
    names={"mfa": "MFA"},
    gone=lambda found: not found.get("Status"),
    after_read=lambda scope: scope.outputs.update(
        versioningConfiguration={"status": scope.found["Status"]}
        | ({"mfaDelete": scope.found["MFADelete"]} if "MFADelete" in scope.found else {})
    ),
    tells=("versioningConfiguration",),
    never_read=("mfa",),
)

ENCRYPTION = _of_bucket(
    "BucketServerSideEncryptionConfiguration",
    put="put_bucket_encryption",
    get="get_bucket_encryption",
    delete=_drop("delete_bucket_encryption"),
    inputs=("rules",),
    names={"rules": "ServerSideEncryptionConfiguration.Rules"},
)

BLOCKS = ("blockPublicAcls", "blockPublicPolicy", "ignorePublicAcls", "restrictPublicBuckets")
PUBLIC_ACCESS = _of_bucket(
    "BucketPublicAccessBlock",
    put="put_public_access_block",
    get="get_public_access_block",
    delete=Call(
        "delete_public_access_block",
        {"Bucket": input_of("bucket")},
        when=lambda scope: not scope.given("skipDestroy"),
    ),
    inputs=BLOCKS,
    names={name: f"PublicAccessBlockConfiguration.{name[0].upper()}{name[1:]}" for name in BLOCKS},
    defaults=dict.fromkeys(BLOCKS, False),
    fixed=("skipDestroy",),
)

OWNERSHIP = _of_bucket(
    "BucketOwnershipControls",
    put="put_bucket_ownership_controls",
    get="get_bucket_ownership_controls",
    delete=_drop("delete_bucket_ownership_controls"),
    inputs=("rule",),
    names={"rule": "OwnershipControls.Rules"},
)

POLICY = _of_bucket(
    "BucketPolicy",
    put="put_bucket_policy",
    get="get_bucket_policy",
    delete=_drop("delete_bucket_policy"),
    inputs=("policy",),
    names={},
    documents=("policy",),
)


def _rules_with_filters(scope: Scope) -> None:
    """S3 answers an empty filter for a rule without one."""
    for rule in scope.outputs.get("rules", []):
        if rule.get("filter") in ({}, {"prefix": ""}) and not any("filter" in r for r in scope.inputs.get("rules", [])):
            del rule["filter"]


def _whole_bucket(_scope: Scope, params: dict[str, Any]) -> None:
    """A rule needs a filter or a prefix; without either it is for the whole bucket."""
    for rule in params.get("LifecycleConfiguration", {}).get("Rules", []):
        if isinstance(rule, dict) and not {"Filter", "Prefix"} & rule.keys():
            rule["Filter"] = {"Prefix": ""}


LIFECYCLE = _of_bucket(
    "BucketLifecycleConfiguration",
    put="put_bucket_lifecycle_configuration",
    get="get_bucket_lifecycle_configuration",
    delete=Call("delete_bucket_lifecycle", {"Bucket": input_of("bucket")}),
    inputs=("rules", "transitionDefaultMinimumObjectSize"),
    names={"rules": "LifecycleConfiguration.Rules"},
    read_names={"rules": "Rules"},
    after_read=_rules_with_filters,
    finish=_whole_bucket,
)

ROWS = (BUCKET, VERSIONING, ENCRYPTION, PUBLIC_ACCESS, OWNERSHIP, POLICY, LIFECYCLE)
