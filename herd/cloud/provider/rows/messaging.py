"""SNS topics, EventBridge rules and EventBridge Scheduler."""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping
from typing import Any

from herd.cloud.provider.naming import AutoName
from herd.cloud.provider.row import Call, Change, Read, Row
from herd.cloud.provider.rows.common import input_of, listed_tags, split
from herd.cloud.provider.scope import Scope
from herd.cloud.provider.shapes import NOTHING, ToParams, descend, input_shape

ATTRIBUTES = {
    "displayName": "DisplayName",
    "policy": "Policy",
    "deliveryPolicy": "DeliveryPolicy",
    "kmsMasterKeyId": "KmsMasterKeyId",
    "contentBasedDeduplication": "ContentBasedDeduplication",
    "signatureVersion": "SignatureVersion",
    "tracingConfig": "TracingConfig",
}
READ_TOPIC = Call("get_topic_attributes", {"TopicArn": "$id"})


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return "" if value is None else str(value)


def _set_attribute(name: str) -> Change:
    value = {"AttributeName": ATTRIBUTES[name], "AttributeValue": lambda scope: _text(scope.inputs.get(name))}
    return Change((name,), (Call("set_topic_attributes", {"TopicArn": "$id", **value}),), at_create=True)


TOPIC = Row(
    type="aws:sns/topic:Topic",
    service="sns",
    create=Call(
        "create_topic",
        {"Name": "$inputs.name", "Attributes": lambda s: {"FifoTopic": "true"} if s.inputs.get("fifoTopic") else None},
    ),
    id="$result.TopicArn",
    reads=(
        Read(
            READ_TOPIC,
            "Attributes",
            {**ATTRIBUTES, "owner": "Owner", "arn": "TopicArn", "fifoTopic": "FifoTopic"},
        ),
    ),
    updates=tuple(_set_attribute(name) for name in ATTRIBUTES),
    delete=(Call("delete_topic", {"TopicArn": "$id"}),),
    outputs={"name": lambda scope: scope.id.rpartition(":")[2]},
    name=AutoName(longest=80, suffix=("fifoTopic", ".fifo")),
    tags=listed_tags(("ResourceArn", "$id")),
    documents=("policy", "deliveryPolicy"),
    natural=True,
)


def _default_policy(scope: Scope) -> str:
    """What SNS gives a topic of its own: the owning account may do everything a topic knows."""
    actions = "GetTopicAttributes SetTopicAttributes AddPermission RemovePermission DeleteTopic Subscribe"
    statement = {
        "Sid": "__default_statement_ID",
        "Effect": "Allow",
        "Principal": {"AWS": "*"},
        "Action": [f"SNS:{action}" for action in [*actions.split(), "ListSubscriptionsByTopic", "Publish"]],
        "Resource": scope.id,
        "Condition": {"StringEquals": {"AWS:SourceOwner": scope.account}},
    }
    return json.dumps({"Version": "2008-10-17", "Id": "__default_policy_ID", "Statement": [statement]})


SET_POLICY = Call(
    "set_topic_attributes",
    {"TopicArn": "$inputs.arn", "AttributeName": "Policy", "AttributeValue": "$inputs.policy"},
)
TOPIC_POLICY = Row(
    type="aws:sns/topicPolicy:TopicPolicy",
    service="sns",
    create=SET_POLICY,
    id="$inputs.arn",
    reads=(Read(READ_TOPIC, "Attributes", {"policy": "Policy", "owner": "Owner", "arn": "TopicArn"}),),
    updates=(Change(("policy",), (SET_POLICY,)),),
    delete=(
        Call(
            "set_topic_attributes",
            {"TopicArn": "$id", "AttributeName": "Policy", "AttributeValue": _default_policy},
        ),
    ),
    documents=("policy",),
    natural=True,
)

