"""What moto's S3 takes and then forgets: how many old versions a lifecycle rule keeps."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from herd.cloud.extensions import handles
from herd.cloud.wire import Call

_KIND = "s3.newer_noncurrent_versions"


@handles("s3", "PutBucketLifecycleConfiguration")
def _put(call: Call) -> Mapping[str, Any]:
    result = call.forward()
    rules = (call.get("LifecycleConfiguration") or {}).get("Rules") or []
    kept = {
        rule.get("ID"): (rule.get("NoncurrentVersionExpiration") or {}).get("NewerNoncurrentVersions") for rule in rules
    }
    call.objects(_KIND)[call.params["Bucket"]] = {name: count for name, count in kept.items() if count is not None}
    return result


@handles("s3", "GetBucketLifecycleConfiguration")
def _get(call: Call) -> Mapping[str, Any]:
    result = call.forward()
    kept = call.objects(_KIND).get(call.params["Bucket"], {})
    for rule in result.get("Rules") or []:
        if rule.get("ID") in kept and "NoncurrentVersionExpiration" in rule:
            rule["NoncurrentVersionExpiration"]["NewerNoncurrentVersions"] = kept[rule["ID"]]
    return result
