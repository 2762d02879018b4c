"""`herd doctor` on this machine: its answers and exit codes."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def doctor(*arguments, cwd=ROOT):
    command = [sys.executable, "-m", "herd.cli.main", "doctor", *arguments]
    return subprocess.run(command, cwd=cwd, env={}, capture_output=True, text=True, check=False)


def test_it_works_where_the_tests_run():
    run = doctor("--json")
    report = json.loads(run.stdout)

    assert (run.returncode, run.stderr, report["ok"]) == (0, "", True)
    # An empty PATH: nothing but Python is needed.
    assert {check["name"] for check in report["checks"] if check["status"] == "missing"} >= {"pulumi", "git", "helm"}


def test_it_fails_where_a_package_is_not_the_pinned_one(tmp_path):
    shutil.copy(ROOT / "Pulumi.yaml", tmp_path)
    (tmp_path / "requirements").mkdir()
    (tmp_path / "requirements" / "run.txt").write_text("pulumi==0.0.1\n")

    run = doctor(cwd=tmp_path)

    assert run.returncode == 1
    assert "(pinned: 0.0.1)" in run.stdout
    assert "Herd can't work here: packages" in run.stdout


def test_the_report_fits_a_pipe():
    lines = doctor().stdout.splitlines()

    assert max(map(len, lines)) <= 80
    assert lines == [line.rstrip() for line in lines]
