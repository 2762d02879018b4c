"""An account as the checks read it: nothing but describe, get and list calls, each made once."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any, Final

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError, NoCredentialsError, PartialCredentialsError
from botocore.parsers import ResponseParserError

from components.base.problems import InvalidInputError

Client = Callable[[str], Any]
"""`client(service)`: a boto3 client in the stack's region."""

DENIED: Final = ("AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "AuthFailure")
# One slow service must not hold everything up, and a check that can't be made is said to be so.
_CONFIG: Final = Config(connect_timeout=5, read_timeout=20, retries={"mode": "standard", "total_max_attempts": 4})


class NotAnsweredError(Exception):
    """AWS didn't answer a question, so that what depends on it stays open. The message says why."""


class RefusedError(Exception):
    """AWS answered with an error that is itself the answer.

    Attributes:
        code: AWS's error code.
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


def clients(region: str) -> Client:
    """Clients with the environment's credentials."""
    session = boto3.Session()

    @cache
    def client(service: str) -> Any:
        return session.client(service, region_name=region, config=_CONFIG)  # type: ignore[call-overload]

    return client


def ask(client: Client, service: str, operation: str, **parameters: Any) -> Any:
    """One call.

    Raises:
        InvalidInputError: There are no credentials: no other call would do better.
        NotAnsweredError: The call isn't allowed, not known or fails.
        RefusedError: AWS refuses what was asked for.
    """
    return _called(f"{service}:{operation}", lambda: getattr(client(service), operation)(**parameters))


def ask_all(client: Client, service: str, operation: str, key: str, **parameters: Any) -> list[Any]:
    """Every page of a list; raises as `ask` does."""

    def pages() -> list[Any]:
        made = client(service)
        if not made.can_paginate(operation):
            return list(getattr(made, operation)(**parameters)[key])
        return [item for page in made.get_paginator(operation).paginate(**parameters) for item in page[key]]

    found: list[Any] = _called(f"{service}:{operation}", pages)
    return found


def _called(what: str, call: Callable[[], Any]) -> Any:
    try:
        return call()
    except (NoCredentialsError, PartialCredentialsError) as error:
        raise InvalidInputError.one(
            f"{error}", field="--aws", fix="sign in to AWS, or set the environment that `herd cloud` prints"
        ) from None
    except ClientError as error:
        code = error.response["Error"]["Code"]
        if code in DENIED:
            raise NotAnsweredError(f"these credentials may not call {what}") from None
        status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
        if not code or code.isdigit() or status >= 500:  # noqa: PLR2004 - a server's error, or a stand-in's missing route
            raise NotAnsweredError(f"{what} failed with {code or status}") from None
        raise RefusedError(code, error.response["Error"].get("Message", "")) from None
    except ResponseParserError:
        raise NotAnsweredError(f"{what} isn't answered here") from None
    except BotoCoreError as error:
        raise NotAnsweredError(f"{what}: {error}") from None
