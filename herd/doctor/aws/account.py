"""An account as the checks read it: nothing but describe, get and list calls, each made once."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any, Final

from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError, HTTPClientError
from botocore.exceptions import ConnectionError as UnconnectedError
from botocore.parsers import ResponseParserError

from herd.sign_in import client_maker, signed_in

Client = Callable[[str], Any]
"""`client(service)`: a boto3 client in the stack's region."""

FIELD: Final = "--aws"
DENIED: Final = ("AccessDenied", "AccessDeniedException", "UnauthorizedOperation")
ABSENT: Final = ("NotFound", "NoSuch", "Malformed", "InvalidAMIID.Unavailable")
"""What is in the codes that answer a question: it isn't there. Anything else, a throttled call say, answers nothing."""
# One slow service must not hold everything up, and a check that can't be made is said to be so.
_CONFIG: Final = Config(connect_timeout=5, read_timeout=20, retries={"mode": "standard", "total_max_attempts": 4})


class NotAnsweredError(Exception):
    """AWS didn't answer a question, so that what depends on it stays open. The message says why."""


class NotAllowedError(NotAnsweredError):
    """The credentials may not ask."""


class NotReachedError(NotAnsweredError):
    """Nobody is there to ask."""


class RefusedError(Exception):
    """AWS answered with an error that is itself the answer: what was asked about isn't there.

    Attributes:
        code: AWS's error code.
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


def clients(region: str) -> Client:
    """Clients with the environment's credentials.

    Raises:
        InvalidInputError: The environment names a profile or file that is no such thing.
    """
    make = client_maker(FIELD, _CONFIG)
    return cache(lambda service: make(service, region))


def ask(client: Client, service: str, operation: str, **parameters: Any) -> Any:
    """One call.

    Raises:
        InvalidInputError: There are no credentials, or AWS doesn't take them: no other call would do better.
        NotAnsweredError: The call isn't allowed, not known or fails.
        RefusedError: What was asked about isn't there.
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
        with signed_in(FIELD):
            return call()
    except ClientError as error:
        code, said = error.response["Error"].get("Code", ""), error.response["Error"].get("Message", "")
        if code in DENIED:
            raise NotAllowedError(f"these credentials may not call {what}") from None
        if any(word in code for word in ABSENT):
            raise RefusedError(code, said) from None
        # No code but a number: a server's error, or a stand-in's missing route.
        status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
        text = f"{code}: {said}" if code and not code.isdigit() else code or str(status)
        raise NotAnsweredError(f"{what} failed with {text}") from None
    except ResponseParserError:
        raise NotAnsweredError(f"{what} isn't answered here") from None
    except (UnconnectedError, HTTPClientError) as error:
        raise NotReachedError(f"{what}: {error}") from None
    except BotoCoreError as error:
        raise NotAnsweredError(f"{what}: {error}") from None
