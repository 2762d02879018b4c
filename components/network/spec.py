"""What a person asks of the network: a VPC of the stack's own, or one that exists and is only read."""

from __future__ import annotations

from ipaddress import IPv4Network
from typing import Annotated, Literal, Self

from pydantic import BeforeValidator, Field, model_validator

from components.base.context import StackContext
from components.base.problems import Problem
from components.base.spec import Spec
from components.base.validation import FieldPath, FieldProblemsError
from components.network import checks
from components.network.endpoints import CORE, PRESETS, EndpointService
from components.network.values import (
    Cidr,
    Nat,
    OptionalPrefixLength,
    PrefixLength,
    RouteTableId,
    SubnetId,
    Tier,
    VpcId,
    ZoneName,
    read_preset,
    read_retention,
)


class SubnetSizes(Spec):
    """Prefix lengths of one zone's subnets; a smaller number is a larger subnet.

    Attributes:
        private: Nodes, in the VPC's first block; they reach the internet through a NAT.
        intra: Endpoints, file systems, control planes: no way out at all.
        public: NAT gateways and load balancers; `none` in a network without internet.
        pods: Pods, in the second block; routed like `private`.
    """

    private: PrefixLength = 20
    intra: PrefixLength = 24
    public: OptionalPrefixLength = 24
    pods: PrefixLength = 18

    def of(self, tier: Tier) -> int | None:
        """The prefix length of a tier; None if there is none."""
        length = getattr(self, tier.value)
        return None if length == "none" else int(length)


class AddressNeed(Spec):
    """Addresses that something will take, so that a subnet too small for it is found before it is full.

    Attributes:
        nodes: The most machines at one time.
        addresses_per_node: Addresses each takes in the tier; docs/components/network.md has the arithmetic.
        zone: The one zone it lives in (EFA never crosses zones); None if it may all end up in any one.
    """

    tier: Tier
    nodes: Annotated[int, Field(ge=1)]
    addresses_per_node: Annotated[int, Field(ge=1)] = 1
    zone: ZoneName | None = None

    @property
    def addresses(self) -> int:
        """Addresses in all."""
        return self.nodes * self.addresses_per_node


class FlowLogs(Spec):
    """The record of all traffic, in CloudWatch.

    Attributes:
        retention_days: Days to keep it.
        interval_seconds: How long records are gathered before they are written: 60 or 600.
    """

    retention_days: Annotated[int, BeforeValidator(read_retention)] = 90
    interval_seconds: Literal[60, 600] = 600


class Endpoints(Spec):
    """Private ways to AWS services. Gateway endpoints (S3, DynamoDB) are free and always there.

    Attributes:
        interface: Services, or a preset: `full`, `core`, `none`.
        zones: `all`, or `one`: cheaper, but other zones pay for the way there and a lost zone takes them along.
    """

    interface: Annotated[tuple[EndpointService, ...], BeforeValidator(read_preset)] = PRESETS["full"]
    zones: Literal["all", "one"] = "all"

    @model_validator(mode="after")
    def _once_each(self) -> Self:
        found = [
            (("interface", position), f"{service} is listed twice: list it once")
            for position, service in enumerate(self.interface)
            if service in self.interface[:position]
        ]
        if found:
            raise FieldProblemsError(found)
        return self


class ManagedVpc(Spec):
    """A VPC that the stack owns.

    Attributes:
        cidr: The first block, from RFC 1918: nodes and everything with a fixed place.
        pod_cidr: The second block, for pods: many addresses that nobody outside has to route to.
        zone_slots: Room kept in each tier: 4 for zones a to d, 8 for all. Part of the layout: changing it moves every
            subnet.
        nat: One for each zone, one in all (the stack's first zone), or none.
        subnets: Sizes.
        flow_logs: The record of all traffic.
        peers: Ranges of other networks this one is or will be connected to, by name; none may overlap.
        needs: Addresses that pools will take.
    """

    cidr: Cidr
    pod_cidr: Cidr
    zone_slots: Literal[1, 2, 4, 8] = 4
    nat: Nat
    subnets: SubnetSizes = SubnetSizes()
    flow_logs: FlowLogs = FlowLogs()
    peers: dict[str, Cidr] = Field(default_factory=dict)
    needs: tuple[AddressNeed, ...] = ()

    def block(self, tier: Tier) -> IPv4Network:
        """The VPC's block that a tier's subnets come from."""
        return self.pod_cidr if tier is Tier.PODS else self.cidr

    @property
    def tiers(self) -> tuple[Tier, ...]:
        """The tiers there are."""
        return tuple(tier for tier in Tier if self.subnets.of(tier) is not None)

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        found = [
            *checks.blocks(self),
            *checks.overlaps({"cidr": self.cidr, "podCidr": self.pod_cidr}, self.peers),
            *checks.fits(self),
            *checks.ways_out(self),
            *checks.unmet_needs(self),
        ]
        if found:
            raise FieldProblemsError(found)
        return self


