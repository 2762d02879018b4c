"""STS: who is calling, by the access key that carries the account."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from herd.cloud import world
from herd.cloud.accounts import account_of
from herd.cloud.extensions import handles
from herd.cloud.wire import Call


@handles("sts", "GetCallerIdentity")
def _caller(call: Call) -> Mapping[str, Any]:
    if account_of(call.key) is None:
        return call.forward()
    return {
        "UserId": call.key,
        "Account": call.account,
        "Arn": f"arn:{world.partition(call.region)}:iam::{call.account}:user/herd",
    }
