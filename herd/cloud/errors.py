"""Errors as AWS answers them, and the two answers that only a stand-in gives."""

from __future__ import annotations

# An operation nobody here simulates. Never an HTTP 500 (clients retry it) or a bare 404 (clients read it as absence).
NOT_MODELLED = "HerdNotModelled"
# The simulation itself broke; the message says where.
STAND_IN_FAILED = "HerdStandInFailed"


class AwsError(Exception):
    """One refusal, with the code and message AWS uses.

    Attributes:
        code: AWS error code, such as ``InvalidSubnet.Conflict``.
        message: What AWS would say.
        status: HTTP status; None takes the service model's own, else 400.
        members: Further members of the modelled error shape, such as FSx's ``ResourceARN``.
    """

    def __init__(self, code: str, message: str, status: int | None = None, **members: object) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.status = status
        for name, value in members.items():
            setattr(self, name, value)


def not_modelled(service: str, operation: str) -> AwsError:
    """The answer to an operation the stand-in has no behaviour for."""
    return AwsError(
        NOT_MODELLED,
        f"{service}.{operation} is not modelled by the stand-in cloud: neither moto nor herd.cloud.extensions has it. "
        "This says nothing about whether the resource exists.",
        501,
    )
