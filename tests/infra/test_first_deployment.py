"""A lab's first deployment, step by step: foundation without a release, a lock, the release; and back again."""

from pathlib import Path

import pytest

from components.release.load import load_release
from components.release.spec import Origin
from herd.cloud.server import CloudServer
from herd.cloud.stand_ins import servicers
from herd.pool.rekey import fresh
from herd.pool.stack import load
from herd.rehearse.account import prepare
from herd.rehearse.driver import EmbeddedDriver
from herd.rehearse.workspace import Tree
from herd.release.rehearsed import RehearsedLookup, rehearsed_stack
from herd.release.resolve import resolve
from herd.stackfile import load_stack

ACCOUNT, REGION = "444455556666", "us-west-2"
PREFIX = "/herd/test/release/"
RELEASED = {"herd:release:ReleasedParameters", "aws:ssm/parameter:Parameter"}
CLUSTER = {"aws:eks/cluster:Cluster", "aws:eks/nodeGroup:NodeGroup", "kubernetes:karpenter.sh/v1:NodePool"}
FOUNDATION = {
    "aws:ec2/vpc:Vpc",
    "aws:s3/bucket:Bucket",
    "aws:ecr/repository:Repository",
    "aws:fsx/openZfsFileSystem:OpenZfsFileSystem",
}


class Lab:
    """Somebody with a checkout and an account that is a stand-in."""

    def __init__(self, checkout, cloud, scratch: Path) -> None:
        self.checkout, self.cloud = checkout, cloud
        self.environment = cloud.environment(ACCOUNT, REGION)
        without_release = rehearsed_stack(checkout.root, "test", self.client, scratch / "recipes")[0]
        # `herd image resolve`, on the stand-in.
        self.images = without_release.config["herd:images"]
        prepare(cloud, ACCOUNT, REGION, without_release.own())
        self.driver = EmbeddedDriver(
            project="herd",
            stack="test",
            scratch=scratch,
            config=lambda tree: (
                load_stack(tree.root, "test", fidelity="rehearse").config | {"herd:images": self.images}
            ),
            environment=self.environment,
            providers=servicers(self.environment),
            on_event=lambda _: None,
        )

    def client(self, service: str, region: str):
        return self.cloud.client(service, ACCOUNT, region)

    def up(self) -> dict[str, set[str]]:
        """`pulumi up`: what it did, as operation to types."""
        run = self.driver.up(Tree(self.checkout.root, "working tree"))
        assert run.ok, run.errors
        done: dict[str, set[str]] = {}
        for step in run.plan.steps:
            done.setdefault(step.op, set()).add(step.type)
        done.pop("same", None)
        return done

    def held(self) -> dict[str, str]:
        """Ids of what the state holds, by URN."""
        return {r["urn"]: r["id"] for r in self.driver.deployment()["resources"] if r.get("custom")}

    def published(self) -> dict[str, str]:
        """The parameters that say what runs."""
        pages = self.client("ssm", REGION).get_paginator("get_parameters_by_path")
        found = pages.paginate(Path=PREFIX, Recursive=True)
        return {row["Name"].removeprefix(PREFIX): row["Value"] for page in found for row in page["Parameters"]}

    def cut_lock(self) -> str:
        """`herd release resolve`, on the stand-in; the new lock's name."""
        name = self.checkout.lock.name.removesuffix(".lock.yaml")
        found = resolve(self.checkout.root, name, RehearsedLookup(self.client), Origin.STAND_IN)
        return found.write(self.checkout.root / "stacks" / "releases").name.removesuffix(".lock.yaml")

    def name_release(self, name: str) -> None:
        """The line in the stack file, and `herd pool roll test --all --fresh`."""
        path = self.checkout.file("test")
        path.write_text(f"{path.read_text(encoding='utf-8')}  herd:release: {name}\n", encoding="utf-8")
        loaded = load(self.checkout.root, "test")
        fresh(loaded, list(loaded.pools), None)


@pytest.fixture
def lab(checkout, tmp_path_factory):
    checkout.take_away("test", "release")
    with CloudServer.spawn(accounts=(ACCOUNT,)) as cloud:
        yield Lab(checkout, cloud, tmp_path_factory.mktemp("state"))


@pytest.mark.slow
def test_foundation_then_lock_then_release(lab):
    foundation = lab.up()
    assert foundation.keys() == {"create"}
    assert foundation["create"] >= FOUNDATION
    assert not (RELEASED | CLUSTER) & foundation["create"]
    assert lab.published() == {}
    ids = lab.held()

    name = lab.cut_lock()
    lab.name_release(name)
    released = lab.up()
    assert released.keys() == {"create"}, "the foundation stays as it is"
    assert released["create"] >= RELEASED | CLUSTER
    assert not FOUNDATION & released["create"]
    published = lab.published()
    assert published["name"] == name
    lock = load_release(lab.checkout.root, name).lock
    images = {published[f"ami/{name}"]: ami.architecture for name, ami in lock.amis.items()}
    assert len(images) == 4
    found = lab.client("ec2", REGION).describe_images(ImageIds=list(images))["Images"]
    assert {image["ImageId"]: image["Architecture"] for image in found} == images

    assert lab.up() == {}

    lab.checkout.take_away("test", "release")
    gone = lab.up()
    assert gone.keys() == {"delete"}
    assert gone["delete"] >= RELEASED | CLUSTER
    assert not FOUNDATION & gone["delete"]
    assert lab.published() == {}
    assert lab.client("eks", REGION).list_clusters()["clusters"] == []
    assert lab.held() == ids, "the foundation outlives every release"
