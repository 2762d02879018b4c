"""Lists, maps and texts whose content only the cloud knows answer whatever a program asks of them, with symbols.

A list of unknown length is shown with one element; a program that takes its second one means that there are two. The
same holds for an entry of a map (another stack's outputs) and for JSON that only the cloud has (a secret's text).
"""

from __future__ import annotations

import contextlib
import itertools
import json
import re
import sys
from collections.abc import Callable, Iterator
from typing import Any, Final, SupportsIndex

import pulumi

from herd.graph.symbols import Symbol, symbol_of
from herd.render.construction import replaced

_INDEX: Final = re.compile(r"\[(?:\d+|\*)\]")
_ODD: Final = re.compile(r"[^\w/-]")


class GrowingList(list[Any]):
    """A list of unknown length, shown with its first element."""

    def __init__(self, values: list[Any], element: Callable[[str], Any]) -> None:
        super().__init__(values)
        self._element = element

    def __getitem__(self, key: Any) -> Any:
        if isinstance(key, slice):
            # `names[:2]` takes two: there are as many as the program counts on.
            return [self[index] for index in _counted(key)] if _is_counted(key) else super().__getitem__(key)
        return self._element(f"[{key}]") if key >= len(self) else super().__getitem__(key)


class GrowingMap(dict[str, Any]):
    """A map of unknown keys, shown with the key `*`."""

    def __init__(self, values: dict[str, Any], entry: Callable[[str], Any]) -> None:
        super().__init__(values)
        self._entry = entry

    def __missing__(self, key: str) -> Any:
        return self._entry(_step(key))

    def get(self, key: str, *_: Any) -> Any:
        """The entry, whatever its key: nobody knows that there is none."""
        return self[key]


class GrowingText(str):
    """A symbol for a value of unknown kind: text, and whatever lies below it if it is a map or a list."""

    __slots__ = ()

    def __getitem__(self, key: Any) -> Any:
        if isinstance(key, slice):
            return [self[index] for index in _counted(key)] if _is_counted(key) else [self[0]]
        symbol = Symbol.parse(self)
        return GrowingText(Symbol(symbol.owner, f"{symbol.path}{_step(key)}"))

    def __iter__(self) -> Iterator[Any]:
        yield self[0]

    def get(self, key: str, *_: Any) -> Any:
        """What lies below, as of a map."""
        return self[key]


@contextlib.contextmanager
def growing() -> Iterator[None]:
    """Within this, what the SDK answers a program with is growing, and a symbol is JSON."""
    with (
        replaced(sys.modules["pulumi.runtime.rpc"], "translate_output_properties", _translating),
        replaced(pulumi.Output, "from_input", lambda original: staticmethod(_keeping(original.__func__))),
        replaced(json, "loads", _loading),
    ):
        yield


def _translating(translate: Callable[..., Any]) -> Callable[..., Any]:
    def translated(  # the SDK's signature; it calls itself by position
        output: Any, transformer: Any, typ: Any = None, typed: bool = False, path: Any = None, *rest: Any, **named: Any
    ) -> Any:
        result = translate(output, transformer, typ, typed, path, *rest, **named)
        many = isinstance(output, list) and len(output) == 1
        if not many and not (isinstance(output, dict) and output.keys() == {"*"}):
            return result
        depth = _depth(path)
        if not all(_is_shown(leaf, depth) for leaf in _leaves(output)):
            return result  # the program wrote it, or a part of it

        def another(step: str) -> Any:
            moved = translate(_moved(output, depth, step), transformer, typ, typed, path, *rest, **named)
            if many:
                return moved[0]
            return GrowingText(moved["*"]) if isinstance(moved["*"], str) else moved["*"]

        return GrowingList(result, another) if many else GrowingMap(result, another)

    return translated


def _keeping(from_input: Callable[[Any], Any]) -> Callable[[Any], Any]:
    # The SDK takes lists and maps apart for the outputs in them, and puts plain ones together; these hold none.
    def kept(value: Any) -> Any:
        if isinstance(value, GrowingList | GrowingMap):
            return from_input(_Held(value)).apply(lambda held: held.value)
        return from_input(value)

    return kept


def _loading(loads: Callable[..., Any]) -> Callable[..., Any]:
    def loaded(text: Any, *args: Any, **kwargs: Any) -> Any:
        return GrowingText(text) if symbol_of(text) else loads(text, *args, **kwargs)

    return loaded


class _Held:
    """A value that the SDK leaves as it is."""

    def __init__(self, value: Any) -> None:
        self.value = value


def _depth(path: Any) -> int:
    """How many lists and maps of unknown content a value stands in: which index of its symbols is its own."""
    depth = 0
    while path is not None:
        depth += path.prop.isdigit() or path.prop == "*"
        path = path.parent
    return depth


def _moved(value: Any, depth: int, step: str) -> Any:
    """A value with the symbols of another element: the index at a depth is another one."""
    if isinstance(value, dict):
        return {key: _moved(item, depth, step) for key, item in value.items()}
    if isinstance(value, list):
        return [_moved(item, depth, step) for item in value]
    symbol = Symbol.parse(value)
    own = _own(symbol, depth)
    return str(Symbol(symbol.owner, f"{symbol.path[: own.start()]}{step}{symbol.path[own.end() :]}")) if own else value


def _own(symbol: Symbol, depth: int) -> re.Match[str] | None:
    found = next(itertools.islice(_INDEX.finditer(symbol.path), depth, None), None)
    return found if found and found[0] in ("[0]", "[*]") else None


def _leaves(value: Any) -> Iterator[Any]:
    if isinstance(value, dict | list):
        for item in value.values() if isinstance(value, dict) else value:
            yield from _leaves(item)
    else:
        yield value


def _is_shown(value: Any, depth: int) -> bool:
    """Whether a value is the symbol of a first element or of the one entry."""
    found = symbol_of(value)
    return found is not None and _own(found, depth) is not None


def _step(key: str | SupportsIndex) -> str:
    return f".{_ODD.sub('_', key)}" if isinstance(key, str) else f"[{key}]"


def _is_counted(key: slice) -> bool:
    return isinstance(key.stop, int) and key.stop >= 0 and (key.start or 0) >= 0


def _counted(key: slice) -> range:
    return range(key.start or 0, key.stop, key.step or 1)
