"""Orphans: found by their tags, matched with the interrupted creation they come from, never guessed."""

from dataclasses import dataclass, field

from herd.recover.match import orphans

OWNER = {"project": "herd", "stack": "dev"}
VPC, ROLE = "aws:ec2/vpc:Vpc", "aws:iam/role:Role"


@dataclass(frozen=True)
class Thing:
    type: str
    id: str
    name: str = ""
    tags: dict = field(default_factory=lambda: dict(OWNER))


def creating(kind, name, /, **inputs):
    resource = {"urn": f"urn:pulumi:dev::herd::{kind}::{name}", "type": kind, "custom": True, "inputs": inputs}
    return {"type": "creating", "resource": resource}


def test_what_the_state_knows_is_no_orphan():
    deployment = {"resources": [{"urn": "u", "type": VPC, "id": "vpc-1", "custom": True}]}
    assert orphans(deployment, [Thing(VPC, "vpc-1")], OWNER) == ()


def test_what_another_stack_owns_is_no_orphan():
    assert orphans({}, [Thing(VPC, "vpc-1", tags={"project": "herd", "stack": "test"})], OWNER) == ()


def test_a_named_object_belongs_to_the_creation_that_asked_for_the_name():
    deployment = {"pending_operations": [creating(ROLE, "a", name="a-1"), creating(ROLE, "b", name="b-1")]}
    (orphan,) = orphans(deployment, [Thing(ROLE, "b-1", "b-1")], OWNER)
    assert orphan.pending.urn.endswith("::b")


def test_an_unnamed_object_belongs_to_the_creation_whose_tags_it_has():
    tags = {**OWNER, "Name": "herd-dev"}
    deployment = {
        "pending_operations": [creating(VPC, "main", tagsAll=tags), creating(VPC, "x", tagsAll=OWNER | {"Name": "x"})]
    }
    (orphan,) = orphans(deployment, [Thing(VPC, "vpc-9", "herd-dev", tags)], OWNER)
    assert orphan.pending.urn.endswith("::main")


def test_two_objects_for_one_creation_are_told_apart_by_a_person():
    tags = {**OWNER, "Name": "n"}
    deployment = {"pending_operations": [creating(VPC, "main", tagsAll=tags)]}
    found = [Thing(VPC, "vpc-1", "n", tags), Thing(VPC, "vpc-2", "n", tags)]
    assert [orphan.pending for orphan in orphans(deployment, found, OWNER)] == [None, None]


def test_an_interrupted_update_explains_no_orphan():
    row = creating(ROLE, "a", name="a-1")
    deployment = {"pending_operations": [{**row, "type": "updating"}]}
    (orphan,) = orphans(deployment, [Thing(ROLE, "a-1", "a-1")], OWNER)
    assert orphan.pending is None


def test_slices_that_differ_by_nothing_but_their_names_are_told_apart():
    group = "aws:eks/nodeGroup:NodeGroup"
    deployment = {
        "pending_operations": [
            creating(group, name, clusterName="main", nodeGroupName=f"{name}-1", tagsAll=OWNER)
            for name in ("p5-0", "p5-1")
        ]
    }
    found = [Thing(group, f"main:{name}", name) for name in ("p5-1-1", "p5-0-1", "p5-2-1")]
    matched = {
        each.found.id: each.pending and each.pending.urn.rpartition("::")[2]
        for each in orphans(deployment, found, OWNER)
    }
    assert matched == {"main:p5-0-1": "p5-0", "main:p5-1-1": "p5-1", "main:p5-2-1": None}
