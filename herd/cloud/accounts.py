"""Which account and region a request speaks for: the access key carries the account."""

from __future__ import annotations

import re
from functools import cache

DEFAULT_ACCOUNT = "123456789012"
_KEY = re.compile(r"^HERD(\d{12})0000$")
_SCOPE = re.compile(r"Credential=([^/,\s]+)/\d+/([^/]+)/([^/]+)/aws4_request")


def access_key(account: str) -> str:
    """The access key that speaks for an account: 20 characters, as AWS's own.

    Raises:
        ValueError: The account is not a 12-digit number.
    """
    if not re.fullmatch(r"\d{12}", account):
        raise ValueError(f"an AWS account id has 12 digits, not {account!r}")
    return f"HERD{account}0000"


def account_of(key: str) -> str | None:
    """The account an access key names, or None if it is not one of ours."""
    match = _KEY.match(key)
    return match[1] if match else None


def credential_scope(authorization: str) -> tuple[str, str, str] | None:
    """Access key, region and signing name from an Authorization header, or None if it is not a SigV4 one."""
    match = _SCOPE.search(authorization)
    return (match[1], match[2], match[3]) if match else None


@cache
def known_regions() -> frozenset[str]:
    """Every region botocore knows, in every partition."""
    import botocore.session  # noqa: PLC0415

    session = botocore.session.get_session()
    partitions = session.get_available_partitions()
    return frozenset(
        region for partition in partitions for region in session.get_available_regions("ec2", partition_name=partition)
    )
