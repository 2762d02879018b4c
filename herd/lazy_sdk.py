"""Loads of Pulumi's SDKs what a program names, and not the thousands of classes beside it.

`pulumi_aws.ec2` imports 591 modules when its first class is touched, and every nested type of the service, which takes
longer than rendering a whole stack; `pulumi_kubernetes.core.v1` is much the same. The packages are generated and
regular: a class lives in the module of its name, a nested type in `_inputs` or `outputs`, an enumeration in `_enums`.
This finder makes a namespace import what is asked of it; at the first name that doesn't follow the rule it imports the
namespace as it is. The classes themselves are the package's own. `pulumi` brings its Automation API along, which loads
when it is used.
"""

from __future__ import annotations

import builtins
import importlib
import importlib.util
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from types import CodeType, FunctionType, ModuleType
from typing import Any, TypedDict

_PACKAGES = ("pulumi_aws", "pulumi_kubernetes")
_VERSION = re.compile(r"v\d+\w*")  # of a Kubernetes API: a namespace below its group
_LATER = ("pulumi.automation",)  # imports a YAML parser and a gRPC server of its own
_SHELVES = ("_inputs", "outputs")
_MEMBER = re.compile(r"from \.(\w+) import \*")
# Everything else that a generated __init__ may hold: what it takes nothing to leave out.
_PLAIN = re.compile(r"(#.*|import .*|from \.\.\.? import _utilities|from \. import outputs|)")


def install() -> None:
    """Load the SDKs by name from here on, in this process. What is loaded already stays whole."""
    if not any(isinstance(finder, _Finder) for finder in sys.meta_path):
        sys.meta_path.insert(0, _Finder())


