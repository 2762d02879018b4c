"""Which types and properties exist, read out of the sources of the installed SDKs: nothing of them is imported.

A misspelt type or property in a fixture is judged by nobody, and so passes for a good case.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

import yaml

import components
from policies.engine.types import PARALLELCLUSTER, canonical

_AWS: Final = re.compile(r"aws:(\w+)/(\w+):\w+")
_KUBERNETES: Final = re.compile(r"kubernetes:([\w.-]+)/(\w+):(\w+)")
_FIRST_CLASS: Final = re.compile(r"^class (\w+):", re.MULTILINE)
_GETTER: Final = re.compile(
    r'@pulumi\.getter(?:\(name="(\w+)"\))?\n(?:    @_utilities\.deprecated\(.*\)\n)?    def (\w+)\(self\) -> (.+):\n'
)
_NESTED: Final = re.compile(r"'([\w.]+Args)'")
_SNAKE: Final = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_COMPONENT: Final = re.compile(r'"(herd:\w+:\w+)"')
_OBJECT: Final = frozenset({"apiVersion", "kind", "metadata", "spec", "status", "items"})
# Charts' resources are Pulumi's own; a kustomization file has an object's head and nothing else of one.
_NO_OBJECTS: Final = ("kubernetes:helm.sh/", "kubernetes:kustomize.config.k8s.io/")
_BRACES: Final = re.compile(r"(.*)\{(.*)\}(.*)")

Where = tuple[str, str]
"""A class of an SDK: the file that has it, and its name."""


def exists(name: str) -> bool:
    """Whether a resource type exists: in an SDK, in the list of those without one, or among this project's own."""
    if name in _without_sdk() or name in _components() or name == PARALLELCLUSTER:
        return True
    return _resource(name) is not None or _resource(canonical(name)) is not None


def unknown(name: str, values: Any) -> Iterator[str]:
    """The paths of values that a type doesn't have; nothing for a type whose properties nobody lists."""
    if not isinstance(values, Mapping):
        return
    if name == PARALLELCLUSTER:
        yield from _unknown_keys("", values)
    elif (where := _resource(name) or _resource(canonical(name))) is not None:
        yield from _unknown(where, values, "")
    elif _is_object(name):
        yield from sorted(values.keys() - _OBJECT)


def has(name: str, path: str) -> bool:
    """Whether a type is known to have a property: `launchTemplate.version`, `Image` of any part of a cluster file."""
    if name == PARALLELCLUSTER:
        return any(not _missing(name, f"{part}.{path}".removeprefix(".")) for part in _parallelcluster())
    listed = _resource(name) is not None or _is_object(name)
    return listed and not _missing(name, path)


def _missing(name: str, path: str) -> list[str]:
    values: Any = None
    for key in reversed(re.sub(r"\[[^\]]*\]", "", path).split(".")):
        values = {key: values}
    return list(unknown(name, values))


def _is_object(name: str) -> bool:
    return name.startswith("kubernetes:") and not name.startswith(_NO_OBJECTS)


def _unknown(where: Where, values: Mapping[str, Any], path: str) -> Iterator[str]:
    properties = _properties(*where)
    for key, value in values.items():
        if key not in properties:
            yield f"{path}{key}"
        elif (below := properties[key]) is not None:
            for one in _objects(value):
                yield from _unknown(below, one, f"{path}{key}.")


def _unknown_keys(path: str, values: Mapping[str, Any]) -> Iterator[str]:
    keys = _parallelcluster()
    for key, value in values.items():
        below = f"{path}.{key}" if path else key
        if key not in keys[path]:
            yield below
        elif below in keys:
            for one in _objects(value):
                yield from _unknown_keys(below, one)


def _objects(value: Any) -> Iterator[Mapping[str, Any]]:
    if isinstance(value, Mapping):
        yield value
    elif isinstance(value, Sequence) and not isinstance(value, str):
        yield from (one for one in value if isinstance(one, Mapping))


@cache
def _resource(name: str) -> Where | None:
    """The class of a resource's arguments, if the SDK has the type."""
    if match := _AWS.fullmatch(name):
        module, title = match.groups()
        # `lambda` is a word of Python.
        file = f"pulumi_aws/{'lambda_' if module == 'lambda' else module}/{_SNAKE.sub('_', title).lower()}.py"
    elif match := _KUBERNETES.fullmatch(name):
        group, version, kind = match.groups()
        file = f"pulumi_kubernetes/{group.split('.')[0]}/{version}/{kind}.py"
    else:
        return None
    text = _text(file)
    arguments = _FIRST_CLASS.search(text)
    made = re.search(rf"__self__\)\.__init__\(\s+'{re.escape(name)}',", text)
    return (file, arguments[1]) if arguments and made else None


@cache
def _properties(file: str, name: str) -> dict[str, Where | None]:
    """Name -> the class of what is below it, None where there is none."""
    text = _text(file)
    begin = text.find(f"\nclass {name}:")
    end = text.find("\nclass ", begin + 1)
    body = text[begin:end] if begin >= 0 else ""
    return {wire or python: _below(file, kind) for wire, python, kind in _GETTER.findall(body)}


def _below(file: str, kind: str) -> Where | None:
    nested = _NESTED.search(kind)
    # A map's keys are of people's own choice, and a document may be text: JSON has other names than its class.
    if nested is None or "Mapping[" in kind or "Union[" in kind:
        return None
    folder, _, name = nested[1].rpartition(".")
    if folder:
        package = file.partition("/")[0]
        return f"{package}/{folder.removeprefix('_').replace('.', '/')}/_inputs.py", name
    return f"{file.rpartition('/')[0]}/_inputs.py", name


@cache
def _text(file: str) -> str:
    package, _, path = file.partition("/")
    spec = find_spec(package)
    found = Path(spec.origin).parent / path if spec and spec.origin else None
    return found.read_text(encoding="utf-8") if found and found.is_file() else ""


@cache
def _without_sdk() -> frozenset[str]:
    found: set[str] = set()
    for before, names in _listed("types_without_sdk.yaml").items():
        braces = _BRACES.fullmatch(before)
        versions = [f"{braces[1]}{one}{braces[3]}" for one in braces[2].split(",")] if braces else [before]
        found |= {f"{version}:{name}" for version in versions for name in names}
    return frozenset(found)


@cache
def _components() -> frozenset[str]:
    sources = Path(components.__path__[0]).rglob("*.py")
    return frozenset(name for source in sources for name in _COMPONENT.findall(source.read_text(encoding="utf-8")))


@cache
def _parallelcluster() -> dict[str, frozenset[str]]:
    return {path.removeprefix("."): names for path, names in _listed("parallelcluster_keys.yaml").items()}


def _listed(name: str) -> dict[str, frozenset[str]]:
    text = (Path(__file__).parent / name).read_text(encoding="utf-8")
    return {key: frozenset(names.split()) for key, names in yaml.safe_load(text).items()}
