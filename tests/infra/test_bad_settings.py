"""What people get wrong in a stack file, and what they are told: file, line, field, all of it at once."""

import pytest

from components.base.problems import InvalidInputError
from components.base.validation import dotted
from herd.stackfile import load_stack
from infra.loading import _path, load_settings
from infra.source import StackSource

# (stack, text, what somebody wrote instead, field at fault, words of the message and the fix)
MISTAKES = {
    "unknown key": ("dev", "herd:budget:", "herd:budgt:", "budgt", ("unknown key", "did you mean 'budget'?")),
    "unknown nested key": (
        "prod",
        "      nat: per-az",
        "      nat: per-az\n      natt: per-az",
        "network.managed.natt",
        ("unknown key", "did you mean 'nat'?"),
    ),
    "unknown key in a list": (
        "dev",
        "      - name: released/trainer",
        "      - name: released/trainer\n        scan: true",
        "registry.repositories[1].scan",
        ("unknown key",),
    ),
    "wrong type of a number": (
        "dev",
        "monthlyLimitUsd: 2000",
        "monthlyLimitUsd: plenty",
        "budget.monthlyLimitUsd",
        ("valid integer", "plenty"),
    ),
    "scalar in the place of an object": ("dev", "emails: [platform@example.com]", "emails: me", "budget.emails", ()),
    "list in the place of an object": (
        "test",
        "lock: {mode: governance, minRetentionDays: 7, maxRetentionDays: 30}",
        "lock: [governance]",
        "storage.backup.lock",
        (),
    ),
    "unknown environment": ("test", "herd:environment: test", "herd:environment: staging", "environment", ("'dev'",)),
    "account of eleven digits": ("dev", '"111122223333"', '"11112222333"', "account", ()),
    "unknown region": (
        "dev",
        "herd:region: us-east-2",
        "herd:region: us-east2",
        "region",
        ("unknown region 'us-east2'", "did you mean 'us-east-2'?"),
    ),
    "unknown second region": ("test", "herd:replicaRegion: us-east-2", "herd:replicaRegion: mars", "replicaRegion", ()),
    "a zone of another region": (
        "dev",
        "herd:availabilityZones: [us-east-2a, us-east-2b, us-east-2c]",
        "herd:availabilityZones: [us-east-2a, us-west-2b, us-east-2c]",
        "availabilityZones[1]",
        ("us-west-2b is no zone of us-east-2",),
    ),
    "two zones": (
        "test",
        "herd:availabilityZones: [us-west-2a, us-west-2b, us-west-2c]",
        "herd:availabilityZones: [us-west-2a, us-west-2b]",
        "availabilityZones",
        ("at least 3",),
    ),
    "a zone twice": (
        "prod",
        "herd:availabilityZones: [us-west-2a, us-west-2b, us-west-2c]",
        "herd:availabilityZones: [us-west-2a, us-west-2b, us-west-2a]",
        "availabilityZones[0]",
        ("2 times",),
    ),
    "overlapping blocks": (
        "dev",
        "podCidr: 100.64.0.0/16",
        "podCidr: 10.16.128.0/17",
        "network.managed.podCidr",
        ("10.16.128.0/17 overlaps",),
    ),
    "a peer's overlapping block": (
        "prod",
        "      nat: per-az",
        "      nat: per-az\n      peers: {office: 10.48.16.0/20}",
        "network.managed.peers.office",
        ("10.48.16.0/20 overlaps",),
    ),
    "a block with host bits": ("test", "cidr: 10.32.0.0/16", "cidr: 10.32.1.0/16", "network.managed.cidr", ()),
    "a VPC too small for its subnets": (
        "dev",
        "cidr: 10.16.0.0/16",
        "cidr: 10.16.0.0/22",
        "network.managed.subnets.private",
        ("1024 addresses",),
    ),
    "a subnet too small for the nodes": (
        "dev",
        "nodes: 4, ",
        "nodes: 400, ",
        "network.managed.needs[0]",
        ("12800 addresses are needed", "4091"),
    ),
    "no NAT of its own for each zone of prod": (
        "prod",
        "nat: per-az",
        "nat: single",
        "network.managed.nat",
        ("use per-az",),
    ),
    "a prod without a vault lock": (
        "prod",
        "      lock: {mode: compliance, minRetentionDays: 30, maxRetentionDays: 365, changeableForDays: 30}\n",
        "",
        "storage.backup.lock",
        ("needs a vault lock",),
    ),
    "a prod in one region": (
        "prod",
        "  herd:replicaRegion: us-east-2\n",
        "",
        "replicaRegion",
        ("second region",),
    ),
    "a prod with its releases in one region": (
        "prod",
        "secondRegion: true",
        "secondRegion: false",
        "registry.replication.secondRegion",
        ("must outlive",),
    ),
    "a prod that expires": (
        "prod",
        "    data-class: confidential",
        "    data-class: confidential\n    ttl: 9d",
        "tags.ttl",
        ("prod doesn't expire",),
    ),
    "a dev that never expires": ("dev", "    ttl: 14d\n", "", "tags.ttl", ("says how long",)),
    "a copy in the same region": (
        "test",
        "herd:replicaRegion: us-east-2",
        "herd:replicaRegion: us-west-2",
        "replicaRegion",
        ("own region",),
    ),
    "an unknown data class": ("dev", "data-class: internal", "data-class: secret", "tags.data-class", ("'internal'",)),
    "a file system of a size AWS doesn't offer": (
        "prod",
        "storageCapacity: 38400",
        "storageCapacity: 38000",
        "storage.lustre.shared.storageCapacity",
        ("38000 GiB isn't offered",),
    ),
    "mutable tags outside dev": (
        "test",
        "      - name: trainer",
        "      - name: trainer\n        mutableTags: [cache-*]",
        "registry.repositories[0].mutableTags",
        (),
    ),
    "a missing section": ("test", "  herd:budget:\n", "  pulumi:budget:\n", "budget", ("missing",)),
}


