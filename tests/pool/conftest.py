"""A project with a stack whose pools have every shape, and what kubectl would say of its nodes."""

import json
import re
import shutil
from datetime import UTC, datetime
from pathlib import Path

import pytest

from components.gpu_cluster.keys import content_hash
from herd.pool.rekey import rekey
from herd.pool.stack import load
from herd.release.files import write_lock

ROOT = Path(__file__).parents[2]
NOW = datetime(2027, 1, 10, 12, 0, tzinfo=UTC)

# What the platform asks of a release.
CHARTS = {
    "karpenter-crd": "1.14.1",
    "karpenter": "1.14.1",
    "nvidia-device-plugin": "0.20.0",
    "nvidia-dra-driver-gpu": "0.5.0",
    "aws-efa-k8s-device-plugin": "v0.5.30",
    "dcgm-exporter": "4.8.3",
}
ADDONS = {
    "vpc-cni": "v1.22.4-eksbuild.3",
    "kube-proxy": "v1.35.3-eksbuild.21",
    "coredns": "v1.13.2-eksbuild.21",
    "eks-pod-identity-agent": "v1.3.10-eksbuild.3",
    "aws-ebs-csi-driver": "v1.64.0-eksbuild.1",
    "metrics-server": "v0.9.0-eksbuild.6",
    "eks-node-monitoring-agent": "v1.7.0-eksbuild.1",
}


def made_of(pool_name, pool, node, image, reservations):
    """What a node is made of, in short: as quick as property tests need it."""
    return {
        "pool": pool_name,
        "capacity": pool.capacity.wire(),
        "zones": list(pool.zones),
        "node": node.wire(),
        "image": image.id,
    }


def lock(number):
    amis = {
        name: {
            "provenance": "vendor",
            "recipe_hash": None,
            "architecture": "x86_64",
            "source": "/aws/service/eks/image",
            "ids": {"us-west-2": f"ami-{number:016x}{at}"},
            "resolved_from": "aws",
        }
        for at, name in enumerate(("gpu", "cpu"))
    }
    charts = {
        name: {
            "repository": "oci://charts.example.com",
            "chart": name,
            "version": version,
            "digest": f"sha256:{number:064x}",
            "resolved_from": "upstream",
        }
        for name, version in CHARTS.items()
    }
    return {"format": 1, "amis": amis, "charts": charts, "addons": ADDONS, "versions": {"kubernetes": "1.35"}}


STACK = """\
# A stack of its own.
config:
  herd:environment: dev
  herd:account: "111122223333" # quoted
  herd:region: us-west-2
  herd:availabilityZones: [us-west-2a,   us-west-2b, us-west-2c]
  herd:network:
    managed: {cidr: 10.16.0.0/16, podCidr: 100.64.0.0/16, nat: single}
  herd:release: RELEASE
  herd:cluster:
    access:
      deploy: {principal: "arn:aws:iam::111122223333:role/deploy", policy: cluster-admin}
  herd:reservations:
    p5-prod:
      kind: targeted
      id: cr-0123456789abcdef0
      instanceType: p5.48xlarge
      zone: us-west-2a
      count: 16   # till June
    march:
      kind: capacity-block
      id: cr-0123456789abcdef1
      instanceType: p5.48xlarge
      zone: us-west-2b
      count: 4
      start: "2027-01-04T11:30:00Z"
      end: "2027-01-08T11:30:00Z"
  # every pool there is
  herd:pools:
    system:
      kind: static
      capacity: {kind: on-demand}
      zones: [us-west-2a, us-west-2b]
      nodesPerSlice: 2
      maxNodes: 6
      generations:
        - key: g1-00000000
          release: 'RELEASE' # in quotes
          slices:
            - 0 # the only one
          node:
            instanceTypes: [m7i.large]
            image: cpu

    # the big ones
    p5:
      kind: static
      capacity: {kind: targeted-reservation, reservation: p5-prod}
      zones: [us-west-2a]
      nodesPerSlice: 4
      maxNodes: 16
      generations:
        # made in winter
        - key: g1-00000000
          release: RELEASE
          slices: [0, 1, 2, 3] # all of it
          node:
            instanceTypes: [p5.48xlarge]
            image: gpu # theirs
            efa: true
            # who hands them out
            devices: device-plugin
    block:
      kind: static
      capacity: {kind: capacity-block, reservation: march}
      zones: [us-west-2b]
      nodesPerSlice: 4
      maxNodes: 4
      generations:
        - {key: g1-00000000, release: RELEASE, slices: [0], node: {instanceTypes: [p5.48xlarge],
           image: gpu, devices: dra}}
    g6:
      kind: elastic
      capacity: {kind: spot}
      zones: [us-west-2a, us-west-2b]
      maxNodes: 12
      generations:
      - key: g1-00000000
        release: RELEASE
        maxNodes: 4
        node:
          instanceTypes:
            - g6.xlarge
            - g6.2xlarge # if need be
          image: gpu
          devices: device-plugin
    # the end of the pools
# the end of the file
"""


