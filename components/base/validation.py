"""From pydantic's errors to problems a person can act on: file, line, field, what was expected, what to do."""

from __future__ import annotations

import difflib
import types
import typing
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from components.base.problems import InvalidInputError, Problem

if typing.TYPE_CHECKING:
    from pydantic_core import ErrorDetails

    from components.base.yaml_file import YamlFile

ModelT = TypeVar("ModelT", bound=BaseModel)
FieldPath = tuple[str | int, ...]
LineOf = Callable[[FieldPath], int]


class FieldProblemsError(ValueError):
    """Several things wrong below one value, for a validator that sees more than one field.

    Raise it from a `model_validator`: pydantic reports one error per validator, this carries one per field.

    Attributes:
        found: Pairs of a path relative to the validated value (camelCase, as in the file) and a message.
    """

    def __init__(self, found: Sequence[tuple[FieldPath, str]]) -> None:
        self.found = tuple(found)
        super().__init__("; ".join(message for _, message in found))


def validate(
    model: type[ModelT], data: Any, *, file: str, line: LineOf = lambda _: 0, prefix: FieldPath = ()
) -> ModelT:
    """Build a model from plain data.

    Args:
        model: The model to build.
        data: What the file holds at `prefix`.
        file: The file's name as the person knows it.
        line: The line of a path (with `prefix`) in that file.
        prefix: Where `data` stands in the file.

    Raises:
        InvalidInputError: Every problem of the data, with file, line and field.
    """
    found = [(path, "should be a number, not true or false", "") for path in _truths([model], data, ())]
    try:
        # The file has one spelling: snake_case names are for code that builds a model.
        built = model.model_validate(data, by_alias=True, by_name=False)
    except ValidationError as error:
        found += _located(error, model, data)
    else:
        if not found:
            return built
    raise InvalidInputError(
        Problem(file, line((*prefix, *path)), dotted((*prefix, *path)), message, fix) for path, message, fix in found
    )


def validate_yaml(model: type[ModelT], source: YamlFile) -> ModelT:
    """Build a model from a whole YAML file.

    Raises:
        InvalidInputError: Every problem of the file, with line and field.
    """
    return validate(model, plain(source.data), file=source.shown, line=source.line)


def dotted(path: FieldPath) -> str:
    """A path as people write it: `network.subnets[0].cidr`."""
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else part
    return text


def plain(value: Any) -> Any:
    """YAML data with its line numbers and styles taken off: plain dicts, lists and scalars."""
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [plain(item) for item in value]
    # ruamel keeps the spelling of scalars (0x1F, 1_000, quotes) in subclasses of the plain types.
    for kind in (bool, int, float, str):
        if isinstance(value, kind):
            return kind(value)
    return value


def closest(word: str, known: Sequence[str]) -> str:
    """A fix that names the known word nearest to a wrong one, or all of them if none is near."""
    near = difflib.get_close_matches(word, known, n=1, cutoff=0.6)
    return f"did you mean {near[0]!r}?" if near else f"known here: {', '.join(sorted(known)) or 'nothing'}"


def _located(error: ValidationError, model: type[BaseModel], data: Any) -> list[tuple[FieldPath, str, str]]:
    """Every error as the path in the data, a message and a fix."""
    found: list[tuple[FieldPath, str, str]] = []
    items = error.errors(include_url=False)
    for item in items:
        # Pydantic counts bad items as absent: a list that only holds one would also be said to be too short.
        if item["type"] == "too_short" and any(_below(other, item) for other in items):
            continue
        path = _data_path(item["loc"], data, missing=item["type"] == "missing")
        cause = item.get("ctx", {}).get("error")
        if isinstance(cause, FieldProblemsError):
            found += [((*path, *relative), message, "") for relative, message in cause.found]
            continue
        fix = closest(str(path[-1]), _known_keys(model, path[:-1])) if item["type"] == "extra_forbidden" else ""
        if item["type"].startswith("union_tag"):
            found.append(_kind(path, item.get("ctx", {})))
            continue
        found.append((path, _message(item["type"], item["msg"], item.get("input"), cause), fix))
    return found


def _kind(path: FieldPath, said: Mapping[str, Any]) -> tuple[FieldPath, str, str]:
    """A value that may be of several kinds names none of them, or none that there is."""
    field = str(said["discriminator"]).strip("'")
    if "tag" not in said:
        return (*path, field), "missing: it says what kind of value this is", ""
    return (*path, field), f"unknown: {said['tag']!r}", f"one of {str(said['expected_tags']).replace(chr(39), '')}"


def _below(item: ErrorDetails, other: ErrorDetails) -> bool:
    depth = len(other["loc"])
    return len(item["loc"]) > depth and item["loc"][:depth] == other["loc"]


def _message(kind: str, text: str, value: Any, cause: BaseException | None) -> str:
    if kind == "missing":
        return "missing"
    if kind == "extra_forbidden":
        return "unknown key"
    if cause is not None:
        return str(cause)
    said = text.removeprefix("Value error, ")
    said = said[:1].lower() + said[1:]
    return said if isinstance(value, dict | list) or value is None else f"{said}, found {value!r}"


def _data_path(loc: Sequence[str | int], data: Any, *, missing: bool) -> FieldPath:
    # Unions put the name of the tried member into the location; the file knows nothing of it.
    path: list[str | int] = []
    for position, part in enumerate(loc):
        last = position == len(loc) - 1
        in_map = isinstance(data, dict) and part in data
        if in_map or (isinstance(data, list) and isinstance(part, int) and part < len(data)):
            data = data[part]
        elif not (last and missing):
            continue
        path.append(part)
    return tuple(path)


def _known_keys(model: type[BaseModel], path: FieldPath) -> list[str]:
    kinds: list[Any] = [model]
    for part in path:
        kinds = [inner for kind in kinds for inner in _inside(kind, part)]
    return sorted(
        {
            field.alias or name
            for kind in kinds
            if isinstance(kind, type) and issubclass(kind, BaseModel)
            for name, field in kind.model_fields.items()
        }
    )


def _inside(kind: Any, part: str | int) -> list[Any]:
    """The types that may stand at one step below a type."""
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        return [
            member
            for name, field in kind.model_fields.items()
            if part in (field.alias, name)
            for member in _members(field.annotation)
        ]
    arguments = typing.get_args(kind)
    return _members(arguments[-1] if typing.get_origin(kind) is dict else arguments[0]) if arguments else []


def _truths(kinds: Sequence[Any], data: Any, path: FieldPath) -> Iterator[FieldPath]:
    """Where true or false stands for a number: pydantic takes them for 1 and 0, a budget of one dollar."""
    if isinstance(data, bool):
        if bool not in kinds and (int in kinds or float in kinds):
            yield path
    elif isinstance(data, dict | list):
        for part, item in data.items() if isinstance(data, dict) else enumerate(data):
            yield from _truths([inner for kind in kinds for inner in _inside(kind, part)], item, (*path, part))


def _members(annotation: Any) -> list[Any]:
    origin = typing.get_origin(annotation)
    if origin is typing.Annotated:
        return _members(typing.get_args(annotation)[0])
    if origin is typing.Literal:
        return [type(value) for value in typing.get_args(annotation)]
    if origin in (typing.Union, types.UnionType):
        return [member for argument in typing.get_args(annotation) for member in _members(argument)]
    return [annotation]
