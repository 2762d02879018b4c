"""The facts about replacement against a second source: the CloudFormation schemas that cfn-lint ships."""

from __future__ import annotations

import json
import re
from functools import cache
from pathlib import Path

import cfnlint
import pytest
from ruamel.yaml import YAML

from herd.cloud.provider.replacement import CONDITIONS, Replacement, known_types, replacement
from herd.cloud.provider.rows import ROWS
from herd.cloud.provider.schema import schema
from herd.cloud.provider.shapes import _forms

COUNTERPARTS = YAML(typ="safe").load(Path(__file__).with_name("cloudformation.yaml").read_text(encoding="utf-8"))
SCHEMAS = Path(cfnlint.__file__).parent / "data" / "schemas"


@cache
def cloudformation(type_):
    index = json.loads((SCHEMAS / "providers" / "us-east-1.json").read_text(encoding="utf-8"))
    return json.loads((SCHEMAS / "resources" / f"{index[type_]}.json").read_text(encoding="utf-8"))


def create_only(token):
    """CloudFormation's create-only properties, as inputs here."""
    data, case = cloudformation(COUNTERPARTS[token]["type"]), COUNTERPARTS[token]
    paths = [*data.get("createOnlyProperties", []), *data.get("conditionalCreateOnlyProperties", [])]
    found = {}
    for path in (p.removeprefix("/properties/") for p in paths):
        found[path] = case.get("names", {}).get(path, _input(token, path.split("/")[0]))
    return found


def _input(token, name):
    return next((i for i in schema(token).inputs if set(_forms(i)) & set(_forms(name))), None)


def forcing(token):
    facts = replacement(token)
    return {re.split(r"[.\[]", path)[0] for path in {*facts.always, *facts.when, *facts.unknown}}


@pytest.mark.parametrize("token", sorted(COUNTERPARTS))
def test_what_cloudformation_cannot_change_replaces_here(token):
    for path, name in create_only(token).items():
        if path in COUNTERPARTS[token].get("names", {}) and name is None:
            continue
        assert name is not None, f"{path} has no counterpart: name it"
        assert (name in forcing(token)) != (name in COUNTERPARTS[token].get("differs", {})), name


@pytest.mark.parametrize("token", sorted(COUNTERPARTS))
def test_what_replaces_here_cloudformation_cannot_change(token):
    properties = cloudformation(COUNTERPARTS[token]["type"])["properties"]
    there = {name for name in create_only(token).values() if name}
    for name in {re.split(r"[.\[]", path)[0] for path in replacement(token).always} - there:
        known = any(set(_forms(name)) & set(_forms(each)) for each in properties)
        assert not known or name in COUNTERPARTS[token].get("differs", {}), name


@pytest.mark.parametrize("token", sorted(t for t in COUNTERPARTS if COUNTERPARTS[t].get("differs")))
def test_listed_disagreements_are_still_there(token):
    there = set(create_only(token).values())
    always = {re.split(r"[.\[]", path)[0] for path in replacement(token).always}
    for name in COUNTERPARTS[token]["differs"]:
        assert (name in there) != (name in always), name


def test_a_block_with_flagged_members_forces_by_them_and_by_its_coming_and_going():
    facts = Replacement(frozenset({"block", "block.fixed", "list", "list[].fixed", "whole"}), {}, frozenset())
    both = ({"block": {"a": 1}, "list": [{}]}, {"block": {"a": 2}, "list": [{}]})

    assert facts.forces("block.fixed", "update", *both)
    assert not facts.forces("block.free", "update", *both)
    assert facts.forces("block", "add", {}, {"block": {"a": 1}})
    assert facts.forces("block.free", "add", {}, {"block": {"free": 1}})
    assert facts.forces("list[3].fixed", "update", *both)
    assert not facts.forces("list[3].free", "update", *both)
    assert facts.forces("list[0]", "delete", *both)
    assert facts.forces("whole.anything", "update", *both)
    assert not facts.forces("other", "update", *both)


def test_the_facts_are_about_the_rows_and_name_inputs_that_there_are():
    assert sorted(known_types()) == sorted(ROWS)
    for token in known_types():
        facts = replacement(token)
        named = {re.split(r"[.\[]", path)[0] for path in {*facts.always, *facts.when, *facts.unknown}}
        assert named <= {*schema(token).inputs, "namePrefix"}, token
        assert set(facts.when.values()) <= CONDITIONS.keys()