SUBSCRIPTION_ATTRIBUTES = {
    "deliveryPolicy": "DeliveryPolicy",
    "filterPolicyScope": "FilterPolicyScope",
    "filterPolicy": "FilterPolicy",
    "rawMessageDelivery": "RawMessageDelivery",
    "redrivePolicy": "RedrivePolicy",
    "subscriptionRoleArn": "SubscriptionRoleArn",
}


def _set_subscription_attribute(name: str) -> Change:
    value = {
        "AttributeName": SUBSCRIPTION_ATTRIBUTES[name],
        "AttributeValue": lambda scope: _text(scope.inputs.get(name)),
    }
    call = Call("set_subscription_attributes", {"SubscriptionArn": "$id", **value})
    return Change((name,), (call,), at_create=True)


SUBSCRIPTION = Row(
    type="aws:sns/topicSubscription:TopicSubscription",
    service="sns",
    create=Call(
        "subscribe",
        {
            "TopicArn": "$inputs.topic",
            "Protocol": "$inputs.protocol",
            "Endpoint": "$inputs.endpoint",
            "ReturnSubscriptionArn": True,
        },
    ),
    id="$result.SubscriptionArn",
    reads=(
        Read(
            Call("get_subscription_attributes", {"SubscriptionArn": "$id"}),
            "Attributes",
            {
                **SUBSCRIPTION_ATTRIBUTES,
                "arn": "SubscriptionArn",
                "topic": "TopicArn",
                "protocol": "Protocol",
                "endpoint": "Endpoint",
                "ownerId": "Owner",
                "pendingConfirmation": "PendingConfirmation",
                "confirmationWasAuthenticated": "ConfirmationWasAuthenticated",
            },
        ),
    ),
    updates=tuple(_set_subscription_attribute(name) for name in SUBSCRIPTION_ATTRIBUTES),
    delete=(Call("unsubscribe", {"SubscriptionArn": "$id"}),),
    defaults={"rawMessageDelivery": False, "endpointAutoConfirms": False, "confirmationTimeoutInMinutes": 1},
    documents=("deliveryPolicy", "filterPolicy", "redrivePolicy"),
    natural=True,
    fixed=("endpointAutoConfirms", "confirmationTimeoutInMinutes"),
)


def _rule_id(scope: Scope) -> str:
    bus = scope.inputs.get("eventBusName", "default")
    return str(scope.inputs["name"]) if bus == "default" else f"{bus}/{scope.inputs['name']}"


def _rule_from(id_: str) -> dict[str, Any]:
    bus, _, name = id_.rpartition("/")
    return {"name": name, "eventBusName": bus or "default"}


def _drop_targets(scope: Scope) -> None:
    if scope.given("forceDestroy"):
        bus, rule = scope.given("eventBusName"), scope.given("name")
        targets = scope.run("list_targets_by_rule", Rule=rule, EventBusName=bus)["Targets"]
        if targets:
            scope.run("remove_targets", Rule=rule, EventBusName=bus, Ids=[t["Id"] for t in targets])


PUT_RULE = Call("put_rule", takes=None)
ON_BUS = {"EventBusName": input_of("eventBusName")}
EVENT_RULE = Row(
    type="aws:cloudwatch/eventRule:EventRule",
    service="events",
    create=PUT_RULE,
    id=_rule_id,
    reads=(Read(Call("describe_rule", {"Name": input_of("name"), **ON_BUS})),),
    updates=(Change(("description", "eventPattern", "scheduleExpression", "roleArn", "state"), (PUT_RULE,)),),
    delete=(Call("delete_rule", {"Name": input_of("name"), **ON_BUS}, waits_for=frozenset({"ValidationException"})),),
    defaults={"eventBusName": "default", "forceDestroy": False, "state": "ENABLED"},
    name=AutoName(),
    tags=listed_tags(("ResourceARN", "$state.arn")),
    documents=("eventPattern",),
    natural=True,
    before_delete=_drop_targets,
    parse=_rule_from,
    fixed=("forceDestroy",),
)


