"""IAM's policy language, as far as services look at it before they store a policy."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from typing import Any

from herd.cloud import world
from herd.cloud.wire import Call

_ACCOUNT = re.compile(r"\d{12}")
_ROOT = re.compile(r"arn:aws[\w-]*:iam::(\d{12}):root")
_ENTITY = re.compile(r"arn:aws[\w-]*:(iam|sts)::(\d{12}):(user|role|assumed-role|federated-user)/.+")
_SERVICE = re.compile(r"[a-z0-9-]+(\.[a-z0-9-]+)*\.(amazonaws\.com(\.cn)?|amazon\.com|internal|aws\.internal)")
_SERVICE_LINKED = ":role/aws-service-role/"
# A condition on one of these keeps `Principal: "*"` from meaning everybody.
# Source: Amazon S3 User Guide, "The meaning of 'public'".
_NARROWING = frozenset(
    key.lower()
    for key in (
        "aws:SourceArn",
        "aws:SourceVpc",
        "aws:SourceVpce",
        "aws:SourceOwner",
        "aws:SourceAccount",
        "aws:userid",
        "aws:PrincipalOrgID",
        "aws:PrincipalOrgPaths",
        "aws:PrincipalArn",
        "aws:PrincipalAccount",
        "s3:x-amz-server-side-encryption-aws-kms-key-id",
        "s3:DataAccessPointArn",
        "s3:DataAccessPointAccount",
        "aws:SourceIp",
    )
)


class PolicyError(ValueError):
    """A policy a service would not store; the message is what is wrong with it."""


def statements(text: str) -> list[dict[str, Any]]:
    """The statements of a policy document.

    Raises:
        PolicyError: Not JSON, not an object, no statements, or one without an effect or an action.
    """
    try:
        document = json.loads(text)
    except ValueError as error:
        raise PolicyError(f"This policy contains invalid Json: {error}") from error
    found = document.get("Statement") if isinstance(document, dict) else None
    if isinstance(found, dict):
        found = [found]
    if not isinstance(found, list) or not found or not all(isinstance(each, dict) for each in found):
        raise PolicyError("Syntax errors in policy: Statement is missing or not a list of statements.")
    if document.get("Version", "2008-10-17") not in {"2008-10-17", "2012-10-17"}:
        raise PolicyError(f"Syntax errors in policy: unknown Version {document['Version']!r}.")
    for statement in found:
        if statement.get("Effect") not in {"Allow", "Deny"}:
            raise PolicyError("Syntax errors in policy: Effect must be Allow or Deny.")
        if not ("Action" in statement or "NotAction" in statement):
            raise PolicyError("Syntax errors in policy: Missing required field Action.")
    return found


def check_resource(statement: dict[str, Any]) -> None:
    """Refuse a statement that names no resource.

    Raises:
        PolicyError: It doesn't.
    """
    if not strings(statement.get("Resource", statement.get("NotResource"))):
        raise PolicyError("Syntax errors in policy: Missing required field Resource.")


def strings(value: Any) -> list[str]:
    """A value that may be one string or a list of them, as a list."""
    return [value] if isinstance(value, str) else list(value or [])


def principals(statement: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Kind (``AWS``, ``Service``, ``Federated``, ``*``) and value of each principal of a statement."""
    given = statement.get("Principal", statement.get("NotPrincipal"))
    if isinstance(given, str):
        yield "*", given
    elif isinstance(given, dict):
        for kind, values in given.items():
            for value in strings(values):
                yield kind, value


def check_principals(call: Call, statement: dict[str, Any]) -> None:
    """Refuse a principal that can't be, or is not, there.

    Raises:
        PolicyError: Names the principal.
    """
    listed = list(principals(statement))
    if not listed:
        raise PolicyError("Missing required field Principal")
    for kind, value in listed:
        if not _KINDS.get(kind, _never)(call, value):
            raise PolicyError(f'Invalid principal in policy: "{kind.upper() if kind == "Service" else kind}":"{value}"')


def _never(_call: Call, _value: str) -> bool:
    return False


def _aws(call: Call, value: str) -> bool:
    if value == "*" or _ACCOUNT.fullmatch(value) or _ROOT.fullmatch(value):
        return True
    if not _ENTITY.fullmatch(value):
        return False
    # AWS makes service-linked roles itself, when a service is first used.
    return _SERVICE_LINKED in value or ":sts:" in value or world.principal_exists(call, value)


def _service(_call: Call, value: str) -> bool:
    return bool(_SERVICE.fullmatch(value))


def _anybody(_call: Call, value: str) -> bool:
    return value == "*"


def _any(_call: Call, value: str) -> bool:
    return bool(value)


_KINDS: dict[str, Callable[[Call, str], bool]] = {
    "AWS": _aws,
    "Service": _service,
    "*": _anybody,
    "Federated": _any,
    "CanonicalUser": _any,
}


def principal_is_valid(call: Call, arn: str) -> bool:
    """Whether an ARN names an identity: an account root, a user, a role."""
    return _service(call, arn) or (arn != "*" and not _ACCOUNT.fullmatch(arn) and _aws(call, arn))


def is_public(statement: dict[str, Any]) -> bool:
    """Whether a statement lets everybody in, by S3's meaning of public."""
    if statement.get("Effect") != "Allow" or "Principal" not in statement:
        return False
    if not any(value == "*" for kind, value in principals(statement) if kind in {"AWS", "*"}):
        return False
    conditions = statement.get("Condition") or {}
    return not any(
        key.lower() in _NARROWING and "*" not in strings(values) and "0.0.0.0/0" not in strings(values)
        for operator, keys in conditions.items()
        if not operator.lower().startswith("stringnot") and not operator.lower().endswith("ifexists")
        for key, values in keys.items()
    )
