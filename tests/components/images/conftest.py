"""Recipes as plain data, written where a test wants them; a stack's images on the recorder."""

import copy
import json
from pathlib import Path

import pulumi
import pulumi_aws as aws
import pytest
from ruamel.yaml import YAML

from components.images.component import Images
from components.images.load import load_recipe
from components.images.machines import BuildNetwork
from components.images.spec import ImagesSpec

ROOT = Path(__file__).parents[3]
SCRIPT = "#!/usr/bin/env bash\nset -euo pipefail\ntest -e /etc/os-release\n"
RECIPE = {
    "description": "a node",
    "system": "amazon-linux-2023",
    "architecture": "x86_64",
    "parent": {
        "source": {"kind": "parameter", "parameter": "/aws/service/eks/optimized-ami/1.35/v1/image_id"},
        "ids": {"eu-west-1": "ami-0123456789abcdef0", "eu-central-1": "ami-0fedcba9876543210"},
        "resolved_from": "aws",
    },
    "root": {"device": "/dev/xvda", "size_gib": 50},
    "bill_of_materials": {
        "kernel": {"version": "6.12.94", "origin": "parent", "proof": {"kind": "kernel"}},
        "efa": {"version": "1.48.0", "origin": "step", "proof": {"kind": "package", "name": "efa"}},
    },
    "parts": [
        {
            "name": "efa",
            "build": [
                {
                    "kind": "download",
                    "name": "get",
                    "url": "https://example.com/efa-1.48.0.tar.gz",
                    "sha256": "0" * 64,
                    "to": "/var/tmp/efa.tar.gz",
                },
                {"kind": "script", "name": "install", "source": "install.sh", "arguments": ["/var/tmp/efa.tar.gz"]},
            ],
            "test": [{"kind": "script", "name": "try", "source": "try.sh"}],
        }
    ],
}
SPEC = {"recipes": {"node": {"instanceTypes": ["g5.xlarge"]}}}


@pytest.fixture
def data():
    """A recipe's content, to change."""
    return copy.deepcopy(RECIPE)


@pytest.fixture
def write(tmp_path):
    """`write(content)`: a repository with that recipe, called `node`; returns its root."""

    def save(content, name="node", **files):
        folder = tmp_path / "stacks" / "recipes"
        (folder / "files").mkdir(parents=True, exist_ok=True)
        texts = {"install.sh": SCRIPT, "try.sh": SCRIPT} | {key.replace("_sh", ".sh"): v for key, v in files.items()}
        for file, text in texts.items():
            (folder / "files" / file).write_text(text)
        with (folder / f"{name}.recipe.yaml").open("w") as out:
            YAML().dump(content, out)
        return tmp_path

    return save


@pytest.fixture(scope="session")
def kept():
    """What equal arguments come to: reading, rendering and registering are most of what these tests cost."""
    return {}


@pytest.fixture
def load(write, kept):
    """`load(content)`: the recipe as a stack gets it."""

    def read(content=RECIPE, **files):
        key = json.dumps(["recipe", content, files])
        if key not in kept:
            kept[key] = load_recipe(write(content, **files), "node")
        return kept[key]

    return read


@pytest.fixture
def build(record, make_context, load, kept):
    """`build(spec, recipe)`: what a stack registers for its images."""

    def make(spec=None, recipe=RECIPE, environment="test", *, preview=False):
        key = json.dumps(["recording", spec, recipe, environment, preview])
        if key in kept:
            return kept[key]
        context = make_context(environment)
        asked = ImagesSpec.model_validate(spec or SPEC)
        recipes = {name: load(recipe) for name in asked.recipes}

        def program():
            provider, other = aws.Provider("aws", region=context.region), aws.Provider("other", region="eu-central-1")
            network = BuildNetwork("vpc-1", {zone: f"subnet-{zone}" for zone in context.availability_zones})
            Images(
                "images",
                asked,
                context,
                recipes=recipes,
                network=network,
                log_key_arn=pulumi.Output.from_input("arn:aws:kms:eu-west-1:111122223333:key/data"),
                elsewhere={"eu-central-1": other},
                opts=pulumi.ResourceOptions(providers=[provider]),
            )

        return kept.setdefault(key, record(program, preview=preview))

    return make