class _Finder(MetaPathFinder):
    def find_spec(
        self, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if fullname in _LATER:
            return _on_first_use(PathFinder.find_spec(fullname, path, target))
        package, *below = fullname.split(".")
        if package not in _PACKAGES or not below:
            return None
        nested = len(below) > 1 and not _VERSION.fullmatch(below[-1])
        if nested and below[-1] not in (*_SHELVES, "_enums"):
            return None
        spec = PathFinder.find_spec(fullname, path, target)
        if spec is None or not isinstance(spec.loader, SourceFileLoader):
            return spec
        if nested:
            spec.loader = _ShelfLoader(spec.loader) if below[-1] in _SHELVES else _EnumsLoader(spec.loader)
        elif spec.submodule_search_locations:
            spec.loader = _NamespaceLoader(spec.loader)
        return spec


def _on_first_use(spec: ModuleSpec | None) -> ModuleSpec | None:
    if spec is not None and spec.loader is not None:
        spec.loader = importlib.util.LazyLoader(spec.loader)
    return spec


class _RealLoader(Loader):
    """A loader that stands before the real one, and gives way to it."""

    def __init__(self, real: SourceFileLoader) -> None:
        self._real = real

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        """The module that the real loader would make."""
        return self._real.create_module(spec)


class _NamespaceLoader(_RealLoader):
    """Loads a service's namespace, such as `pulumi_aws.ec2`."""

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
        spelled = [member.replace("_", "").lower() for member in members]
        self._by_name = {
            name: member for name, member in zip(spelled, members, strict=True) if spelled.count(name) == 1
        }

    def find(self, name: str) -> Any:
        """An attribute that the module doesn't have yet."""
        if name.startswith("__") and name != "__all__":
            raise AttributeError(f"module {self._module.__name__!r} has no attribute {name!r}")
        for member in self._candidates(name):
            found = importlib.import_module(f"{self._module.__name__}.{member}")
            # Importing puts the module where a class or function of the same name belongs.
            own = (member,) if member in found.__dict__ else ()
            wanted = (name,) if name in getattr(found, "__names__", found.__all__) else ()
            for each in (*own, *wanted):
                setattr(self._module, each, getattr(found, each))
            if wanted:
                return self._module.__dict__[name]
        if name in self._members or name == "outputs":
            return importlib.import_module(f"{self._module.__name__}.{name}")
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
        stem = re.sub(r"(Init)?Args(Dict)?$|Result$|_output$", "", re.sub("^Awaitable", "", name))
        member = self._by_name.get(stem.replace("_", "").lower())
        if member:
            yield member
        if "_enums" in self._members:
            yield "_enums"

    def _whole(self) -> None:
        self._module.__dict__.pop("__getattr__", None)
        self._module.__dict__.pop("__dir__", None)
        self._load(self._module)


class _HeaderDone(Exception):  # noqa: N818 - a signal, not an error
    """A shelf's imports have run and its first class is about to be made."""


class _ShelfLoader(_RealLoader):
    """Loads a service's nested types: `_inputs` or `outputs`."""

    def exec_module(self, module: ModuleType) -> None:
        code = self._real.get_code(module.__name__)
        classes = _classes(code)
        if not code or any(body.co_freevars for body in classes.values()):
            self._real.exec_module(module)
            return
        _run_header(code, module)
        if set(module.__dict__.pop("__all__", ())) != set(classes):
            self._real.exec_module(module)
            return
        shelf = _Shelf(module, classes)
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

    def __init__(self, module: ModuleType, classes: dict[str, CodeType]) -> None:
        self._module, self._classes = module, classes
        namespace, _, name = module.__name__.rpartition(".")
        self._inputs = name == "_inputs"
        self._enums = sys.modules.get(f"{namespace}._enums")

    def find(self, name: str) -> Any:
        """An attribute that the module doesn't have yet."""
        if name == "__all__":
            return _for_star_import(sys._getframe(1).f_code, self._classes.keys())
        if name not in self._classes:
            raise AttributeError(f"module {self._module.__name__!r} has no attribute {name!r}")
        made = self._made(name)
        setattr(self._module, name, made)
        # The SDK reads the types of a type's members from the module's own dictionary: what they name must be in it.
        named = _named_by(self._classes[name])
        if self._inputs:  # the members of an output type are spelled outputs.NAME and found by attribute
            for other in _evaluated(named & self._classes.keys()):
                getattr(self._module, other)
        for other in named & getattr(self._enums, "__names__", frozenset()):
            setattr(self._module, other, getattr(self._enums, other))
        return made

    def _made(self, name: str) -> Any:
        pulumi = sys.modules["pulumi"]
        body = FunctionType(self._classes[name], self._module.__dict__, name)
        build = builtins.__build_class__
        if not self._inputs:
            return pulumi.output_type(build(body, name, dict))
        if name.endswith("ArgsDict"):
            return build(body, name, TypedDict)
        return pulumi.input_type(build(body, name))


class _EnumsLoader(_RealLoader):
    """Loads a service's enumerations, a thousand instance types among them, when one is asked for."""

    def exec_module(self, module: ModuleType) -> None:
        names = frozenset(_classes(self._real.get_code(module.__name__)))

        def find(name: str) -> Any:
            """An attribute that the module doesn't have yet."""
            if name == "__all__":
                return _for_star_import(sys._getframe(1).f_code, names)
            if name not in names:
                raise AttributeError(f"module {module.__name__!r} has no attribute {name!r}")
            module.__dict__.pop("__getattr__", None)
            self._real.exec_module(module)
            return module.__dict__[name]

        module.__dict__["__names__"] = names
        module.__dict__["__getattr__"] = find


def _classes(code: CodeType | None) -> dict[str, CodeType]:
    """The bodies of a module's classes."""
    return {const.co_name: const for const in code.co_consts if isinstance(const, CodeType)} if code else {}


def _evaluated(names: Iterable[str]) -> list[str]:
    """The types among some names that anything evaluates.

    Annotations name typed dictionaries as well, for type checkers: they are made when they are used.
    """
    return sorted(name for name in names if not name.endswith("ArgsDict"))


def _for_star_import(importer: CodeType, names: AbstractSet[str]) -> list[str]:
    """What `from ._inputs import *` brings into a module: what the module names; everything for a namespace."""
    file = importer.co_filename.replace("\\", "/").rpartition("/")[2].removesuffix(".py")
    if file in _SHELVES:  # whose classes take what they name when they are made
        return []
    if not any(package in importer.co_filename for package in _PACKAGES) or file == "__init__":
        return sorted(names)
    return _evaluated(names & _named_by(importer))


def _named_by(code: CodeType) -> set[str]:
    """Every name and string in a piece of code, however deep: a forward reference is one of them."""
    found = {const for const in code.co_consts if isinstance(const, str)}.union(code.co_names)
    for const in code.co_consts:
        if isinstance(const, CodeType):
            found |= _named_by(const)
    return found
