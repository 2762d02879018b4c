"""Component documents: what AWSTOE takes, what a person can read, and shell that does what it says."""

import os
import subprocess
from io import StringIO
from pathlib import Path

import jsonschema
import pytest
from ruamel.yaml import YAML

from components.images.load import known_recipes, load_recipe
from components.images.recipe import Recipe
from components.images.render import documents, prove_script
from herd.cloud.extensions._imagebuilder_documents import component_type, problems, schema

ROOT = Path(__file__).parents[3]
RECIPES = known_recipes(ROOT)
EVERY_KIND = [
    {
        "kind": "download",
        "name": "get",
        "url": "https://example.com/a-1.0.rpm",
        "sha256": "0" * 64,
        "to": "/var/tmp/a.rpm",
    },
    {
        "kind": "packages",
        "name": "tools",
        "install": {"jq": "1.7.1-1.amzn2023", "git": "2.50.1-1"},
        "files": ["/var/tmp/a.rpm"],
    },
    {"kind": "hold", "name": "keep", "packages": ["kernel", "efa"]},
    {"kind": "remove", "name": "clean", "packages": ["nano"], "paths": ["/tmp/a.rpm"]},
    {"kind": "file", "name": "here", "path": "/etc/here", "content": "one\ntwo\n", "mode": "0600", "owner": "ec2-user"},
    {"kind": "file", "name": "there", "path": "/etc/there", "source": "there.txt"},
    {"kind": "script", "name": "run", "source": "run.sh", "arguments": ["a b", "$HOME"], "timeout_minutes": 5},
    {"kind": "sysctl", "name": "memory", "values": {"vm.dirty_ratio": 5}},
    {"kind": "modules", "name": "gpu", "load": ["nvidia"], "options": {"nvidia": "x=1"}, "block": ["nouveau"]},
    {"kind": "services", "name": "units", "enable": ["a.service"], "mask": ["b.timer"]},
    {"kind": "reboot", "name": "again"},
]
FILES = {"there.txt": "there\n", "run.sh": 'set -euo pipefail\necho "$#"\n'}


def rendered(data, files=FILES):
    return documents(Recipe.model_validate(data), files)


def steps(text, phase="build"):
    found = YAML(typ="safe").load(text)["phases"]
    return {step["name"]: step for each in found if each["name"] == phase for step in each["steps"]}


@pytest.mark.parametrize("system", ["amazon-linux-2023", "ubuntu-24.04"])
def test_every_kind_of_step(data, golden, system):
    data["system"], data["parts"] = system, [{"name": "all", "build": EVERY_KIND}]
    text = rendered(data)["all"]
    assert problems(text) == []
    golden(f"steps-{system}.yaml", text)


@pytest.mark.parametrize("name", RECIPES)
def test_the_documents_of_our_recipes(golden, name):
    for part, text in load_recipe(ROOT, name).documents.items():
        assert problems(text) == []
        golden(f"{name}-{part}.yaml", text)


def test_the_recipes_are_what_the_platform_needs():
    assert RECIPES == ["eks-gpu", "slurm-gpu"]
    for name in RECIPES:
        bill = load_recipe(ROOT, name).bill_of_materials
        assert {"kernel", "driver", "cuda"} <= bill.keys()
    assert {"efa", "enroot", "pyxis", "slurm"} <= load_recipe(ROOT, "slurm-gpu").bill_of_materials.keys()


@pytest.mark.parametrize("name", RECIPES)
def test_no_document_fetches_what_is_not_pinned(name):
    for text in load_recipe(ROOT, name).documents.values():
        for phase in YAML(typ="safe").load(text)["phases"]:
            for step in phase["steps"]:
                if step["action"] == "WebDownload":
                    assert all(each["algorithm"] == "SHA256" and each["checksum"] for each in step["inputs"])


# What the schema must find, for it to mean anything: a path in the document and what to put there.
BROKEN = {
    "no phases": lambda d: d.pop("phases"),
    "an unknown phase": lambda d: d["phases"][0].update(name="deploy"),
    "an unknown action": lambda d: d["phases"][0]["steps"][0].update(action="RunShell"),
    "a step without a name": lambda d: d["phases"][0]["steps"][0].pop("name"),
    "commands that are none": lambda d: d["phases"][0]["steps"][0].update(
        action="ExecuteBash", inputs={"command": "ls"}
    ),
    "a checksum without an algorithm": lambda d: d["phases"][0]["steps"][0]["inputs"][0].pop("algorithm"),
    "a version of the schema that isn't": lambda d: d.update(schemaVersion=2.0),
    "a phase twice": lambda d: d["phases"].append(d["phases"][0]),
}


@pytest.mark.parametrize("change", BROKEN.values(), ids=BROKEN)
def test_the_schema_finds_what_aws_refuses(data, change):
    document = YAML(typ="safe").load(rendered(data, {"install.sh": "x", "try.sh": "x"})["efa"])
    jsonschema.Draft202012Validator.check_schema(schema())
    change(document)
    text = StringIO()
    YAML().dump(document, text)
    assert problems(text.getvalue())


def test_a_document_of_tests_alone_is_a_test_component(data):
    data["parts"] = [{"name": "look", "test": [{"kind": "script", "name": "run", "source": "run.sh"}]}]
    made = rendered(data)
    assert (component_type(made["look"]), component_type(made["bill"])) == ("TEST", "BUILD")


