"""Resources that are settings of another one, and name it: a bucket's policy, a file system's links."""

from __future__ import annotations

from collections.abc import Iterator

from policies.engine.node import Node
from policies.engine.subject import Stack, Subject
from policies.engine.values import Reference, UnevaluatedError

_NAMES = ("bucket", "name", "id", "arn")


def names(node: Node, target: Subject, stack: Stack) -> bool:
    """Whether a property names a resource: by symbol, by id or ARN, or by the name that both of them spell out.

    Raises:
        UnevaluatedError: The property is unknown.
    """
    value = node.text()
    if not value:
        return False
    if (found := stack.target(value)) is not None:
        return found is target
    if isinstance(value, Reference):
        return False
    spelled = [target.props.at(key) for key in _NAMES if target.props.has(key)]
    return any(value == one.text() for one in spelled)


def naming(stack: Stack, target: Subject, key: str, *types: str) -> Iterator[Subject]:
    """The resources of some types whose property names another one.

    Raises:
        UnevaluatedError: None is known to name it, and one may yet.
    """
    found, hidden = False, None
    for one in stack.of_type(*types):
        try:
            mine = names(one.props.at(key), target, stack)
        except UnevaluatedError as error:
            # Others may name it for certain; only if none does is this one needed.
            hidden = hidden or error
            continue
        if mine:
            found = True
            yield one
    if hidden is not None and not found:
        raise hidden
