"""Examples of each resource type, and an actor that takes them through their life on a stand-in cloud.

`examples/MODULE.yaml` has a list for each module of rows:

    - type: the type token
      needs: {name: {type, inputs}}   # made before, in this order
      inputs: as a program gives them
      unexercised: {input: why}       # what can change and no change below changes
      known: [input]                  # what must be known to find the thing, beside its id
      changes: [{input: value}]       # one update each, on top of each other; null takes an input away
      replaces: [{input: value}]      # changes that can't be made in place
      drift:                          # made behind the provider's back
        - call: [service, operation, parameters]
          shows: {input: value}       # what a refresh then says
      refused:                        # refused before anything is made
        - give: {input: value}
          at: where                   # property or API parameter that the refusal names, if not the input
      gaps: [{input: value}]          # changes that the stand-in cloud loses, and says so
      stays: {input: value}           # what is left after a delete, where AWS can't take a thing away

`${id}`, `${arn}` and so on stand for the example's own outputs, `${name.arn}` for those of what it needs.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from herd.cloud import CloudServer
from herd.cloud.provider.client import Patience
from herd.cloud.provider.resources import Provider

# Not the region where the global services live: a call to the wrong one must not go unnoticed.
REGION = "us-east-2"
ACCOUNT = "111122223333"
REFERENCE = re.compile(r"\$\{(?:(\w+)\.)?(\w+)\}")


FILES = sorted(Path(__file__).parent.joinpath("examples").glob("*.yaml"))


@cache
def every_example() -> list[dict[str, Any]]:
    return [case for path in FILES for case in YAML(typ="safe").load(path.read_text(encoding="utf-8"))]


@dataclass
class Thing:
    """One resource, as an engine knows it."""

    actor: Actor
    urn: str
    inputs: dict[str, Any]
    id: str = ""
    outputs: dict[str, Any] = field(default_factory=dict)

    def planned(self, given: dict[str, Any]) -> tuple[dict[str, Any], Any]:
        """The checked inputs after a change, and the difference."""
        news = {k: v for k, v in (self.inputs | given).items() if v is not None and k != "__defaults"}
        # What the provider itself filled in isn't the program's: it is worked out again.
        news = {k: v for k, v in news.items() if k in given or k not in self.inputs["__defaults"]}
        checked = self.actor.checked(self.urn, self.inputs, news)
        return checked, self.actor.provider.diff(self.urn, self.inputs, checked, ())

    def update(self, news: dict[str, Any]) -> None:
        self.outputs = self.actor.provider.update(self.urn, self.id, self.outputs, self.inputs, news, preview=False)
        self.inputs = news

    def refresh(self) -> Any:
        """Read it back; the difference that the next update would make."""
        _, outputs, seen = self.actor.provider.read(self.urn, self.id, self.outputs, self.inputs)
        found = self.actor.provider.diff(self.urn, seen, self.inputs, ())
        return outputs, seen, found

    def held(self, known: Iterable[str] = ()) -> dict[str, Any]:
        """What the cloud alone says, with no memory but of some properties."""
        state, inputs = ({k: v for k, v in values.items() if k in known} for values in (self.outputs, self.inputs))
        id_, outputs, _ = self.actor.provider.read(self.urn, self.id, state, inputs)
        assert id_ == self.id
        return outputs

    def delete(self) -> None:
        self.actor.provider.delete(self.urn, self.id, self.outputs, self.inputs)

    def is_gone(self) -> bool:
        return self.actor.provider.read(self.urn, self.id, self.outputs, self.inputs)[0] == ""


class Actor:
    """A provider on an empty cloud."""

    def __init__(self, cloud: CloudServer) -> None:
        self.cloud = cloud
        self.warnings: list[str] = []
        self.made: list[Thing] = []
        patience = Patience(eventual=2, dependency=2)
        environment = cloud.environment(ACCOUNT, REGION)
        self.provider = Provider(environment, patience, lambda _urn, text: self.warnings.append(text))
        self.provider.configure({"region": REGION})

    def urn(self, token: str, name: str = "example") -> str:
        return f"urn:pulumi:dev::herd::{token}::{name}"

    def checked(self, urn: str, olds: dict[str, Any], news: dict[str, Any]) -> dict[str, Any]:
        found = self.provider.check(urn, olds, news, b"seed", None)
        assert found.failures == []
        return found.inputs

    def create(self, token: str, given: dict[str, Any], name: str = "example") -> Thing:
        urn = self.urn(token, name)
        thing = Thing(self, urn, self.checked(urn, {}, given))
        thing.id, thing.outputs = self.provider.create(urn, thing.inputs, preview=False)
        self.made.append(thing)
        return thing

    def clear(self) -> None:
        """Take everything away: much faster than a new cloud and new clients for each test."""
        while self.made:
            self.made.pop().delete()
        self.warnings.clear()

    def behind_the_back(self, service: str, operation: str, params: dict[str, Any]) -> Any:
        return getattr(self.cloud.client(service, ACCOUNT, REGION), operation)(**params)


class Example:
    """An example whose needs are there."""

    def __init__(self, actor: Actor, data: dict[str, Any]) -> None:
        self.actor, self.data, self.type = actor, data, data["type"]
        self.needs: dict[str, Thing] = {}
        self.thing: Thing | None = None
        for name, needed in data.get("needs", {}).items():
            self.needs[name] = actor.create(needed["type"], self.resolved(needed["inputs"]), name)

    @property
    def inputs(self) -> dict[str, Any]:
        return self.resolved(self.data["inputs"])

    def make(self) -> Thing:
        self.thing = self.actor.create(self.type, self.inputs)
        return self.thing

    def held(self) -> dict[str, Any]:
        assert self.thing is not None
        return self.thing.held(self.listed("known"))

    def listed(self, key: str) -> list[Any]:
        return self.data.get(key, [])

    def resolved(self, value: Any) -> Any:
        """The value with every reference replaced."""
        text = json.dumps(value)
        return json.loads(REFERENCE.sub(lambda m: json.dumps(self._output(m[1], m[2]))[1:-1], text))

    def _output(self, name: str | None, output: str) -> str:
        thing = self.needs[name] if name else self.thing
        assert thing is not None, f"{output} of an example that isn't made yet"
        return thing.id if output == "id" else thing.outputs[output]


@pytest.fixture(scope="session")
def cast(cloud: CloudServer) -> Actor:
    return Actor(cloud)


@pytest.fixture
def actor(cast: Actor) -> Iterator[Actor]:
    yield cast
    cast.clear()


@pytest.fixture
def example(actor: Actor, case: dict[str, Any]) -> Example:
    return Example(actor, case)


def within(given: Any, actual: Any) -> bool:
    """Whether all that was given is there, whatever the cloud adds and however it orders lists."""
    if isinstance(given, str) and given.startswith("{") and isinstance(actual, str):
        return json.loads(given) == json.loads(actual)
    if isinstance(given, dict):
        return isinstance(actual, dict) and all(within(item, actual.get(key)) for key, item in given.items())
    if isinstance(given, list):
        rest = list(actual or [])
        for item in given:
            match = next((other for other in rest if within(item, other)), None)
            if match is None:
                return False
            rest.remove(match)
        return not rest
    return given == actual


@pytest.fixture
def examples() -> list[dict[str, Any]]:
    return every_example()


@pytest.fixture
def modules() -> list[str]:
    """The modules of rows that have a file of examples."""
    return [path.stem for path in FILES]


@pytest.fixture(name="within")
def _within() -> Any:
    return within


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Every test that takes `case` runs for each example; those that take a list's item, for each item."""
    if "case" not in metafunc.fixturenames:
        return
    cases = every_example()
    part = getattr(metafunc.function, "part", None)
    if part is None:
        metafunc.parametrize("case", cases, ids=[case["type"].rpartition(":")[2] for case in cases])
        return
    each = [(case, item) for case in cases for item in case.get(part, [])]
    ids = [f"{case['type'].rpartition(':')[2]}-{'-'.join(_named(item))}" for case, item in each]
    metafunc.parametrize(("case", "item"), each, ids=ids)


def _named(item: dict[str, Any]) -> list[str]:
    return list(item.get("shows") or item.get("give") or item)
