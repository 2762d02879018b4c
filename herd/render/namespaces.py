"""Loads of pulumi_aws what a program names, and not the thousands of classes beside it.

`pulumi_aws.ec2` imports 591 modules when its first class is touched, and every nested type of the service, which takes
longer than rendering a whole stack. The package is generated and regular: a class lives in the module of its name, a
nested type in `_inputs` or `outputs`. This finder makes a namespace import what is asked of it; at the first name that
doesn't follow the rule it imports the namespace as it is. The classes themselves are the package's own.
"""

from __future__ import annotations

import builtins
import importlib
import re
import sys
from collections.abc import Callable, Iterator, Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from types import CodeType, FunctionType, ModuleType
from typing import Any, TypedDict

import pulumi

_PACKAGE = "pulumi_aws"
_SHELVES = ("_inputs", "outputs")
_MEMBER = re.compile(r"from \.(\w+) import \*")
# Everything else that a generated __init__ may hold: what it takes nothing to leave out.
_PLAIN = re.compile(r"(#.*|import .*|from \.\. import _utilities|from \. import outputs|)")


def install() -> None:
    """Load pulumi_aws by name from here on, in this process. Namespaces that are loaded already stay whole."""
    if not any(isinstance(finder, _Finder) for finder in sys.meta_path):
        sys.meta_path.insert(0, _Finder())


