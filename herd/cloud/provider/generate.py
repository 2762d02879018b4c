"""Writes `schema.json`: the inputs and outputs of every type that has a row, read from the pulumi_aws classes.

Run as ``python -m herd.cloud.provider.generate`` after an update of pulumi_aws; a test compares the two.
"""

from __future__ import annotations

import collections.abc
import importlib
import json
import re
import types
import typing
from pathlib import Path
from typing import Any

SCHEMA = Path(__file__).with_name("schema.json")
SCALARS = {str: "string", int: "integer", float: "number", bool: "boolean"}


def sdk_class(token: str) -> tuple[Any, Any]:
    """The resource class and the class of its arguments for a type token such as ``aws:ec2/vpc:Vpc``."""
    module, name = token.removeprefix("aws:").split(":")
    folder, member = module.split("/")
    file = re.sub(r"([a-z0-9])([A-Z])", r"\1_\2", member).lower()
    loaded = importlib.import_module(f"pulumi_aws.{folder}.{file}")
    # Where a nested type has taken the name `XArgs`, the resource's own arguments are called `XInitArgs`.
    return getattr(loaded, name), getattr(loaded, f"{name}InitArgs", None) or getattr(loaded, f"{name}Args")


def describe(annotation: Any) -> Any:
    """A Python annotation as ``"string"``, ``{"list": T}``, ``{"map": T}`` or ``{"object": {name: T}}``."""
    from pulumi import _types  # noqa: PLC0415 - the SDK's own view of the wire, needed by the generator alone

    annotation = _unwrap(annotation)
    if annotation in SCALARS:
        return SCALARS[annotation]
    origin, arguments = typing.get_origin(annotation), typing.get_args(annotation)
    if origin in {list, collections.abc.Sequence}:
        return {"list": describe(arguments[0])}
    if origin in {dict, collections.abc.Mapping}:
        return {"map": describe(arguments[1])}
    if isinstance(annotation, type) and _types.is_input_type(annotation):
        names, kinds = _types.input_type_py_to_pulumi_names(annotation), _types.input_type_types(annotation)
        return {"object": {names[k]: describe(kinds[names[k]]) for k in sorted(names, key=names.__getitem__)}}
    if isinstance(annotation, type) and _types.is_output_type(annotation):
        kinds = _types.output_type_types(annotation)
        return {"object": {k: describe(v) for k, v in sorted(kinds.items())}}
    return "string" if isinstance(annotation, type) and issubclass(annotation, str) else "any"


def _unwrap(annotation: Any) -> Any:
    """Take off Optional, Input and Output; of a union keep the member that says most."""
    if typing.get_origin(annotation) in {typing.Union, types.UnionType}:
        members = [
            m
            for m in typing.get_args(annotation)
            if m is not type(None)
            and typing.get_origin(m) is not collections.abc.Awaitable
            and getattr(typing.get_origin(m), "__name__", "") != "Output"
            and not (isinstance(m, type) and typing.is_typeddict(m))
        ]
        return _unwrap(members[0]) if members else str
    return annotation


def required_inputs(arguments: Any) -> list[str]:
    """The inputs that the class of arguments demands, in wire spelling."""
    import inspect  # noqa: PLC0415 - as above

    from pulumi import _types  # noqa: PLC0415 - as above

    names = _types.input_type_py_to_pulumi_names(arguments)
    parameters = inspect.signature(arguments.__init__).parameters.values()
    return sorted(names[p.name] for p in parameters if p.name in names and p.default is p.empty)


def schema_of(token: str) -> dict[str, Any]:
    """Inputs, required inputs and outputs of one type."""
    from pulumi import _types  # noqa: PLC0415 - as above

    resource, arguments = sdk_class(token)
    outputs = {k: describe(v) for k, v in sorted(_types.resource_types(resource).items())}
    return {
        "inputs": describe(arguments)["object"],
        "required": required_inputs(arguments),
        "outputs": {k: v for k, v in outputs.items() if k not in {"id", "urn"}},
    }


def generate(tokens: typing.Iterable[str]) -> str:
    """The text of `schema.json`, one type per line so that an update of pulumi_aws reads well in a diff."""
    import pulumi_aws  # noqa: PLC0415 - as above

    lines = [f"{json.dumps(t)}: {json.dumps(schema_of(t), sort_keys=True)}" for t in sorted(tokens)]
    version = pulumi_aws._utilities.get_version()  # noqa: SLF001 - the package has no public version
    return '{"version": ' + json.dumps(version) + ', "types": {\n' + ",\n".join(lines) + "\n}}\n"


if __name__ == "__main__":
    from herd.cloud.provider.rows import ROWS

    SCHEMA.write_text(generate(ROWS), encoding="utf-8")
