"""Secrets Manager: a name that is still in its recovery window."""

from __future__ import annotations

from herd.cloud.errors import AwsError
from herd.cloud.extensions import checks
from herd.cloud.wire import Call


@checks("secretsmanager", "CreateSecret")
def _create(call: Call) -> None:
    from moto.secretsmanager.models import secretsmanager_backends  # noqa: PLC0415

    name = call.params["Name"]
    for secret in dict.values(secretsmanager_backends[call.account][call.region].secrets):
        if secret.name == name and secret.deleted_date is not None:
            raise AwsError(
                "InvalidRequestException",
                "You can't create this secret because a secret with this name is already scheduled for deletion.",
            )
