"""VPC endpoints and flow logs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from herd.cloud.provider.errors import AbsentError
from herd.cloud.provider.row import Call, Change, Read, Row, Wait
from herd.cloud.provider.rows.common import ec2_arn, ec2_find, ec2_tags, hashcode, input_of
from herd.cloud.provider.scope import Scope

LISTS = {"routeTableIds": "RouteTableIds", "subnetIds": "SubnetIds", "securityGroupIds": "SecurityGroupIds"}


def _change_lists(scope: Scope) -> None:
    params: dict[str, Any] = {}
    for name, member in LISTS.items():
        new, old = (set(values.get(name) or []) for values in (scope.inputs, scope.state))
        if name in scope.inputs or name in scope.old:
            params |= {f"Add{member}": sorted(new - old), f"Remove{member}": sorted(old - new)}
    scope.run("modify_vpc_endpoint", VpcEndpointId=scope.id, **{k: v for k, v in params.items() if v})


def _set_policy(scope: Scope) -> None:
    policy = scope.inputs.get("policy")
    scope.run(
        "modify_vpc_endpoint", VpcEndpointId=scope.id, PolicyDocument=policy, ResetPolicy=None if policy else True
    )


def _endpoint_details(scope: Scope) -> None:
    scope.outputs["securityGroupIds"] = [group["GroupId"] for group in scope.found.get("Groups", [])]
    if scope.outputs.get("vpcEndpointType") != "Gateway":
        return
    service = scope.outputs.get("serviceName")
    try:
        lists = scope.run("describe_prefix_lists", Filters=[{"Name": "prefix-list-name", "Values": [service]}])
    except AbsentError:
        return
    for found in lists.get("PrefixLists", [])[:1]:
        scope.outputs |= {"prefixListId": found["PrefixListId"], "cidrBlocks": found.get("Cidrs", [])}


VPC_ENDPOINT = Row(
    type="aws:ec2/vpcEndpoint:VpcEndpoint",
    service="ec2",
    create=Call("create_vpc_endpoint", takes=None),
    id="$result.VpcEndpoint.VpcEndpointId",
    reads=(
        Read(
            Call("describe_vpc_endpoints", {"VpcEndpointIds": ["$id"]}),
            "VpcEndpoints[0]",
            {"securityGroupIds": "", "dnsEntries.dnsName": "DnsName"},
        ),
    ),
    updates=(
        Change(tuple(LISTS), _change_lists),
        Change(("policy",), _set_policy),
        Change(
            ("privateDnsEnabled", "ipAddressType", "dnsOptions"),
            (
                Call(
                    "modify_vpc_endpoint",
                    {"VpcEndpointId": "$id"},
                    takes=("privateDnsEnabled", "ipAddressType", "dnsOptions"),
                ),
            ),
        ),
    ),
    delete=(Call("delete_vpc_endpoints", {"VpcEndpointIds": ["$id"]}),),
    names={"policy": "PolicyDocument"},
    outputs={"arn": ec2_arn("vpc-endpoint")},
    defaults={"vpcEndpointType": "Gateway"},
    tags=ec2_tags("vpc-endpoint"),
    documents=("policy",),
    token="ClientToken",  # noqa: S106 - the name of a parameter
    find=ec2_find(
        "describe_vpc_endpoints",
        "VpcEndpoints[].VpcEndpointId",
        {"vpc-id": "$inputs.vpcId", "service-name": "$inputs.serviceName"},
    ),
    wait=Wait("State", frozenset({"available", "Available", "pendingAcceptance"})),
    gone=lambda found: str(found.get("State")).lower() in {"deleted", "deleting"},
    after_read=_endpoint_details,
    tells=("securityGroupIds",),
)


def _joined(scope: Scope, answer: Mapping[str, Any]) -> Any:
    table = scope.given("routeTableId")
    return next((e for e in answer["VpcEndpoints"] if table in e.get("RouteTableIds", [])), None)


def _from_import(id_: str) -> dict[str, Any]:
    endpoint, _, table = id_.partition("/")
    return {"vpcEndpointId": endpoint, "routeTableId": table} if table else {}


ENDPOINT_ROUTE_TABLE = Row(
    type="aws:ec2/vpcEndpointRouteTableAssociation:VpcEndpointRouteTableAssociation",
    service="ec2",
    create=Call(
        "modify_vpc_endpoint",
        {"VpcEndpointId": "$inputs.vpcEndpointId", "AddRouteTableIds": ["$inputs.routeTableId"]},
    ),
    id=lambda scope: f"a-{scope.inputs['vpcEndpointId']}{hashcode(scope.inputs['routeTableId'])}",
    reads=(
        Read(
            Call("describe_vpc_endpoints", {"VpcEndpointIds": [input_of("vpcEndpointId")]}),
            "VpcEndpoints[0]",
            select=_joined,
            only=("vpcEndpointId",),
        ),
    ),
    delete=(
        Call(
            "modify_vpc_endpoint",
            {"VpcEndpointId": input_of("vpcEndpointId"), "RemoveRouteTableIds": [input_of("routeTableId")]},
        ),
    ),
    outputs={"routeTableId": input_of("routeTableId")},
    natural=True,
    parse=_from_import,
)

LOGGED = {
    "vpcId": "VPC",
    "subnetId": "Subnet",
    "eniId": "NetworkInterface",
    "transitGatewayId": "TransitGateway",
    "transitGatewayAttachmentId": "TransitGatewayAttachment",
}


def _logged(scope: Scope) -> list[Any]:
    return [scope.inputs[name] for name in LOGGED if scope.inputs.get(name)]


def _logged_kind(scope: Scope) -> str | None:
    return next((kind for name, kind in LOGGED.items() if scope.inputs.get(name)), None)


def _what_is_logged(scope: Scope) -> None:
    thing = str(scope.found.get("ResourceId", ""))
    prefixes = {"vpc-": "vpcId", "subnet-": "subnetId", "eni-": "eniId"}
    for prefix, name in prefixes.items():
        if thing.startswith(prefix):
            scope.outputs[name] = thing


FLOW_LOG = Row(
    type="aws:ec2/flowLog:FlowLog",
    service="ec2",
    create=Call("create_flow_logs", {"ResourceIds": _logged, "ResourceType": _logged_kind}, takes=None),
    id="$result.FlowLogIds[0]",
    reads=(
        Read(
            Call("describe_flow_logs", {"FlowLogIds": ["$id"]}),
            "FlowLogs[0]",
            {"deliverCrossAccountRole": "DeliverCrossAccountRole"},
        ),
    ),
    delete=(Call("delete_flow_logs", {"FlowLogIds": ["$id"]}),),
    names={"iamRoleArn": "DeliverLogsPermissionArn"},
    outputs={"arn": ec2_arn("vpc-flow-log")},
    defaults={"logDestinationType": "cloud-watch-logs", "maxAggregationInterval": 600},
    tags=ec2_tags("vpc-flow-log"),
    token="ClientToken",  # noqa: S106 - the name of a parameter
    find=ec2_find("describe_flow_logs", "FlowLogs[].FlowLogId"),
    after_read=_what_is_logged,
    tells=("vpcId", "subnetId", "eniId"),
)

ROWS = (VPC_ENDPOINT, ENDPOINT_ROUTE_TABLE, FLOW_LOG)
