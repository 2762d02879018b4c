"""One client for every AWS call: retries with backoff in bounded time, and errors sorted by what they mean."""

from __future__ import annotations

import json
import re
import secrets
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import boto3
from botocore import exceptions, parsers
from botocore.config import Config
from botocore.retries.standard import ThrottledRetryableChecker

from herd.cloud.errors import NOT_MODELLED, STAND_IN_FAILED
from herd.cloud.provider.errors import (
    AbsentError,
    CloudError,
    LostError,
    RefusedError,
    UnreachableError,
    UnsupportedError,
)

_CHECKER: Any = ThrottledRetryableChecker
THROTTLED = frozenset(_CHECKER._THROTTLED_ERROR_CODES) | {"RequestThrottledException"}  # noqa: SLF001
ABSENT = re.compile(
    r"NotFound|NoSuch|DoesNotExist|NonExistent|^Unknown(Monitor|Subscription)Exception$|PlacementGroup.Unknown$"
)
REAL_AWS = re.compile(r"(^|\.)(amazonaws\.com(\.cn)?|api\.aws)$")
SERVER_ERROR = 500
PATIENCE = "HERD_PROVIDER_PATIENCE"


@dataclass(frozen=True)
class Patience:
    """How long things are waited for, in seconds, and how often throttled calls are repeated."""

    throttle_attempts: int = 10
    throttle: float = 60.0
    eventual: float = 30.0
    dependency: float = 30.0
    connect: float = 5.0
    first_wait: float = 0.05
    longest_wait: float = 2.0


def patience_of(environment: Mapping[str, str]) -> Patience:
    """How long a provider waits: as long as it does by itself, or the seconds in HERD_PROVIDER_PATIENCE."""
    if not environment.get(PATIENCE):
        return Patience()
    seconds = float(environment[PATIENCE])
    return Patience(eventual=seconds, dependency=seconds, connect=min(seconds, 5.0))


class Backoff:
    """Waits that double, with jitter, until a deadline."""

    def __init__(self, patience: Patience, seconds: float, sleep: Callable[[float], None] = time.sleep) -> None:
        self._wait, self._longest, self._sleep = patience.first_wait, patience.longest_wait, sleep
        self._deadline = time.monotonic() + seconds

    def wait(self) -> bool:
        """Sleep once more; False when the time is used up."""
        left = self._deadline - time.monotonic()
        if left <= 0:
            return False
        jitter = 0.5 + secrets.randbelow(1000) / 2000
        self._sleep(min(self._wait * jitter, left))
        self._wait = min(self._wait * 2, self._longest)
        return True


