"""The real CLI as the driver: what is prepared for it, and, where there is one, both engines doing the same."""

import json
import os
import shutil
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from components.base.problems import InvalidInputError
from herd.rehearse.pulumi_cli import PulumiDriver, find_cli, project_settings, scratch_environment
from herd.rehearse.run import rehearse
from herd.rehearse.workspace import Tree

ROOT = Path(__file__).parents[2]
# Stands in for the CLI: writes down how it was called, answers what the driver asks for, and logs two events.
FAKE = f"""#!{sys.executable}
import json, os, pathlib, sys
home = pathlib.Path(os.environ["PULUMI_HOME"]).parent
with (home / "calls.jsonl").open("a") as file:
    seen = {{k: v for k, v in os.environ.items() if k.startswith(("AWS_", "PULUMI_", "PYTHONPATH"))}}
    file.write(json.dumps({{"argv": sys.argv[1:], "cwd": os.getcwd(), "env": seen}}) + chr(10))
args = sys.argv[1:]
if args[0] == "version":
    print("v3.260.0")
elif args[:2] == ["stack", "init"]:
    stack = pathlib.Path("stacks/Pulumi.dev.yaml")
    stack.write_text("encryptionsalt: v1:salt" + chr(10) + stack.read_text())
elif args[:2] == ["stack", "export"]:
    print(json.dumps({{"version": 3, "deployment": {{"resources": []}}}}))
elif "--event-log" in args:
    kind = "aws:s3/bucket:Bucket"
    metadata = {{"op": "create", "urn": "urn:pulumi:dev::herd::" + kind + "::b", "type": kind}}
    with open(args[args.index("--event-log") + 1], "w") as log:
        log.write(json.dumps({{"resourcePreEvent": {{"metadata": metadata}}}}) + chr(10))
        log.flush()
        log.write(json.dumps({{"resOutputsEvent": {{"metadata": metadata}}}}) + chr(10))
    if (home / "fail").exists():
        sys.exit("error: no space left")
"""


@pytest.fixture
def driver(tmp_path, monkeypatch):
    """A driver whose CLI is the fake one; `.calls()` gives what it was asked."""
    folder = tmp_path / "bin"
    folder.mkdir()
    cli = folder / "pulumi"
    cli.write_text(FAKE)
    cli.chmod(cli.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("AWS_PROFILE", "somebody")
    monkeypatch.setenv("PULUMI_ACCESS_TOKEN", "secret")
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    events = []
    made = PulumiDriver(
        stack="dev",
        scratch=scratch,
        config=lambda _: {"herd:region": "us-east-2"},
        environment={"AWS_ENDPOINT_URL": "http://127.0.0.1:1"},
        plugins={"aws": ROOT / "herd" / "cloud" / "plugins" / "aws"},
        on_event=events.append,
    )
    made.scratch, made.events = scratch, events
    made.calls = lambda: [json.loads(line) for line in (scratch / "calls.jsonl").read_text().splitlines()]
    return made


def test_a_project_gets_the_stand_in_providers_and_this_interpreter():
    settings = {"name": "herd", "main": "infra/", "runtime": "python", "backend": {"url": "s3://real"}, "plugins": {}}
    made = project_settings(settings, {"aws": Path("plugins/aws")})
    assert made["plugins"] == {"providers": [{"name": "aws", "path": "plugins/aws"}]}
    assert made["runtime"]["options"]["virtualenv"] == sys.prefix
    assert "backend" not in made
    assert made["main"] == "infra/"


def test_the_environment_reaches_no_real_account_and_no_real_backend(tmp_path, monkeypatch):
    monkeypatch.setenv("AWS_PROFILE", "somebody")
    monkeypatch.setenv("PULUMI_ACCESS_TOKEN", "secret")
    made = scratch_environment(tmp_path, {"AWS_ENDPOINT_URL": "http://127.0.0.1:1"})
    assert "AWS_PROFILE" not in made
    assert "PULUMI_ACCESS_TOKEN" not in made
    assert made["PULUMI_BACKEND_URL"].startswith("file://")
    assert made["AWS_ENDPOINT_URL"] == "http://127.0.0.1:1"


def test_an_up_is_prepared_and_followed_in_the_scratch_folder(driver):
    before = subprocess.run(["git", "-C", ROOT, "status", "--porcelain"], capture_output=True, text=True, check=True)
    run = driver.up(Tree(ROOT, "working tree"))
    after = subprocess.run(["git", "-C", ROOT, "status", "--porcelain"], capture_output=True, text=True, check=True)
    assert run.ok
    assert [step.op for step in run.plan.steps] == ["create"]
    assert len(driver.events) == 2
    assert before.stdout == after.stdout
    *_, up = driver.calls()
    assert up["argv"][:3] == ["up", "--yes", "--non-interactive"]
    assert up["argv"][-2:] == ["--stack", "dev"]
    assert up["cwd"] == str(driver.scratch / "project")
    project = YAML(typ="safe").load(driver.scratch / "project" / "Pulumi.yaml")
    shim = driver.scratch / "project" / project["plugins"]["providers"][0]["path"] / "pulumi-resource-aws"
    assert os.access(shim, os.X_OK)
    assert driver.scratch in shim.resolve().parents


def test_every_tree_keeps_the_salt_of_the_state(driver):
    driver.up(Tree(ROOT, "base"))
    driver.up(Tree(ROOT, "working tree"))
    stack = YAML(typ="safe").load(driver.scratch / "project" / "stacks" / "Pulumi.dev.yaml")
    assert stack == {"encryptionsalt": "v1:salt", "config": {"herd:region": "us-east-2"}}
    assert sum(call["argv"][:2] == ["stack", "init"] for call in driver.calls()) == 1


def test_a_failure_without_an_event_is_told_in_the_clis_own_words(driver):
    driver.up(Tree(ROOT, "working tree"))
    (driver.scratch / "fail").touch()
    run = driver.destroy()
    assert not run.ok
    assert run.errors == ("error: no space left",)


def test_without_a_cli_it_says_what_to_do(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", "")
    with pytest.raises(InvalidInputError, match="--engine embedded"):
        PulumiDriver(
            stack="dev", scratch=tmp_path, config=lambda _: {}, environment={}, plugins={}, on_event=lambda _: None
        )


class Silent:
    def begin(self, phase):
        pass

    def end(self, phase):
        pass

    def event(self, event):
        pass


@pytest.mark.pulumi
def test_both_engines_end_with_the_same_resources_operations_and_outputs(tmp_path):
    if not find_cli():
        pytest.skip("no pulumi CLI on PATH: the embedded engine can't be held against the real one here")
    reports = [
        rehearse(ROOT, "dev", listener=Silent(), engine=engine, scratch=tmp_path / engine)
        for engine in ("embedded", "pulumi")
        if (tmp_path / engine).mkdir() is None
    ]
    embedded, real = ({**report.to_json(), "engine": "", "scratch": ""} for report in reports)
    assert embedded["ok"]
    assert [phase["operations"] for phase in embedded["phases"]] == [phase["operations"] for phase in real["phases"]]
    assert embedded["components"] == real["components"]
    assert embedded["outputs"].keys() == real["outputs"].keys()
    assert shutil.which("pulumi")
