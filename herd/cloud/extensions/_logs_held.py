"""The key of a log group after it was made, which moto can't change."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from herd.cloud.errors import AwsError
from herd.cloud.extensions import handles
from herd.cloud.wire import Call


def _group(call: Call) -> Any:
    from moto.logs.models import logs_backends  # noqa: PLC0415

    group = logs_backends[call.account][call.region].groups.get(call.get("logGroupName"))
    if group is None:
        raise AwsError("ResourceNotFoundException", "The specified log group does not exist.")
    return group


@handles("logs", "AssociateKmsKey")
def _associate(call: Call) -> Mapping[str, Any]:
    _group(call).kms_key_id = call.params["kmsKeyId"]
    return {}


@handles("logs", "DisassociateKmsKey")
def _disassociate(call: Call) -> Mapping[str, Any]:
    _group(call).kms_key_id = None
    return {}
