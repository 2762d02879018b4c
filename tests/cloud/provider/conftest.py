"""A stand-in cloud for the whole folder, and a world in which any example of a resource can be made."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from herd.cloud import CloudServer
from herd.cloud.provider.client import Patience
from herd.cloud.provider.resources import Provider

ACCOUNT = "123456789012"
REFERENCE = re.compile(r"\$\{([^}]+)\}")
EXAMPLES: Mapping[str, Any] = YAML(typ="safe").load(
    Path(__file__).with_name("examples.yaml").read_text(encoding="utf-8")
)
QUICK = Patience(eventual=3.0, dependency=3.0, connect=0.5, first_wait=0.005, longest_wait=0.1)


@dataclass
class Made:
    """A resource as the engine knows it."""

    urn: str
    id: str
    state: dict[str, Any]
    inputs: dict[str, Any]


@dataclass
class World:
    """Makes examples, and what they need, through a provider of its own."""

    provider: Provider
    warnings: list[str] = field(default_factory=list)
    made: dict[str, Made] = field(default_factory=dict)
    extra: list[Any] = field(default_factory=list)

    @property
    def examples(self) -> Mapping[str, Any]:
        return EXAMPLES

    def type_named(self, name: str) -> str:
        """The type token of a short name such as `Vpc`."""
        return next(t for t in EXAMPLES if t.endswith(f":{name}"))

    def lookup(self, reference: str) -> Any:
        if reference in {"account", "region"}:
            return getattr(self.provider, reference)
        name, _, output = reference.partition(".")
        if name == "setup":
            return self.extra[int(output)]
        resource = self.example(name)
        return resource.id if output == "id" else resource.state[output]

    def resolved(self, value: Any) -> Any:
        if isinstance(value, Mapping):
            if "$json" in value:
                return json.dumps(self.resolved(value["$json"]))
            return {key: self.resolved(item) for key, item in value.items()}
        if isinstance(value, list):
            return [self.resolved(item) for item in value]
        if isinstance(value, str):
            whole = REFERENCE.fullmatch(value)
            return self.lookup(whole[1]) if whole else REFERENCE.sub(lambda m: str(self.lookup(m[1])), value)
        return value

    def example(self, name: str) -> Made:
        """The example of a type, made on first use; `Vpc#2` is a second one."""
        if name not in self.made:
            token = self.type_named(name.partition("#")[0])
            self.prepare(token)
            given = EXAMPLES[token]["inputs"] | (EXAMPLES[token].get("second", {}) if "#" in name else {})
            self.made[name] = self.make(token, self.resolved(given), name.lower().replace("#", "-"))
        return self.made[name]

    def prepare(self, token: str) -> None:
        """What an example needs without naming it."""
        for name in EXAMPLES[token].get("needs", []):
            self.example(name)
        for service, operation, params, output in EXAMPLES[token].get("setup", []):
            answer = self.provider.cloud.call(service, operation, params, region=self.provider.region)
            self.extra.append(answer[output] if output else None)

    def checked(self, urn: str, inputs: Mapping[str, Any], olds: Mapping[str, Any] | None = None) -> dict[str, Any]:
        seed = urn.encode()
        checked = self.provider.check(urn, dict(olds or {}), dict(inputs), seed, None)
        assert checked.failures == []
        return checked.inputs

    def make(self, token: str, inputs: Mapping[str, Any], name: str = "thing") -> Made:
        """Check and create."""
        urn = f"urn:pulumi:dev::herd::{token}::x-{name}"
        checked = self.checked(urn, inputs)
        id_, state = self.provider.create(urn, checked, preview=False)
        return Made(urn, id_, state, checked)

    def drift(self, made: Made) -> list[str]:
        """The inputs in which the cloud differs from what was asked."""
        _, _, seen = self.provider.read(made.urn, made.id, made.state, made.inputs)
        return self.provider.diff(made.urn, seen, made.inputs, ()).changed

    def client(self, service: str) -> Any:
        """boto3's client, for doing things behind the provider's back."""
        return self.provider.cloud.client(service, self.provider.region)


@pytest.fixture(scope="session")
def cloud() -> Iterator[CloudServer]:
    with CloudServer(accounts=[ACCOUNT, "210987654321"]) as server:
        yield server


@pytest.fixture(scope="module")
def shared(cloud: CloudServer) -> World:
    # What examples need is made once for a whole module: an empty cloud costs seconds until EC2 knows its images.
    cloud.reset()
    found: list[str] = []
    provider = Provider(cloud.environment(ACCOUNT), QUICK, lambda _urn, text: found.append(text))
    provider.configure({"region": "us-east-1"})
    return World(provider, found)


@pytest.fixture
def world(shared: World) -> World:
    shared.warnings.clear()
    shared.extra.clear()
    return shared


@pytest.fixture(scope="session")
def examples() -> Mapping[str, Any]:
    return EXAMPLES
