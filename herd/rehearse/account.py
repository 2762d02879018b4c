"""What an account has before any program runs: reservations that were bought, roles that people assume."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, Final, Protocol

from botocore.exceptions import ClientError

from herd.cloud import seed

ROLE: Final = "aws:iam/role:Role"
RESERVATION: Final = "aws:ec2/capacityReservation:CapacityReservation"


class Cloud(Protocol):
    """A stand-in cloud that runs."""

    @property
    def endpoint(self) -> str:
        """Its address."""

    def client(self, service: str, account: str, region: str) -> Any:
        """A boto3 client."""


def prepare(cloud: Cloud, account: str, region: str, settings: Mapping[str, Any]) -> frozenset[tuple[str, str]]:
    """Give a stand-in account what a stack file says is there already.

    Args:
        cloud: The stand-in.
        account: The stack's account.
        region: The stack's region.
        settings: The stack's settings by key, without the project's name.

    Returns:
        Type and id of what was put there, which no destroy takes away.
    """
    held = list(_reservations(settings.get("reservations") or {}))
    if held:
        seed.reservations(cloud.endpoint, account, region, held)
    iam = cloud.client("iam", account, region)
    roles = dict(_roles(settings.get("cluster") or {}, account))
    for name, path in roles.items():
        try:
            iam.create_role(RoleName=name, Path=path, AssumeRolePolicyDocument=_trust(account))
        except iam.exceptions.EntityAlreadyExistsException:
            continue
        except ClientError as error:
            raise RuntimeError(f"the stand-in won't make the role {name}: {error}") from error
    ids = (str(each["id"]) for each in held if each.get("id"))
    return frozenset([*((ROLE, name) for name in roles), *((RESERVATION, id_) for id_ in ids)])


def _reservations(declared: Mapping[str, Mapping[str, Any]]) -> Iterator[dict[str, Any]]:
    """The stack file's reservations in the seed's terms."""
    spelled = {"instanceType": "instance_type", "placementGroup": "placement_group"}
    for facts in declared.values():
        yield {spelled.get(key, key): value for key, value in facts.items()}


def _roles(cluster: Mapping[str, Any], account: str) -> Iterator[tuple[str, str]]:
    """Name and path of the roles of this account that the cluster lets in: EKS asks IAM whether they are there."""
    for entry in (cluster.get("access") or {}).values():
        owner, _, resource = str(entry["principal"]).partition(":role/")
        if owner.endswith(f"::{account}"):
            path, _, name = f"/{resource}".rpartition("/")
            yield name, f"{path}/"


def _trust(account: str) -> str:
    statement = {"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{account}:root"}, "Action": "sts:AssumeRole"}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})
