"""The resource monitor and engine a program talks to in a render: plain objects in place of gRPC stubs.

The SDK calls a stub's methods with the protocol's own messages; answering them here costs no sockets, no threads and no
serialisation, and makes the order of everything the program's own.
"""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from google.protobuf import empty_pb2, json_format, struct_pb2
from pulumi.runtime.proto import engine_pb2, resource_pb2

from components.base.problems import InvalidInputError, Problem
from herd.graph.model import Graph, Resource, Source
from herd.graph.symbols import SECRET, UNKNOWN, prefix
from herd.render import bundles, manifests, options, policy_document
from herd.render.construction import Construction, current
from herd.render.shapes import invoke_result, missing_outputs
from herd.render.transforms import Callbacks, Transforms
from herd.render.wire import is_secret, plain_struct, secret

_STACK: Final = "pulumi:pulumi:Stack"
_OTHER_STACK: Final = "pulumi:pulumi:StackReference"
_FEATURES: Final = tuple(
    getattr(resource_pb2, f"RESOURCE_MONITOR_FEATURE_{name}")
    for name in (
        "SECRETS", "RESOURCE_REFERENCES", "OUTPUT_VALUES", "ALIAS_SPECS", "REPLACEMENT_TRIGGER", "DELETED_WITH",
        "REPLACE_WITH", "TRANSFORMS", "INVOKE_TRANSFORMS", "PARAMETERIZATION", "RESOURCE_HOOKS", "ERROR_HOOKS",
        "INVOKE_DEPENDS_ON",
    )
)  # fmt: skip


@dataclass(frozen=True)
class Run:
    """What a render runs.

    Attributes:
        project: Project name.
        stack: Stack name.
        main: The program as the graph's root resource shows it, such as ``infra/__main__.py``.
        unknowns: A preview's view: what only the cloud knows is unknown instead of a symbol.
        no_default: Packages whose default provider is disabled; ``*`` for all.
    """

    project: str
    stack: str
    main: str
    unknowns: bool = False
    no_default: frozenset[str] = frozenset()


