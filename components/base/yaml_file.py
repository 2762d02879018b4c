"""YAML files with the line of every value, so that a problem can say where it is."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.constructor import ConstructorError, RoundTripConstructor
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import Node

from components.base.problems import InvalidInputError

# Aliases multiply, and may contain themselves: what a person wrote stays far below.
MOST_VALUES: Final = 100_000
# The parser takes a second for 200 kB; people's files have 20.
MOST_BYTES: Final = 2_000_000
_MOST_SAID: Final = 200
_MOST_NUMBER: Final = 2**63
_SURROGATE: Final = re.compile("[\ud800-\udfff]")


class _Constructor(RoundTripConstructor):
    """Makes values of YAML's nodes; what can't be made says where it stands."""

    def construct_object(self, node: Node, deep: bool = False) -> Any:
        try:
            return super().construct_object(node, deep)
        except (ValueError, KeyError, TypeError, OverflowError, AttributeError) as error:
            # `2027-13-41`, `!!int x` or 5,000 digits: ruamel lets whatever Python says of them through.
            raise ConstructorError(None, None, f"a value that can't be: {error}", node.start_mark) from None


def parse(text: str) -> Any:
    """The data of a YAML text, with the place of every value.

    Raises:
        YAMLError: It isn't YAML, or is what nobody means: values without end, keys that read alike.
        RecursionError: It is nested too deeply.
    """
    yaml = YAML(typ="rt")
    yaml.Constructor = _Constructor
    data = yaml.load(text)
    rest, seen = [data], 0
    while rest:
        value = rest.pop()
        seen += 1
        if seen > MOST_VALUES:
            raise YAMLError(f"more than {MOST_VALUES} values: an alias contains itself, or aliases multiply")
        if isinstance(value, dict):
            _keys_differ(value)
            rest += [*value, *value.values()]
        elif isinstance(value, list):
            rest += value
        elif isinstance(value, str) and _SURROGATE.search(value):
            raise YAMLError(f"half a character, which no text can hold: {value[:_MOST_SAID]!r}")
        elif isinstance(value, int) and abs(value) >= _MOST_NUMBER:
            raise YAMLError(f"a number of {value.bit_length()} bits: 63 at most")
    return data


def _keys_differ(value: dict[Any, Any]) -> None:
    """`1` and `'1'` are two keys to YAML and one in a configuration, where one of the values would be lost."""
    if len({str(key) for key in value}) < len(value):
        known = [str(key) for key in value]
        twice = sorted({key for key in known if known.count(key) > 1})
        raise YAMLError(f"keys that read alike once they are text: {', '.join(twice)}"[:_MOST_SAID])


@lru_cache(maxsize=16)
def _parsed(text: str) -> Any:
    # A stack file is read by the tool and again by the program it renders; the parser is slow.
    return parse(text)


@dataclass(frozen=True)
class YamlFile:
    """A parsed YAML file: its data, which is shared and only read, and where each value stands."""

    path: Path
    shown: str
    data: Any

    @classmethod
    def load(cls, path: Path, *, shown: str | None = None) -> YamlFile:
        """Read a file.

        Raises:
            InvalidInputError: The file is missing, unreadable or not YAML (with the line).
        """
        shown = shown or str(path)
        try:
            if path.stat().st_size > MOST_BYTES:
                raise InvalidInputError.one(f"larger than {MOST_BYTES:,} bytes: no file of ours is", file=shown)
            text = path.read_text(encoding="utf-8")
        except FileNotFoundError:
            raise InvalidInputError.one("no such file", file=shown) from None
        except (OSError, UnicodeDecodeError) as error:
            raise InvalidInputError.one(f"can't be read: {error}", file=shown) from None
        return cls.of_text(path, text, shown)

    @classmethod
    def of_text(cls, path: Path, text: str, shown: str) -> YamlFile:
        """What a file would be with a text.

        Raises:
            InvalidInputError: It is not YAML (with the line).
        """
        try:
            data = _parsed(text)
        except MarkedYAMLError as error:
            mark = error.problem_mark
            line = mark.line + 1 if mark else 0
            raise InvalidInputError.one(f"not valid YAML: {_said(error.problem)}", file=shown, line=line) from None
        except RecursionError:
            raise InvalidInputError.one("not valid YAML: nested too deeply", file=shown) from None
        except YAMLError as error:
            raise InvalidInputError.one(f"not valid YAML: {_said(error)}", file=shown) from None
        return cls(path, shown, data)

    def line(self, path: Sequence[str | int]) -> int:
        """The 1-based line of a value, or of its nearest ancestor that stands in the file."""
        node, line = self.data, 0
        for key in path:
            try:
                if isinstance(node, CommentedMap):
                    line = node.lc.key(key)[0] + 1
                elif isinstance(node, CommentedSeq) and isinstance(key, int):
                    line = node.lc.item(key)[0] + 1
                else:
                    return line
                node = node[key]
            except (KeyError, IndexError, TypeError):
                # ruamel keeps no positions at all (None) for a map written as `{}`.
                return line
        return line


def _said(what: object) -> str:
    """What the parser says on one line; of a key that stands twice it would quote all that is below it."""
    text = " ".join(str(what).split())
    return text if len(text) <= _MOST_SAID else f"{text[:_MOST_SAID]}..."
