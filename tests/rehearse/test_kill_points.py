"""`kill -9` at any moment: the state stays whole, the next run names what was under way, the audit finds orphans."""

import json
import os
import random
import shutil
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from herd.cloud.audit import enumerate as list_cloud
from herd.cloud.provider.servicer import AwsServicer
from herd.cloud.server import CloudServer
from herd.engine import Backend, Engine, Program
from herd.recover.apply import Recovery
from herd.recover.match import orphans, pending_of
from herd.rehearse.driver import PRELOAD

HERE = Path(__file__).parent
PROGRAM = HERE / "kill_program"
ACCOUNT, REGION = "123456789012", "us-east-1"
OWNER = {"project": "kill", "stack": "dev"}
# An up of the program writes about twice as many journal entries as it has resources.
ENTRIES = 66
RESOURCES = 30


@pytest.fixture(scope="module")
def cloud():
    with CloudServer.spawn(accounts=(ACCOUNT,)) as server:
        yield server


@dataclass
class Site:
    """A stack on the cloud, with everything a test asks of it."""

    cloud: object
    folder: Path

    def __post_init__(self):
        self.cloud.control("reset")
        self.environment = self.cloud.environment(ACCOUNT, REGION)
        self.backend = Backend(self.folder, "kill", "dev", "rehearsal")
        self.providers = {"aws": lambda: AwsServicer(self.environment)}

    def engine(self):
        return Engine("kill", "dev", self.backend, self.providers, Program(PROGRAM, PROGRAM, preload=PRELOAD), {})

    def killed(self, verb, entry, delay):
        """Run a verb in a process that kills itself; says whether it got that far."""
        job = {"verb": verb, "entry": entry, "delay": delay, "state": str(self.folder), "program": str(PROGRAM)}
        done = subprocess.run(
            [sys.executable, str(HERE / "killed.py"), json.dumps(job)],
            env={**os.environ, **self.environment},
            capture_output=True,
            check=False,
            timeout=120,
        )
        assert done.returncode in (0, -signal.SIGKILL), done.stderr.decode()[-2000:]
        return done.returncode != 0

    def state(self):
        return self.backend.export_deployment()["deployment"]

    def known(self):
        return {(r["type"], r["id"]) for r in self.state().get("resources", []) if r["type"].startswith("aws:")}

    def found(self):
        return list_cloud(self.cloud.endpoint, ACCOUNT, [REGION])

    def graph(self):
        """What the state says, without the random parts of names."""
        return {(r["urn"], tuple(sorted(r.get("inputs", {})))) for r in self.state().get("resources", [])}


@pytest.fixture
def site(cloud, tmp_path):
    return Site(cloud, tmp_path / "state")


@pytest.fixture(scope="module")
def graph(cloud, tmp_path_factory):
    """What an up that nobody disturbs makes."""
    site = Site(cloud, tmp_path_factory.mktemp("whole"))
    assert site.engine().up().exit_code == 0
    assert len(site.known()) == RESOURCES
    return site.graph()


def interrupted_up(site, graph, seed):
    rng = random.Random(seed)
    site.killed("up", rng.randrange(1, ENTRIES), rng.random() * 0.03)
    pending = pending_of(site.state())
    left = orphans(site.state(), site.found(), OWNER)
    # Exactly what Pulumi leaves: an object is only unknown if its creation was under way, and that creation is named.
    assert all(orphan.pending for orphan in left), left
    assert len({orphan.pending.urn for orphan in left}) == len(left)

    outcome = site.engine().up()
    assert outcome.exit_code == 0, outcome.diagnostics
    assert {row.urn for row in pending} <= {row.urn for row in outcome.interrupted}
    assert site.graph() == graph
    # The audit lists the same orphans, no more and no fewer.
    strays = {(item.type, item.id) for item in site.found()} - site.known()
    assert strays == {(orphan.found.type, orphan.found.id) for orphan in left}
    return left


def finish(site, left):
    """Recover by deleting, then destroy: nothing may be left."""
    recovery = Recovery(site.backend, site.providers)
    for orphan in left:
        recovery.delete(orphan)
    assert site.engine().destroy().exit_code == 0
    assert list(site.found()) == []


def interrupted_destroy(site, graph, seed):
    rng = random.Random(seed)
    assert site.engine().up().exit_code == 0
    site.killed("destroy", rng.randrange(1, ENTRIES), rng.random() * 0.03)
    pending = pending_of(site.state())
    if rng.random() < 0.5:
        outcome = site.engine().destroy()
        assert outcome.exit_code == 0, outcome.diagnostics
        assert list(site.found()) == []
    else:
        outcome = site.engine().up(refresh=True)
        assert outcome.exit_code == 0, outcome.diagnostics
        assert site.graph() == graph
        assert {(item.type, item.id) for item in site.found()} == site.known()
    assert {row.urn for row in pending} <= {row.urn for row in outcome.interrupted}


@pytest.mark.parametrize("seed", [2])
def test_after_a_killed_up_the_next_one_converges_and_recovery_leaves_nothing(site, graph, seed):
    finish(site, interrupted_up(site, graph, seed))


@pytest.mark.slow
def test_after_a_killed_destroy_the_next_run_goes_on(site, graph):
    interrupted_destroy(site, graph, 1)


@pytest.mark.slow
def test_an_adopted_orphan_is_the_resource_that_was_being_made(site, graph):
    for seed in range(100, 140):
        left = interrupted_up_only(site, seed)
        if left:
            break
    else:
        pytest.fail("no kill point left an orphan")
    recovery = Recovery(site.backend, site.providers)
    for orphan in left:
        recovery.adopt(orphan)
    outcome = site.engine().up()
    assert outcome.exit_code == 0, outcome.diagnostics
    assert not {row.urn for row in outcome.interrupted} & {orphan.pending.urn for orphan in left}
    assert site.graph() == graph
    assert {(item.type, item.id) for item in site.found()} == site.known()


def interrupted_up_only(site, seed):
    shutil.rmtree(site.folder, ignore_errors=True)
    site.cloud.control("reset")
    rng = random.Random(seed)
    site.killed("up", rng.randrange(10, ENTRIES - 10), rng.random() * 0.03)
    return orphans(site.state(), site.found(), OWNER)


@pytest.mark.slow
@pytest.mark.parametrize("block", range(30))
def test_three_hundred_random_kill_points(cloud, tmp_path, graph, block):
    for point in range(10):
        seed = 1000 + block * 10 + point
        site = Site(cloud, tmp_path / str(seed))
        if point % 2:
            interrupted_destroy(site, graph, seed)
        else:
            left = interrupted_up(site, graph, seed)
            if point % 4 == 0:
                finish(site, left)