class Monitor:
    """Records every registration and answers with symbols (or nothing, in a preview's view)."""

    def __init__(self, run: Run) -> None:
        self.run = run
        self.problems: list[Problem] = []
        self._resources: dict[str, Resource] = {}
        self._answers: dict[str, struct_pb2.Struct] = {}
        self._outputs: dict[str, dict[str, Any]] = {}
        self._charts: dict[str, dict[str, Any]] = {}
        self.transforms = Transforms(Callbacks(self))

    def graph(self) -> Graph:
        """What has been registered."""
        root = next((urn for urn, resource in self._resources.items() if resource.type == _STACK), "")
        shown = bundles.with_charts(self._resources.values(), self._charts, UNKNOWN if self.run.unknowns else SECRET)
        return Graph.of(self.run.project, self.run.stack, shown, self._outputs.get(root))

    def GetDeploymentInfo(self, _request: Any) -> Any:
        return resource_pb2.DeploymentInfo(
            project=self.run.project,
            stack=self.run.stack,
            organization="organization",
            dryRun=self.run.unknowns,
            supportedFeatures=_FEATURES,
        )

    def RegisterPackage(self, request: Any) -> Any:
        return resource_pb2.RegisterPackageResponse(ref=f"{request.name}@{request.version}")

    def RegisterResource(self, request: Any) -> Any:
        tokens = self.transforms.chain(request, self._ancestors(request.parent))
        return self._transformed(tokens, request) if tokens else self._register(request)

    async def _transformed(self, tokens: list[str], request: Any) -> Any:
        self.transforms.of_resource(self._urn(request), [one.token for one in request.transforms])
        await self.transforms.apply(tokens, request)
        return self._register(request)

    def _ancestors(self, urn: str) -> Iterator[str]:
        while urn:
            yield urn
            above = self._resources.get(urn)
            urn = above.parent or "" if above else ""

    def _register(self, request: Any) -> Any:
        construction = current()
        urn = self._urn(request)
        if request.state_migrations:
            self._refuse("state migrations", urn, construction.source)
        inputs = plain_struct(request.object)
        resource = Resource(
            urn=urn,
            type=request.type,
            name=request.name,
            parent=request.parent or None,
            custom=request.custom,
            inputs=inputs,
            options=options.registered(request),
            dependencies=tuple(sorted(request.dependencies)),
            property_dependencies={
                name: tuple(sorted(needs.urns)) for name, needs in request.propertyDependencies.items() if needs.urns
            },
            source=self._source(request, construction),
        )
        self._record(resource, request.provider)
        answer = resource_pb2.RegisterResourceResponse(urn=urn, object=request.object)
        if request.custom:
            answer.id = "" if self.run.unknowns else f"${{{prefix(urn)}id}}"
        if request.custom or request.remote:
            self._fill(answer.object, urn, inputs, construction, request.additionalSecretOutputs)
        self._answers[urn] = answer.object
        if request.remote and request.type in bundles.CONFIGS:
            self._expand(resource, request)
        return answer

    def _expand(self, component: Resource, request: Any) -> None:
        """The manifests that a component of the provider registers by itself."""
        provider = request.providers.get("kubernetes") or request.provider
        for kind, name, inputs in bundles.children(component.name, component.inputs):
            child = resource_pb2.RegisterResourceRequest(
                type=kind, name=name, parent=component.urn, custom=True, provider=provider
            )
            resource = Resource(
                urn=self._urn(child),
                type=kind,
                name=name,
                parent=component.urn,
                custom=True,
                inputs=inputs,
                options=options.registered(child),
                source=component.source,
            )
            self._record(resource, provider)

    def ReadResource(self, request: Any) -> Any:
        construction = current()
        urn = self._urn(request)
        inputs = plain_struct(request.properties)
        resource = Resource(
            urn=urn,
            type=request.type,
            name=request.name,
            parent=request.parent or None,
            custom=True,
            inputs=inputs,
            options=options.read(request),
            dependencies=tuple(sorted(request.dependencies)),
            source=construction.source,
        )
        self._record(resource, request.provider)
        answer = resource_pb2.ReadResourceResponse(urn=urn, id=request.id, properties=request.properties)
        self._fill(answer.properties, urn, inputs, construction, request.additionalSecretOutputs)
        self._answers[urn] = answer.properties
        return answer

    def RegisterResourceOutputs(self, request: Any) -> Any:
        self._outputs[request.urn] = plain_struct(request.outputs)
        return empty_pb2.Empty()

    def Invoke(self, request: Any) -> Any:
        if request.tok == "pulumi:pulumi:getResource":
            return self._get_resource(request.args.fields["urn"].string_value)
        construction = current()
        self._need_provider(request.tok, request.provider, f"the call of {request.tok}", construction.source)
        arguments = plain_struct(request.args)
        digest = hashlib.sha256(json.dumps(arguments, sort_keys=True).encode()).hexdigest()[:8]
        prefixed = f"${{{prefix(f'invoke:{request.tok}#{digest}')}"
        if request.tok == bundles.TEMPLATE:
            self._charts |= bundles.chart(arguments)
        result = invoke_result(construction.cls, arguments, prefixed)
        if request.tok == policy_document.FUNCTION:
            result |= policy_document.policy_document(arguments)
        elif request.tok == manifests.FUNCTION:
            result |= manifests.decoded(arguments)
        return _invoked(result)

    def Call(self, request: Any) -> Any:
        raise InvalidInputError.one(f"{request.tok}: a render can't call a method that a provider implements")

    def ExistsResource(self, request: Any) -> Any:
        raise InvalidInputError.one(f"{request.type}: a render can't ask the cloud whether a resource exists")

    def RegisterStackTransform(self, request: Any) -> Any:
        self.transforms.of_stack(request.token)
        return empty_pb2.Empty()

    def RegisterStackInvokeTransform(self, _request: Any) -> Any:
        raise InvalidInputError.one("a render doesn't run transforms of calls", fix="pass what the call should have")

    def RegisterResourceHook(self, _request: Any) -> Any:
        return empty_pb2.Empty()

    RegisterErrorHook = RegisterResourceHook

    def SignalAndWaitForShutdown(self, _request: Any) -> Any:
        return empty_pb2.Empty()

    def _urn(self, request: Any) -> str:
        above = request.parent.split("::", 3)[2] if request.parent else _STACK
        chain = request.type if above == _STACK else f"{above}${request.type}"
        return f"urn:pulumi:{self.run.stack}::{self.run.project}::{chain}::{request.name}"

    def _source(self, request: Any, construction: Construction) -> Source:
        if request.type == _STACK:
            return Source(self.run.main, 1)
        # What an SDK makes of a file it has read (ConfigFile) is made in no line of the program: its parent is.
        above = self._resources.get(request.parent)
        return construction.source if construction.source.file or above is None else above.source

    def _record(self, resource: Resource, provider: str) -> None:
        first = self._resources.setdefault(resource.urn, resource)
        if first is not resource:
            message = f"duplicate resource {resource.urn}, first made at {first.source}"
            self._problem(message, resource.source, "give it a name of its own")
        if resource.custom:
            self._need_provider(resource.type, provider, resource.urn, resource.source)

    def _need_provider(self, token: str, provider: str, shown: str, source: Source) -> None:
        # The engine's own rule: pulumi:disable-default-providers makes a forgotten provider an error.
        package = token.partition(":")[0]
        if provider or package == "pulumi" or not self.run.no_default & {package, "*"}:
            return
        message = f"{shown} has no explicit provider, and the default provider of {package} is disabled"
        self._problem(message, source, "pass provider= or make it the child of something that has one")

    def _fill(self, answer: Any, urn: str, inputs: Mapping[str, Any], made: Construction, secrets: Any) -> None:
        # Another stack exists already: a preview knows its outputs, and a render has symbols for them.
        answers = not self.run.unknowns or self._resources[urn].type == _OTHER_STACK
        if answers and made.cls is not None:
            answer.update(missing_outputs(made.cls, made.unset, inputs, f"${{{prefix(urn)}"))
        for name in secrets:
            if name in answer.fields and not is_secret(answer.fields[name]):
                answer.update({name: secret(json_format.MessageToDict(answer.fields[name]))})

    def _get_resource(self, urn: str) -> Any:
        if urn not in self._answers:
            raise InvalidInputError.one(f"{urn} isn't a resource of this program", fix="read it by its id instead")
        resource = self._resources[urn]
        found = {"urn": urn, "id": resource.options["id"] or f"${{{prefix(urn)}id}}", "state": self._answers[urn]}
        return _invoked(found)

    def _refuse(self, what: str, urn: str, source: Source) -> None:
        self._problem(f"{urn}: a render has no {what}", source, "")

    def _problem(self, message: str, source: Source, fix: str) -> None:
        self.problems.append(Problem(source.file, source.line, "", message, fix))


class Engine:
    """The engine a program logs to: its messages go to standard error, its errors fail the render."""

    def __init__(self) -> None:
        self.errors: list[Problem] = []
        self._root = ""

    def Log(self, request: Any) -> Any:
        if request.severity == engine_pb2.ERROR:
            self.errors.append(Problem("", 0, "", request.message))
        elif request.severity != engine_pb2.DEBUG:
            sys.stderr.write(f"{engine_pb2.LogSeverity.Name(request.severity).lower()}: {request.message}\n")
        return empty_pb2.Empty()

    def SetRootResource(self, request: Any) -> Any:
        self._root = request.urn
        return engine_pb2.SetRootResourceResponse()

    def GetRootResource(self, _request: Any) -> Any:
        return engine_pb2.GetRootResourceResponse(urn=self._root)

    def RequirePulumiVersion(self, _request: Any) -> Any:
        return engine_pb2.RequirePulumiVersionResponse()


def _invoked(result: Mapping[str, Any]) -> Any:
    answer = resource_pb2.ResourceInvokeResponse()
    getattr(answer, "return").update(result)
    return answer
