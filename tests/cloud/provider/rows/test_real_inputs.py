"""What the components of the three stacks really send is taken by the rows' checks."""

from __future__ import annotations

from pathlib import Path

import pytest

from herd.cloud.provider.client import Patience
from herd.cloud.provider.resources import Provider
from herd.cloud.provider.rows import ROWS
from herd.cloud.provider.wire import UNKNOWN
from herd.render import render

ROOT = Path(__file__).parents[4]
STACKS = ("dev", "test", "prod")


@pytest.fixture(scope="module")
def provider() -> Provider:
    # A check makes no call, so nothing has to answer.
    return Provider({"AWS_ENDPOINT_URL": "http://127.0.0.1:1"}, Patience())


@pytest.fixture(scope="module")
def graphs():
    return {stack: render(ROOT, stack) for stack in STACKS}


def as_in_a_preview(value):
    """What only the cloud can know is unknown in a preview; a secret is some text."""
    if isinstance(value, dict):
        return {key: as_in_a_preview(item) for key, item in value.items()}
    if isinstance(value, list):
        return [as_in_a_preview(item) for item in value]
    return UNKNOWN if isinstance(value, str) and "${urn:" in value else value


@pytest.mark.parametrize("stack", ["dev", "prod", pytest.param("test", marks=pytest.mark.slow)])
def test_nothing_is_refused(provider, graphs, stack):
    refused = [
        (found.type, found.name, where, why)
        for found in graphs[stack].resources
        if found.custom and found.type in ROWS
        for where, why in provider.check(found.urn, {}, as_in_a_preview(found.inputs), b"", None).failures
    ]

    assert refused == []


@pytest.mark.parametrize("stack", STACKS)
def test_every_type_has_a_row(graphs, stack):
    types = {found.type for found in graphs[stack].resources if found.custom}

    assert {token for token in types if token.startswith("aws:")} <= set(ROWS)


def test_an_input_too_many_is_refused_of_every_type(provider, graphs):
    """So the checks are at work where nothing is refused."""
    sent = {found.type: found for stack in STACKS for found in graphs[stack].resources if found.type in ROWS}

    for token, found in sent.items():
        failures = provider.check(
            found.urn, {}, as_in_a_preview(found.inputs) | {"noSuchInput": "x"}, b"", None
        ).failures
        assert [where for where, _ in failures] == ["noSuchInput"], token
