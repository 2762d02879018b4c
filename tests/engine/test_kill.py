"""`kill -9` at any moment loses nothing: the state is whole, what was under way is named, the next run gets there."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from herd.engine import Backend, Engine, Program

PLUGIN = Path(__file__).with_name("files_plugin")
RESOURCES = 9
PROGRAM = """
from probe import Comp, Thing
from pulumi import ResourceOptions as Opts

base = Thing("base", {"n": 1})
group = Comp("group")
for i in range(4):
    left = Thing(f"left{i}", {"of": base.id}, Opts(parent=group))
    Thing(f"right{i}", {"of": left.id})
"""
# Runs a verb and kills its own process right after the n-th journal entry became durable.
DOOMED = """
import os, signal, sys
from pathlib import Path
from herd.engine import Backend, Engine, Program
root, plugin, vectors, verb, moment = *map(Path, sys.argv[1:4]), sys.argv[4], int(sys.argv[5])
engine = Engine(
    "vec", "dev", Backend(root / "state", "vec", "dev", "a passphrase"), {"probe": plugin},
    Program(root, root / "main.py", {"PYTHONPATH": str(vectors)}), {}, parallel=4,
    environment={"FILES_CLOUD": str(root / "cloud")},
    on_journal=lambda number: os.kill(os.getpid(), signal.SIGKILL) if number == moment else None,
)
getattr(engine, verb)()
"""


class Fleet:
    """A stack of a few resources whose cloud is a folder."""

    def __init__(self, folder: Path, vectors: Path) -> None:
        self.folder, self.cloud, self._vectors = folder, folder / "cloud", vectors
        self.cloud.mkdir()
        (folder / "main.py").write_text(PROGRAM)
        self.backend = Backend(folder / "state", "vec", "dev", "a passphrase")

    def engine(self) -> Engine:
        program = Program(self.folder, self.folder / "main.py", {"PYTHONPATH": str(self._vectors)}, preload=("pulumi",))
        environment = {"FILES_CLOUD": str(self.cloud)}
        return Engine("vec", "dev", self.backend, {"probe": PLUGIN}, program, {}, environment=environment)

    def killed(self, verb: str, moment: int) -> bool:
        """Run the verb in a process that kills itself; false if it was through before that moment."""
        paths = [str(p) for p in (self.folder, PLUGIN, self._vectors)]
        command = [sys.executable, "-c", DOOMED, *paths, verb, str(moment)]
        return subprocess.run(command, check=False).returncode == -signal.SIGKILL

    def ids(self) -> set[str]:
        """What the state says exists."""
        resources = self.backend.export_deployment()["deployment"].get("resources", [])
        return {r["id"] for r in resources if r["type"] == "probe:index:Thing"}

    def pending(self, kind: str = "") -> set[str]:
        """Names of what an interrupted run had under way."""
        operations = self.backend.export_deployment()["deployment"].get("pending_operations", [])
        return {p["resource"]["urn"].rsplit("::", 1)[-1] for p in operations if kind in ("", p["type"])}

    def exists(self) -> set[str]:
        """What is in the cloud."""
        return {file.name for file in self.cloud.iterdir()}

    def check_nothing_is_lost(self) -> None:
        """What exists but isn't in the state is being created; what the state has is there or being deleted."""
        assert {ident.split(".")[0] for ident in self.exists() - self.ids()} <= self.pending("creating")
        assert {ident.split(".")[0] for ident in self.ids() - self.exists()} <= self.pending("deleting")


@pytest.fixture
def fleet(tmp_path: Path, vectors: Path) -> Fleet:
    return Fleet(tmp_path, vectors)


def check_killed_up(fleet: Fleet, moment: int) -> None:
    fleet.killed("up", moment)
    fleet.check_nothing_is_lost()
    named = fleet.pending()
    outcome = fleet.engine().up()
    assert {i.urn.rsplit("::", 1)[-1] for i in outcome.interrupted} == named
    assert outcome.exit_code == 0
    assert len(fleet.ids()) == RESOURCES
    fleet.check_nothing_is_lost()
    assert fleet.engine().preview(expect_no_changes=True).exit_code == 0


def check_killed_destroy(fleet: Fleet, moment: int) -> None:
    fleet.killed("destroy", moment)
    fleet.check_nothing_is_lost()
    assert fleet.engine().destroy().exit_code == 0
    assert fleet.ids() == set()
    fleet.check_nothing_is_lost()


@pytest.mark.parametrize("moment", [1, 4, 9, 17])
def test_an_up_killed_early_or_late_loses_nothing(fleet: Fleet, moment: int) -> None:
    check_killed_up(fleet, moment)


@pytest.mark.parametrize("moment", [2, 8])
def test_a_destroy_killed_early_or_late_loses_nothing(fleet: Fleet, moment: int) -> None:
    fleet.engine().up()
    check_killed_destroy(fleet, moment)
    assert fleet.exists() == set()


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(12))
def test_runs_killed_again_and_again_at_random_moments_lose_nothing(fleet: Fleet, seed: int) -> None:
    dice = random.Random(seed)
    for _ in range(3):
        fleet.killed(dice.choice(["up", "up", "destroy"]), dice.randint(1, 24))
        fleet.check_nothing_is_lost()
    check_killed_up(fleet, dice.randint(1, 24))
    check_killed_destroy(fleet, dice.randint(1, 24))
