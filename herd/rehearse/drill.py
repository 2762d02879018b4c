"""The drill: break two things behind Pulumi's back and name what must be noticed and healed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol


class Clients(Protocol):
    """What the drill needs of a cloud session: `boto3.Session` has it."""

    def client(self, service_name: str) -> Any:
        """A client of a service."""


@dataclass(frozen=True)
class Damage:
    """Something removed behind Pulumi's back.

    Attributes:
        urn: The resource that a refresh must name.
        what: The deed in words.
    """

    urn: str
    what: str


def _nat_route(session: Clients, outputs: Mapping[str, Any]) -> str:
    session.client("ec2").delete_route(
        RouteTableId=outputs["routeTableId"], DestinationCidrBlock=outputs["destinationCidrBlock"]
    )
    return f"removed the default route of {outputs['routeTableId']} to its NAT gateway"


def _bucket_policy(session: Clients, outputs: Mapping[str, Any]) -> str:
    session.client("s3").delete_bucket_policy(Bucket=outputs["bucket"])
    return f"removed the policy of bucket {outputs['bucket']}"


def _is_nat_route(resource: Mapping[str, Any]) -> bool:
    return resource["type"] == "aws:ec2/route:Route" and bool(resource.get("outputs", {}).get("natGatewayId"))


def _is_bucket_policy(resource: Mapping[str, Any]) -> bool:
    return bool(resource["type"] == "aws:s3/bucketPolicy:BucketPolicy")


# What to break: how to find one in the state, and the deed.
DEEDS: tuple[tuple[str, Callable[[Mapping[str, Any]], bool], Callable[[Clients, Mapping[str, Any]], str]], ...] = (
    ("a NAT route", _is_nat_route, _nat_route),
    ("a bucket policy", _is_bucket_policy, _bucket_policy),
)


def damage(session: Clients, deployment: Mapping[str, Any]) -> tuple[list[Damage], list[str]]:
    """Break one resource of each kind.

    Returns:
        What was broken, and the kinds of which the stack has none.
    """
    done, missing = [], []
    for kind, matches, deed in DEEDS:
        # Sorted, so that a rehearsal of the same tree always breaks the same resource.
        found = sorted((r for r in deployment.get("resources", []) if matches(r)), key=lambda r: str(r["urn"]))
        if found:
            done.append(Damage(found[0]["urn"], deed(session, found[0]["outputs"])))
        else:
            missing.append(kind)
    return done, missing


def unprotect(session: Clients, deployment: Mapping[str, Any]) -> list[str]:
    """Take AWS's own protection off, as an admin does who gives a stack up; what was done, a line each."""
    done = []
    for resource in deployment.get("resources", []):
        name = (resource.get("outputs") or {}).get("name")
        if resource["type"] == "aws:eks/cluster:Cluster" and name and _kept(eks := session.client("eks"), name):
            eks.update_cluster_config(name=name, deletionProtection=False)
            done.append(f"deletion protection of cluster {name} taken off")
    return done


def _kept(eks: Any, name: str) -> bool:
    """Whether a cluster is there and protected: EKS refuses to take off what is off, as the state may not know."""
    try:
        return bool(eks.describe_cluster(name=name)["cluster"].get("deletionProtection"))
    except eks.exceptions.ResourceNotFoundException:
        return False
