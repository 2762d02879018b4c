"""A cluster deleted ahead of its replacement takes its provider along: whatever fails then, the state is sound."""

from __future__ import annotations

import json

import pytest

from components.base.problems import InvalidInputError
from herd.engine.backend import checked

SOURCE = """
config = pulumi.Config()
number, failing = int(config.require("number")), config.get("failing")

def thing(name, props, **more):
    return Thing(name, {**props, **({"failCreate": True} if name == failing else {})}, Opts(**more))

cluster = thing("cluster", {"fixed": number, "dbr": True})
kubernetes = Provider("kubernetes", {"fixedEndpoint": cluster.arn, "dbr": True})
crd = thing("crd", {"a": 1}, provider=kubernetes)
cr = thing("cr", {"b": crd.arn}, provider=kubernetes)
nodes = thing("nodes", {"fixedCluster": cluster.arn})
"""
NAMES = {"vec-dev", "default", "cluster", "kubernetes", "crd", "cr", "nodes"}


@pytest.fixture
def up(stack):
    """Bring the stack up with a cluster of this number; its outcome."""
    stack.program(SOURCE)
    return lambda number, failing="", **options: stack.engine(config={"number": number, "failing": failing}).up(
        **options
    )


def waiting(stack) -> set[str]:
    return {name for name, state in stack.resources().items() if state.get("pendingReplacement")}


def deletions(stack, name) -> int:
    return stack.calls("Delete").count(("Delete", name))


@pytest.mark.parametrize(
    ("failing", "waits", "on"),
    [
        ("crd", {"crd", "cr"}, True),
        pytest.param("cluster", {"cluster", "kubernetes", "crd", "cr", "nodes"}, False, marks=pytest.mark.slow),
        pytest.param("cr", {"cr"}, True, marks=pytest.mark.slow),
        pytest.param("nodes", {"nodes"}, True, marks=pytest.mark.slow),
    ],
)
def test_the_next_run_goes_on_whatever_failed(stack, up, failing, waits, on) -> None:
    assert up(1).exit_code == 0
    # Everything else goes on, so that the provider is there anew while what it made waits for its replacement.
    assert up(2, failing, continue_on_error=on).exit_code == 1
    assert waiting(stack) == waits
    outcome = up(2)
    assert outcome.exit_code == 0, outcome.diagnostics
    assert stack.resources().keys() == NAMES
    assert not waiting(stack)
    assert len(stack.backend.export_deployment()["deployment"]["resources"]) == len(NAMES)
    if "cluster" not in waits:  # deleted once, with the provider that had made it
        assert {deletions(stack, name) for name in ("crd", "cr")} == {1}
    assert stack.engine().destroy().exit_code == 0
    assert not stack.backend.export_deployment()["deployment"].get("resources")


@pytest.mark.parametrize("then", ["destroy", pytest.param("refresh", marks=pytest.mark.slow)])
def test_destroy_and_refresh_ask_nothing_of_a_provider_that_is_gone(stack, up, then) -> None:
    up(1)
    up(2, "crd")
    outcome = getattr(stack.engine(), then)()
    assert outcome.exit_code == 0, outcome.diagnostics
    if then == "refresh":
        assert up(2).exit_code == 0
        assert stack.engine().destroy().exit_code == 0
    assert not stack.backend.export_deployment()["deployment"].get("resources")


@pytest.mark.slow
def test_the_change_can_be_taken_back(stack, up) -> None:
    up(1)
    up(2, "crd")
    outcome = up(1)
    assert outcome.exit_code == 0, outcome.diagnostics
    assert stack.resources().keys() == NAMES
    assert stack.resources()["cluster"]["id"] == "cluster-3"


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"provider": "urn:pulumi:dev::vec::pulumi:providers:probe::kubernetes::gone"}, "provider"),
        ({"deletedWith": "urn:pulumi:dev::vec::probe:index:Thing::gone"}, "deletedWith"),
        ({"replaceWith": ["urn:pulumi:dev::vec::probe:index:Thing::gone"]}, "replaceWith"),
        ({"propertyDependencies": {"b": ["urn:pulumi:dev::vec::probe:index:Thing::gone"]}}, "dependency"),
        ({"dependencies": ["urn:pulumi:dev::vec::probe:index:Thing::gone"]}, "dependency"),
    ],
)
def test_only_the_provider_of_what_is_deleted_already_may_be_missing(change, says) -> None:
    """Snapshot.VerifyIntegrity of Pulumi's pkg/resource/deploy/snapshot.go."""
    urn = "urn:pulumi:dev::vec::probe:index:Thing::cr"
    resource = {"urn": urn, "type": "probe:index:Thing", "custom": True, "id": "cr-1", **change}
    for state in ({}, {"pendingReplacement": True}):
        exported = json.loads(json.dumps({"version": 3, "deployment": {"resources": [resource | state]}}))
        if state and says == "provider":
            assert checked(exported, "state.json")["resources"]
            continue
        with pytest.raises(InvalidInputError, match=f"{says} .* does not come before"):
            checked(exported, "state.json")