@pytest.fixture
def checkout(checkout):
    """With a need of addresses that no pool stands for."""
    place = "        retentionDays: 14\n"
    need = "      needs:\n        - {tier: private, zone: us-east-2a, nodes: 4, addressesPerNode: 32}\n"
    checkout.edit(checkout.file("dev"), f"{place}    endpoints:", f"{place}{need}    endpoints:")
    return checkout


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_told_with_its_place(checkout, mistake):
    stack, right, wrong, field, words = MISTAKES[mistake]
    checkout.edit(checkout.file(stack), right, wrong)
    before = checkout.files()
    problems = checkout.refused(stack)
    told = [problem for problem in problems if problem.field == field]
    assert len(told) == 1, [str(problem) for problem in problems]
    assert told[0].file == f"stacks/Pulumi.{stack}.yaml"
    for word in words:
        assert word in str(told[0])
    assert checkout.files() == before


LINES = {
    "a wrong value": ("monthlyLimitUsd: 2000", "monthlyLimitUsd: plenty", "budget.monthlyLimitUsd", 0),
    "a wrong item": ("nodes: 4, ", "nodes: 400, ", "network.managed.needs[0]", 0),
    "an unknown key": ("    ttl: 14d", "    ttl: 14d\n    tll: 15d", "tags.tll", 1),
    "something missing, at its nearest parent": ("    ttl: 14d\n", "", "tags.ttl", -5),
}


@pytest.mark.parametrize("case", LINES)
def test_the_line_is_the_file_s(checkout, case):
    right, wrong, field, offset = LINES[case]
    line = checkout.edit(checkout.file("dev"), right, wrong)
    (told,) = (problem for problem in checkout.refused("dev") if problem.field == field)
    assert told.line == line + offset


SEVERAL = {
    "herd:region: us-east-2": ("herd:region: us-east2", "region"),
    "monthlyLimitUsd: 2000": ("monthlyLimitUsd: plenty", "budget.monthlyLimitUsd"),
    "podCidr: 100.64.0.0/16": ("podCidr: 10.16.0.0/16", "network.managed.podCidr"),
    "nodes: 4, ": ("nodes: 400, ", "network.managed.needs[0]"),
    "storageCapacity: 1200": ("storageCapacity: 1300", "storage.lustre.scratch.storageCapacity"),
    "    team: platform": ("    teem: platform", "tags.teem"),
}


def spoil(checkout):
    """Make six mistakes in one stack file; what must be told, as (line, field)."""
    path = checkout.file("dev")
    return {(checkout.edit(path, right, wrong), field) for right, (wrong, field) in SEVERAL.items()}


def test_all_mistakes_are_told_at_once(checkout):
    expected = spoil(checkout)
    told = {(problem.line, problem.field) for problem in checkout.refused("dev")}
    assert expected <= told
    assert told - expected == {(9, "tags.team")}, "the misspelt tag is also missing under its right name"


def test_the_program_tells_the_same(checkout):
    expected = spoil(checkout)
    before = checkout.files()
    problems = checkout.refused_by_the_program("dev")
    assert {problem.file for problem in problems} == {"stacks/Pulumi.dev.yaml"}
    assert expected <= {(problem.line, problem.field) for problem in problems}
    assert checkout.files() == before


@pytest.mark.parametrize(
    "mistake",
    [
        "unknown key",
        "wrong type of a number",
        "overlapping blocks",
        "a VPC too small for its subnets",
        "a subnet too small for the nodes",
        "unknown region",
    ],
)
def test_the_program_refuses_it_before_it_registers_anything(checkout, mistake):
    stack, right, wrong, field, _ = MISTAKES[mistake]
    checkout.edit(checkout.file(stack), right, wrong)
    assert field in {problem.field for problem in checkout.refused_by_the_program(stack)}


def test_a_secret_in_the_engine_s_configuration_is_refused(checkout):
    config = load_stack(checkout.root, "dev").strings()
    with pytest.raises(InvalidInputError) as caught:
        load_settings(config, StackSource(checkout.root, "herd", "dev"), ("herd:budget",))
    assert [problem.field for problem in caught.value.problems] == ["budget"]


@pytest.mark.parametrize("path", [("a",), ("a", "b-c"), ("a", 0), ("a", 1, "b", 22, 3), ("tags", "data-class")])
def test_a_written_path_is_read_back(path):
    assert _path(dotted(path)) == path
