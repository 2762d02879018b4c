"""The recipe hash: equal for equal images, different for different ones, whatever the file looks like."""

import copy
import json
from functools import cache
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from components.images.hashing import content, part_hashes, recipe_hash
from components.images.load import LoadedRecipe
from components.images.recipe import Recipe

BASE = {
    "description": "a node",
    "system": "amazon-linux-2023",
    "architecture": "x86_64",
    "parent": {
        "source": {"kind": "parameter", "parameter": "/aws/service/eks/image_id"},
        "ids": {"eu-west-1": "ami-0123456789abcdef0"},
        "resolved_from": "aws",
    },
    "root": {"device": "/dev/xvda", "size_gib": 50},
    "bill_of_materials": {
        "kernel": {"version": "6.12.94", "origin": "parent", "proof": {"kind": "kernel"}},
        "driver": {"version": "580.159.03", "origin": "parent", "proof": {"kind": "module", "name": "nvidia"}},
    },
    "parts": [
        {
            "name": "efa",
            "build": [
                {"kind": "script", "name": "install", "source": "install.sh"},
                {"kind": "sysctl", "name": "memory", "values": {"vm.dirty_ratio": 5, "vm.max_map_count": 262144}},
                {"kind": "packages", "name": "tools", "install": {"jq": "1.7.1-1", "git": "2.50.1-1"}},
                {"kind": "modules", "name": "gpu", "options": {"nvidia": "a=1", "efa": "b=2"}},
            ],
        }
    ],
}

HERE, THERE = "eu-west-1", "eu-central-1"
FILES = {"install.sh": "set -euo pipefail\n", "try.sh": "set -euo pipefail\n"}


def loaded(data, files=FILES):
    return _loaded(json.dumps(data), json.dumps(files))


@cache
def _loaded(data, files):
    return LoadedRecipe(
        "node", Recipe.model_validate_json(data), json.loads(files), "node.recipe.yaml", Path("node.recipe.yaml")
    )


def values(node, path=()):
    """Every scalar of a recipe and where it is."""
    if isinstance(node, dict | list):
        for key, item in node.items() if isinstance(node, dict) else enumerate(node):
            yield from values(item, (*path, key))
    else:
        yield path, node


def put(data, path, value):
    changed = copy.deepcopy(data)
    node = changed
    for step in path[:-1]:
        node = node[step]
    node[path[-1]] = value
    return changed


# path -> another value that is as good
OTHER = {
    ("system",): "ubuntu-24.04",
    ("architecture",): "arm64",
    ("parent", "ids", "eu-west-1"): "ami-0aaaaaaaaaaaaaaaa",
    ("root", "device"): "/dev/sda1",
    ("root", "size_gib"): 51,
    ("bill_of_materials", "kernel", "version"): "6.12.95",
    ("bill_of_materials", "kernel", "proof", "kind"): None,
    ("bill_of_materials", "efa", "version"): "1.49.0",
    ("bill_of_materials", "efa", "proof", "name"): "efa-kmod",
    ("parts", 0, "name"): "fabric",
    ("parts", 0, "build", 0, "name"): "fetch",
    ("parts", 0, "build", 0, "url"): "https://example.com/efa-1.49.0.tar.gz",
    ("parts", 0, "build", 0, "sha256"): "1" * 64,
    ("parts", 0, "build", 0, "to"): "/var/tmp/other.tar.gz",
    ("parts", 0, "build", 1, "name"): "put",
    ("parts", 0, "build", 1, "source"): "try.sh",
    ("parts", 0, "build", 1, "arguments", 0): "/var/tmp/another.tar.gz",
    ("parts", 0, "test", 0, "name"): "test",
    ("parts", 0, "test", 0, "source"): "install.sh",
}
# What says nothing about the image.
SAYS_NOTHING = {
    ("description",): "other words",
    ("parent", "source", "parameter"): "/aws/service/eks/optimized-ami/1.36/v2/image_id",
    ("parent", "ids", "eu-central-1"): "ami-0bbbbbbbbbbbbbbbb",
    ("parent", "resolved_from"): "stand-in",
    ("bill_of_materials", "kernel", "origin"): "step",
    ("bill_of_materials", "efa", "origin"): "parent",
}
KINDS = {
    ("parent", "source", "kind"),
    ("bill_of_materials", "efa", "proof", "kind"),
    ("bill_of_materials", "kernel", "proof", "kind"),
    *((("parts", 0, phase, index, "kind")) for phase, index in (("build", 0), ("build", 1), ("test", 0))),
}


def test_every_value_of_a_recipe_is_in_one_of_the_two_tables(data):
    assert {path for path, _ in values(data)} == {*OTHER, *SAYS_NOTHING, *KINDS}


@pytest.mark.parametrize(("path", "value"), [item for item in OTHER.items() if item[1] is not None], ids=str)
def test_what_an_image_is_made_of_changes_the_hash(data, path, value):
    # Both scripts are alike here: which of them runs must count all the same.
    files = {"install.sh": "set -euo pipefail\ntrue\n", "try.sh": "set -euo pipefail\n"}
    assert recipe_hash(loaded(put(data, path, value), files), HERE) != recipe_hash(loaded(data, files), HERE)


@pytest.mark.parametrize(("path", "value"), SAYS_NOTHING.items(), ids=str)
def test_what_says_nothing_about_the_image_does_not(data, path, value):
    assert recipe_hash(loaded(put(data, path, value)), HERE) == recipe_hash(loaded(data), HERE)


def test_the_hash_is_of_the_region_that_builds(data):
    assert recipe_hash(loaded(data), HERE) != recipe_hash(loaded(data), THERE)
    alike = put(data, ("parent", "ids", THERE), data["parent"]["ids"][HERE])
    assert recipe_hash(loaded(alike), HERE) == recipe_hash(loaded(alike), THERE)


def test_the_order_of_parts_counts(data):
    data["parts"].append({"name": "kernel", "build": [{"kind": "hold", "name": "keep", "packages": ["kernel"]}]})
    turned = {**data, "parts": data["parts"][::-1]}
    assert content(loaded(data), HERE) == content(loaded(turned), HERE)
    assert recipe_hash(loaded(data), HERE) != recipe_hash(loaded(turned), HERE)


def test_a_changed_part_changes_its_own_hash_and_no_other(data):
    before = part_hashes(loaded(data), HERE)
    after = part_hashes(loaded(put(data, ("parts", 0, "build", 0, "sha256"), "1" * 64)), HERE)
    assert {name for name in before if before[name] != after[name]} == {"efa"}


text = st.text(st.characters(codec="utf-8", exclude_characters="\r", exclude_categories=["Cs", "Cc"]), max_size=40)


# A document takes YAML's writer 10 ms.
@settings(max_examples=12)
@given(one=text, other=text)
def test_scripts_count_letter_by_letter(one, other):
    hashes = [recipe_hash(loaded(BASE, {**FILES, "install.sh": script}), HERE) for script in (one, other)]
    assert (hashes[0] == hashes[1]) == (one == other)


@settings(max_examples=12)
@given(seed=st.randoms(use_true_random=False))
def test_the_order_of_keys_does_not_count(seed):
    def shuffled(node):
        if isinstance(node, list):
            return [shuffled(item) for item in node]
        if not isinstance(node, dict):
            return node
        keys = list(node)
        seed.shuffle(keys)
        return {key: shuffled(node[key]) for key in keys}

    assert recipe_hash(loaded(shuffled(BASE)), HERE) == recipe_hash(loaded(BASE), HERE)
