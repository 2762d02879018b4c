"""Faults on purpose: throttling, 5xx, lost answers, stale reads, capacity errors, slowness."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, fields
from fnmatch import fnmatchcase
from typing import Any

from components.base.problems import InvalidInputError, Problem
from herd.cloud.errors import AwsError
from herd.cloud.staleness import Staleness
from herd.cloud.wire import Answer, Call

KINDS = ("throttle", "unavailable", "error", "lost", "stale", "delay", "shortage")

# What each service or protocol says when it is asked too often, and when it is down: (code, HTTP status).
_THROTTLE = {"ec2": ("RequestLimitExceeded", 503), "s3": ("SlowDown", 503)}
_THROTTLE_BY_PROTOCOL = {"query": ("Throttling", 400), "rest-json": ("ThrottlingException", 429)}
_DOWN = {"ec2": ("Unavailable", 503), "s3": ("ServiceUnavailable", 503)}
_DOWN_BY_PROTOCOL = {"query": ("ServiceUnavailable", 503)}


class Dropped(ConnectionError):  # noqa: N818 - an event on the wire, not a mistake
    """The connection ends without an answer."""


@dataclass
class Fault:
    """One thing that goes wrong.

    Attributes:
        kind: `throttle` and `unavailable` (the service's own codes, before the call runs), `error` (`code`, before it
            runs), `lost` (the call runs, the connection closes without an answer), `stale` (what a call creates is
            not found by reads for `seconds`), `delay` (the call waits `seconds` first), `shortage` (there is no
            capacity for machines of `instance_type` in `zone`, whoever asks: instances, node groups, groups that scale;
            what runs goes on running).
        service: botocore's service name, or a glob.
        action: Operation, or a glob.
        every: Strike on every k-th matching call: 1 is each, 3 is the third, sixth ...
        times: How often at most; None is without end.
        code: Error code of kind `error`, such as ``InsufficientInstanceCapacity``.
        status: HTTP status of kind `error`; None takes the model's.
        message: Message of kind `error`.
        seconds: Duration of `stale` and `delay`.
        instance_type: Type of machine of kind `shortage`, or a glob.
        zone: Availability zone (its name) of kind `shortage`, or a glob.
    """

    kind: str
    service: str = "*"
    action: str = "*"
    every: int = 1
    times: int | None = None
    code: str = ""
    status: int | None = None
    message: str = "injected by the stand-in cloud"
    seconds: float = 0.0
    instance_type: str = "*"
    zone: str = "*"
    seen: int = field(default=0, compare=False)
    struck: int = field(default=0, compare=False)

    def __post_init__(self) -> None:
        problems = []
        if self.kind not in KINDS:
            problems.append(Problem("", 0, "fault.kind", f"{self.kind!r} is not one of {', '.join(KINDS)}"))
        if self.kind == "error" and not self.code:
            problems.append(Problem("", 0, "fault.code", "an `error` fault needs the AWS error code to answer"))
        if self.every < 1:
            problems.append(Problem("", 0, "fault.every", f"must be at least 1, not {self.every}"))
        if problems:
            raise InvalidInputError(problems)

    @classmethod
    def parse(cls, value: Mapping[str, Any]) -> Fault:
        """A fault from JSON.

        Raises:
            InvalidInputError: An unknown field or kind.
        """
        if not isinstance(value, Mapping):
            raise InvalidInputError.one(f"expected an object, not {value!r}", field="fault")
        known = {each.name for each in fields(cls)} - {"seen", "struck"}
        unknown = sorted(set(value) - known)
        if unknown or "kind" not in value:
            raise InvalidInputError.one(
                f"unknown fields {unknown}" if unknown else "kind is missing",
                field="fault",
                fix=f"known fields: {', '.join(sorted(known))}",
            )
        return cls(**value)

    def wire(self) -> dict[str, Any]:
        """The fault as JSON, with how often it matched and struck."""
        return asdict(self)

    def strikes(self, call: Call) -> bool:
        """Count a call, and say whether it is hit."""
        if self.kind == "shortage":
            return False
        return (
            fnmatchcase(call.service, self.service) and fnmatchcase(call.operation, self.action) and self._is_its_turn()
        )

    def empties(self, instance_type: str, zone: str) -> bool:
        """Count a launch, and say whether there is no capacity for it."""
        if self.kind != "shortage":
            return False
        return fnmatchcase(instance_type, self.instance_type) and fnmatchcase(zone, self.zone) and self._is_its_turn()

    def _is_its_turn(self) -> bool:
        self.seen += 1
        if self.seen % self.every or (self.times is not None and self.struck >= self.times):
            return False
        self.struck += 1
        return True

    def refusal(self, call: Call) -> AwsError:
        """The error a call gets."""
        if self.kind == "throttle":
            code, status = _THROTTLE.get(call.service) or _THROTTLE_BY_PROTOCOL.get(
                call.protocol, ("ThrottlingException", 400)
            )
            return AwsError(code, "Rate exceeded", status)
        if self.kind == "unavailable":
            code, status = _DOWN.get(call.service) or _DOWN_BY_PROTOCOL.get(
                call.protocol, ("ServiceUnavailableException", 503)
            )
            return AwsError(code, "The service is temporarily unavailable.", status)
        return AwsError(self.code, self.message, self.status)


class Faults:
    """The faults in force. Safe to use from many threads."""

    def __init__(self, *faults: Fault) -> None:
        self._faults = list(faults)
        self._staleness = Staleness()
        self._lock = threading.Lock()

    def add(self, *faults: Fault) -> None:
        """Put faults in force, after those already there."""
        with self._lock:
            self._faults.extend(faults)

    def clear(self) -> None:
        """Nothing goes wrong any more."""
        with self._lock:
            self._faults.clear()
            self._staleness = Staleness()

    def wire(self) -> list[dict[str, Any]]:
        """The faults as JSON."""
        with self._lock:
            return [fault.wire() for fault in self._faults]

    def shortage(self, instance_type: str, zone: str) -> AwsError | None:
        """Why a machine can't be had for lack of capacity; None if it can."""
        with self._lock:
            struck = [fault for fault in self._faults if fault.empties(instance_type, zone)]
        if not struck:
            return None
        return AwsError(
            "InsufficientInstanceCapacity",
            f"We currently do not have sufficient {instance_type} capacity in the Availability Zone you requested "
            f"({zone}). Our system will be working on provisioning additional capacity.",
            500,
        )

    def around(self, call: Call, answer: Callable[[], Answer]) -> Answer:
        """Answer a call, or let it go wrong.

        Raises:
            AwsError: An injected error.
            Dropped: The call ran, its answer is lost.
        """
        with self._lock:
            struck = [fault for fault in self._faults if fault.strikes(call)]
        kinds = {fault.kind for fault in struck}
        for fault in struck:
            if fault.kind == "delay":
                time.sleep(fault.seconds)
            elif fault.kind in {"throttle", "unavailable", "error"}:
                raise fault.refusal(call)
        result = self._staleness.read(call, answer)
        for fault in struck:
            if fault.kind == "stale":
                self._staleness.created(call, result, fault.seconds)
        if "lost" in kinds:
            raise Dropped(f"answer to {call.service}.{call.operation} lost on purpose")
        return result
