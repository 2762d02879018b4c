"""Writes `built_in.json`: the shapes of the built-in kinds, read from the pulumi_kubernetes classes.

Run as ``python -m herd.cloud.kubernetes.generate`` after an update of pulumi_kubernetes; a test compares the two. The
SDK knows fields, types and what is required; it doesn't know enumerations and patterns.
"""

from __future__ import annotations

import builtins
import collections.abc
import importlib
import inspect
import json
import types
import typing
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

SHAPES = Path(__file__).with_name("built_in.json")
TABLE = Path(__file__).with_name("built_in.yaml")
SCALARS = {str: "string", int: "integer", float: "number", bool: "boolean"}
# Maps of quantities, which the SDK takes for text and the API server also takes as numbers.
_QUANTITIES = frozenset({"allocatable", "capacity", "hard", "limits", "overhead", "requests"})
# What the SDK calls after its package where the group has another name.
_MODULES = {"v1": "core.v1", "rbac.authorization.k8s.io/v1": "rbac.v1"}


class _Shapes:
    """Collects the shapes of classes of arguments and of what they hold."""

    def __init__(self) -> None:
        self.found: dict[str, Any] = {}

    def named(self, name: str, arguments: Any) -> str:
        """Add a class under a name, once."""
        if name not in self.found:
            self.found[name] = {}  # some types hold themselves
            self.found[name] = self._fields(arguments)
        return name

    def _fields(self, arguments: Any) -> dict[str, Any]:
        from pulumi import _types  # noqa: PLC0415 - the SDK's own view of the wire, needed by the generator alone

        names, kinds = _types.input_type_py_to_pulumi_names(arguments), _types.input_type_types(arguments)
        parameters = inspect.signature(arguments.__init__).parameters.values()
        required = sorted(names[p.name] for p in parameters if p.name in names and p.default is p.empty)
        properties = {wire: self._shape(kinds[wire]) for wire in sorted(names.values())}
        for name in _QUANTITIES & {key for key, shape in properties.items() if "additionalProperties" in shape}:
            properties[name] = {"type": "object", "additionalProperties": {"x-kubernetes-int-or-string": True}}
        return {"type": "object", "properties": properties, **({"required": required} if required else {})}

    def _shape(self, annotation: Any) -> Any:
        members = list(_members(annotation))
        if {int, str} <= set(members):
            return {"x-kubernetes-int-or-string": True}
        annotation = members[0] if members else Any
        if annotation in SCALARS:
            return {"type": SCALARS[annotation]}
        arguments = typing.get_args(annotation)
        match typing.get_origin(annotation):
            case typing.Literal:
                return {"type": "string", "enum": list(arguments)}
            case builtins.list | collections.abc.Sequence:
                return {"type": "array", "items": self._shape(arguments[0])}
            case builtins.dict | collections.abc.Mapping:
                return {"type": "object", "additionalProperties": self._shape(arguments[1])}
        return self._class(annotation)

    def _class(self, annotation: Any) -> Any:
        from pulumi import _types  # noqa: PLC0415 - as above

        if isinstance(annotation, type) and _types.is_input_type(annotation):
            group = annotation.__module__.removeprefix("pulumi_kubernetes.").removesuffix("._inputs")
            return {"$ref": self.named(f"{group}:{annotation.__name__.removesuffix('Args')}", annotation)}
        if isinstance(annotation, type) and issubclass(annotation, str):
            return {"type": "string"}
        return {"x-kubernetes-preserve-unknown-fields": True}


def _members(annotation: Any) -> Iterator[Any]:
    """What an annotation says besides Optional, Input and Output."""
    if typing.get_origin(annotation) in {typing.Union, types.UnionType}:
        for member in typing.get_args(annotation):
            yield from _members(member)
        return
    origin = typing.get_origin(annotation)
    output = getattr(origin, "__name__", "") == "Output" or origin is collections.abc.Awaitable
    typed_dictionary = isinstance(annotation, type) and typing.is_typeddict(annotation)
    if annotation is not type(None) and not output and not typed_dictionary:
        yield annotation


def generate() -> str:
    """The text of `built_in.json`, one shape a line so that an update of pulumi_kubernetes reads well in a diff."""
    shapes = _Shapes()
    for api_version, kinds in YAML(typ="safe").load(TABLE.read_text(encoding="utf-8")).items():
        module = _MODULES.get(api_version) or api_version.replace(".k8s.io", "").replace("/", ".")
        for kind in kinds:
            if kind != "CustomResourceDefinition":
                loaded = importlib.import_module(f"pulumi_kubernetes.{module}.{kind}")
                shapes.named(f"{api_version}.{kind}", getattr(loaded, f"{kind}InitArgs"))
    lines = [f"{json.dumps(name)}: {json.dumps(shape, sort_keys=True)}" for name, shape in sorted(shapes.found.items())]
    return "{\n" + ",\n".join(lines) + "\n}\n"


if __name__ == "__main__":
    SHAPES.write_text(generate(), encoding="utf-8")
