"""CloudWatch Logs: retention that can't be, keys that CloudWatch Logs may not use."""

from __future__ import annotations

from typing import Any

from herd.cloud import policies
from herd.cloud.errors import AwsError
from herd.cloud.extensions import _logs_held, checks
from herd.cloud.wire import Call

__all__ = ["_logs_held"]

# Source: botocore's logs model, documentation of RetentionInDays.
_RETENTION = frozenset(
    {1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653}
)


@checks("logs", "PutRetentionPolicy")
def _retention(call: Call) -> None:
    days = call.params["retentionInDays"]
    if days not in _RETENTION:
        raise AwsError(
            "InvalidParameterException",
            f"1 validation error detected: Value '{days}' at 'retentionInDays' failed to satisfy constraint: Member "
            f"must satisfy enum value set: {sorted(_RETENTION)}",
        )


@checks("logs", "CreateLogGroup", "AssociateKmsKey")
def _key(call: Call) -> None:
    wanted = call.get("kmsKeyId")
    if not wanted:
        return
    if not wanted.startswith("arn:"):
        raise AwsError("InvalidParameterException", f"KmsKeyId {wanted} is not the ARN of a key.")
    key = _known_key(wanted)
    if key is None or key.key_state != "Enabled" or not _allowed(key.policy, call.region):
        raise AwsError(
            "AccessDeniedException",
            "The specified KMS key does not exist or is not allowed to be used with Arn "
            f"'arn:aws:logs:{call.region}:{call.account}:log-group:{call.get('logGroupName')}'",
        )


def _known_key(arn: str) -> Any | None:
    from moto.kms.models import kms_backends  # noqa: PLC0415

    region, account, resource = arn.split(":", 5)[3:]
    backend = kms_backends[account][region]
    return backend.keys.get(resource.removeprefix("key/"))


def _allowed(policy: str, region: str) -> bool:
    services = {f"logs.{region}.amazonaws.com", "logs.amazonaws.com", "*"}
    return any(
        statement["Effect"] == "Allow" and any(value in services for _, value in policies.principals(statement))
        for statement in policies.statements(policy)
    )
