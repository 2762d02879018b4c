"""What is registered for pools of every kind, read by people once and compared ever after."""

import pytest

G6 = {"instanceTypes": ["g6.xlarge", "g6.2xlarge"], "image": "eks-gpu", "efa": False, "devices": "device-plugin"}
CPU = {"instanceTypes": ["m7i.large"], "image": "eks-cpu", "efa": False, "devices": "none"}


@pytest.fixture
def pools(pool, image):
    """The pools of the goldens, by the golden's name."""
    return {
        "p5-block": pool("static", "capacity-block:block"),
        "p5-targeted": pool("static", "targeted-reservation:targeted", generation={"slices": [0, 1]}),
        "b300-cluster": pool("static", "on-demand", node={"instanceTypes": ["p6-b300.48xlarge"]}, placement="cluster"),
        "g6-spot": pool("elastic", "spot", node=G6, zones=["us-east-1a", "us-east-1b"]),
        "g6e-efa": pool("elastic", "on-demand", node={"instanceTypes": ["g6e.48xlarge"]}),
        "cpu": pool("static", "on-demand", node=CPU, zones=["us-east-1a", "us-east-1b"]),
        "cpu-bottlerocket": (
            pool("static", "on-demand", node={**CPU, "instanceTypes": ["m7gd.large"], "os": "bottlerocket"}),
            {"image": image(architecture="arm64")},
        ),
    }


@pytest.fixture
def recording(build, pools):
    return build(pools)


def test_what_is_registered_is_what_was_read(recording, pools, shown, golden):
    for name in pools:
        golden(f"{name}.json", shown(recording, name) + "\n")


def test_a_preview_knows_the_same_resources(build, pools, recording):
    assert build(pools, preview=True).identities == recording.identities
