"""A recorder for component tests: runs a small program through the real SDK and keeps every registration.

The monitor lives in this process, without gRPC. What only a cloud knows is answered with a symbol such as
`${urn.arn}` (or with what the test gives), and in a preview with the unknowns a preview has.
"""

from __future__ import annotations

import asyncio
import contextlib
import contextvars
import functools
import gc
import importlib
import json
import typing
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any
from unittest import mock

import pulumi
import pulumi.runtime
import pytest
from google.protobuf import empty_pb2, json_format, struct_pb2
from pulumi._types import resource_types
from pulumi.runtime import rpc
from pulumi.runtime.proto import engine_pb2, resource_pb2, source_pb2
from pulumi.runtime.settings import SETTINGS, configure, reset_options
from pydantic import BaseModel

from components.base.context import Environment, StackContext

PROJECT, STACK = "herd", "dev"
UNKNOWN = rpc.UNKNOWN
STACK_TYPE = "pulumi:pulumi:Stack"
FEATURES = [
    resource_pb2.RESOURCE_MONITOR_FEATURE_SECRETS,
    resource_pb2.RESOURCE_MONITOR_FEATURE_RESOURCE_REFERENCES,
    resource_pb2.RESOURCE_MONITOR_FEATURE_ALIAS_SPECS,
    resource_pb2.RESOURCE_MONITOR_FEATURE_REPLACEMENT_TRIGGER,
    resource_pb2.RESOURCE_MONITOR_FEATURE_DELETED_WITH,
    resource_pb2.RESOURCE_MONITOR_FEATURE_REPLACE_WITH,
]


@dataclass(frozen=True)
class Registration:
    """One resource as the engine would see it.

    `inputs` are plain camelCase values as on the wire (unknowns are `UNKNOWN`); `options` holds the options that were
    set, in camelCase (`protect`, `retainOnDelete`, `provider`, `providers`, `dependencies`, `aliases` ...);
    `outputs` is what `register_outputs` was given (None if it was never called); `read_id` is set for `.get`.
    """

    type: str
    name: str
    inputs: dict[str, Any]
    options: dict[str, Any]
    parent: str
    urn: str
    custom: bool
    read_id: str = ""
    dependencies: tuple[str, ...] = ()

    @property
    def identity(self) -> tuple[str, str, str, str]:
        """What must be the same in a preview and in an update."""
        return (self.type, self.name, self.parent, self.read_id)


class Recording(list[Registration]):
    """The registrations of one run (without the stack itself), the components' outputs and the stack's."""

    def __init__(self) -> None:
        super().__init__()
        self.outputs: dict[str, dict[str, Any]] = {}
        self.logs: list[str] = []

    def of(self, type_: str | type[pulumi.Resource]) -> list[Registration]:
        """Every registration of a type: a token, or a resource class."""
        token = type_ if isinstance(type_, str) else typing.cast("str", type_.pulumi_type)
        return [registration for registration in self if registration.type == token]

    def one(self, type_: str | type[pulumi.Resource], name: str | None = None) -> Registration:
        """The only registration of a type (with that name)."""
        found = [r for r in self.of(type_) if name in (None, r.name)]
        assert len(found) == 1, f"{len(found)} registrations of {type_} {name or ''}: {[r.name for r in found]}"
        return found[0]

    def named(self, name: str) -> Registration:
        """The only registration with a name."""
        found = [r for r in self if r.name == name]
        assert len(found) == 1, f"{len(found)} registrations named {name}"
        return found[0]

    @property
    def identities(self) -> list[tuple[str, str, str, str]]:
        """Every registration's identity, in a stable order."""
        return sorted(registration.identity for registration in self)


@functools.cache
def computed_properties(token: str) -> tuple[str, ...]:
    """The string properties that an AWS resource class declares, in camelCase."""
    package, module, name = token.split(":")
    if package != "aws":
        return ()
    resource = getattr(importlib.import_module(f"pulumi_aws.{module.split('/')[0]}"), name)
    return tuple(key for key, type_ in resource_types(resource).items() if type_ is str)


def plain(message: struct_pb2.Struct) -> dict[str, Any]:
    """Property values as plain data; whole numbers as integers."""

    def tidy(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: tidy(item) for key, item in value.items()}
        if isinstance(value, list):
            return [tidy(item) for item in value]
        return int(value) if isinstance(value, float) and value.is_integer() else value

    return typing.cast("dict[str, Any]", tidy(json_format.MessageToDict(message)))


