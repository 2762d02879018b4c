"""`herd cloud`: the stand-in from a shell."""

import os
import shlex
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
HERD = [sys.executable, "-m", "herd.cli.main", "cloud"]


def test_it_prints_an_environment_that_works_and_ends_on_ctrl_c():
    shell = subprocess.Popen(
        [*HERD, "--port", "0", "--account", "777788889999", "--region", "eu-central-1"],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    lines = []
    for line in shell.stdout:
        lines.append(line)
        if line.startswith("export AWS_SHARED_CREDENTIALS_FILE"):
            break
    assert lines[0] == "unset AWS_PROFILE AWS_SESSION_TOKEN\n"
    exported = dict(shlex.split(line)[1].split("=", 1) for line in lines[1:])
    ask = "import boto3; c = boto3.client('sts'); print(c.get_caller_identity()['Account'], c.meta.region_name)"
    clean = {key: value for key, value in os.environ.items() if not key.startswith("AWS_")}
    done = subprocess.run(
        [sys.executable, "-c", ask], env={**clean, **exported}, capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == ["777788889999", "eu-central-1"]
    shell.send_signal(signal.SIGINT)
    _, errors = shell.communicate(timeout=20)
    assert shell.returncode == 0
    assert exported["AWS_ENDPOINT_URL"] in errors
    assert "Traceback" not in errors


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--account", "12"], ["--account", "12 digits"]),
        (["--region", "mars-north-1"], ["--region", "mars-north-1"]),
        (["--account", "x", "--region", "mars-north-1"], ["--account", "--region"]),
        (["--port", "70000"], ["--port", "65535"]),
    ],
)
def test_what_makes_no_sense_is_told_at_once(options, said):
    done = subprocess.run([*HERD, *options], cwd=ROOT, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 2
    assert done.stdout == ""
    assert "Traceback" not in done.stderr
    for part in said:
        assert part in done.stderr


def test_a_port_that_is_taken():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        done = subprocess.run(
            [*HERD, "--port", port], cwd=ROOT, capture_output=True, text=True, check=False, timeout=60
        )
    assert done.returncode == 2
    assert f"127.0.0.1:{port}: Address already in use" in done.stderr
    assert "--port 0" in done.stderr
