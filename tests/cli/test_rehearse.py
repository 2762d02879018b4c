"""What is wrong with a rehearsal's arguments is told before anything starts, and a signal ends it cleanly."""

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
# Ends at once in the check of its settings, where there is no cloud yet.
NEVER_ENDING = """
import os, time
if "AWS_ENDPOINT_URL" in os.environ:
    print("the program runs", flush=True)
    time.sleep(600)
"""


@pytest.fixture
def project(tmp_path):
    """A project whose program never ends, with a folder for temporary files beside it."""
    root = tmp_path / "project"
    (root / "infra").mkdir(parents=True)
    (root / "stacks").mkdir()
    (root / "Pulumi.yaml").write_text("name: demo\nruntime: python\nmain: infra/\nstackConfigDir: stacks\n")
    (root / "stacks" / "Pulumi.dev.yaml").write_text('config:\n  account: "111122223333"\n  region: eu-west-1\n')
    (root / "infra" / "__main__.py").write_text(NEVER_ENDING)
    (tmp_path / "temporary").mkdir()
    return root


def start(project, *arguments):
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "TMPDIR": str(project.parent / "temporary")}
    return subprocess.Popen(
        [sys.executable, "-c", "from herd.cli.main import main; main()", "rehearse", "dev", *arguments],
        cwd=project,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


BAD = {
    "a cloud elsewhere": (["--cloud", "https://ec2.eu-west-1.amazonaws.com"], "stays on this machine"),
    "a cloud that is no address": (["--cloud", "http://127.0.0.1:99999999"], "stays on this machine"),
    "a cloud that isn't there": (["--cloud", "http://127.0.0.1:1"], "doesn't answer like a stand-in cloud"),
    "a report into a missing folder": (["--json", "missing/report.json"], "--json: can't be written"),
    "no reference": (["--from", ""], "--from: git has no commit ''"),
    "an engine that isn't there": (["--engine", "pulumi"], "no pulumi CLI on PATH"),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_arguments_are_refused_before_anything_starts(project, monkeypatch, case):
    arguments, words = BAD[case]
    if "--engine" in arguments:
        monkeypatch.setenv("PATH", "")
    process = start(project, *arguments)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 2
    assert out == ""
    assert re.fullmatch(r"error: .*\n", err), err
    assert words in err
    assert sorted(path.name for path in project.iterdir()) == ["Pulumi.yaml", "infra", "stacks"]


@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGINT, 130), pytest.param(signal.SIGTERM, 143, marks=pytest.mark.slow)]
)
def test_a_signal_ends_the_rehearsal_and_takes_its_scratch_folder_along(project, number, code):
    process = start(project)
    temporary = project.parent / "temporary"
    wait_for(lambda: any(temporary.rglob("events.jsonl")) or any(temporary.rglob("*events*")), process)
    process.send_signal(number)
    out, err = process.communicate(timeout=60)
    assert process.returncode == code, err
    assert "interrupted: the rehearsal of dev proves nothing" in err
    assert "REHEARSED" not in out
    assert list(temporary.iterdir()) == []


def wait_for(there, process):
    for _ in range(300):
        if there() or process.poll() is not None:
            return
        time.sleep(0.1)
