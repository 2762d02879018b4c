"""What a person asks of the cluster. Versions are no part of it: they come from the release."""

from __future__ import annotations

from ipaddress import IPv4Network
from typing import Annotated, Final, Literal, Self

from pydantic import BeforeValidator, Field, StringConstraints, field_validator, model_validator

from components.base.context import StackContext
from components.base.problems import Problem
from components.base.spec import Spec
from components.base.validation import FieldProblemsError
from components.capacity.spec import Name
from components.network.values import Cidr, read_retention

PRIVATE_RANGES: Final = tuple(IPv4Network(text) for text in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"))
INSIDE_RANGES: Final = (*PRIVATE_RANGES, IPv4Network("100.64.0.0/10"))
"""Where addresses inside come from: RFC 1918 and RFC 6598."""
SERVICE_PREFIX: Final = (12, 24)
"""Largest and smallest prefix of a service range. Source: EKS API, KubernetesNetworkConfigRequest, serviceIpv4Cidr."""
WORLD: Final = IPv4Network("0.0.0.0/0")
MOST_CIDRS: Final = 40
"""Ranges that may reach a public endpoint, and of our own as many inside. Source: Amazon EKS service quotas."""

RoleArn = Annotated[
    str, StringConstraints(pattern=r"^arn:aws[a-z-]*:iam::[0-9]{12}:role/[A-Za-z0-9_+=,.@/-]+$", max_length=2048)
]
Namespace = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]([a-z0-9-]*[a-z0-9*])?$", max_length=63)]
AccessPolicy = Literal["cluster-admin", "admin", "admin-view", "edit", "view"]


class _Endpoint(Spec):
    """What both kinds have.

    Attributes:
        inside: Private ranges, by name, that reach the API server as nodes do: where runners stand, a VPN's clients.
    """

    inside: Annotated[dict[Name, Cidr], Field(max_length=MOST_CIDRS)] = Field(default_factory=dict)

    @field_validator("inside")
    @classmethod
    def _private(cls, inside: dict[str, IPv4Network]) -> dict[str, IPv4Network]:
        found = [
            ((name,), f"{cidr} is no private range: from outside there is kind: public, with its cidrs")
            for name, cidr in inside.items()
            if not any(cidr.subnet_of(block) for block in INSIDE_RANGES)
        ]
        if found:
            raise FieldProblemsError(found)
        return inside


class PrivateEndpoint(_Endpoint):
    """The API server answers in the VPC alone: nodes, and the ranges `inside`."""

    kind: Literal["private"] = "private"


class PublicEndpoint(_Endpoint):
    """The API server answers in the VPC, and to these ranges outside. Never in prod, never to the world.

    Attributes:
        cidrs: Public ranges, by the name of whoever is behind them: a range nobody can name is closed.
    """

    kind: Literal["public"]
    cidrs: Annotated[dict[Name, Cidr], Field(min_length=1, max_length=MOST_CIDRS)]

    @field_validator("cidrs")
    @classmethod
    def _known_places(cls, cidrs: dict[str, IPv4Network]) -> dict[str, IPv4Network]:
        found = []
        for name, cidr in cidrs.items():
            if cidr == WORLD:
                found.append(((name,), "is the whole internet: name the ranges that people really come from"))
            # EKS refuses them: requests from inside the VPC use the private endpoint.
            elif any(cidr.overlaps(block) for block in PRIVATE_RANGES):
                found.append(((name,), f"{cidr} is a private range: the public endpoint sees public addresses only"))
        if found:
            raise FieldProblemsError(found)
        return cidrs


Endpoint = Annotated[PrivateEndpoint | PublicEndpoint, Field(discriminator="kind")]


class Access(Spec):
    """Who may do what in the cluster, by an EKS access entry.

    Attributes:
        principal: An IAM role. Users have keys that don't expire: they assume a role.
        policy: What EKS calls AmazonEKS...Policy: cluster-admin, admin, admin-view, edit or view.
        namespaces: Where; a name may end with `*`. None: in the whole cluster, as a cluster-admin always is.
    """

    principal: RoleArn
    policy: AccessPolicy
    namespaces: tuple[Namespace, ...] = ()

    @model_validator(mode="after")
    def _administrators_have_all_of_it(self) -> Self:
        if self.policy == "cluster-admin" and self.namespaces:
            text = "a cluster-admin has the whole cluster: for some namespaces the policy is admin"
            raise FieldProblemsError([(("namespaces",), text)])
        return self


class ClusterSpec(Spec):
    """The cluster of a stack.

    Attributes:
        name: Ends the cluster's name, `PROJECT-STACK-NAME`. With a new name a new cluster is made beside the old one;
            a change of what AWS can't change in place (the service range) needs that.
        endpoint: Who reaches the API server: the VPC alone, or named ranges too.
        access: Who may do what, by name; a cluster-admin of the whole cluster among them (the role that deploys).
        service_cidr: Addresses of services. They exist inside the cluster alone, and must not be anyone's real ones.
        system_pool: The pool that the platform's own pods run on: a static one, so that it needs no Karpenter.
        log_retention_days: Days that the control plane's logs are kept.
        key_deletion_days: Days a scheduled deletion of the secrets' key can be called off.
    """

    name: Name = "main"
    endpoint: Endpoint = PrivateEndpoint()
    access: dict[Name, Access]
    service_cidr: Cidr = IPv4Network("172.20.0.0/16")
    system_pool: Name = "system"
    log_retention_days: Annotated[int, BeforeValidator(read_retention)] = 90
    key_deletion_days: Annotated[int, Field(ge=7, le=30)] = 30

    @field_validator("service_cidr")
    @classmethod
    def _range_that_eks_takes(cls, cidr: IPv4Network) -> IPv4Network:
        largest, smallest = SERVICE_PREFIX
        if not any(cidr.subnet_of(block) for block in PRIVATE_RANGES) or not largest <= cidr.prefixlen <= smallest:
            ranges = ", ".join(map(str, PRIVATE_RANGES))
            raise ValueError(f"EKS takes a block from /{smallest} to /{largest} within {ranges}")
        return cidr

    @model_validator(mode="after")
    def _somebody_is_let_in_once(self) -> Self:
        found: list[tuple[tuple[str | int, ...], str]] = []
        holders: dict[str, str] = {}
        for name, entry in self.access.items():
            if entry.principal in holders:
                text = f"{entry.principal} is also {holders[entry.principal]}: a principal has one access entry"
                found.append((("access", name, "principal"), text))
            holders.setdefault(entry.principal, name)
        if not any(entry.policy == "cluster-admin" for entry in self.access.values()):
            text = "nobody is cluster-admin, not even whoever makes the cluster: name the role that deploys"
            found.append((("access",), text))
        if found:
            raise FieldProblemsError(found)
        return self

    def problems(self, context: StackContext) -> list[Problem]:
        """A public endpoint in prod."""
        if context.durable and isinstance(self.endpoint, PublicEndpoint):
            fix = "use kind: private, and name who reaches it from the VPC or a VPN under `inside`"
            return [Problem("", 0, "endpoint.kind", "prod's API server answers in the VPC alone", fix)]
        return []
