"""SQS queues and their policies."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from herd.cloud.provider.naming import AutoName
from herd.cloud.provider.row import Call, Change, Read, Row
from herd.cloud.provider.rows.common import listed_tags
from herd.cloud.provider.scope import Scope

ATTRIBUTES = {
    "contentBasedDeduplication": "ContentBasedDeduplication",
    "deduplicationScope": "DeduplicationScope",
    "delaySeconds": "DelaySeconds",
    "fifoQueue": "FifoQueue",
    "fifoThroughputLimit": "FifoThroughputLimit",
    "kmsDataKeyReusePeriodSeconds": "KmsDataKeyReusePeriodSeconds",
    "kmsMasterKeyId": "KmsMasterKeyId",
    "maxMessageSize": "MaximumMessageSize",
    "messageRetentionSeconds": "MessageRetentionPeriod",
    "policy": "Policy",
    "receiveWaitTimeSeconds": "ReceiveMessageWaitTimeSeconds",
    "redriveAllowPolicy": "RedriveAllowPolicy",
    "redrivePolicy": "RedrivePolicy",
    "sqsManagedSseEnabled": "SqsManagedSseEnabled",
    "visibilityTimeoutSeconds": "VisibilityTimeout",
}
CHANGEABLE = tuple(name for name in ATTRIBUTES if name != "fifoQueue")
NEVER_EMPTY = ("SqsManagedSseEnabled", "KmsDataKeyReusePeriodSeconds")
READ = Call("get_queue_attributes", {"QueueUrl": "$id", "AttributeNames": ["All"]})


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else "" if value is None else str(value)


def _given(scope: Scope) -> Mapping[str, str] | None:
    """A new queue's attributes; SQS knows those of FIFO queues for FIFO queues alone, whatever their value."""
    found = {ATTRIBUTES[name]: _text(scope.inputs[name]) for name in ATTRIBUTES if scope.inputs.get(name) is not None}
    return _for_its_kind(scope, found) or None


def _for_its_kind(scope: Scope, attributes: dict[str, str]) -> dict[str, str]:
    if scope.inputs.get("fifoQueue"):
        return attributes
    unknown = {("FifoQueue", "false"), ("ContentBasedDeduplication", "false")}
    return {name: value for name, value in attributes.items() if (name, value) not in unknown}


def _set(scope: Scope) -> None:
    changed = {ATTRIBUTES[name]: _text(scope.inputs.get(name)) for name in CHANGEABLE if scope.changed(name)}
    attributes = _for_its_kind(scope, changed)
    # One kind of encryption takes the place of the other; these two can't be emptied.
    kept = {name: value for name, value in attributes.items() if value or name not in NEVER_EMPTY}
    if kept:
        scope.run("set_queue_attributes", QueueUrl=scope.id, Attributes=kept)


def _standard(scope: Scope) -> None:
    """SQS says nothing of FIFO about a standard queue."""
    for name in ("fifoQueue", "contentBasedDeduplication"):
        scope.outputs.setdefault(name, False)


QUEUE = Row(
    type="aws:sqs/queue:Queue",
    service="sqs",
    create=Call("create_queue", {"QueueName": "$inputs.name", "Attributes": _given}),
    id="$result.QueueUrl",
    reads=(Read(READ, "Attributes", {**ATTRIBUTES, "arn": "QueueArn"}),),
    updates=(Change(CHANGEABLE, _set),),
    delete=(Call("delete_queue", {"QueueUrl": "$id"}),),
    outputs={"name": lambda scope: scope.id.rpartition("/")[2], "url": "$id"},
    defaults={
        "contentBasedDeduplication": False,
        "delaySeconds": 0,
        "fifoQueue": False,
        "maxMessageSize": 262144,
        "messageRetentionSeconds": 345600,
        "receiveWaitTimeSeconds": 0,
        "visibilityTimeoutSeconds": 30,
    },
    name=AutoName(longest=80, suffix=("fifoQueue", ".fifo")),
    tags=listed_tags(
        ("QueueUrl", "$id"),
        operation="list_queue_tags",
        create="tags",
        form="map",
        tag="tag_queue",
        untag="untag_queue",
    ),
    documents=("policy", "redrivePolicy", "redriveAllowPolicy"),
    natural=True,
    after_read=_standard,
)

SET_POLICY = Call("set_queue_attributes", {"QueueUrl": "$inputs.queueUrl", "Attributes.Policy": "$inputs.policy"})
QUEUE_POLICY = Row(
    type="aws:sqs/queuePolicy:QueuePolicy",
    service="sqs",
    create=SET_POLICY,
    id="$inputs.queueUrl",
    reads=(Read(READ, "Attributes", {"policy": "Policy"}),),
    updates=(Change(("policy",), (SET_POLICY,)),),
    delete=(Call("set_queue_attributes", {"QueueUrl": "$id", "Attributes.Policy": ""}),),
    outputs={"queueUrl": "$id"},
    documents=("policy",),
    natural=True,
    gone=lambda found: not found.get("Policy"),
)

ROWS = (QUEUE, QUEUE_POLICY)
