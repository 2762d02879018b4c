"""The three stacks render: quickly, alike in both views, and to the same bytes every time."""

import subprocess
import sys
from pathlib import Path

import pytest

from herd.graph import Graph, Resource, symbols_in
from herd.render import render

ROOT = Path(__file__).parents[2]
STACKS = ("dev", "test", "prod")


@pytest.fixture(scope="module")
def graphs():
    return {stack: render(ROOT, stack) for stack in STACKS}


def everything_needed(graph: Graph, resource: Resource) -> set[str]:
    found: set[str] = set()
    waiting = list(resource.dependencies)
    while waiting:
        urn = waiting.pop()
        if urn not in found:
            found.add(urn)
            waiting.extend(graph[urn].dependencies)
    return found


def registrations(graph: Graph):
    return [
        (found.urn, found.parent, found.options | {"replacementTrigger": None}, found.dependencies)
        for found in graph.resources
    ]


@pytest.mark.parametrize("stack", STACKS)
def test_both_views_have_the_same_registrations(graphs, stack):
    """A resource that a preview lacks was made inside an apply."""
    assert registrations(render(ROOT, stack, unknowns=True)) == registrations(graphs[stack])


def test_a_render_after_others_is_equal(graphs):
    assert render(ROOT, "dev").to_json() == graphs["dev"].to_json()


@pytest.mark.parametrize("stack", ["prod", *(pytest.param(other, marks=pytest.mark.slow) for other in ("dev", "test"))])
def test_the_command_writes_the_same_bytes_under_any_hash_seed(graphs, stack):
    command = [sys.executable, "-m", "herd.cli.main", "render", stack, "--json"]
    run = subprocess.run(command, cwd=ROOT, env={"PYTHONHASHSEED": "4711"}, capture_output=True, check=False)

    assert run.returncode == 0, run.stderr
    assert run.stdout.decode().splitlines() == graphs[stack].to_json().splitlines()


@pytest.mark.parametrize("stack", STACKS)
def test_json_reads_back(graphs, stack):
    assert Graph.from_json(graphs[stack].to_json()) == graphs[stack]


@pytest.mark.parametrize("stack", STACKS)
def test_every_symbol_belongs_to_a_resource(graphs, stack):
    graph = graphs[stack]

    strays = {symbol for found in graph.resources for symbol in symbols_in(found.inputs) if symbol.owner not in graph}

    assert strays == set()


@pytest.mark.parametrize("stack", STACKS)
def test_every_symbol_is_a_dependency(graphs, stack):
    """A value that flows without its dependency would be made in the wrong order."""
    graph = graphs[stack]

    for found in graph.resources:
        if found.custom:
            owners = {symbol.owner for symbol in symbols_in(found.inputs)}
            assert owners <= everything_needed(graph, found), found.urn


@pytest.mark.parametrize("stack", STACKS)
def test_every_resource_says_where_it_is_made(graphs, stack):
    for found in graphs[stack].resources:
        assert (ROOT / found.source.file).is_file(), found.urn
        assert found.source.line > 0


def test_the_foundation_is_the_same_with_and_without_a_release(graphs):
    """It never reads a lock, so taking the release away takes nothing of it away."""
    foundation = render(ROOT, "dev", release="")

    assert len(foundation.resources) < len(graphs["dev"].resources)
    for found in foundation.resources:
        assert found == graphs["dev"][found.urn]


def test_a_release_can_be_rendered_in_the_place_of_the_stack_s_own(graphs):
    lock = next((ROOT / "stacks" / "releases").glob("*.lock.yaml"))

    assert {found.urn for found in render(ROOT, "dev", release=lock).resources} == {
        found.urn for found in graphs["dev"].resources
    }
