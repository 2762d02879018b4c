"""SSM: public parameters of EKS and the Deep Learning AMIs, which moto lacks and nobody can write; sizes."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from herd.cloud import world
from herd.cloud.errors import AwsError
from herd.cloud.extensions import checks, handles
from herd.cloud.wire import Call


@dataclass(frozen=True)
class _Row:
    parameter: re.Pattern[str]
    stands_for: str


@cache
def _rows() -> tuple[_Row, ...]:
    text = Path(__file__).with_name("ssm_public.yaml").read_text(encoding="utf-8")
    return tuple(_Row(re.compile(row["parameter"]), row["stands_for"]) for row in YAML(typ="safe").load(text))


def stands_for(name: str) -> str | None:
    """The parameter of moto's own that answers for a public one; None if moto is asked for the name itself."""
    for row in _rows():
        if found := row.parameter.fullmatch(name):
            return row.stands_for.format(**found.groupdict())
    return None


@handles("ssm", "GetParameter")
def _get_parameter(call: Call) -> Mapping[str, Any]:
    name = call.params["Name"]
    if other := stands_for(name):
        call.replace_params(Name=other)
    answer = call.forward()
    return {**answer, "Parameter": _named(call, answer["Parameter"], name) if other else answer["Parameter"]}


@handles("ssm", "GetParameters")
def _get_parameters(call: Call) -> Mapping[str, Any]:
    names = call.params["Names"]
    others = {name: stands_for(name) or name for name in names}
    call.replace_params(Names=list(dict.fromkeys(others.values())))
    answer = call.forward()
    by_name = {parameter["Name"]: parameter for parameter in answer["Parameters"]}
    return {
        **answer,
        "Parameters": [
            _named(call, by_name[other], name) if other != name else by_name[other]
            for name, other in others.items()
            if other in by_name
        ],
        "InvalidParameters": [name for name, other in others.items() if other not in by_name],
    }


def _named(call: Call, parameter: Mapping[str, Any], name: str) -> dict[str, Any]:
    """A parameter under the name that was asked for; public ones belong to no account."""
    arn = f"arn:{world.partition(call.region)}:ssm:{call.region}::parameter{name}"
    return {**parameter, "Name": name, "ARN": arn, "DataType": "aws:ec2:image"}


_SIZE = {"Standard": 4096, "Advanced": 8192, "Intelligent-Tiering": 8192}


@checks("ssm", "PutParameter")
def _size(call: Call) -> None:
    tier = call.get("Tier", "Standard")
    if len(call.params["Value"].encode()) > _SIZE[tier]:
        raise AwsError(
            "ValidationException",
            f"{tier} tier parameters support a maximum parameter value of {_SIZE[tier]} characters.",
        )
