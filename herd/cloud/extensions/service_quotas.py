"""Service Quotas of EC2's vCPUs: AWS's defaults, and what was granted; moto has those of VPCs alone.

Defaults: EC2 User Guide, "Amazon EC2 service quotas" (5 vCPUs of standard types, none of the others).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

from components.base.problems import InvalidInputError, Problem
from components.hardware.catalogue import all_types
from herd.cloud import world
from herd.cloud.errors import AwsError
from herd.cloud.extensions import handles
from herd.cloud.state import store
from herd.cloud.wire import Call

_DEFAULTS = {"L-1216C47A": 5.0, "L-34B43A08": 5.0}


@cache
def _names() -> Mapping[str, str]:
    """Code to name of every quota on vCPUs."""
    classes = {machine.quota_class for machine in all_types()}
    names = {each.on_demand_code: f"Running On-Demand {each.name} instances" for each in classes}
    names |= {each.spot_code: f"All {each.name} Spot Instance Requests" for each in classes}
    return {code: name for code, name in sorted(names.items(), key=str) if code}


def plant(account: str, region: str, items: Mapping[str, float]) -> None:
    """Grant quotas: code to vCPUs.

    Raises:
        InvalidInputError: A code that no quota has, or a negative value; then none was granted.
    """
    problems = [
        Problem("", 0, f"quotas.{code}", f"is no quota on vCPUs: one of {', '.join(_names())}")
        for code in items
        if code not in _names()
    ]
    problems += [
        Problem("", 0, f"quotas.{code}", f"must be 0 or more, not {value!r}")
        for code, value in items.items()
        if not isinstance(value, int | float) or value < 0
    ]
    if problems:
        raise InvalidInputError(problems)
    _granted(account, region).update({code: float(value) for code, value in items.items()})


def granted(account: str, region: str, code: str | None) -> float | None:
    """What was granted of a quota; None if nobody did, and it isn't enforced."""
    return _granted(account, region).get(code or "")


def _granted(account: str, region: str) -> dict[str, float]:
    return store("service-quotas.granted", account, region)


def _quota(call: Call, code: str, value: float) -> dict[str, Any]:
    return {
        "ServiceCode": "ec2",
        "ServiceName": "Amazon Elastic Compute Cloud (Amazon EC2)",
        "QuotaArn": f"arn:{world.partition(call.region)}:servicequotas:{call.region}:{call.account}:ec2/{code}",
        "QuotaCode": code,
        "QuotaName": _names()[code],
        "Value": value,
        "Unit": "None",
        "Adjustable": True,
        "GlobalQuota": False,
    }


def _known(call: Call) -> str:
    code: str = call.params["QuotaCode"]
    if code not in _names():
        raise AwsError("NoSuchResourceException", "The request failed because the specified quota does not exist.")
    return code


def _default(code: str) -> float:
    return _DEFAULTS.get(code, 0.0)


@handles("service-quotas", "GetServiceQuota")
def _get(call: Call) -> Mapping[str, Any]:
    if call.params["ServiceCode"] != "ec2":
        return call.forward()
    code = _known(call)
    return {"Quota": _quota(call, code, _granted(call.account, call.region).get(code, _default(code)))}


@handles("service-quotas", "GetAWSDefaultServiceQuota")
def _get_default(call: Call) -> Mapping[str, Any]:
    if call.params["ServiceCode"] != "ec2":
        return call.forward()
    code = _known(call)
    return {"Quota": _quota(call, code, _default(code))}


@handles("service-quotas", "ListServiceQuotas", "ListAWSDefaultServiceQuotas")
def _list(call: Call) -> Mapping[str, Any]:
    if call.params["ServiceCode"] != "ec2":
        return call.forward()
    shown, token = world.page(list(_all(call)), call.get("NextToken"), call.get("MaxResults") or 100)
    return {"Quotas": shown, "NextToken": token}


def _all(call: Call) -> Iterator[dict[str, Any]]:
    held = _granted(call.account, call.region) if call.operation == "ListServiceQuotas" else {}
    for code in _names():
        yield _quota(call, code, held.get(code, _default(code)))
