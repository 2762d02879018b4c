"""Whether a condition leaves only some of everybody, for statements whose principal is `*`."""

from __future__ import annotations

import re
from ipaddress import ip_network
from typing import Final

from policies.rules._shared.access.iam import Condition

_WHERE: Final = ("aws:sourceip", "aws:vpcsourceip")
# Sources: IAM User Guide, "AWS global condition context keys"; S3, "The meaning of public".
_WHO: Final = frozenset(
    {
        "aws:principalaccount",
        "aws:principalarn",
        "aws:principalorgid",
        "aws:principalorgpaths",
        "aws:sourceaccount",
        "aws:sourcearn",
        "aws:sourceorgid",
        "aws:sourceorgpaths",
        "aws:sourceowner",
        "aws:sourcevpc",
        "aws:sourcevpce",
        "aws:userid",
        "aws:username",
        "kms:calleraccount",
        "s3:dataaccesspointaccount",
        "s3:dataaccesspointarn",
        *_WHERE,
    }
)
# Every request has these, so that `IfExists` changes nothing.
_ALWAYS: Final = ("aws:principalaccount", "aws:principalarn", "kms:calleraccount")
_HOW: Final = frozenset(
    {
        "aws:currenttime",
        "aws:epochtime",
        "aws:multifactorauthage",
        "aws:multifactorauthpresent",
        "aws:referer",
        "aws:requestedregion",
        "aws:securetransport",
        "aws:useragent",
        "s3:tlsversion",
    }
)
_EQUAL: Final = ("stringequals", "stringequalsignorecase", "stringlike", "arnequals", "arnlike")
_ANYTHING: Final = re.compile(r"[*?]*|(?:vpce?|o)-[*?]+(?:/.*)?|\*/.*")
_ACCOUNT: Final = 4
_WIDEST_PREFIX: Final = 8


def says_who(test: Condition) -> bool:
    """Whether only some of everybody pass the test: by account, organization, network or name."""
    if test.every or (test.if_exists and test.key not in _ALWAYS) or not test.values:
        return False
    operator = test.operator.lower()
    if test.key in _WHERE:
        return operator == "ipaddress" and all(map(_narrow, test.values))
    return test.key in _WHO and operator in _EQUAL and not any(map(_anything, test.values))


def says_nothing(test: Condition) -> bool:
    """Whether everybody can pass the test, as far as its key is known: encrypted, at some time, from anywhere."""
    return not says_who(test) and (test.key in _WHO or test.key in _HOW)


def _anything(value: str) -> bool:
    """`*`, any VPC, a role of that name in any account, any bucket."""
    if _ANYTHING.fullmatch(value):
        return True
    parts = value.split(":")
    if parts[0] != "arn" or "*" not in value:
        return False
    # What has no account in its ARN, such as a bucket, has a name of its own.
    account = parts[_ACCOUNT] if len(parts) > _ACCOUNT else "*"
    return not (account or "".join(parts[_ACCOUNT + 1 :])).strip("*?/")


def _narrow(block: str) -> bool:
    try:
        return ip_network(block, strict=False).prefixlen >= _WIDEST_PREFIX
    except ValueError:
        # A symbol: an address that the stack itself has.
        return True