TARGET = {
    "targetId": "Id",
    "arn": "Arn",
    "roleArn": "RoleArn",
    "input": "Input",
    "inputPath": "InputPath",
    "inputTransformer": "InputTransformer",
    "inputTransformer.inputPaths": "InputPathsMap",
    "inputTransformer.inputTemplate": "InputTemplate",
    "retryPolicy": "RetryPolicy",
    "retryPolicy.maximumEventAgeInSeconds": "MaximumEventAgeInSeconds",
    "retryPolicy.maximumRetryAttempts": "MaximumRetryAttempts",
    "deadLetterConfig": "DeadLetterConfig",
    "deadLetterConfig.arn": "Arn",
    "sqsTarget": "SqsParameters",
    "sqsTarget.messageGroupId": "MessageGroupId",
}


def _target(scope: Scope) -> list[dict[str, Any]]:
    shape = descend(input_shape("events", "put_targets"), "Targets[0]") or NOTHING
    # The provider makes an id up, once: a call repeated after a lost answer must name the same target.
    if not scope.given("targetId"):
        scope.state["targetId"] = f"terraform-{uuid.uuid4().hex[:26]}"
    given = {key: value for key, value in scope.inputs.items() if key in TARGET} | {"targetId": scope.given("targetId")}
    return [ToParams(TARGET).structure(shape, given, at="PutTargets.Targets[0]")]


def _found_target(scope: Scope, answer: Mapping[str, Any]) -> Any:
    return next((t for t in answer["Targets"] if t["Id"] == scope.given("targetId")), None)


PUT_TARGETS = Call("put_targets", {"Rule": "$inputs.rule", "EventBusName": "$inputs.eventBusName", "Targets": _target})
EVENT_TARGET = Row(
    type="aws:cloudwatch/eventTarget:EventTarget",
    service="events",
    create=PUT_TARGETS,
    id=lambda s: "-".join(
        [
            *([s.inputs["eventBusName"]] if s.inputs["eventBusName"] != "default" else []),
            s.inputs["rule"],
            s.given("targetId"),
        ]
    ),
    reads=(
        Read(
            Call("list_targets_by_rule", {"Rule": input_of("rule"), **ON_BUS}),
            "Targets[0]",
            TARGET,
            select=_found_target,
        ),
    ),
    updates=(Change(tuple(name for name in TARGET if "." not in name and name != "targetId"), (PUT_TARGETS,)),),
    delete=(Call("remove_targets", {"Rule": input_of("rule"), **ON_BUS, "Ids": [input_of("targetId")]}),),
    outputs={"rule": input_of("rule"), "eventBusName": input_of("eventBusName")},
    defaults={"eventBusName": "default", "forceDestroy": False},
    documents=("input",),
    natural=True,
    fixed=("forceDestroy",),
)

SCHEDULE_INPUTS = (
    "description",
    "startDate",
    "endDate",
    "flexibleTimeWindow",
    "kmsKeyArn",
    "scheduleExpression",
    "scheduleExpressionTimezone",
    "state",
    "target",
    "actionAfterCompletion",
)
OF_GROUP = {"Name": input_of("name"), "GroupName": input_of("groupName")}
SCHEDULE = Row(
    type="aws:scheduler/schedule:Schedule",
    service="scheduler",
    create=Call("create_schedule", takes=None),
    id=lambda scope: f"{scope.inputs['groupName']}/{scope.inputs['name']}",
    reads=(Read(Call("get_schedule", OF_GROUP)),),
    updates=(Change(SCHEDULE_INPUTS, (Call("update_schedule", takes=None),)),),
    delete=(Call("delete_schedule", OF_GROUP),),
    defaults={"groupName": "default", "scheduleExpressionTimezone": "UTC", "state": "ENABLED"},
    name=AutoName(),
    natural=True,
    parse=split("/", "groupName", "name"),
)

ROWS = (TOPIC, TOPIC_POLICY, SUBSCRIPTION, EVENT_RULE, EVENT_TARGET, SCHEDULE)
