"""What a graph writes where there is no plain value: symbols, secrets, unknowns.

A symbol stands for what only the cloud can know. It is a string, ``${URN.PATH}``, the same wherever the value flows, so
a policy document or a boot script that contains it is complete and can be compared::

    symbol  = "${" owner "." path "}"
    owner   = URN of a resource, with "%", ".", "{" and "}" in its name written as %25, %2E, %7B, %7D
            | "invoke:" token "#" digest of the arguments (8 hex digits)
    path    = property (as Pulumi spells it) { "." property | "[" index "]" | "[*]" }

``[0]`` is the one element a list of unknown length is shown with, ``[*]`` the one entry of a map of unknown keys.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

SECRET = "[secret]"  # noqa: S105 - the mark itself; Pulumi's previews print the same one
UNKNOWN = "[unknown]"

_ESCAPES = {"%": "%25", ".": "%2E", "{": "%7B", "}": "%7D"}
_UNESCAPES = {code: char for char, code in _ESCAPES.items()}
_SYMBOL = re.compile(r"\$\{((?:urn:pulumi:|invoke:)[^{}]+)\}")
_NAME_FIELD = 3  # urn:pulumi:STACK::PROJECT::TYPE::NAME


@dataclass(frozen=True, order=True)
class Symbol:
    """One value that only the cloud knows.

    Attributes:
        owner: URN of the resource, or ``invoke:TOKEN#DIGEST``.
        path: The property and what lies below it, such as ``arn`` or ``endpoints[0].address``.
    """

    owner: str
    path: str

    def __str__(self) -> str:
        return f"${{{prefix(self.owner)}{self.path}}}"

    @classmethod
    def parse(cls, text: str) -> Symbol:
        """Read one symbol.

        Raises:
            ValueError: The text is not exactly one symbol.
        """
        found = symbol_of(text)
        if found is None:
            raise ValueError(f"not a symbol: {text!r}")
        return found


def prefix(owner: str) -> str:
    """Everything of an owner's symbols up to the path: ``URN.`` with the URN's name escaped."""
    if owner.startswith("invoke:"):
        return f"{owner}."
    fields = owner.split("::", _NAME_FIELD)
    fields[-1] = re.sub(r"[%.{}]", lambda found: _ESCAPES[found[0]], fields[-1])
    return "::".join(fields) + "."


def symbol_of(value: Any) -> Symbol | None:
    """The symbol that a value is, if it is exactly one."""
    match = _SYMBOL.fullmatch(value) if isinstance(value, str) else None
    return _parsed(match[1]) if match else None


def symbols_in(value: Any) -> Iterator[Symbol]:
    """Every symbol inside a value, however deep, in order and with repeats; map keys count as well."""
    if isinstance(value, str):
        for match in _SYMBOL.finditer(value):
            yield _parsed(match[1])
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from symbols_in(key)
            yield from symbols_in(item)
    elif isinstance(value, (list, tuple)):
        for item in value:
            yield from symbols_in(item)


def _parsed(body: str) -> Symbol:
    # Types may hold dots (kubernetes:helm.sh/v3:Release), escaped names may not: the path starts at the name's first.
    if body.startswith("invoke:"):
        token, _, rest = body.partition("#")
        digest, _, path = rest.partition(".")
        return Symbol(f"{token}#{digest}", path)
    *head, tail = body.split("::", _NAME_FIELD)
    name, _, path = tail.partition(".")
    name = re.sub(r"%(?:25|2E|7B|7D)", lambda found: _UNESCAPES[found[0]], name)
    return Symbol("::".join([*head, name]), path)