class Monitor:
    """Just enough of a resource monitor: answers registrations, keeps them, refuses what an engine refuses."""

    def __init__(
        self,
        preview: bool,
        computed: Mapping[str, Mapping[str, Any]],
        reads: Mapping[str, Mapping[str, Any]],
    ) -> None:
        self.preview, self.computed, self.reads = preview, computed, reads
        self.recording = Recording()
        self.urns: set[str] = set()

    def _urn(self, parent: str, type_: str, name: str) -> str:
        chain = parent.split("::")[2] if parent else ""
        prefix = "" if chain in ("", STACK_TYPE) else f"{chain}$"
        urn = f"urn:pulumi:{STACK}::{PROJECT}::{prefix}{type_}::{name}"
        if urn in self.urns:
            raise AssertionError(f"duplicate URN {urn}")
        self.urns.add(urn)
        return urn

    def _keep(self, request: Any, urn: str, inputs: dict[str, Any], custom: bool, read_id: str = "") -> None:
        options = json_format.MessageToDict(request)
        for key in ("object", "properties", "propertyDependencies", "sourcePosition", "stackTrace", "packageRef"):
            options.pop(key, None)
        self.recording.append(
            Registration(
                request.type,
                request.name,
                inputs,
                options,
                request.parent,
                urn,
                custom,
                read_id,
                tuple(request.dependencies),
            )
        )

    def RegisterResource(self, request: Any) -> Any:  # noqa: N802
        urn = self._urn(request.parent, request.type, request.name)
        if request.type == STACK_TYPE:
            return resource_pb2.RegisterResourceResponse(urn=urn)
        inputs = plain(request.object)
        self._keep(request, urn, inputs, request.custom)
        response = resource_pb2.RegisterResourceResponse(urn=urn, object=request.object)
        if request.custom and not self.preview:
            response.id = f"${{{urn}.id}}"
            symbols = {key: f"${{{urn}.{key}}}" for key in computed_properties(request.type) if key not in inputs}
            response.object.update({**symbols, **self.computed.get(request.type, {})})
        return response

    def ReadResource(self, request: Any) -> Any:  # noqa: N802
        urn = self._urn(request.parent, request.type, request.name)
        if request.id not in self.reads:
            raise AssertionError(f"{request.type} {request.id}: nothing was given to read (reads={{id: properties}})")
        self._keep(request, urn, plain(request.properties), custom=True, read_id=request.id)
        response = resource_pb2.ReadResourceResponse(urn=urn)
        response.properties.update(dict(self.reads[request.id]))
        return response

    def RegisterResourceOutputs(self, request: Any) -> Any:  # noqa: N802
        self.recording.outputs[request.urn] = plain(request.outputs)
        return empty_pb2.Empty()

    def GetDeploymentInfo(self, _: Any) -> Any:  # noqa: N802
        return resource_pb2.DeploymentInfo(supportedFeatures=FEATURES)

    def SupportsFeature(self, request: Any) -> Any:  # noqa: N802
        return resource_pb2.SupportsFeatureResponse(hasSupport=request.id != "outputValues")

    def RegisterPackage(self, request: Any) -> Any:  # noqa: N802
        return resource_pb2.RegisterPackageResponse(ref=f"{request.name}@{request.version}")

    def SignalAndWaitForShutdown(self, _: Any) -> Any:  # noqa: N802
        return empty_pb2.Empty()


class Engine:
    """Takes log messages."""

    def __init__(self, logs: list[str]) -> None:
        self.logs = logs

    def Log(self, request: Any) -> Any:  # noqa: N802
        if request.severity != engine_pb2.DEBUG:
            self.logs.append(request.message)
        return empty_pb2.Empty()


class Inline(ThreadPoolExecutor):
    """Runs calls at once: the order of registrations is the program's."""

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        future: Future[Any] = Future()
        try:
            future.set_result(fn(*args, **kwargs))
        except BaseException as error:  # noqa: BLE001 - a future carries whatever was raised
            future.set_exception(error)
        return future