@dataclass
class Cloud:
    """The AWS calls of one account, through an endpoint that must not be Amazon's own.

    Attributes:
        environment: AWS_ENDPOINT_URL, AWS_ACCESS_KEY_ID and so on.
        credentials: Keys that take the place of those in the environment (after an assumed role).
    """

    environment: Mapping[str, str]
    patience: Patience = field(default_factory=Patience)
    credentials: tuple[str, str, str | None] | None = None
    _clients: dict[tuple[str, str], Any] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _recent: dict[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.endpoint = self.environment.get("AWS_ENDPOINT_URL", "")
        if not self.endpoint:
            raise RefusedError("configure", "", "AWS_ENDPOINT_URL isn't set: this provider talks to a stand-in cloud")
        if REAL_AWS.search(urlsplit(self.endpoint).hostname or ""):
            raise RefusedError(
                "configure", "", f"AWS_ENDPOINT_URL is {self.endpoint}: a stand-in provider never calls AWS"
            )
        key, secret = (self.environment.get(k, "") for k in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"))
        if self.credentials is None:
            self.credentials = (key or "stand-in", secret or "stand-in", self.environment.get("AWS_SESSION_TOKEN"))
        self._session = boto3.Session(*self.credentials)

    def client(self, service: str, region: str) -> Any:
        """The boto3 client of a service in a region."""
        with self._lock:
            if (service, region) not in self._clients:
                style: Any = {"addressing_style": "path"} if service == "s3" else None
                config = Config(
                    retries={"max_attempts": 0}, s3=style, connect_timeout=5, read_timeout=60, max_pool_connections=32
                )
                self._clients[service, region] = self._session.client(  # type: ignore[call-overload]
                    service, region_name=region, endpoint_url=self.endpoint, config=config
                )
            return self._clients[service, region]

    def remember(self, id_: str) -> None:
        """Note that a thing was just made, so that calls naming it wait until AWS has heard of it everywhere."""
        with self._lock:
            self._recent[id_] = time.monotonic()

    def is_recent(self, params: Mapping[str, Any]) -> bool:
        """Whether the parameters name something made within the last two minutes."""
        with self._lock:
            young = [i for i, made in self._recent.items() if time.monotonic() - made < 120]  # noqa: PLR2004
        text = json.dumps(params, default=str)
        return any(i in text for i in young)

    def call(
        self,
        service: str,
        operation: str,
        params: Mapping[str, Any],
        *,
        region: str,
        waits_for: frozenset[str] = frozenset(),
        settles: bool = False,
        repeatable: bool = True,
    ) -> dict[str, Any]:
        """Make a call.

        Args:
            service: boto3's name of the service.
            operation: boto3's name of the operation.
            params: Its parameters.
            region: The region to call.
            waits_for: Error codes that go away by themselves, waited out for `Patience.dependency`.
            settles: Whether "not found" is waited out for things made a moment ago.
            repeatable: Whether the call may be sent again when nobody knows if it was carried out.

        Raises:
            CloudError: One of its subclasses, saying what the caller can do.
        """
        name = f"{service}.{operation}"
        recent = (lambda: self.is_recent(params)) if settles else (lambda: False)
        retries = _Retries(self.patience, waits_for, recent, repeatable)
        while True:
            try:
                method = getattr(self.client(service, region), operation)
                answer: dict[str, Any] = method(**params)
            except exceptions.ClientError as error:
                found = sort(service, name, error)
                if not retries.after(found):
                    raise found from None
            except (exceptions.BotoCoreError, parsers.ResponseParserError) as error:
                found = self._without_answer(name, error)
                if not retries.after(found):
                    raise found from None
            else:
                answer.pop("ResponseMetadata", None)
                return answer

    def _without_answer(self, name: str, error: Exception) -> CloudError:
        """Sort a failure that isn't AWS's answer: nobody there, no answer, one that can't be read, a bad request."""
        if isinstance(error, exceptions.EndpointConnectionError):
            text = f"nothing answers at {self.endpoint}; is the stand-in cloud (`herd cloud`) running?"
            return UnreachableError(name, "ConnectionRefused", text)
        if isinstance(error, exceptions.HTTPClientError | exceptions.ConnectionError):
            return LostError(name, "NoAnswer", f"the connection broke before an answer came: {error}")
        if isinstance(error, parsers.ResponseParserError):
            return unsupported(name)
        return RefusedError(name, "ParamValidation", str(error))


class _Retries:
    """Whether, and after what wait, one call is made again."""

    def __init__(
        self, patience: Patience, waits_for: frozenset[str], recent: Callable[[], bool], repeatable: bool
    ) -> None:
        self._waits_for, self._recent, self._repeatable = waits_for, recent, repeatable
        self._left = patience.throttle_attempts
        self._eventual = Backoff(patience, patience.eventual)
        self._dependency = Backoff(patience, patience.dependency)
        self._connect = Backoff(patience, patience.connect)
        self._throttle = Backoff(patience, patience.throttle)

    def after(self, error: CloudError) -> bool:
        """Wait as the error asks for; False when it is final."""
        self._left -= 1
        if isinstance(error, UnreachableError):
            return self._connect.wait()
        if isinstance(error, AbsentError) and self._recent():
            return self._eventual.wait()
        if error.code in self._waits_for:
            return self._dependency.wait()
        again = error.code in THROTTLED or (isinstance(error, LostError) and self._repeatable)
        return again and self._left > 0 and self._throttle.wait()


def unsupported(name: str) -> UnsupportedError:
    """The error for a call that the stand-in cloud can't answer."""
    return UnsupportedError(name, "Unsupported", "the stand-in cloud doesn't model this operation, or failed in it")


def sort(service: str, name: str, error: exceptions.ClientError) -> CloudError:
    """Sort an error answer: absent, throttled, lost, unsupported or refused."""
    code = str(error.response["Error"].get("Code", ""))
    message = str(error.response["Error"].get("Message", ""))
    status = error.response["ResponseMetadata"].get("HTTPStatusCode", 400)
    if code in {NOT_MODELLED, STAND_IN_FAILED}:
        return UnsupportedError(name, code, message)
    if code == "NotImplemented" or (code.isdigit() and service != "s3"):
        # moto by itself answers what it has no route for with a bare HTML page: botocore makes the status the code.
        return unsupported(name)
    # Auto Scaling says ValidationError of everything, absence too.
    gone = service == "autoscaling" and code == "ValidationError" and message.endswith("not found")
    if ABSENT.search(code) or gone or (service == "s3" and code == "404"):
        return AbsentError(name, code, message)
    if status >= SERVER_ERROR and code not in THROTTLED and not re.search("Capacity", code):
        return LostError(name, code, message)
    return RefusedError(name, code, message)
