"""The program of a stack over time, on the stand-in cloud: pools without capacity, and a cluster made anew."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest

from herd.cloud import CloudServer
from herd.cloud.audit import enumerate as list_cloud
from herd.cloud.faults import Fault
from herd.cloud.stand_ins import servicers
from herd.engine import Backend, Engine, Program
from herd.engine.state import urn_name, urn_type
from herd.rehearse.account import prepare
from herd.rehearse.driver import PASSPHRASE, PRELOAD
from herd.release.rehearsed import rehearsed_stack
from herd.stackfile import load_stack

NODE_GROUP = "aws:eks/nodeGroup:NodeGroup"


class Site:
    """A stack that is up on a stand-in, or on its way there."""

    def __init__(self, checkout, stack: str, cloud, scratch: Path) -> None:
        self.checkout, self.stack, self.cloud, self.scratch = checkout, stack, cloud, scratch
        settings = load_stack(checkout.root, stack, fidelity="rehearse")
        self.account, self.regions = str(settings.config["herd:account"]), settings.regions
        self.environment = cloud.environment(self.account, self.regions[0]) | {"HERD_PROVIDER_PATIENCE": "2"}
        self.backend = Backend(scratch / "state", "herd", stack, PASSPHRASE)
        self.there: frozenset[tuple[str, str]] = frozenset()

    def client(self, service: str, region: str = ""):
        return self.cloud.client(service, self.account, region or self.regions[0])

    def engine(self) -> Engine:
        settings, _ = rehearsed_stack(self.checkout.root, self.stack, self.client, self.scratch / "releases")
        self.there = self.there or prepare(self.cloud, self.account, self.regions[0], settings.own())
        root = self.checkout.root
        program = Program(root, root / "infra", self.environment, preload=PRELOAD)
        return Engine("herd", self.stack, self.backend, servicers(self.environment), program, settings.config)

    def groups(self) -> dict[str, Counter[str]]:
        """How many node groups of each pool are in which state."""
        eks, found = self.client("eks"), {}
        for cluster in eks.list_clusters()["clusters"]:
            for name in eks.list_nodegroups(clusterName=cluster)["nodegroups"]:
                group = eks.describe_nodegroup(clusterName=cluster, nodegroupName=name)["nodegroup"]
                found.setdefault(group["labels"]["herd.dev/pool"], Counter())[group["status"]] += 1
        return found

    def elastic(self) -> set[str]:
        """The elastic pools that are there."""
        resources = self.backend.export_deployment()["deployment"]["resources"]
        made = (r for r in resources if r["type"] == "kubernetes:karpenter.sh/v1:NodePool")
        return {urn_name(r["urn"]).split("-")[0] for r in made}

    def left(self) -> list[str]:
        """What the cloud holds that was not there before."""
        found = list_cloud(self.cloud.endpoint, self.account, self.regions)
        return [f"{item.type} {item.id}" for item in found if (item.type, item.id) not in self.there]


@pytest.fixture
def site(checkout, tmp_path_factory):
    """Makes the site of a stack."""
    with CloudServer(accounts=("111122223333", "777788889999")) as cloud:
        cloud.reset()  # moto's state is the process's: another module's cloud may have been here
        yield lambda stack: Site(checkout, stack, cloud, tmp_path_factory.mktemp("scratch"))


def errors(outcome) -> dict[str, str]:
    """What was said of each resource."""
    return {urn_name(d.urn): d.message for d in outcome.diagnostics if d.severity == "error" and d.urn}


def made(outcome) -> set[tuple[str, str]]:
    return {(step.op, urn_type(step.urn)) for step in outcome.plan.changed()}


@pytest.mark.slow
def test_a_pool_without_capacity_waits_and_the_others_do_not(site):
    prod = site("prod")
    prod.cloud.faults.add(Fault("shortage", instance_type="p5.*"))
    outcome = prod.engine().up(continue_on_error=True)

    assert outcome.exit_code == 1
    said = errors(outcome)
    assert {re.sub(r"-g1-[0-9a-f]{8}", "", name) for name in said} == {f"p5-{number}" for number in range(4)}
    for text in said.values():
        for part in (
            "CREATE_FAILED",
            "InsufficientInstanceCapacity",
            "p5.48xlarge",
            "us-west-2a",
            "herd-prod-main:p5-",
        ):
            assert part in text
        assert "Traceback" not in text
    assert prod.groups() == {"p5": {"CREATE_FAILED": 4}, "system": {"ACTIVE": 1}}
    assert prod.elastic() == {"cpu", "g6e"}

    # Still none: the pool is tried again, and nothing else is touched.
    assert made(prod.engine().up(continue_on_error=True)) == {("replace", NODE_GROUP)}
    assert prod.groups() == {"p5": {"CREATE_FAILED": 4}, "system": {"ACTIVE": 1}}

    prod.cloud.faults.clear()
    healed = prod.engine().up()
    assert (healed.exit_code, healed.changes["replace"]) == (0, 4)
    assert made(healed) == {("replace", NODE_GROUP)}
    assert prod.groups() == {"p5": {"ACTIVE": 4}, "system": {"ACTIVE": 1}}
    assert set(prod.engine().up().changes) == {"same"}


@pytest.mark.slow
def test_without_the_flag_what_runs_runs_on_and_what_is_new_may_have_to_wait(site):
    """Why docs/components/capacity.md has people bring pools up with --continue-on-error."""
    prod = site("prod")
    file = prod.checkout.file("prod")
    text = file.read_text()
    prod.checkout.edit(file, "slices: [0, 1, 2, 3]", "slices: []")
    assert prod.engine().up().exit_code == 0
    before = prod.groups()

    prod.cloud.faults.add(Fault("shortage", instance_type="p5.*"))
    file.write_text(text)
    failed = prod.engine().up()
    assert failed.exit_code == 1
    # The first failure ends the run: how many slices were begun by then is chance.
    assert {**prod.groups(), "p5": {}} == {**before, "p5": {}}
    assert prod.groups()["p5"].keys() == {"CREATE_FAILED"}
    assert prod.elastic() == {"cpu", "g6e"}
    assert all("/nodeGroup:" in type_ or type_.startswith("herd:") for _, type_ in made(failed))

    prod.checkout.edit(file, "slices: [0, 1, 2, 3]", "slices: []")
    assert prod.engine().up().exit_code == 0, "given up for now"
    assert prod.groups() == before

    prod.cloud.faults.clear()
    file.write_text(text)
    assert prod.engine().up().exit_code == 0
    assert prod.groups() == {**before, "p5": {"ACTIVE": 4}}


@pytest.mark.slow
def test_a_cluster_of_another_name_is_made_beside_the_old_one_and_nothing_stays(site):
    dev = site("dev")
    assert dev.engine().up().exit_code == 0
    foundation = {type_: ids for type_, ids in held(dev).items() if not type_.startswith(("aws:eks", "aws:iam"))}

    dev.checkout.edit(dev.checkout.file("dev"), "  herd:cluster:\n", "  herd:cluster:\n    name: second\n")
    # Halfway there is a new provider, and what it hasn't made yet still hangs on the old one.
    dev.cloud.faults.add(Fault("shortage", instance_type="m7i.*"))
    assert list(errors(dev.engine().up())) == [system_group(dev)]
    assert dev.client("eks").list_clusters()["clusters"] == ["herd-dev-main", "herd-dev-second"]
    dev.cloud.faults.clear()
    outcome = dev.engine().up()
    assert outcome.exit_code == 0, outcome.diagnostics
    assert dev.client("eks").list_clusters()["clusters"] == ["herd-dev-second"]
    assert dev.groups() == {"system": {"ACTIVE": 1}}
    assert dev.elastic() == {"g6"}
    after = held(dev)
    for kind in ("aws:ec2/vpc:Vpc", "aws:ec2/subnet:Subnet", "aws:efs/fileSystem:FileSystem", "aws:s3/bucket:Bucket"):
        assert after[kind] == foundation[kind], "the foundation outlives a cluster"
    assert set(dev.engine().up().changes) == {"same"}

    assert dev.engine().destroy().exit_code == 0
    assert dev.left() == []


def system_group(site) -> str:
    resources = site.backend.export_deployment()["deployment"]["resources"]
    return next(urn_name(r["urn"]) for r in resources if r["type"] == NODE_GROUP)


def held(site) -> dict[str, set[str]]:
    """The ids of what the state holds, by type."""
    found: dict[str, set[str]] = {}
    for resource in site.backend.export_deployment()["deployment"]["resources"]:
        if resource.get("custom"):
            found.setdefault(resource["type"], set()).add(resource["id"])
    return found
