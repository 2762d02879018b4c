"""What a command does when nobody takes what it says: never a traceback, never success for what was lost."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
HERD = [sys.executable, "-c", "from herd.cli.main import main; main()", "hardware"]


def run(*arguments, **streams):
    return subprocess.run(
        [*HERD, *arguments], cwd=ROOT, text=True, timeout=60, check=False, stderr=subprocess.PIPE, **streams
    )


@pytest.mark.parametrize("arguments", [("show", "p5.48xlarge"), ("find", "--json")])
def test_a_full_disk_is_told(arguments):
    with Path("/dev/full").open("w") as full:
        ended = run(*arguments, stdout=full)
    assert (ended.returncode, ended.stderr) == (1, "error: the output: No space left on device\n")


def test_a_reader_who_has_left_is_no_error_to_tell():
    reader, writer = os.pipe()
    os.close(reader)
    try:
        ended = run("show", "p5.48xlarge", stdout=writer)
    finally:
        os.close(writer)
    assert (ended.returncode, ended.stderr) == (1, "")


def test_a_closed_output():
    ended = run("show", "p5.48xlarge", preexec_fn=lambda: os.close(1))
    assert (ended.returncode, ended.stderr) == (0, "")


def test_a_sign_that_the_output_s_encoding_lacks():
    command = "import sys; from herd.cli.main import _streams; _streams(); sys.stdout.write('ü😀\\\\udcff')"
    ended = subprocess.run(
        [sys.executable, "-c", command],
        cwd=ROOT,
        env={**os.environ, "PYTHONIOENCODING": "ascii"},
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert ended.stdout == r"\u00fc\ud83d\ude00\udcff"


def test_a_folder_that_is_gone(tmp_path):
    command = (
        "import os, sys; os.rmdir(os.getcwd()); sys.argv[1:] = ['check', 'dev']; from herd.cli.main import main; main()"
    )
    ended = subprocess.run(
        [sys.executable, "-c", command],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert (ended.returncode, ended.stderr) == (1, "error: the current folder: No such file or directory\n")
