"""What can go wrong between the provider and the cloud, by what the caller must do about it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any


class CloudError(Exception):
    """A call that didn't work.

    Attributes:
        operation: `service.operation`.
        code: AWS's error code, or a word of our own where there was no answer.
    """

    def __init__(self, operation: str, code: str, message: str) -> None:
        self.operation, self.code, self.message = operation, code, message
        super().__init__(f"{operation}: {code}: {message}" if code else f"{operation}: {message}")


class AbsentError(CloudError):
    """The thing named in the call doesn't exist."""


class RefusedError(CloudError):
    """AWS said no: bad parameters, a conflict, no permission, no capacity."""


class UnsupportedError(CloudError):
    """The stand-in cloud doesn't model the operation, or broke while doing it."""


class LostError(CloudError):
    """The request went out and no usable answer came back: it may or may not have been carried out."""


class UnreachableError(CloudError):
    """Nothing listens at the endpoint."""


class PartialError(Exception):
    """The resource exists but isn't complete; state must keep what there is.

    Attributes:
        id: The id of what was made.
        properties: What is known of it.
        reasons: Why it isn't complete.
    """

    def __init__(self, id_: str, properties: Mapping[str, Any], reasons: Sequence[str]) -> None:
        self.id, self.properties, self.reasons = id_, dict(properties), list(reasons)
        super().__init__("; ".join(reasons))
