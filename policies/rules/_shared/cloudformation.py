"""Reads the template of a CloudFormation stack, in which other resources may hide."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Final

from ruamel.yaml import YAML
from ruamel.yaml.constructor import SafeConstructor
from ruamel.yaml.error import YAMLError
from ruamel.yaml.nodes import MappingNode, ScalarNode
from ruamel.yaml.nodes import Node as YamlNode

from policies.engine.node import Node
from policies.engine.subject import Subject
from policies.engine.values import UNKNOWN, Reason, Reference, UnevaluatedError

CLOUDFORMATION: Final = "aws:cloudformation/stack:Stack"
# AWS's own template of the ParallelCluster custom resource makes a Lambda function and its roles, and no machines.
PROVIDER: Final = re.compile(r"-aws-parallelcluster\.s3\..*/templates/custom_resource/cluster\.yaml$")
Tables = Mapping[str, Any]
"""A template's `Mappings`: table -> row -> key -> value."""
_SYMBOL: Final = re.compile(r"\$\{(urn:pulumi:[^{}]*::[^{}.]+)\.([^{}]+)\}")


def template(resource: Subject) -> Node:
    """The template of a stack; nothing if it is known to make no machines. Intrinsic functions read as references.

    Raises:
        UnevaluatedError: It is hidden, unreadable, or kept at a URL.
    """
    at = resource.props.at("templateBody")
    body = at.text()
    if body is None:
        url = resource.props.text("templateUrl")
        if url is None or PROVIDER.search(url):
            return Node(None, ("templateBody",), resource)
        message = f"the template is kept at {url}, and what it makes isn't seen"
        raise UnevaluatedError(Reason.ABSENT, message, ("templateUrl",))
    try:
        return Node(_parsed(at.literal() or ""), ("templateBody",), resource)
    except (ValueError, YAMLError):
        raise UnevaluatedError(Reason.MISSHAPEN, "the template is neither JSON nor YAML", at.path) from None


@lru_cache(maxsize=64)
def _parsed(body: str) -> Any:
    if body.lstrip().startswith("{"):
        return _whole(json.loads(body))
    yaml = YAML(typ="safe", pure=True)
    yaml.Constructor = _Constructor
    return _whole(yaml.load(body))


def _whole(value: Any) -> Any:
    tables = value.get("Mappings") if isinstance(value, Mapping) else None
    return _real(value, tables if isinstance(tables, Mapping) else {})


def _real(value: Any, tables: Tables) -> Any:
    """What a function gives is known to CloudFormation alone; `AWS::NoValue` is nothing, a condition may be."""
    if isinstance(value, Mapping):
        if len(value) == 1:
            name, argument = next(iter(value.items()))
            if name == "Fn::If":
                return UNKNOWN
            if name == "Ref" or str(name).startswith("Fn::"):
                return None if argument == "AWS::NoValue" else _given(name, argument, tables)
        return {str(key): _real(item, tables) for key, item in value.items()}
    if isinstance(value, list):
        return [_real(item, tables) for item in value]
    if isinstance(value, str) and (match := _SYMBOL.fullmatch(value)):
        return Reference(value, match[1], match[2])
    return value


def _given(name: str, argument: Any, tables: Tables) -> Any:
    """A function's value where the template itself tells it, else a reference that shows what is known."""
    match name, argument:
        case "Fn::FindInMap", [str() as table, str() as row, str() as key]:
            found = tables.get(table)
            for step in (row, key):
                found = found.get(step) if isinstance(found, Mapping) else None
            if found is not None:
                return found
        case "Fn::Sub", [str() as text, Mapping() as variables]:
            for key, item in variables.items():
                told = _real(item, tables)
                if isinstance(told, str | int | float) and not isinstance(told, Reference):
                    text = text.replace(f"${{{key}}}", str(told))
            argument = text
    return Reference(f"{name} {argument}", "template", str(argument))


class _Constructor(SafeConstructor):
    """Reads `!Ref x` as `{Ref: x}` and `!Sub x` as `{Fn::Sub: x}`."""

    def function(self, suffix: str, node: YamlNode) -> dict[str, Any]:
        """The long form of a short one."""
        if isinstance(node, ScalarNode):
            argument = self.construct_scalar(node)
        elif isinstance(node, MappingNode):
            argument = self.construct_mapping(node, deep=True)
        else:
            argument = self.construct_sequence(node, deep=True)
        return {suffix if suffix in ("Ref", "Condition") else f"Fn::{suffix}": argument}


_Constructor.add_multi_constructor("!", _Constructor.function)
