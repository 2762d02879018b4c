"""SQS: limits of attributes and policies, which moto stores unread; a policy that survives other changes.

Limits: SQS API, SetQueueAttributes.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from herd.cloud import policies
from herd.cloud.errors import AwsError
from herd.cloud.extensions import checks, handles
from herd.cloud.wire import Call

_RANGES = {
    "DelaySeconds": (0, 900),
    "MaximumMessageSize": (1024, 1048576),
    "MessageRetentionPeriod": (60, 1209600),
    "ReceiveMessageWaitTimeSeconds": (0, 20),
    "VisibilityTimeout": (0, 43200),
    "KmsDataKeyReusePeriodSeconds": (60, 86400),
}
_FIFO_ONLY = ("ContentBasedDeduplication", "DeduplicationScope", "FifoThroughputLimit")
_MOTO_LARGEST = 262144


def _bad(name: str, why: str = "") -> AwsError:
    return AwsError(
        "InvalidAttributeValue", f"Invalid value for the parameter {name}.{' Reason: ' if why else ''}{why}"
    )


def _queue(call: Call) -> Any:
    from moto.sqs.models import sqs_backends  # noqa: PLC0415

    return sqs_backends[call.account][call.region].queues.get(str(call.get("QueueUrl", "")).rpartition("/")[2])


@checks("sqs", "CreateQueue", "SetQueueAttributes")
def _attributes(call: Call) -> None:
    given: Mapping[str, str] = call.get("Attributes") or {}
    for name, (low, high) in _RANGES.items():
        if name in given and not (given[name].isdigit() and low <= int(given[name]) <= high):
            raise _bad(name)
    held = _queue(call)
    fifo = given.get("FifoQueue") == "true" or (held is not None and held.fifo_queue)
    for name in _FIFO_ONLY:
        if name in given and not fifo:
            raise AwsError("InvalidAttributeName", f"Unknown Attribute {name}.")
    if given.get("KmsMasterKeyId") and given.get("SqsManagedSseEnabled") == "true":
        raise _bad(
            "SqsManagedSseEnabled",
            "You can use one type of server-side encryption (SSE) at one time.",
        )
    if given.get("Policy"):
        _check_policy(call, given["Policy"])


def _check_policy(call: Call, text: str) -> None:
    try:
        for statement in policies.statements(text):
            policies.check_resource(statement)
            policies.check_principals(call, statement)
    except policies.PolicyError as error:
        raise _bad("Policy", str(error)) from error


@handles("sqs", "CreateQueue")
def _create(call: Call) -> Mapping[str, Any]:
    large = _take_large(call)
    result = call.forward()
    call.params["QueueUrl"] = result["QueueUrl"]
    _give_large(call, large)
    _keep_redrive_allow(call, call.get("Attributes") or {})
    if (call.get("Attributes") or {}).get("KmsMasterKeyId"):
        _queue(call).sqs_managed_sse_enabled = "false"
    return result


@handles("sqs", "SetQueueAttributes")
def _set(call: Call) -> Mapping[str, Any]:
    """A change of one attribute leaves the others; moto takes the policy away with every change."""
    given, held = dict(call.get("Attributes") or {}), _queue(call)
    before = held.policy if held is not None else None
    large = _take_large(call)
    result = call.forward()
    _give_large(call, large)
    _keep_redrive_allow(call, given)
    if "Policy" not in given:
        _queue(call).policy = before
    if given.get("KmsMasterKeyId"):
        _queue(call).sqs_managed_sse_enabled = "false"
    elif given.get("SqsManagedSseEnabled") == "true":
        _queue(call).kms_master_key_id = None
    return result


@handles("sqs", "GetQueueAttributes")
def _get(call: Call) -> Mapping[str, Any]:
    """With the policy that says which queues may send their dead letters here, which moto forgets."""
    wanted = call.get("AttributeNames") or []
    result, held = call.forward(), call.objects("redrive_allow_policy").get(call.params["QueueUrl"])
    if held and {"All", "RedriveAllowPolicy"} & set(wanted):
        result["Attributes"] = {**result.get("Attributes", {}), "RedriveAllowPolicy": held}
    return result


def _keep_redrive_allow(call: Call, given: Mapping[str, str]) -> None:
    if "RedriveAllowPolicy" in given:
        call.objects("redrive_allow_policy")[call.params["QueueUrl"]] = given["RedriveAllowPolicy"]


@handles("sqs", "DeleteQueue")
def _delete(call: Call) -> Mapping[str, Any]:
    result = call.forward()
    call.objects("redrive_allow_policy").pop(call.params["QueueUrl"], None)
    return result


def _take_large(call: Call) -> int | None:
    """A message size that AWS takes since 2025 and moto doesn't know yet."""
    given = dict(call.get("Attributes") or {})
    size = int(given.get("MaximumMessageSize", 0))
    if size <= _MOTO_LARGEST:
        return None
    given["MaximumMessageSize"] = str(_MOTO_LARGEST)
    call.replace_params(Attributes=given)
    return size


def _give_large(call: Call, size: int | None) -> None:
    if size is not None:
        _queue(call).maximum_message_size = size


@checks("sqs", "CreateQueue", "SetQueueAttributes")
def _redrive(call: Call) -> None:
    for name in ("RedrivePolicy", "RedriveAllowPolicy"):
        text = (call.get("Attributes") or {}).get(name)
        try:
            json.loads(text or "{}")
        except ValueError as error:
            raise _bad(name, "it is not valid JSON.") from error
