"""What the device layer runs is what the stack mirrors, by digest, once somebody has read the digest."""

from herd.render import render

RELEASE = "kubernetes:helm.sh/v3:Release"
PLUGIN = "nvcr.io/nvidia/k8s-device-plugin:v0.20.0"
HOST = "777788889999.dkr.ecr.us-west-2.amazonaws.com"


def images(graph):
    """The image that each chart of the device layer is told to run; None for its own."""
    charts = {row.name: row.inputs["values"] for row in graph.resources if row.type == RELEASE}
    return {name: values.get("image") for name, values in charts.items() if name.startswith("devices-")}


def test_until_a_digest_is_read_charts_run_their_own(graphs):
    assert set(images(graphs["prod"]).values()) == {None}


def test_nodes_pull_what_is_mirrored_by_digest(checkout):
    checkout.read_digests("prod")
    assert images(render(checkout.root, "prod")) == {
        "devices-nvidia-device-plugin": {
            "repository": f"{HOST}/mirrors/nvcr.io/nvidia/k8s-device-plugin@sha256",
            "tag": "0" * 64,
        },
        "devices-dcgm-exporter": {
            "repository": f"{HOST}/mirrors/nvcr.io/nvidia/k8s/dcgm-exporter@sha256",
            "tag": "0" * 64,
        },
        "devices-aws-efa-k8s-device-plugin": None,
    }


def test_an_image_of_another_version_than_its_chart_is_refused(checkout):
    line = checkout.edit(checkout.file("prod"), PLUGIN, PLUGIN.replace("0.20.0", "0.19.3"))
    (problem,) = checkout.refused("prod")
    assert (problem.file, problem.line, problem.field) == (
        "stacks/Pulumi.prod.yaml",
        line,
        "registry.mirror.images[1]",
    )
    assert "nvidia-device-plugin 0.20.0" in problem.message


def test_two_versions_side_by_side_are_a_change_under_way(checkout):
    checkout.read_digests("prod")
    old = f"        - {PLUGIN.replace('0.20.0', '0.19.3')}@sha256:{'1' * 64}\n"
    checkout.edit(checkout.file("prod"), f"        - {PLUGIN}", f"{old}        - {PLUGIN}")
    assert images(render(checkout.root, "prod"))["devices-nvidia-device-plugin"]["tag"] == "0" * 64
