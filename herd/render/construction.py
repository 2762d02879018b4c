"""What the wire doesn't say about a registration: the resource's class, the properties it declares, its source line.

The SDK registers a resource in a task of its own, and a task keeps the context it was started in: what is noted in a
context variable around the SDK's `register_resource` is still there when the request reaches the monitor.
"""

from __future__ import annotations

import contextlib
import inspect
import os
import sys
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from pathlib import Path
from types import FrameType, ModuleType
from typing import Any

from pulumi import _types
from pulumi.runtime.proto import source_pb2

from herd.graph.model import Source


@dataclass(frozen=True)
class Construction:
    """One call of a resource's constructor, or of a provider's function.

    Attributes:
        cls: The resource's class, or the type of the function's result; None if it has no type.
        unset: Properties that the constructor listed without a value (as the wire spells them): outputs.
        source: Where the program called it.
    """

    cls: type | None
    unset: tuple[str, ...]
    source: Source


_UNKNOWN = Construction(None, (), Source())
_CURRENT: ContextVar[Construction | None] = ContextVar("construction", default=None)


def current() -> Construction:
    """The constructor call behind the request being served."""
    return _CURRENT.get() or _UNKNOWN


_TOOL = f"{Path(__file__).parents[1]}{os.sep}"
_PACKAGES = f"{os.sep}site-packages{os.sep}"


class Sources:
    """Finds the line of the program that makes something: the innermost frame in a file of the repository."""

    def __init__(self, root: Path) -> None:
        self._root = f"{root}{os.sep}"
        self._shown: dict[str, str] = {}

    def shown(self, filename: str) -> str:
        """A file relative to the repository; empty for this tool, a package, the standard library."""
        if filename not in self._shown:
            own = filename.startswith(self._root) and not filename.startswith(_TOOL) and _PACKAGES not in filename
            self._shown[filename] = Path(filename.removeprefix(self._root)).as_posix() if own else ""
        return self._shown[filename]

    def of_caller(self, resource: Any, frame: FrameType | None) -> Source:
        """The call of a resource's constructor: the frames of its own `__init__`s don't count."""
        while frame is not None:
            shown = self.shown(frame.f_code.co_filename)
            if shown and not _constructs(resource, frame):
                return Source(shown, frame.f_lineno)
            frame = frame.f_back
        return Source()


def _constructs(resource: Any, frame: FrameType) -> bool:
    code = frame.f_code
    return resource is not None and code.co_argcount > 0 and frame.f_locals.get(code.co_varnames[0]) is resource


@contextlib.contextmanager
def noted(root: Path) -> Iterator[dict[int, Source]]:
    """Within this, every registration, read and invoke carries its `Construction`.

    Yields:
        The `id` of a resource object -> where it was made.
    """
    made: dict[int, Source] = {}
    sources = Sources(root)
    # By name: the attribute pulumi.runtime.invoke is the function.
    invoke = sys.modules["pulumi.runtime.invoke"]
    sdk, runtime = sys.modules["pulumi.resource"], sys.modules["pulumi.runtime.resource"]

    def noting(send: Callable[..., None], props_at: int) -> Callable[..., None]:
        def register(resource: Any, *args: Any, **kwargs: Any) -> None:
            source = made[id(resource)] = sources.of_caller(resource, sys._getframe(1))
            typ = args[props_at + 2] if len(args) > props_at + 2 else kwargs.get("typ")
            token = _CURRENT.set(Construction(type(resource), _unset(resource, args[props_at], typ), source))
            try:
                send(resource, *args, **kwargs)
            finally:
                _CURRENT.reset(token)

        return register

    def invoking(ask: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
        def asked(tok: str, props: Any, opts: Any, typ: type | None, *args: Any, **kwargs: Any) -> Awaitable[Any]:
            construction = Construction(typ, (), sources.of_caller(None, sys._getframe(1)))
            answer = ask(tok, props, opts, typ, *args, **kwargs)

            async def answered() -> Any:
                _CURRENT.set(construction)
                return await answer

            return answered()

        return asked

    # Positions are those of the SDK's signatures: (res, ty, name, custom, remote, new_dependency, props, opts, typ)
    # for a registration, (res, ty, name, props, opts, typ) for a read.
    with (
        replaced(sdk, "register_resource", lambda send: noting(send, props_at=5)),
        replaced(sdk, "read_resource", lambda send: noting(send, props_at=2)),
        replaced(invoke, "_invoke", invoking),
        # The SDK reads the source text of some thirty frames for each resource; the line found here is the exact one.
        replaced(runtime, "_get_stack_trace", lambda _: source_pb2.StackTrace),
    ):
        yield made


@contextlib.contextmanager
def replaced(module: ModuleType | type, name: str, wrap: Callable[[Any], Any]) -> Iterator[None]:
    """Within this, a function of a module or class is another one, made from it.

    Raises:
        AttributeError: There is no such function (the SDK has changed).
    """
    original = inspect.getattr_static(module, name)
    setattr(module, name, wrap(original))
    try:
        yield
    finally:
        setattr(module, name, original)


def _unset(resource: Any, props: Mapping[str, Any], typ: type | None) -> tuple[str, ...]:
    names = tuple(name for name, value in props.items() if value is None)
    if typ is None:
        return tuple(resource.translate_input_property(name) for name in names)
    spelled = _types.resource_py_to_pulumi_names(type(resource))
    return tuple(spelled.get(name, name) for name in names)
