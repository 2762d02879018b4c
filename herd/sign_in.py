"""AWS credentials and endpoints as the environment has them: what is wrong with them is said once, with the fix."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Final

import boto3
from botocore import exceptions as botocore
from botocore.config import Config

from components.base.problems import InvalidInputError

FIX: Final = "sign in to AWS, or set the environment that `herd cloud` prints"

_UNUSABLE: Final = (
    botocore.NoCredentialsError,
    botocore.PartialCredentialsError,
    botocore.CredentialRetrievalError,
    botocore.TokenRetrievalError,
    botocore.SSOError,
    botocore.ProfileNotFound,
    botocore.ConfigNotFound,
    botocore.ConfigParseError,
    botocore.InvalidConfigError,
    botocore.InvalidRegionError,
)
EXPIRED: Final = frozenset(
    {
        *("ExpiredToken", "ExpiredTokenException", "RequestExpired", "TokenRefreshRequired"),
        *("InvalidClientTokenId", "UnrecognizedClientException", "InvalidAccessKeyId", "AuthFailure"),
        *("SignatureDoesNotMatch", "InvalidSignatureException", "IncompleteSignature", "InvalidToken"),
        *("MissingAuthenticationToken", "MissingAuthenticationTokenException", "NotAuthorized"),
    }
)
"""Codes by which AWS refuses credentials as such, whatever is asked for.
Source: IAM and EC2 User Guides, "Common errors" and "Error codes for the Amazon EC2 API"."""


@contextmanager
def signed_in(field: str = "") -> Iterator[None]:
    """Calls to AWS.

    Args:
        field: What of the command line asked for them.

    Raises:
        InvalidInputError: There are no credentials, or AWS doesn't take them: no other call would do better.
    """
    try:
        yield
    except _UNUSABLE as error:
        raise InvalidInputError.one(" ".join(str(error).split()), field=field, fix=FIX) from None
    except botocore.ClientError as error:
        code = error.response["Error"].get("Code", "")
        if code not in EXPIRED:
            raise
        said = error.response["Error"].get("Message", "")
        raise InvalidInputError.one(
            f"AWS doesn't take these credentials: {code}: {said}", field=field, fix=FIX
        ) from None


def client_maker(field: str = "", config: Config | None = None) -> Callable[[str, str], Any]:
    """`make(service, region)`: a boto3 client with the environment's credentials.

    Raises:
        InvalidInputError: The environment names a profile, a file or an endpoint that is no such thing.
    """
    with signed_in(field):
        session = boto3.Session()

    def make(service: str, region: str) -> Any:
        with signed_in(field):
            try:
                return session.client(service, region_name=region, config=config)  # type: ignore[call-overload]
            except ValueError as error:
                fix = "such as http://127.0.0.1:5000"
                raise InvalidInputError.one(str(error), field="AWS_ENDPOINT_URL", fix=fix) from None

    return make
