"""Tags on EC2 objects: reserved keys, kinds of objects, how many."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from herd.cloud.errors import AwsError
from herd.cloud.extensions import checks, handles
from herd.cloud.extensions._ec2_listing import tag_store
from herd.cloud.wire import Call

_LIMIT = 50
# Placement groups and capacity reservations, which moto doesn't have.
_OWN = ("pg-", "cr-")
# Operation -> what its TagSpecifications may name.
_TAGGABLE = {
    "AllocateAddress": {"elastic-ip"},
    "CreateCapacityReservation": {"capacity-reservation"},
    "CreateFlowLogs": {"vpc-flow-log"},
    "CreateInternetGateway": {"internet-gateway"},
    "CreateLaunchTemplate": {"launch-template"},
    "CreateNatGateway": {"natgateway"},
    "CreatePlacementGroup": {"placement-group"},
    "CreateRouteTable": {"route-table"},
    "CreateSecurityGroup": {"security-group"},
    "CreateSubnet": {"subnet"},
    "CreateVpc": {"vpc"},
    "CreateVpcEndpoint": {"vpc-endpoint"},
    "AuthorizeSecurityGroupIngress": {"security-group-rule"},
    "AuthorizeSecurityGroupEgress": {"security-group-rule"},
}


@checks("ec2", *_TAGGABLE)
def _specifications(call: Call) -> None:
    for specification in call.get("TagSpecifications") or []:
        kind = specification.get("ResourceType")
        if kind not in _TAGGABLE[call.operation]:
            raise AwsError(
                "InvalidParameterValue", f"'{kind}' is not a valid taggable resource type for this operation."
            )
        _check(specification.get("Tags") or [])


@checks("ec2", "CreateTags")
def _tags(call: Call) -> None:
    _check(call.get("Tags") or [])


@handles("ec2", "CreateTags", "DeleteTags")
def _change(call: Call) -> Mapping[str, Any] | None:
    """Tags of what moto doesn't have: it refuses ids that it doesn't know."""
    tags = tag_store(call.account, call.region)
    own = [identifier for identifier in call.params["Resources"] if identifier.startswith(_OWN)]
    if not own:
        return call.forward()
    for identifier in own:
        if identifier not in tags:
            raise AwsError("InvalidID", f"The ID '{identifier}' is not valid")
        for tag in call.get("Tags") or []:
            if call.operation == "CreateTags":
                tags[identifier][tag["Key"]] = tag.get("Value", "")
            elif tag.get("Value") in {None, tags[identifier].get(tag["Key"])}:
                tags[identifier].pop(tag["Key"], None)
    return None


def _check(tags: Iterable[Mapping[str, str]]) -> None:
    keys = [tag.get("Key", "") for tag in tags]
    for key in keys:
        if key.lower().startswith("aws:"):
            raise AwsError(
                "InvalidParameterValue",
                f"Value ( {key} ) for parameter key is invalid. Tag keys starting with 'aws:' are reserved for "
                "internal use",
            )
    if len(set(keys)) != len(keys):
        raise AwsError("InvalidParameterValue", "Tag keys must be unique in a request.")
    if len(keys) > _LIMIT:
        raise AwsError("TagLimitExceeded", f"The maximum number of Tags for a resource has been reached: {_LIMIT}")
