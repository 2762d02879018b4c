"""What AWS's front ends refuse before a service looks at a call: constraints of the model, in each service's words."""

from __future__ import annotations

from herd.cloud.errors import AwsError
from herd.cloud.validate import Violation, violations
from herd.cloud.wire import Call

# The code a service uses for a broken constraint; the rest of the JSON services say ValidationException.
_CODES = {
    "ec2": "InvalidParameterValue",
    "iam": "ValidationError",
    "sts": "ValidationError",
    "autoscaling": "ValidationError",
    "cloudformation": "ValidationError",
    "elbv2": "ValidationError",
    "sns": "InvalidParameter",
    "s3": "InvalidArgument",
    "ecr": "InvalidParameterException",
    "logs": "InvalidParameterException",
    "eks": "InvalidParameterException",
    "codebuild": "InvalidInputException",
}
_MISSING = {"ec2": "MissingParameter", "s3": "MalformedXML", "codebuild": "InvalidInputException"}


def model_refusal(call: Call) -> AwsError | None:
    """The refusal of a call that breaks its model, or None."""
    found = [
        violation
        for violation in violations(call.model.input_shape, call.params, call.operation)
        if violation.constraint != "unknown"
    ]
    if not found:
        return None
    default = _CODES.get(call.service, "ValidationException")
    if call.service == "s3" and any(violation.path.count(".") > 1 for violation in found):
        return AwsError(
            "MalformedXML",
            "The XML you provided was not well-formed or did not validate against our published schema",
            400,
        )
    if all(violation.constraint == "required" for violation in found):
        default = _MISSING.get(call.service, default)
    count = "1 validation error" if len(found) == 1 else f"{len(found)} validation errors"
    return AwsError(default, f"{count} detected: " + "; ".join(map(_sentence, found)), 400)


def _sentence(violation: Violation) -> str:
    where = violation.path.split(".", 1)[-1]
    if violation.constraint == "required":
        return f"Value null at '{violation.value}' failed to satisfy constraint: Member must not be null"
    value = str(violation.value)[:200]
    return f"Value '{value}' at '{where}' failed to satisfy constraint: {violation.constraint}: {violation.detail}"
