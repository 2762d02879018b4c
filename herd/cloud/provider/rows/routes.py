"""Route tables, routes and what they are joined to."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from herd.cloud.provider.row import Call, Change, Read, Row
from herd.cloud.provider.rows.common import ec2_arn, ec2_find, ec2_tags, hashcode, input_of
from herd.cloud.provider.scope import Scope

TARGETS = {
    "gatewayId": "GatewayId",
    "natGatewayId": "NatGatewayId",
    "transitGatewayId": "TransitGatewayId",
    "vpcEndpointId": "VpcEndpointId",
    "vpcPeeringConnectionId": "VpcPeeringConnectionId",
    "networkInterfaceId": "NetworkInterfaceId",
    "egressOnlyGatewayId": "EgressOnlyInternetGatewayId",
    "carrierGatewayId": "CarrierGatewayId",
    "coreNetworkArn": "CoreNetworkArn",
    "localGatewayId": "LocalGatewayId",
}
DESTINATIONS = {
    "destinationCidrBlock": "DestinationCidrBlock",
    "destinationIpv6CidrBlock": "DestinationIpv6CidrBlock",
    "destinationPrefixListId": "DestinationPrefixListId",
}
INLINE = {"cidrBlock": "DestinationCidrBlock", "ipv6CidrBlock": "DestinationIpv6CidrBlock", **TARGETS} | {
    "destinationPrefixListId": "DestinationPrefixListId"
}


def _destination(route: Mapping[str, Any], names: Mapping[str, str]) -> tuple[str, Any]:
    return next(((names[k], route[k]) for k in names if names[k].startswith("Destination") and route.get(k)), ("", ""))


def _set_routes(scope: Scope) -> None:
    wanted = {_destination(r, INLINE): r for r in scope.inputs.get("routes") or []}
    held = {_destination(r, INLINE): r for r in scope.state.get("routes") or []}
    for key in held.keys() - wanted.keys():
        scope.run("delete_route", RouteTableId=scope.id, **{key[0]: key[1]})
    for key, route in wanted.items():
        target = {TARGETS[k]: route[k] for k in TARGETS if route.get(k)}
        if key not in held:
            scope.run("create_route", RouteTableId=scope.id, **{key[0]: key[1]}, **target)
        elif {TARGETS[k]: held[key][k] for k in TARGETS if held[key].get(k)} != target:
            scope.run("replace_route", RouteTableId=scope.id, **{key[0]: key[1]}, **target)


def _inline_routes(scope: Scope) -> None:
    """Routes without the local ones and those that gateway endpoints put there."""
    kept = []
    for route in scope.found.get("Routes", []):
        gateway = route.get("GatewayId", "")
        if gateway != "local" and not gateway.startswith("vpce-"):
            kept.append({wire: route[name] for wire, name in INLINE.items() if route.get(name)})
    scope.outputs["routes"] = kept


def _disassociate_all(scope: Scope) -> None:
    for table in scope.run("describe_route_tables", RouteTableIds=[scope.id])["RouteTables"]:
        for association in table.get("Associations", []):
            if not association.get("Main"):
                scope.run("disassociate_route_table", AssociationId=association["RouteTableAssociationId"])


ROUTE_TABLE = Row(
    type="aws:ec2/routeTable:RouteTable",
    service="ec2",
    create=Call("create_route_table", takes=("vpcId",)),
    id="$result.RouteTable.RouteTableId",
    reads=(
        Read(
            Call("describe_route_tables", {"RouteTableIds": ["$id"]}),
            "RouteTables[0]",
            {"routes": "", "propagatingVgws": ""},
        ),
    ),
    updates=(Change(("routes",), _set_routes, at_create=True),),
    delete=(Call("delete_route_table", {"RouteTableId": "$id"}),),
    outputs={"arn": ec2_arn("route-table")},
    tags=ec2_tags("route-table"),
    find=ec2_find("describe_route_tables", "RouteTables[].RouteTableId", {"vpc-id": "$inputs.vpcId"}),
    after_read=_inline_routes,
    tells=("routes",),
    before_delete=_disassociate_all,
)


def _route(scope: Scope, answer: Mapping[str, Any]) -> Any:
    wanted = {name: scope.given(wire) for wire, name in DESTINATIONS.items() if scope.given(wire)}
    for table in answer["RouteTables"]:
        for route in table.get("Routes", []):
            if all(route.get(name) == value for name, value in wanted.items()):
                return {**route, "RouteTableId": table["RouteTableId"]}
    return None


def _route_id(scope: Scope) -> str:
    destination = next(str(scope.inputs[k]) for k in DESTINATIONS if scope.inputs.get(k))
    return f"r-{scope.inputs['routeTableId']}{hashcode(destination)}"


def _route_from_import(id_: str) -> dict[str, Any]:
    table, _, destination = id_.partition("_")
    kind = "destinationIpv6CidrBlock" if ":" in destination else "destinationCidrBlock"
    return {"routeTableId": table, kind: destination} if destination else {}


ROUTE = Row(
    type="aws:ec2/route:Route",
    service="ec2",
    create=Call("create_route", takes=None),
    id=_route_id,
    reads=(
        Read(
            Call("describe_route_tables", {"RouteTableIds": [input_of("routeTableId")]}),
            "RouteTables[0].Routes[0]",
            {"routeTableId": "RouteTableId", "egressOnlyGatewayId": "EgressOnlyInternetGatewayId"},
            select=_route,
        ),
    ),
    updates=(
        Change(
            tuple(TARGETS),
            (Call("replace_route", takes=("routeTableId", *DESTINATIONS, *TARGETS)),),
        ),
    ),
    delete=(
        Call(
            "delete_route",
            {"RouteTableId": input_of("routeTableId"), **{v: input_of(k) for k, v in DESTINATIONS.items()}},
        ),
    ),
    names={"egressOnlyGatewayId": "EgressOnlyInternetGatewayId"},
    never_read=("vpcEndpointId",),
    natural=True,
    parse=_route_from_import,
)


def _association(scope: Scope, answer: Mapping[str, Any]) -> Any:
    tables = [a for table in answer["RouteTables"] for a in table.get("Associations", [])]
    exact = [a for a in tables if a["RouteTableAssociationId"] == scope.id]
    # Moving to another table in place changes the association's id: what it joins still tells which one it is.
    joined = [
        a
        for a in tables
        if (a.get("SubnetId") and a["SubnetId"] == scope.given("subnetId"))
        or (a.get("GatewayId") and a["GatewayId"] == scope.given("gatewayId"))
    ]
    return next(iter([*exact, *joined]), None)


def _association_id(scope: Scope) -> str:
    found = _association(scope, scope.run("describe_route_tables"))
    return str(found["RouteTableAssociationId"]) if found else scope.id


ROUTE_TABLE_ASSOCIATION = Row(
    type="aws:ec2/routeTableAssociation:RouteTableAssociation",
    service="ec2",
    create=Call("associate_route_table", takes=None),
    id="$result.AssociationId",
    reads=(Read(Call("describe_route_tables"), "RouteTables[0].Associations[0]", select=_association),),
    updates=(
        Change(
            ("routeTableId",),
            (Call("replace_route_table_association", {"AssociationId": _association_id}, takes=("routeTableId",)),),
        ),
    ),
    delete=(Call("disassociate_route_table", {"AssociationId": _association_id}),),
    find=ec2_find(
        "describe_route_tables",
        "RouteTables[].Associations[].RouteTableAssociationId",
        {"association.route-table-id": "$inputs.routeTableId"},
    ),
)

ROWS = (ROUTE_TABLE, ROUTE, ROUTE_TABLE_ASSOCIATION)
