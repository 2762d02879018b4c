"""YAML files with the line of every value, so that a problem can say where it is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.error import MarkedYAMLError, YAMLError

from components.base.problems import InvalidInputError

# Aliases multiply, and may contain themselves: what a person wrote stays far below.
MOST_VALUES: Final = 100_000


@lru_cache(maxsize=16)
def _parsed(text: str) -> Any:
    # A stack file is read by the tool and again by the program it renders; the parser is slow.
    data = YAML(typ="rt").load(text)
    rest, seen = [data], 0
    while rest:
        value = rest.pop()
        seen += 1
        if seen > MOST_VALUES:
            raise YAMLError(f"more than {MOST_VALUES} values: an alias contains itself, or aliases multiply")
        if isinstance(value, dict):
            rest += value.values()
        elif isinstance(value, list):
            rest += value
    return data


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
            data = _parsed(path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            raise InvalidInputError.one("no such file", file=shown) from None
        except (OSError, UnicodeDecodeError) as error:
            raise InvalidInputError.one(f"can't be read: {error}", file=shown) from None
        except MarkedYAMLError as error:
            mark = error.problem_mark
            line = mark.line + 1 if mark else 0
            raise InvalidInputError.one(f"not valid YAML: {error.problem}", file=shown, line=line) from None
        except RecursionError:
            raise InvalidInputError.one("not valid YAML: nested too deeply", file=shown) from None
        except YAMLError as error:
            raise InvalidInputError.one(f"not valid YAML: {' '.join(str(error).split())}", file=shown) from None
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
