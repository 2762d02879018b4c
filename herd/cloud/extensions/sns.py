"""SNS: addresses and policies, which moto stores unread or fails on."""

from __future__ import annotations

import re

from herd.cloud import policies
from herd.cloud.errors import AwsError
from herd.cloud.extensions import checks
from herd.cloud.wire import Call

_ENDPOINTS = {
    "email": (re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+"), "Email address"),
    "email-json": (re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+"), "Email address"),
    "sqs": (re.compile(r"arn:aws[\w-]*:sqs:[\w-]+:\d{12}:.+"), "SQS endpoint ARN"),
    "lambda": (re.compile(r"arn:aws[\w-]*:lambda:[\w-]+:\d{12}:function:.+"), "Lambda endpoint ARN"),
    "https": (re.compile(r"https://\S+"), "Endpoint must match the specified protocol"),
    "http": (re.compile(r"http://\S+"), "Endpoint must match the specified protocol"),
}


@checks("sns", "Subscribe")
def _subscribe(call: Call) -> None:
    pattern, name = _ENDPOINTS.get(call.params["Protocol"], (None, ""))
    if pattern and not pattern.fullmatch(call.get("Endpoint", "")):
        raise AwsError("InvalidParameter", f"Invalid parameter: {name}", 400)


@checks("sns", "SetTopicAttributes", "CreateTopic")
def _policy(call: Call) -> None:
    text = (
        (call.get("Attributes") or {}).get("Policy")
        if call.operation == "CreateTopic"
        else call.get("AttributeValue")
        if call.get("AttributeName") == "Policy"
        else None
    )
    if not text:
        return
    try:
        for statement in policies.statements(text):
            policies.check_principals(call, statement)
    except policies.PolicyError as error:
        raise AwsError("InvalidParameter", f"Invalid parameter: Policy Error: {error}", 400) from error
