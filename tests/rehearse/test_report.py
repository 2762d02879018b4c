"""What a report says: verdict, counts, stable JSON."""

import json

from herd.rehearse.report import Phase, Report, by_component, changed

STACK = "urn:pulumi:dev::herd::pulumi:pulumi:Stack::herd-dev"


def report(**changes):
    values = {
        "stack": "dev",
        "engine": "embedded",
        "base": "working tree",
        "phases": (Phase("up", ok=True, seconds=1.234, operations={"create": 2}),),
        "components": {"network": 2},
        "fidelity": {"simulated": ("aws:ec2/vpc:Vpc",)},
        "replaced": (),
        "leftovers": (),
        "resources": 3,
        "outputs": {},
    }
    return Report(**{**values, **changes})


def test_ok_needs_every_phase_and_nothing_left_over():
    assert report().ok
    assert not report(phases=(Phase("up", ok=False, seconds=0),)).ok
    assert not report(leftovers=("aws:ec2/vpc:Vpc vpc-1",)).ok


def test_json_has_the_documented_keys():
    shown = report().to_json()
    assert {"stack", "ok", "phases", "fidelity", "leftovers", "resources"} <= shown.keys()
    assert shown["phases"][0] == {
        "name": "up",
        "ok": True,
        "seconds": 1.23,
        "operations": {"create": 2},
        "problems": [],
        "notes": [],
    }
    json.dumps(shown)


def test_changed_leaves_out_what_stayed_as_it_was():
    assert changed({"same": 9, "read": 1, "refresh": 2, "update": 1, "delete": 0}) == {"update": 1}


def test_resources_are_counted_under_their_top_level_component():
    def resource(name, kind, parent, *, custom=True):
        return {"urn": f"urn:pulumi:dev::herd::{kind}::{name}", "type": kind, "parent": parent, "custom": custom}

    network = resource("network", "herd:network:Network", STACK, custom=False)
    inner = resource("groups", "herd:network:Groups", network["urn"], custom=False)
    deployment = {
        "resources": [
            {"urn": STACK, "type": "pulumi:pulumi:Stack"},
            network,
            inner,
            resource("vpc", "aws:ec2/vpc:Vpc", network["urn"]),
            resource("group", "aws:ec2/securityGroup:SecurityGroup", inner["urn"]),
            resource("aws", "pulumi:providers:aws", STACK),
            resource("alone", "aws:ssm/parameter:Parameter", STACK),
        ]
    }
    assert by_component(deployment) == {"alone": 1, "network": 2}