class ExistingSubnets(Spec):
    """Subnets by zone, one for each tier and zone."""

    private: Annotated[dict[ZoneName, SubnetId], Field(min_length=1)]
    intra: dict[ZoneName, SubnetId] = Field(default_factory=dict)
    public: dict[ZoneName, SubnetId] = Field(default_factory=dict)
    pods: dict[ZoneName, SubnetId] = Field(default_factory=dict)

    def of(self, tier: Tier) -> dict[ZoneName, SubnetId]:
        """One tier's subnets."""
        found: dict[ZoneName, SubnetId] = getattr(self, tier.value)
        return found


class ExistingVpc(Spec):
    """A VPC somebody else owns: read and checked, never changed, tagged or deleted.

    Only security groups are made in it, and endpoints if there are route tables to put them in.

    Attributes:
        vpc_id: The VPC.
        cidr: Its first block, with its nodes: what it really has is checked against it.
        pod_cidr: The block its pods are in, if they have one of their own.
        subnets: Its subnets.
        route_table_ids: Tables that gateway endpoints are added to; none: no gateway endpoints.
    """

    vpc_id: VpcId
    cidr: Cidr
    pod_cidr: Cidr | None = None
    subnets: ExistingSubnets
    route_table_ids: tuple[RouteTableId, ...] = ()

    @model_validator(mode="after")
    def _ids_are_unique(self) -> Self:
        seen: dict[str, str] = {}
        found: list[tuple[FieldPath, str]] = []
        for tier in Tier:
            for zone, subnet in self.subnets.of(tier).items():
                place = f"subnets.{tier}.{zone}"
                if subnet in seen:
                    found.append((("subnets", tier.value, zone), f"{subnet} is also {seen[subnet]}: name it once"))
                seen.setdefault(subnet, place)
        for position, table in enumerate(self.route_table_ids):
            if table in self.route_table_ids[:position]:
                found.append((("routeTableIds", position), f"{table} is listed twice: list it once"))
        if self.pod_cidr is not None:
            found += checks.overlaps({"cidr": self.cidr, "podCidr": self.pod_cidr}, {})
        if found:
            raise FieldProblemsError(found)
        return self


class NetworkSpec(Spec):
    """The network: exactly one of a VPC of the stack's own and an existing one, with endpoints in it.

    Attributes:
        managed: A VPC to make.
        existing: A VPC to read.
        endpoints: Private ways to AWS services; for an existing VPC none unless asked for.
    """

    managed: ManagedVpc | None = None
    existing: ExistingVpc | None = None
    endpoints: Endpoints | None = None

    @model_validator(mode="after")
    def _exactly_one(self) -> Self:
        if (self.managed is None) == (self.existing is None):
            raise ValueError("expected exactly one of 'managed' (a VPC to make) and 'existing' (a VPC to read)")
        if self.managed and self.managed.nat is Nat.NONE:
            missing = [service for service in CORE if service not in self.private_ways.interface]
            if missing:
                names = ", ".join(missing)
                text = f"without a NAT nodes can't start unless they reach {names}: add them, or use 'core' or 'full'"
                raise FieldProblemsError([(("endpoints", "interface"), text)])
        return self

    @property
    def private_ways(self) -> Endpoints:
        """The endpoints to make: all of them in a VPC of the stack's own, none in another's, unless said otherwise."""
        return self.endpoints or Endpoints(interface=PRESETS["full" if self.managed else "none"])

    @property
    def cidr(self) -> IPv4Network:
        """The block nodes are in."""
        return (self.managed or self.read_only).cidr

    @property
    def pod_cidr(self) -> IPv4Network | None:
        """The block pods have for themselves."""
        return (self.managed or self.read_only).pod_cidr

    @property
    def read_only(self) -> ExistingVpc:
        """The existing VPC (asked for only where there is one)."""
        if self.existing is None:
            raise TypeError("the network is not an existing one")
        return self.existing

    def problems(self, context: StackContext) -> list[Problem]:
        """What doesn't fit the stack's zones."""
        found = (
            checks.managed_zones(self.managed, context)
            if self.managed
            else checks.existing_zones(self.read_only, context)
        )
        return [Problem("", 0, field, message, fix) for field, message, fix in found]
