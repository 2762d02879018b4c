"""A lab's first deployment, step by step: foundation without a release, a lock, the release; and back again."""

import json
from pathlib import Path

import pytest

from components.release.load import load_release
from components.release.spec import Origin
from herd.cloud.server import CloudServer
from herd.cloud.stand_ins import servicers
from herd.rehearse.driver import EmbeddedDriver
from herd.rehearse.workspace import Tree
from herd.release.lookup import LiveLookup
from herd.release.resolve import resolve
from herd.stackfile import load_stack

ACCOUNT, REGION = "444455556666", "us-west-2"
PREFIX = "/herd/test/release/"


class Lab:
    """Somebody with a checkout and an account that is a stand-in."""

    def __init__(self, checkout, cloud, scratch: Path) -> None:
        self.checkout, self.cloud = checkout, cloud
        self.environment = cloud.environment(ACCOUNT, REGION)
        self.driver = EmbeddedDriver(
            project="herd",
            stack="test",
            scratch=scratch,
            config=lambda tree: load_stack(tree.root, "test", fidelity="rehearse").config,
            environment=self.environment,
            providers=servicers(self.environment),
            on_event=lambda _: None,
        )

    def up(self) -> dict[str, set[str]]:
        """`pulumi up`: what it did, as operation to types."""
        run = self.driver.up(Tree(self.checkout.root, "working tree"))
        assert run.ok, run.errors
        done: dict[str, set[str]] = {}
        for step in run.plan.steps:
            done.setdefault(step.op, set()).add(step.type)
        done.pop("same", None)
        return done

    def published(self) -> dict[str, str]:
        """The parameters that say what runs."""
        pages = self.cloud.client("ssm", ACCOUNT, REGION).get_paginator("get_parameters_by_path")
        found = pages.paginate(Path=PREFIX, Recursive=True)
        return {row["Name"].removeprefix(PREFIX): row["Value"] for page in found for row in page["Parameters"]}

    def cut_lock(self) -> str:
        """`herd release resolve`, on the stand-in; the new lock's name."""
        clients = lambda service, region: self.cloud.client(service, ACCOUNT, region)  # noqa: E731
        name = self.checkout.lock.name.removesuffix(".lock.yaml")
        found = resolve(self.checkout.root, name, LiveLookup(clients), Origin.STAND_IN)
        return found.write(self.checkout.root / "stacks" / "releases").name.removesuffix(".lock.yaml")


@pytest.fixture
def lab(checkout, tmp_path_factory):
    with CloudServer.spawn(accounts=(ACCOUNT,)) as cloud:
        yield Lab(checkout, cloud, tmp_path_factory.mktemp("state"))


RELEASED = {"herd:release:ReleasedParameters", "aws:ssm/parameter:Parameter"}


@pytest.mark.slow
def test_foundation_then_lock_then_release(lab):
    foundation = lab.up()
    assert foundation.keys() == {"create"}
    assert "aws:ec2/vpc:Vpc" in foundation["create"]
    assert not RELEASED & foundation["create"]
    assert lab.published() == {}

    name = lab.cut_lock()
    path = lab.checkout.file("test")
    without = path.read_text(encoding="utf-8")
    path.write_text(f"{without}  herd:release: {name}\n", encoding="utf-8")
    assert lab.up() == {"create": RELEASED}
    published = lab.published()
    assert published["name"] == name
    ec2 = lab.cloud.client("ec2", ACCOUNT, REGION)
    lock = load_release(lab.checkout.root, name).lock
    images = {published[f"ami/{name}"]: ami.architecture for name, ami in lock.amis.items()}
    assert len(images) == 4
    found = ec2.describe_images(ImageIds=list(images))["Images"]
    assert {image["ImageId"]: image["Architecture"] for image in found} == images

    assert lab.up() == {}

    path.write_text(without, encoding="utf-8")
    assert lab.up() == {"delete": RELEASED}
    assert lab.published() == {}
    assert json.dumps(lab.driver.deployment()).count("aws:ec2/vpc:Vpc") > 0
