"""URNs, the state of a resource, and how a state reads and writes itself in Pulumi's deployment format."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from herd.engine.crypto import Crypter
from herd.engine.values import Props

STACK_TYPE = "pulumi:pulumi:Stack"
PROVIDER_PREFIX = "pulumi:providers:"


def qualified_type(urn: str) -> str:
    """The type with those of the parents, `a:b:C$d:e:F`."""
    return urn.split("::")[2]


def urn_type(urn: str) -> str:
    """The resource's own type."""
    return qualified_type(urn).rsplit("$", 1)[-1]


def urn_name(urn: str) -> str:
    """The resource's name; it may itself hold `::`."""
    return urn.split("::", 3)[3]


def make_urn(stack: str, project: str, parent: str, type_: str, name: str) -> str:
    """The URN of a resource; the stack as a parent does not show in it."""
    above = qualified_type(parent) if parent else ""
    prefix = f"{above}$" if above and above != STACK_TYPE else ""
    return f"urn:pulumi:{stack}::{project}::{prefix}{type_}::{name}"


def is_provider(type_: str) -> bool:
    """Whether the type is that of a provider resource."""
    return type_.startswith(PROVIDER_PREFIX)


def is_default_provider(urn: str) -> bool:
    """Whether the engine made this provider by itself (`default`, `default_1_2_3`)."""
    return is_provider(urn_type(urn)) and urn_name(urn).startswith("default")


def package(type_: str) -> str:
    """The package of a type or function token."""
    return type_.split(":", 1)[0]


def ref_urn(reference: str) -> str:
    """The URN in a provider reference `URN::ID`."""
    return reference.rpartition("::")[0]


# JSON name of each field that isn't simply its camelCase spelling.
_NAMES = {"import_id": "importID"}


def _camel(name: str) -> str:
    head, *rest = name.split("_")
    return _NAMES.get(name, head + "".join(word.title() for word in rest))


@dataclass(eq=False)
class State:
    """One resource as the state knows it; identity matters: a URN may have a live state and several condemned ones."""

    urn: str
    type: str
    custom: bool = False
    delete: bool = False
    id: str = ""
    inputs: Props = field(default_factory=dict)
    outputs: Props = field(default_factory=dict)
    parent: str = ""
    protect: bool = False
    taint: bool = False
    external: bool = False
    dependencies: list[str] = field(default_factory=list)
    init_errors: list[str] = field(default_factory=list)
    provider: str = ""
    property_dependencies: dict[str, list[str]] = field(default_factory=dict)
    pending_replacement: bool = False
    additional_secret_outputs: list[str] = field(default_factory=list)
    aliases: list[str] = field(default_factory=list)
    custom_timeouts: dict[str, float] = field(default_factory=dict)
    import_id: str = ""
    retain_on_delete: bool = False
    deleted_with: str = ""
    replace_with: list[str] = field(default_factory=list)
    created: str = ""
    modified: str = ""
    source_position: str = ""
    ignore_changes: list[str] = field(default_factory=list)
    hide_diff: list[Any] = field(default_factory=list)
    replace_on_changes: list[str] = field(default_factory=list)
    replacement_trigger: Any = None
    refresh_before_update: bool = False
    extra: dict[str, Any] = field(default_factory=dict)  # fields of newer engines, kept as they are
    slot: list[Any] = field(default_factory=list)  # where the snapshot holds this state, see snapshot.py

    @property
    def name(self) -> str:
        """The last part of the URN."""
        return urn_name(self.urn)

    def copy(self, **changes: Any) -> State:
        """A state of its own with some fields changed."""
        return dataclasses.replace(self, **{"slot": [], "extra": dict(self.extra)} | changes)

    def dependency_urns(self, *, parent: bool = True) -> Iterator[str]:
        """Everything the resource hangs on except its provider: parent, dependencies, deletedWith, replaceWith."""
        if parent and self.parent:
            yield self.parent
        yield from self.dependencies
        for urns in self.property_dependencies.values():
            yield from urns
        if self.deleted_with:
            yield self.deleted_with
        yield from self.replace_with

    def to_json(self, crypter: Crypter) -> dict[str, Any]:
        """As an entry of the deployment's `resources`."""
        result: dict[str, Any] = {}
        for key, name in _FIELDS.items():
            value = getattr(self, key)
            if key in _PROPERTIES:
                value = crypter.encode(value)
            if value or key == "custom":
                result[name] = value
        return result | self.extra

    @classmethod
    def from_json(cls, data: dict[str, Any], crypter: Crypter) -> State:
        """From an entry of the deployment's `resources`."""
        values = {_BY_NAME[k]: v for k, v in data.items() if k in _BY_NAME}
        for key in _PROPERTIES & values.keys():
            values[key] = crypter.decode(values[key])
        return cls(**values, extra={k: v for k, v in data.items() if k not in _BY_NAME})

    def touched(self, *, created: bool = False) -> None:
        """Note the time of a change."""
        self.modified = datetime.now(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
        if created:
            self.created = self.modified


_FIELDS = {f.name: _camel(f.name) for f in dataclasses.fields(State) if f.name not in ("extra", "slot")}
_BY_NAME = {name: key for key, name in _FIELDS.items()}
_PROPERTIES = {"inputs", "outputs", "replacement_trigger"}


@dataclass
class Goal:
    """What the program asks for: the state it wants, and the options that shape the way there."""

    state: State
    protect: bool | None = None
    retain_on_delete: bool | None = None
    delete_before_replace: bool | None = None
    aliases: list[dict[str, Any]] = field(default_factory=list)
