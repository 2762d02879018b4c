"""The network: registers what was derived, and hands out ids."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pulumi
from pulumi_aws import ec2, vpc

from components.base.component import HerdComponent
from components.base.tags import name_tag
from components.network import derive
from components.network.flow_logs import record_traffic
from components.network.layout import floating_block, subnets
from components.network.security import DESCRIPTIONS, Concern, Direction
from components.network.values import Tier

if TYPE_CHECKING:
    from collections.abc import Mapping
    from ipaddress import IPv4Network

    from components.base.context import StackContext
    from components.network.spec import ExistingVpc, ManagedVpc, NetworkSpec

Ids = dict[str, pulumi.Output[str]]


class Network(HerdComponent):
    """A VPC with its subnets, ways out, endpoints, security groups and flow logs; or an existing one, read.

    Attributes:
        vpc_id: The VPC.
        cidr: The block nodes are in; plain, so that documents made of it are known before the VPC exists.
        pod_cidr: The block pods are in; None if they share the nodes'.
        floating_cidr: The range of addresses that move between zones; None in an existing VPC or without room.
        zones: The stack's availability zones.
        private_subnet_ids: Subnets for nodes, by zone.
        intra_subnet_ids: Subnets without a way out, by zone; in an existing VPC without them the private ones.
        public_subnet_ids: Subnets for load balancers, by zone; empty if there are none.
        pod_subnet_ids: Subnets for pods, by zone; empty if they share the nodes'.
        security_group_ids: Security groups, by concern.
        route_table_ids: The route tables made, by name (`private-a`, `intra`, `public`); empty for an existing VPC.
        endpoint_ids: VPC endpoints, by service (`s3`, `ecr-api`).
        flow_log_group_arn: The log group of the flow logs; None for an existing VPC.
    """

    token = "herd:network:Network"  # noqa: S105 - a Pulumi type

    def __init__(
        self,
        name: str,
        spec: NetworkSpec,
        context: StackContext,
        *,
        log_key_arn: pulumi.Input[str] | None = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """Register the network.

        Args:
            name: Prefix of its resources' names.
            spec: What is asked for.
            context: The stack.
            log_key_arn: A key that CloudWatch Logs may use, for the flow logs; None for AWS's own.
            opts: With the AWS provider of the stack's region.

        Raises:
            InvalidInputError: The spec doesn't fit the stack's zones.
        """
        super().__init__(name, spec, context, inputs={"logKeyArn": log_key_arn} if log_key_arn else None, opts=opts)
        self.name = name
        # Annotated here and not on the class: Pulumi evaluates a resource class's annotations while registering it.
        self.cidr: IPv4Network = spec.cidr
        self.pod_cidr: IPv4Network | None = spec.pod_cidr
        self.floating_cidr: IPv4Network | None = floating_block(spec.managed) if spec.managed else None
        self.zones: tuple[str, ...] = context.availability_zones
        self.vpc_id: pulumi.Output[str]
        self.route_table_ids: Ids = {}
        self.flow_log_group_arn: pulumi.Output[str] | None = None
        if spec.managed is not None:
            subnet_ids = self._managed(spec.managed, log_key_arn)
            gateway_tables = list(self.route_table_ids.values())
        else:
            subnet_ids = self._existing(spec.read_only, endpoints=bool(spec.private_ways.interface))
            gateway_tables = [pulumi.Output.from_input(table) for table in spec.read_only.route_table_ids]
        self.private_subnet_ids = subnet_ids[Tier.PRIVATE]
        self.intra_subnet_ids = subnet_ids[Tier.INTRA] or subnet_ids[Tier.PRIVATE]
        self.public_subnet_ids = subnet_ids[Tier.PUBLIC]
        self.pod_subnet_ids = subnet_ids[Tier.PODS]
        self.security_group_ids = self._security(spec)
        self.endpoint_ids = self._endpoints(spec, gateway_tables)
        self.register_outputs(self._outputs())

    def _managed(self, spec: ManagedVpc, log_key_arn: pulumi.Input[str] | None) -> dict[Tier, Ids]:
        network = ec2.Vpc(
            self.name,
            cidr_block=str(spec.cidr),
            enable_dns_hostnames=True,
            enable_dns_support=True,
            enable_network_address_usage_metrics=True,
            tags=name_tag(self.context),
            opts=self.state(),
        )
        pods = ec2.VpcIpv4CidrBlockAssociation(
            f"{self.name}-pods", vpc_id=network.id, cidr_block=str(spec.pod_cidr), opts=self.state()
        )
        self.vpc_id = network.id
        ec2.DefaultSecurityGroup(
            f"{self.name}-default",
            vpc_id=network.id,
            ingress=[],
            egress=[],
            tags=name_tag(self.context, "default-locked"),
            opts=self.child(),
        )
        made: dict[str, ec2.Subnet] = {}
        ids: dict[Tier, Ids] = {tier: {} for tier in Tier}
        for plan in subnets(spec, self.zones):
            made[plan.name] = ec2.Subnet(
                f"{self.name}-{plan.name}",
                # A pod subnet lies in the second block: AWS refuses it until that block is part of the VPC.
                vpc_id=pods.vpc_id if plan.tier is Tier.PODS else network.id,
                availability_zone=plan.zone,
                cidr_block=str(plan.cidr),
                map_public_ip_on_launch=False,
                tags={**name_tag(self.context, plan.name), **plan.tags},
                opts=self.state(),
            )
            ids[plan.tier][plan.zone] = made[plan.name].id
        self._routes(spec, made)
        self.flow_log_group_arn = record_traffic(self, self.name, network.id, spec.flow_logs, key_arn=log_key_arn)
        return ids

    def _routes(self, spec: ManagedVpc, made: Mapping[str, ec2.Subnet]) -> None:
        gateway = None
        if Tier.PUBLIC in spec.tiers:
            # A new VPC: "has some mapped public addresses" → the old VPC's NATs still use the gateway an update would
            # detach → the new VPC gets its own, and the old one goes after the NATs.
            gateway = ec2.InternetGateway(
                self.name,
                vpc_id=self.vpc_id,
                tags=name_tag(self.context),
                opts=self.child(replace_on_changes=["vpcId"]),
            )
        nats = {
            zone: self._nat(zone, made[f"{Tier.PUBLIC}-{zone[-1]}"], gateway)
            for zone in derive.nat_zones(spec, self.zones)
        }
        for plan in derive.route_tables(spec, self.zones):
            table = ec2.RouteTable(
                f"{self.name}-{plan.name}",
                vpc_id=self.vpc_id,
                tags={**name_tag(self.context, plan.name), **plan.tags},
                opts=self.child(),
            )
            self.route_table_ids[plan.name] = table.id
            if plan.way_out is not None:
                internet = plan.way_out == derive.INTERNET
                ec2.Route(
                    f"{self.name}-{plan.name}-default",
                    route_table_id=table.id,
                    destination_cidr_block=str(derive.WORLD),
                    gateway_id=gateway.id if internet and gateway else None,
                    nat_gateway_id=None if internet else nats[plan.way_out].id,
                    opts=self.child(),
                )
            for subnet in plan.subnets:
                ec2.RouteTableAssociation(
                    f"{self.name}-{subnet.name}",
                    subnet_id=made[subnet.name].id,
                    route_table_id=table.id,
                    opts=self.child(),
                )

    def _nat(self, zone: str, subnet: ec2.Subnet, gateway: pulumi.Resource | None) -> ec2.NatGateway:
        name, tags = f"{self.name}-nat-{zone[-1]}", name_tag(self.context, f"nat-{zone[-1]}")
        # Others let this address in: it is kept in prod even when its gateway is replaced.
        address = ec2.Eip(name, domain="vpc", tags=tags, opts=self.state())
        return ec2.NatGateway(
            name,
            allocation_id=address.id,
            subnet_id=subnet.id,
            connectivity_type="public",
            tags=tags,
            # Without an attached internet gateway AWS refuses a public NAT; an address serves one NAT at a time.
            opts=self.child(depends_on=[gateway] if gateway else None, delete_before_replace=True),
        )

    def _existing(self, spec: ExistingVpc, *, endpoints: bool) -> dict[Tier, Ids]:
        network = ec2.Vpc.get(self.name, spec.vpc_id, opts=self.child())
        read = {
            subnet: ec2.Subnet.get(f"{self.name}-{tier}-{zone[-1]}", subnet, opts=self.child())
            for tier in Tier
            for zone, subnet in spec.subnets.of(tier).items()
        }
        facts = {
            "cidr": network.cidr_block,
            "names": [network.enable_dns_support, network.enable_dns_hostnames],
            "subnets": {
                id_: {"vpcId": s.vpc_id, "availabilityZone": s.availability_zone, "cidrBlock": s.cidr_block}
                for id_, s in read.items()
            },
        }

        # Every id handed out flows through this check: nothing is built on a VPC that isn't what the file says.
        def check(found: Any) -> bool:
            if problems := derive.mismatches(spec, found, endpoints=endpoints):
                raise pulumi.RunError("the existing network is not as the stack file says:\n  " + "\n  ".join(problems))
            return True

        checked = pulumi.Output.from_input(facts).apply(check)
        self.vpc_id = pulumi.Output.all(checked, network.id).apply(lambda both: str(both[1]))
        return {
            tier: {
                zone: pulumi.Output.all(checked, read[subnet].id).apply(lambda both: str(both[1]))
                for zone, subnet in spec.subnets.of(tier).items()
            }
            for tier in Tier
        }

    def _security(self, spec: NetworkSpec) -> dict[Concern, pulumi.Output[str]]:
        groups = {
            concern: ec2.SecurityGroup(
                f"{self.name}-{concern}",
                vpc_id=self.vpc_id,
                description=DESCRIPTIONS[concern],
                tags=name_tag(self.context, concern),
                opts=self.child(),
            ).id
            for concern in Concern
        }
        kinds = {Direction.IN: vpc.SecurityGroupIngressRule, Direction.OUT: vpc.SecurityGroupEgressRule}
        for rule in derive.security_rules(spec):
            kinds[rule.direction](
                f"{self.name}-{rule.name}",
                security_group_id=groups[rule.group],
                ip_protocol=rule.ports.protocol,
                from_port=rule.ports.first,
                to_port=rule.ports.last,
                referenced_security_group_id=groups[rule.peer] if rule.peer else None,
                cidr_ipv4=str(rule.cidr) if rule.cidr else None,
                description=rule.description,
                tags=name_tag(self.context, rule.name),
                opts=self.child(),
            )
        return groups

    def _endpoints(self, spec: NetworkSpec, gateway_tables: list[pulumi.Output[str]]) -> Ids:
        made: Ids = {}
        for plan in derive.endpoints(spec, self.context):
            interface = bool(plan.zones)
            made[plan.name] = ec2.VpcEndpoint(
                f"{self.name}-{plan.name}",
                vpc_id=self.vpc_id,
                service_name=plan.service,
                vpc_endpoint_type="Interface" if interface else "Gateway",
                private_dns_enabled=True if interface else None,
                subnet_ids=[self.intra_subnet_ids[zone] for zone in plan.zones] if interface else None,
                security_group_ids=[self.security_group_ids[Concern.ENDPOINTS]] if interface else None,
                route_table_ids=None if interface else gateway_tables,
                tags=name_tag(self.context, plan.name),
                opts=self.child(),
            ).id
        return made

    def _outputs(self) -> dict[str, Any]:
        return {
            "vpcId": self.vpc_id,
            "cidr": str(self.cidr),
            "podCidr": str(self.pod_cidr) if self.pod_cidr else None,
            "floatingCidr": str(self.floating_cidr) if self.floating_cidr else None,
            "privateSubnetIds": self.private_subnet_ids,
            "intraSubnetIds": self.intra_subnet_ids,
            "publicSubnetIds": self.public_subnet_ids,
            "podSubnetIds": self.pod_subnet_ids,
            "securityGroupIds": {concern.value: group for concern, group in self.security_group_ids.items()},
            "endpointIds": self.endpoint_ids,
            "flowLogGroupArn": self.flow_log_group_arn,
        }
