"""The mirror's job: what it runs is on file, and really copies, skips and fails as it should."""

import json
import os
import subprocess

import pytest
from ruamel.yaml import YAML

from components.registry.mirror import buildspec, job_policy, tool_image
from components.registry.spec import RegistrySpec

# A registry kept in files: `image copy` makes one, `manifest head` asks for it; `broken` names what can't be read.
REGCTL = """#!/bin/sh
echo "$*" >> "$STORE/calls"
case "$1 $2" in
  "manifest head") test -e "$STORE/$(echo "$3" | tr '/:@' '___')" ;;
  "image copy")
    if grep -qxF "$3" "$STORE/broken"; then exit 1; fi
    digest="${3##*@}"; repository="${4%%@*}"; repository="${repository%:*}"
    touch "$STORE/$(echo "$repository@$digest" | tr '/:@' '___')" ;;
  "registry login") cat > "$STORE/password" ;;
esac
"""


@pytest.fixture
def spec(full):
    return RegistrySpec.model_validate(full)


@pytest.fixture
def job(spec, make_context, tmp_path):
    """Runs the job as CodeBuild does, all commands in one shell, with a registry client that keeps images in files."""
    (tmp_path / "bin").mkdir()
    (tmp_path / "store").mkdir()
    (tmp_path / "store" / "broken").touch()
    client = tmp_path / "bin" / "regctl"
    client.write_text(REGCTL, encoding="utf-8")
    client.chmod(0o755)
    document = YAML(typ="safe").load(buildspec(spec.mirror, make_context()).render())
    commands = [c for phase in ("pre_build", "build") for c in document["phases"][phase]["commands"]]
    store = tmp_path / "store"
    environment = {"PATH": f"{client.parent}:{os.environ['PATH']}", "STORE": str(store), "LOGIN_0": "hunter2"}

    def run(broken=()):
        (store / "broken").write_text("".join(f"{name}\n" for name in broken), encoding="utf-8")
        (store / "calls").write_text("", encoding="utf-8")
        done = subprocess.run(
            ["/bin/sh", "-c", "\n".join(commands)],
            env=environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=30,
        )
        return done, (store / "calls").read_text(encoding="utf-8").splitlines()

    run.store = store
    return run


def copies(calls):
    return [call for call in calls if call.startswith("image copy")]


def test_the_buildspec_is_on_file(spec, make_context, golden):
    golden("buildspec.yaml", buildspec(spec.mirror, make_context()).render())


def test_without_logins_no_secret_is_read(full, make_context):
    full["mirror"]["logins"] = []
    text = buildspec(RegistrySpec.model_validate(full).mirror, make_context()).render()
    assert "secrets-manager" not in text
    assert "login" not in text.replace("docker-credential-ecr-login", "")


def test_it_copies_every_image_by_digest(job, digest):
    done, calls = job()
    assert done.returncode == 0, done.stderr
    assert len(copies(calls)) == 2
    host = "111122223333.dkr.ecr.eu-west-1.amazonaws.com"
    assert f"image copy nvcr.io/nvidia/pytorch@{digest} {host}/mirrors/nvcr.io/nvidia/pytorch:25.10-py3" in calls


def test_what_is_here_is_not_copied_again(job):
    job()
    done, calls = job()
    assert done.returncode == 0
    assert copies(calls) == []


def test_one_failure_does_not_stop_the_others_but_fails_the_job(job, digest):
    done, calls = job(broken=[f"nvcr.io/nvidia/pytorch@{digest}"])
    assert done.returncode != 0
    assert len(copies(calls)) == 2
    assert f"FAILED nvcr.io/nvidia/pytorch@{digest}" in done.stderr
    again, calls = job()
    assert again.returncode == 0
    assert len(copies(calls)) == 1


def test_a_password_reaches_the_client_by_standard_input_alone(job):
    done, calls = job()
    assert (job.store / "password").read_text(encoding="utf-8") == "hunter2"
    assert "registry login nvcr.io --user $oauthtoken --pass-stdin" in calls
    assert "hunter2" not in done.stdout + done.stderr + "".join(calls)


def test_the_tool_comes_through_this_registrys_own_cache(full, spec, make_context, digest):
    own = f"111122223333.dkr.ecr.eu-west-1.amazonaws.com/quay/tools/regctl@{digest}"
    assert tool_image(spec, spec.mirror, make_context()) == own
    full["caches"] = []
    bare = RegistrySpec.model_validate(full)
    assert tool_image(bare, bare.mirror, make_context()) == f"quay.io/tools/regctl@{digest}"


def test_the_job_may_push_to_the_mirrors_repositories_alone(spec, make_context):
    policy = job_policy(spec, spec.mirror, make_context(), "arn:logs")
    by_sid = {statement["Sid"]: statement for statement in policy["Statement"]}
    assert by_sid["Push"]["Resource"] == [
        "arn:aws:ecr:eu-west-1:111122223333:repository/mirrors/nvcr.io/nvidia/pytorch",
        "arn:aws:ecr:eu-west-1:111122223333:repository/mirrors/nvcr.io/nvidia/cuda",
    ]
    assert by_sid["Secrets"]["Resource"] == [spec.mirror.logins[0].secret_arn]
    assert by_sid["Log"]["Resource"] == "arn:logs:*"
    writers = [sid for sid, row in by_sid.items() if "PutImage" in json.dumps(row)]
    assert writers == ["Push"]
    everything = [sid for sid, row in by_sid.items() if row["Resource"] == "*"]
    assert everything == ["Login"]


def test_without_logins_the_job_reads_no_secret(full, make_context):
    full["mirror"]["logins"] = []
    spec = RegistrySpec.model_validate(full)
    assert "secretsmanager" not in json.dumps(job_policy(spec, spec.mirror, make_context(), "arn:logs"))