@contextlib.contextmanager
def quickly() -> Iterator[None]:
    """Without what takes most of a run's time and no test looks at: source lines, and garbage that lives to its end."""
    collects = gc.isenabled()
    gc.disable()
    try:
        with mock.patch("pulumi.runtime.resource._get_stack_trace", source_pb2.StackTrace):
            yield
    finally:
        if collects:
            gc.enable()


def run(
    program: Callable[[], Any],
    preview: bool = False,
    computed: Mapping[str, Mapping[str, Any]] | None = None,
    reads: Mapping[str, Mapping[str, Any]] | None = None,
) -> Recording:
    """Run a program and return what it registered.

    Args:
        program: Makes components and resources.
        preview: Ids and outputs of managed resources are unknown, as at the first preview.
        computed: Outputs by type token, in place of the symbols.
        reads: What `.get` finds, by id.

    Raises:
        Exception: Whatever the program, or an apply in it, raised; with what was registered as its `recording`.
    """
    monitor = Monitor(preview, computed or {}, reads or {})

    def body() -> None:
        reset_options()
        configure(
            pulumi.runtime.Settings(
                project=PROJECT,
                stack=STACK,
                monitor=typing.cast("Any", monitor),
                engine=typing.cast("Any", Engine(monitor.recording.logs)),
                dry_run=preview,
                organization="organization",
                root_directory=".",
            )
        )
        SETTINGS.rpc_manager.clear()
        SETTINGS.outputs.clear()
        loop = asyncio.new_event_loop()
        loop.set_default_executor(Inline(1))
        # A failed run leaves tasks nobody asked for their error; the loop would tell of them at any later time.
        loop.set_exception_handler(lambda *_: None)
        asyncio.set_event_loop(loop)
        try:
            loop.run_until_complete(pulumi.runtime.run_in_stack(program))
        finally:
            loop.close()
            asyncio.set_event_loop(None)

    try:
        with quickly():
            contextvars.copy_context().run(body)
    except Exception as error:
        error.recording = monitor.recording
        raise
    return monitor.recording


@pytest.fixture
def record() -> Callable[..., Recording]:
    """`record(program, preview=False, computed={type: outputs}, reads={id: properties}) -> Recording`."""
    return run


def leaves(model: type[BaseModel], prefix: str = "") -> set[str]:
    """Every field that holds a value, as a dotted path in camelCase; lists and maps of specs count as one level."""
    found: set[str] = set()
    for name, field in model.model_fields.items():
        path = f"{prefix}{field.alias or name}"
        inner = [kind for kind in _kinds(field.annotation) if isinstance(kind, type) and issubclass(kind, BaseModel)]
        found |= {leaf for kind in inner for leaf in leaves(kind, f"{path}.")} if inner else {path}
    return found


def _kinds(annotation: Any) -> list[Any]:
    arguments = typing.get_args(annotation)
    return [kind for argument in arguments for kind in _kinds(argument)] if arguments else [annotation]


@pytest.fixture
def spec_fields() -> Callable[[type[BaseModel]], set[str]]:
    """`spec_fields(Spec)`: every field of a spec, for a test that each of them does something."""
    return leaves


@pytest.fixture
def effects() -> Callable[[Recording], list[tuple[str, str, str, str]]]:
    """`effects(recording)`: what a cloud would be asked for, in a form that can be compared."""

    def find(recording: Recording) -> list[tuple[str, str, str, str]]:
        return sorted((r.type, r.name, r.read_id, json.dumps(r.inputs, sort_keys=True)) for r in recording if r.custom)

    return find


@pytest.fixture
def unknown() -> str:
    """What an unknown value is on the wire."""
    return UNKNOWN


@pytest.fixture
def make_context() -> Callable[..., StackContext]:
    """`make_context("prod")`: the context of a stack, with a field or two changed."""

    def make(environment: str = "dev", **changes: Any) -> StackContext:
        fields: dict[str, Any] = {
            "project": PROJECT,
            "stack": environment,
            "environment": Environment(environment),
            "account": "111122223333",
            "region": "eu-west-1",
            "availability_zones": ("eu-west-1a", "eu-west-1b", "eu-west-1c"),
            "tags": {"owner": "platform", "team": "ml", "cost-centre": "4711", "environment": environment},
        }
        return StackContext(**{**fields, **changes})

    return make
