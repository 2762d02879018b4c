"""`kill -9` at any moment loses nothing: the state is whole, what was under way is named, the next run gets there."""

from __future__ import annotations

import json
import random
import signal
import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = """
    base = Thing("base", {"n": 1})
    for i in range(4):
        left = Thing(f"left{i}", {"of": base.id})
        Thing(f"right{i}", {"of": left.id}, Opts(protect=False))
"""
# Runs a verb and kills its own process right after the n-th journal entry became durable.
DOOMED = """
import os, signal, sys
from pathlib import Path
from herd.engine import Backend, Engine, Program
root, vectors, verb, moment = Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3], int(sys.argv[4])
Engine(
    "vec", "dev", Backend(root / "state", "vec", "dev", "a passphrase"), {"probe": vectors / "provider"},
    Program(root, root / "main.py", {"PYTHONPATH": str(vectors)}), {}, parallel=4,
    environment={"PROBE_DIR": str(root / "probe")},
    on_journal=lambda number: os.kill(os.getpid(), signal.SIGKILL) if number == moment else None,
).__getattribute__(verb)()
"""


def killed(stack, vectors: Path, verb: str, moment: int) -> bool:
    """Run the verb in a process that kills itself; false if it was through before that moment."""
    command = [sys.executable, "-c", DOOMED, str(stack.folder), str(vectors), verb, str(moment)]
    return subprocess.run(command, check=False).returncode == -signal.SIGKILL


def existing(stack) -> dict[str, str]:
    """What the provider holds: id to name, by its own account of what it created and deleted."""
    counters, log = stack.probe / "counters.json", stack.probe / "rpc.jsonl"
    made = json.loads(counters.read_text()) if counters.exists() else {}
    rows = [json.loads(line) for line in log.read_text().splitlines()] if log.exists() else []
    deleted = {row["id"] for row in rows if row["rpc"] == "Delete"}
    ids = {f"{name}-{number}": name for name, count in made.items() for number in range(1, count + 1)}
    return {id_: name for id_, name in ids.items() if id_ not in deleted}


def check_nothing_is_lost(stack) -> None:
    """Everything the provider may hold is in the state or named as pending."""
    deployment = stack.backend.export_deployment()["deployment"]
    known = {r.get("id") for r in deployment["resources"]}
    pending = {p["resource"]["urn"].rsplit("::", 1)[-1] for p in deployment.get("pending_operations", [])}
    assert {name for id_, name in existing(stack).items() if id_ not in known} <= pending


def check_killed_up(stack, vectors: Path, moment: int) -> None:
    stack.program(PROGRAM)
    died = killed(stack, vectors, "up", moment)
    if died:
        check_nothing_is_lost(stack)
        named = {
            p["resource"]["urn"] for p in stack.backend.export_deployment()["deployment"].get("pending_operations", [])
        }
        outcome = stack.engine().up()
        assert {i.urn for i in outcome.interrupted} == named
    else:
        outcome = stack.engine().up()
    assert outcome.exit_code == 0
    assert len(stack.resources()) == 2 + 9
    assert stack.engine().preview(expect_no_changes=True).exit_code == 0


def check_killed_destroy(stack, vectors: Path, moment: int) -> dict[str, str]:
    """Gives what is left: only what was lost in an earlier interrupted creation, and is still named."""
    stack.program(PROGRAM).engine().up()
    if killed(stack, vectors, "destroy", moment):
        check_nothing_is_lost(stack)
    assert stack.engine().destroy().exit_code == 0
    assert stack.resources() == {}
    check_nothing_is_lost(stack)
    return existing(stack)


@pytest.mark.parametrize("moment", [1, 4, 9, 17])
def test_an_up_killed_early_or_late_loses_nothing(stack, vectors: Path, moment: int) -> None:
    check_killed_up(stack, vectors, moment)


@pytest.mark.parametrize("moment", [2, 8])
def test_a_destroy_killed_early_or_late_loses_nothing(stack, vectors: Path, moment: int) -> None:
    assert check_killed_destroy(stack, vectors, moment) == {}


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(12))
def test_runs_killed_again_and_again_at_random_moments_lose_nothing(stack, vectors: Path, seed: int) -> None:
    dice = random.Random(seed)
    stack.program(PROGRAM)
    for _ in range(3):
        killed(stack, vectors, dice.choice(["up", "up", "destroy"]), dice.randint(1, 24))
        check_nothing_is_lost(stack)
    check_killed_up(stack, vectors, dice.randint(1, 24))
    check_killed_destroy(stack, vectors, dice.randint(1, 24))