@pytest.fixture(scope="session")
def template(tmp_path_factory):
    """A project whose generations have the keys of their content; the names of its two locks."""
    root = tmp_path_factory.mktemp("pools")
    shutil.copy(ROOT / "Pulumi.yaml", root)
    (root / "infra").mkdir()
    releases = root / "stacks" / "releases"
    first, second = (write_lock(releases, "june", lock(number)).name.removesuffix(".lock.yaml") for number in (1, 2))
    (root / "stacks" / "Pulumi.dev.yaml").write_text(STACK.replace("RELEASE", first))
    rekey(root, "dev", {}, content=made_of)
    return root, first, second


@pytest.fixture
def project(template, tmp_path):
    """The project, to be changed; the names of its two locks."""
    root, first, second = template
    shutil.copytree(root, tmp_path / "project")
    return tmp_path / "project", first, second


@pytest.fixture
def stack(project):
    """The stack's pools."""
    return load(project[0], "dev", content=made_of)


@pytest.fixture
def edited():
    """`edited(stack, old, new)`: the stack after somebody has edited its file."""

    def edit(stack, old, new):
        assert old in stack.text
        changed = stack.text.replace(old, new)
        stack.file.path.write_text(changed)
        return stack.rewritten(changed)

    return edit


@pytest.fixture
def text():
    """`text(stack)`: the stack file as it stands on disk."""
    return lambda stack: stack.file.path.read_text()


@pytest.fixture
def key():
    """`key(stack, pool, at)`: the key of a generation."""
    return lambda stack, pool, at=0: stack.pools[pool].generations[at].key


def node(
    name, pool, generation, slot=None, *, draining=True, beat="2027-01-10T11:58:00Z", address="10.16.3.4", ready="True"
):
    labels = {
        "topology.kubernetes.io/region": "us-west-2",
        "herd.dev/pool": pool,
        "herd.dev/generation": generation,
        **({} if slot is None else {"herd.dev/slice": str(slot)}),
    }
    return {
        "kind": "Node",
        "metadata": {"name": name, "labels": labels},
        "spec": {"taints": [{"key": "herd.dev/draining", "effect": "NoSchedule"}] if draining else []},
        "status": {
            "addresses": [{"type": "InternalIP", "address": address}, {"type": "Hostname", "address": name}],
            "conditions": [{"type": "Ready", "status": ready, "lastHeartbeatTime": beat}],
        },
    }


def pod(name, on, *, owner="DaemonSet", phase="Running", mirror=False):
    metadata = {"namespace": "work", "name": name, "ownerReferences": [{"kind": owner, "name": "x"}]}
    if mirror:
        metadata["annotations"] = {"kubernetes.io/config.mirror": "x"}
    return {"kind": "Pod", "metadata": metadata, "spec": {"nodeName": on}, "status": {"phase": phase}}


@pytest.fixture
def cluster(tmp_path):
    """`cluster(nodes, pods)`: a file with what kubectl says; every node has its network's pod."""

    def write(nodes, pods=(), **changes):
        items = [
            *nodes,
            *(pod(f"aws-node-{item['metadata']['name']}", item["metadata"]["name"]) for item in nodes),
            *pods,
        ]
        path = tmp_path / "evidence.json"
        path.write_text(json.dumps({"kind": "List", "apiVersion": "v1", "items": items, **changes}))
        return path

    return write


@pytest.fixture
def make_node():
    """`make_node(name, pool, key, slice, draining=, beat=, address=, ready=)`: a v1 Node."""
    return node


@pytest.fixture
def make_pod():
    """`make_pod(name, on, owner=, phase=, mirror=)`: a v1 Pod."""
    return pod


@pytest.fixture
def now():
    """What time it is."""
    return NOW


@pytest.fixture(scope="session")
def content():
    """What a node is made of, in short."""
    return made_of


@pytest.fixture
def comments():
    """`comments(text)`: every comment of a stack file, in order."""
    return lambda text: re.findall(r"#.*", text)


@pytest.fixture
def short_hash():
    """The hash that keys carry."""
    return content_hash
