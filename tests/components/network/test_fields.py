"""No field is decoration: each changes what a cloud would be asked for, or is refused."""

import copy

import pulumi
import pytest
from pydantic import ValidationError

from components.base.problems import InvalidInputError
from components.network.spec import NetworkSpec

# Field -> another value; a function gets the whole data to change.
CHANGES = {
    "managed.cidr": "10.21.0.0/16",
    "managed.podCidr": "100.65.0.0/16",
    "managed.zoneSlots": 2,
    "managed.nat": "single",
    "managed.subnets.private": 21,
    "managed.subnets.intra": 25,
    "managed.subnets.public": 25,
    "managed.subnets.pods": 19,
    "managed.flowLogs.retentionDays": 30,
    "managed.flowLogs.intervalSeconds": 60,
    "managed.peers": {"office": "10.20.0.0/24"},
    "managed.needs.tier": [{"tier": "intra", "nodes": 252}],
    "managed.needs.nodes": [{"tier": "private", "nodes": 4092}],
    "managed.needs.addressesPerNode": [{"tier": "private", "nodes": 252, "addressesPerNode": 17}],
    "managed.needs.zone": [{"tier": "private", "nodes": 1, "zone": "us-east-1a"}],
    "existing.vpcId": "vpc-0fedcba9876543210",
    "existing.cidr": "10.30.0.0/17",
    "existing.podCidr": "100.64.0.0/17",
    "existing.subnets.private": {"eu-west-1a": "subnet-00000000000000001"},
    "existing.subnets.intra": {},
    "existing.subnets.public": {},
    "existing.subnets.pods": {},
    "existing.routeTableIds": [],
    "endpoints.interface": "core",
    "endpoints.zones": "one",
}
# What is asked before the change, where that isn't the default.
BEFORE = {
    "managed.needs.tier": [{"tier": "private", "nodes": 252}],
    "managed.needs.nodes": [{"tier": "private", "nodes": 4091}],
    "managed.needs.addressesPerNode": [{"tier": "private", "nodes": 252, "addressesPerNode": 16}],
    "managed.needs.zone": [{"tier": "private", "nodes": 1, "zone": "eu-west-1a"}],
}


def put(data, path, value):
    """The data with one field set (an item's field is set through its list)."""
    data = copy.deepcopy(data)
    node, keys = data, path.split(".")
    if "needs" in keys:
        keys = keys[: keys.index("needs") + 1]
    for key in keys[:-1]:
        node = node.setdefault(key, {})
    node[keys[-1]] = value
    return data


def test_every_field_is_tried(spec_fields):
    assert spec_fields(NetworkSpec) == CHANGES.keys()


@pytest.mark.parametrize("field", CHANGES)
def test_a_field_changes_a_resource_or_is_refused(build, effects, managed, existing, reads, field):
    # One endpoint is enough for most fields, and much faster.
    few = {"endpoints": {"interface": ["sts"]}}
    base = {"existing": existing(), **few} if field.startswith("existing") else {**managed(), **few}

    def asked(data):
        return effects(build(data, reads=reads(data["existing"]) if "existing" in data else None))

    before = asked(put(base, field, BEFORE[field]) if field in BEFORE else base)
    try:
        after = asked(put(base, field, CHANGES[field]))
    except (ValidationError, InvalidInputError, pulumi.RunError) as refusal:
        after = str(refusal)
    assert after != before


def test_the_key_of_the_flow_logs_reaches_the_log_group_and_the_props(build, managed):
    key = "arn:aws:kms:eu-west-1:111122223333:key/0"
    recording = build(managed(), log_key_arn=key)
    assert recording.one("aws:cloudwatch/logGroup:LogGroup").inputs["kmsKeyId"] == key
    assert recording.one("herd:network:Network").inputs["logKeyArn"] == key