def test_arguments_reach_a_script_whole(data):
    data["parts"] = [{"name": "all", "build": EVERY_KIND}]
    commands = steps(rendered(data)["all"])["run"]["inputs"]["commands"]
    ran = subprocess.run(["bash", "-c", "\n".join(commands)], capture_output=True, text=True, check=True)
    assert ran.stdout == "2\n"


def test_a_hold_fails_rather_than_lose_an_older_one(data, tmp_path):
    data["parts"] = [{"name": "all", "build": EVERY_KIND}]
    script = "\n".join(steps(rendered(data)["all"])["keep"]["inputs"]["commands"])
    config = tmp_path / "dnf.conf"
    script = script.replace("/etc/dnf/dnf.conf", str(config))
    config.write_text("[main]\n")
    assert subprocess.run(["bash", "-c", script], check=False).returncode == 0
    assert config.read_text() == "[main]\nexcludepkgs=kernel,efa\n"
    assert subprocess.run(["bash", "-c", script], capture_output=True, check=False).returncode == 1


XID = "[ 9.1] NVRM: Xid (PCI:0000:00:1e): 79, GPU has fallen off the bus."
LINES = "".join(f"[ {at}.0] systemd: nothing of note\n" for at in range(20_000))  # more than a pipe holds
GPU = "00:1e.0 0302: 10de:27b8 (rev a1)"
MACHINES = [
    # what the bus shows, what the driver knows, what the kernel said -> whether the image is good
    (GPU, "GPU 0: NVIDIA L4", "[ 1.0] NVRM: loading NVIDIA UNIX Open Kernel Module", True),
    (GPU, "GPU 0: NVIDIA L4", f"{XID}\n{LINES}", False),
    (GPU, "GPU 0: NVIDIA L4", f"{LINES}{XID}", False),
    (f"{GPU}\n{GPU}", "GPU 0: NVIDIA L4", "", False),
    ("", "", "", False),
]


@pytest.mark.parametrize(("bus", "driver", "kernel", "good"), MACHINES, ids=range(len(MACHINES)))
def test_gpus_are_all_there_and_have_reported_nothing(tmp_path, bus, driver, kernel, good):
    for command, text in (("lspci", bus), ("nvidia-smi", driver), ("dmesg", kernel)):
        (tmp_path / f"{command}.txt").write_text(f"{text}\n" if text else "")
        (tmp_path / command).write_text(f'#!/usr/bin/env bash\ncat "{tmp_path / command}.txt"\n')
        (tmp_path / command).chmod(0o755)
    ran = subprocess.run(
        ["bash", ROOT / "stacks/recipes/files/test-gpu.sh"],
        env={"PATH": f"{tmp_path}:{os.environ['PATH']}"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == (0 if good else 1)
    assert good or ran.stderr


# version of the recipe, pattern, what the image shows -> whether the build goes on
PROOFS = [
    ("6.12.94", "^(.+)$", "6.12.94-123.180.amzn2023.x86_64", True),
    ("6.12.94", "^(.+)$", "6.12.941", False),
    ("580.159.03", "^([0-9.]+)$", "580.159.03\n580.159.03", True),
    ("580.159.03", "^([0-9.]+)$", "NVIDIA-SMI has failed", False),
    ("13.0", "^CUDA Version *: *([0-9.]+)", "Driver Version : 580.159.03\nCUDA Version : 13.0", True),
    ("13.0", "^CUDA Version *: *([0-9.]+)", "Driver Version : 13.0\nCUDA Version : 12.8", False),
    ("1.48.0", "version: ([0-9.]+)", "", False),
    ("0.24.0", r"^([0-9]+\.[0-9]+\.[0-9]+)$", "1.2.3\n0.24.0", True),
]


@pytest.mark.parametrize(("version", "pattern", "shown", "good"), PROOFS)
def test_a_proof_holds_only_for_the_version_of_the_recipe(version, pattern, shown, good):
    script = f'{prove_script()}\nproves thing "$1" "$2" printf "%s\\n" "$3"\nexit "$wrong"\n'
    ran = subprocess.run(
        ["bash", "-c", script, "_", version, pattern, shown], capture_output=True, text=True, check=False
    )
    assert ran.returncode == (0 if good else 1)
    assert good or ran.stderr.startswith(f"thing: the recipe says {version}, the image shows ")


def test_a_command_that_is_not_there_proves_nothing():
    script = (
        f'{prove_script()}\nproves thing 1.0 "^(.+)$" /no/such/command\nproves other 1 "(1)" echo 1\nexit "$wrong"\n'
    )
    ran = subprocess.run(["bash", "-c", script], capture_output=True, text=True, check=False)
    assert ran.returncode == 1
    assert "other" not in ran.stderr


@pytest.mark.parametrize("name", RECIPES)
def test_the_shell_of_our_recipes_can_be_parsed(name):
    for text in load_recipe(ROOT, name).documents.values():
        for phase in YAML(typ="safe").load(text)["phases"]:
            for step in phase["steps"]:
                if step["action"] == "ExecuteBash":
                    script = "\n".join(step["inputs"]["commands"])
                    subprocess.run(["bash", "-n", "-c", script], check=True, capture_output=True)