class _Finder(MetaPathFinder):
    def find_spec(
        self, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        package, *below = fullname.split(".")
        if package != _PACKAGE or not below or (len(below) > 1 and below[-1] not in _SHELVES):
            return None
        spec = PathFinder.find_spec(fullname, path, target)
        if spec is None or not isinstance(spec.loader, SourceFileLoader):
            return spec
        if len(below) > 1:
            spec.loader = _ShelfLoader(spec.loader)
        elif spec.submodule_search_locations:
            spec.loader = _NamespaceLoader(spec.loader)
        return spec


class _NamespaceLoader(Loader):
    """Loads a service's namespace, such as `pulumi_aws.ec2`."""

    def __init__(self, real: SourceFileLoader) -> None:
        self._real = real

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        return self._real.create_module(spec)

    def exec_module(self, module: ModuleType) -> None:
        lines = (self._real.get_source(module.__name__) or "").splitlines()
        members = [match[1] for line in lines if (match := _MEMBER.fullmatch(line))]
        if not all(_MEMBER.fullmatch(line) or _PLAIN.fullmatch(line) for line in lines):
            self._real.exec_module(module)
            return
        namespace = _Namespace(module, members, self._real.exec_module)
        module.__dict__["__getattr__"] = namespace.find
        module.__dict__["__dir__"] = namespace.names


class _Namespace:
    """Finds a namespace's names in the modules they are defined in."""

    def __init__(self, module: ModuleType, members: Sequence[str], load: Callable[[ModuleType], None]) -> None:
        self._module, self._members, self._load = module, frozenset(members), load
        spelled = [member.replace("_", "") for member in members]
        self._by_name = {
            name: member for name, member in zip(spelled, members, strict=True) if spelled.count(name) == 1
        }

    def find(self, name: str) -> Any:
        """An attribute that the module doesn't have yet."""
        if name.startswith("__") and name != "__all__":
            raise AttributeError(f"module {self._module.__name__!r} has no attribute {name!r}")
        if name in self._members or name == "outputs":
            return importlib.import_module(f"{self._module.__name__}.{name}")
        for member in self._candidates(name):
            found = importlib.import_module(f"{self._module.__name__}.{member}")
            if name in getattr(found, "__names__", found.__all__):
                value = getattr(found, name)
                setattr(self._module, name, value)
                return value
        self._whole()
        if name in self._module.__dict__:
            return self._module.__dict__[name]
        raise AttributeError(f"module {self._module.__name__!r} has no attribute {name!r}")

    def names(self) -> list[str]:
        """What `dir` says of the module."""
        self._whole()
        return sorted(self._module.__dict__)

    def _candidates(self, name: str) -> Iterator[str]:
        # The namespace imports _inputs last, so a nested type wins over a resource's own arguments of the same name.
        if name.endswith(("Args", "ArgsDict")) and "_inputs" in self._members:
            yield "_inputs"
        stem = re.sub(r"^Awaitable|ArgsDict$|Args$|Result$|_output$", "", re.sub("^Awaitable", "", name))
        member = self._by_name.get(stem.replace("_", "").lower())
        if member:
            yield member

    def _whole(self) -> None:
        self._module.__dict__.pop("__getattr__", None)
        self._module.__dict__.pop("__dir__", None)
        self._load(self._module)


class _HeaderDone(Exception):  # noqa: N818 - a signal, not an error
    """A shelf's imports have run and its first class is about to be made."""


class _ShelfLoader(Loader):
    """Loads a service's nested types: `_inputs` or `outputs`."""

    def __init__(self, real: SourceFileLoader) -> None:
        self._real = real

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        return self._real.create_module(spec)

    def exec_module(self, module: ModuleType) -> None:
        code = self._real.get_code(module.__name__)
        classes = {const.co_name: const for const in code.co_consts if isinstance(const, CodeType)} if code else {}
        if not code or any(body.co_freevars for body in classes.values()):
            self._real.exec_module(module)
            return
        _run_header(code, module)
        if set(module.__dict__.pop("__all__", ())) != set(classes):
            self._real.exec_module(module)
            return
        shelf = _Shelf(module, classes, nested_inputs=module.__name__.endswith("._inputs"))
        module.__dict__["__names__"] = frozenset(classes)
        module.__dict__["__getattr__"] = shelf.find


def _run_header(code: CodeType, module: ModuleType) -> None:
    """Run a module up to its first class: its imports and its `__all__`."""

    def stop(*_: Any, **__: Any) -> Any:
        raise _HeaderDone

    module.__dict__["__builtins__"] = {**vars(builtins), "__build_class__": stop}
    try:
        exec(code, module.__dict__)  # noqa: S102 - the import system's own way to run a module
    except _HeaderDone:
        pass
    finally:
        module.__dict__["__builtins__"] = vars(builtins)


class _Shelf:
    """Makes the classes of a shelf when they are asked for, from their own compiled bodies."""

    def __init__(self, module: ModuleType, classes: dict[str, CodeType], *, nested_inputs: bool) -> None:
        self._module, self._classes, self._inputs = module, classes, nested_inputs

    def find(self, name: str) -> Any:
        """An attribute that the module doesn't have yet."""
        if name == "__all__":  # a star import: give it what the importing module's annotations name
            return self._named_by(sys._getframe(1).f_code)
        if name not in self._classes:
            raise AttributeError(f"module {self._module.__name__!r} has no attribute {name!r}")
        made = self._made(name)
        setattr(self._module, name, made)
        if self._inputs:  # the SDK reads the types of a type's members from the module's own dictionary
            for other in self._named_by(self._classes[name]):
                getattr(self._module, other)
        return made

    def _made(self, name: str) -> Any:
        body = FunctionType(self._classes[name], self._module.__dict__, name)
        build = builtins.__build_class__
        if not self._inputs:
            return pulumi.output_type(build(body, name, dict))
        if name.endswith("ArgsDict"):
            return build(body, name, TypedDict)
        return pulumi.input_type(build(body, name))

    def _named_by(self, code: CodeType) -> list[str]:
        if code.co_name == "<module>" and code.co_filename.endswith("__init__.py"):
            return list(self._classes)
        return sorted(name for name in set(_strings(code)) & self._classes.keys() if not name.endswith("ArgsDict"))


def _strings(code: CodeType) -> Iterator[str]:
    """Every string in a piece of code, however deep: a forward reference is one of them."""
    for const in code.co_consts:
        if isinstance(const, CodeType):
            yield from _strings(const)
        elif isinstance(const, str):
            yield const
