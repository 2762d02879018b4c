"""The generated schema is what pulumi_aws says, and values are made to fit it."""

from __future__ import annotations

import json

import pytest

from herd.cloud.provider.generate import SCHEMA, generate, schema_of
from herd.cloud.provider.rows import ROWS
from herd.cloud.provider.schema import coerce, problems, version
from herd.cloud.provider.wire import UNKNOWN, Secret, dump, holds, load, plain


@pytest.mark.parametrize(
    "token", ["aws:ec2/vpc:Vpc", "aws:s3/bucketVersioning:BucketVersioning", "aws:backup/plan:Plan"]
)
def test_a_type_is_described_as_the_sdk_has_it(token):
    assert schema_of(token) == json.loads(SCHEMA.read_text(encoding="utf-8"))["types"][token]


@pytest.mark.slow
def test_the_whole_file_is_what_the_installed_sdk_gives():
    assert generate(ROWS) == SCHEMA.read_text(encoding="utf-8")


def test_the_schema_is_of_the_installed_sdk():
    from importlib.metadata import version as installed

    assert version() == installed("pulumi_aws")


@pytest.mark.parametrize(
    ("kind", "value", "fits"),
    [
        ("integer", "5", 5),
        ("integer", 5.0, 5),
        ("integer", 5.5, None),
        ("number", "5.5", 5.5),
        ("boolean", "true", True),
        ("boolean", "yes", None),
        ("string", 5, "5"),
        ("string", True, "true"),
        ("string", 0.5, "0.5"),
        ("integer", True, None),
        ("string", [], None),
    ],
)
def test_scalars_fit_as_terraform_lets_them(kind, value, fits):
    assert coerce(kind, value) == fits


def test_problems_are_told_with_their_path():
    kind = {"list": {"object": {"port": "integer", "hosts": {"map": "string"}}}}

    assert list(problems(kind, [{"port": 1, "hosts": {"a": "b"}}], "rules")) == []
    assert [path for path, _ in problems(kind, [{"prt": 1}, {"port": "x"}, {"hosts": {"a": []}}, 5], "rules")] == [
        "rules[0].prt",
        "rules[1].port",
        "rules[2].hosts.a",
        "rules[3]",
    ]


def test_values_travel_with_their_secrets_and_unknowns():
    values = {"a": Secret({"b": [1, 2.5, True]}), "c": UNKNOWN, "d": [Secret("x"), UNKNOWN], "e": "text"}

    assert load(dump(values)) == values
    assert plain(values) == {"a": {"b": [1, 2.5, True]}, "c": UNKNOWN, "d": ["x", UNKNOWN], "e": "text"}
    assert holds(values, Secret)
    assert not holds({"e": ["text"]}, Secret)


def test_nothing_is_left_out_but_nothing():
    assert load(dump({"a": None, "b": "", "c": [], "d": 0, "e": False})) == {"b": "", "c": [], "d": 0, "e": False}
