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
        return _real(json.loads(body))
    yaml = YAML(typ="safe", pure=True)
    yaml.Constructor = _Constructor
    return _real(yaml.load(body))


def _real(value: Any) -> Any:
    """What a function gives is known to CloudFormation alone; `AWS::NoValue` is nothing, a condition may be."""
    if isinstance(value, Mapping):
        if len(value) == 1:
            name, argument = next(iter(value.items()))
            if name == "Fn::If":
                return UNKNOWN
            if name == "Ref" or str(name).startswith("Fn::"):
                return (
                    None if argument == "AWS::NoValue" else Reference(f"{name} {argument}", "template", str(argument))
                )
        return {str(key): _real(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_real(item) for item in value]
    if isinstance(value, str) and (match := _SYMBOL.fullmatch(value)):
        return Reference(value, match[1], match[2])
    return value


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
