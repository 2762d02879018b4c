"""The two services a program talks to: the resource monitor and the engine (pkg/resource/deploy/source_eval.go)."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, NoReturn

import grpc
import grpc.aio
from google.protobuf import empty_pb2
from pulumi.runtime.proto import engine_pb2, engine_pb2_grpc, provider_pb2, resource_pb2, resource_pb2_grpc

from herd.engine.deployment import Deployment, Failed
from herd.engine.plugins import CHANNEL
from herd.engine.providers import ProviderError, package_of
from herd.engine.state import Goal, State, is_provider, package, ref_urn
from herd.engine.values import (
    Props,
    Secret,
    UnsupportedError,
    Wire,
    bare_unknowns,
    from_struct,
    from_value,
    has_unknowns,
)

_FEATURES = [
    number
    for name, number in resource_pb2.ResourceMonitorFeature.items()
    if "STATE_MIGRATIONS" not in name and "BYTE_STRING" not in name
]
_SECONDS = {"ns": 1e-9, "us": 1e-6, "µs": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0}
_DENIED = "denied::denied::pulumi:providers:denied"


def seconds(duration: str) -> float:
    """A duration such as `1h2m3.5s` in seconds."""
    parts = re.findall(r"([0-9.]+)(ns|us|µs|ms|s|m|h)", duration)
    if not parts or "".join(a + b for a, b in parts) != duration:
        raise ValueError(f"{duration!r} is no duration such as 30m or 1h30m")
    return sum(float(number) * _SECONDS[unit] for number, unit in parts)


class Monitor(resource_pb2_grpc.ResourceMonitorServicer, engine_pb2_grpc.EngineServicer):
    """Serves one program.

    Args:
        deployment: The run.
        config: Configuration by full key, values as text or Secret of text.
        register: Carries a goal out and gives the resulting state.
        read: Reads a resource.
        outputs: Takes the outputs of a component.
        refuse: Told the features that are refused.
    """

    def __init__(
        self,
        deployment: Deployment,
        config: Mapping[str, Any],
        register: Callable[[Goal], Awaitable[State]],
        read: Callable[[State], Awaitable[State]],
        outputs: Callable[[str, Props], None],
        refuse: Callable[[UnsupportedError], None],
    ) -> None:
        self._d, self._config = deployment, config
        self._register, self._read, self._outputs, self._refuse = register, read, outputs, refuse
        self._goals: dict[str, Goal] = {}
        self._component_providers: dict[str, dict[str, str]] = {}
        self._defaults: dict[str, asyncio.Future[str]] = {}
        self._packages: dict[str, tuple[str, str, str]] = {}
        self._children: dict[str, list[str]] = {}
        self._states: dict[str, State] = {}
        self._in_flight: dict[str, int] = {}
        self._settled = asyncio.Condition()
        self._root = ""
        self.finished = asyncio.Event()
        self._server = grpc.aio.server(options=CHANNEL)

    async def serve(self) -> str:
        """Start; gives the address."""
        resource_pb2_grpc.add_ResourceMonitorServicer_to_server(self, self._server)
        engine_pb2_grpc.add_EngineServicer_to_server(self, self._server)
        port = self._server.add_insecure_port("127.0.0.1:0")
        await self._server.start()
        return f"127.0.0.1:{port}"

    async def close(self) -> None:
        """Stop; what is still waiting learns that the monitor is gone."""
        await self._server.stop(None)

    async def _refused(self, context: Any, feature: str | UnsupportedError) -> NoReturn:
        error = feature if isinstance(feature, UnsupportedError) else UnsupportedError(feature)
        self._refuse(error)
        await context.abort(grpc.StatusCode.UNIMPLEMENTED, str(error))
        raise AssertionError("abort raises")

    # --- engine

    async def Log(self, request: Any, context: Any) -> empty_pb2.Empty:
        """A message of the program or a provider."""
        severity = engine_pb2.LogSeverity.Name(request.severity).lower()
        if severity != "debug":
            self._d.events.diagnostic(severity, request.message, request.urn, ephemeral=request.ephemeral)
        return empty_pb2.Empty()

    async def GetRootResource(self, request: Any, context: Any) -> Any:
        """The stack's URN."""
        return engine_pb2.GetRootResourceResponse(urn=self._root)

    async def SetRootResource(self, request: Any, context: Any) -> Any:
        """Remember the stack's URN."""
        self._root = request.urn
        return engine_pb2.SetRootResourceResponse()

    async def RequirePulumiVersion(self, request: Any, context: Any) -> Any:
        """There is no CLI whose version could be wrong."""
        return engine_pb2.RequirePulumiVersionResponse()

    # --- monitor: small things

    async def GetDeploymentInfo(self, request: Any, context: Any) -> Any:
        """What the program may want to know about the run."""
        return resource_pb2.DeploymentInfo(
            project=self._d.project,
            stack=self._d.stack,
            organization="organization",
            config={k: v.value if isinstance(v, Secret) else v for k, v in self._config.items()},
            configSecretKeys=[k for k, v in self._config.items() if isinstance(v, Secret)],
            dryRun=self._d.preview,
            parallel=self._d.parallel,
            supportedFeatures=_FEATURES,
        )

    async def SupportsFeature(self, request: Any, context: Any) -> Any:
        """Older programs ask one by one."""
        return resource_pb2.SupportsFeatureResponse(hasSupport=request.id not in ("stateMigrations", "byteString"))

    async def RegisterPackage(self, request: Any, context: Any) -> Any:
        """A package by reference; parameterized ones are refused."""
        if request.HasField("parameterization") or request.HasField("extension"):
            await self._refused(context, "parameterized packages")
        reference = f"{request.name}@{request.version}"
        self._packages[reference] = (request.name, request.version, request.download_url)
        return resource_pb2.RegisterPackageResponse(ref=reference)

    async def RegisterStackTransform(self, request: Any, context: Any) -> Any:
        """Refused."""
        return await self._refused(context, "transforms")

    async def RegisterStackInvokeTransform(self, request: Any, context: Any) -> Any:
        """Refused."""
        return await self._refused(context, "invoke transforms")

    async def RegisterResourceHook(self, request: Any, context: Any) -> Any:
        """Refused."""
        return await self._refused(context, "resource hooks")

    async def RegisterErrorHook(self, request: Any, context: Any) -> Any:
        """Refused."""
        return await self._refused(context, "error hooks")

    async def Call(self, request: Any, context: Any) -> Any:
        """Refused."""
        return await self._refused(context, "methods of remote components (Call)")

    async def SignalAndWaitForShutdown(self, request: Any, context: Any) -> empty_pb2.Empty:
        """The program is done; it need not wait, since nothing here calls back into it."""
        self.finished.set()
        return empty_pb2.Empty()

    # --- providers

    async def _default_provider(self, name: str, version: str, url: str) -> str:
        """The reference of the engine's own provider for a package, made at its first use."""
        denied = json.loads(_text(self._config.get("pulumi:disable-default-providers")) or "[]")
        if name != "pulumi" and ("*" in denied or name in denied):
            return f"{_DENIED}::{name}::denydefaultprovider"
        key = f"default_{version}" if version else "default"
        key = re.sub(r"[.+-]", "_", key) + ("_" + re.sub(r"[^A-Za-z0-9_.-]", "_", url) if url else "")
        full = f"{name}/{key}"
        if full not in self._defaults:
            self._defaults[full] = asyncio.get_running_loop().create_future()
            inputs: Props = {k.split(":", 1)[1]: v for k, v in self._config.items() if k.split(":", 1)[0] == name}
            if version:
                inputs |= {"version": version, "__internal": {"pluginDownloadURL": url} if url else {}}
            state = await self._register(
                Goal(State(urn=key, type=f"pulumi:providers:{name}", custom=True, inputs=inputs))
            )
            self._defaults[full].set_result(f"{state.urn}::{state.id}")
        return await asyncio.shield(self._defaults[full])

    def _given_provider(self, provider: str, providers: Any, parent: str, name: str) -> str:
        return provider or providers.get(name) or self._component_providers.get(parent, {}).get(name, "")

    async def _provider(self, request: Any, type_: str, given: str) -> str:
        if given:
            return given
        if package(type_) == "pulumi":
            raise UnsupportedError(f"the built-in {type_}")
        name, version, url = self._packages.get(
            getattr(request, "packageRef", ""), (package(type_), request.version, request.pluginDownloadURL)
        )
        return await self._default_provider(name, version, url)

    # --- resources

    def _inherit(self, request: Any) -> None:
        goal = self._goals.get(request.parent)
        if goal is None:
            return
        request.deletedWith = request.deletedWith or goal.state.deleted_with
        if not request.HasField("protect") and goal.protect is not None:
            request.protect = goal.protect
        if not request.HasField("retainOnDelete") and goal.retain_on_delete is not None:
            request.retainOnDelete = goal.retain_on_delete
        inherited = goal.state.provider
        if (
            not request.provider
            and request.custom
            and inherited
            and package_of(ref_urn(inherited)) == package(request.type)
        ):
            request.provider = inherited

    def _unsupported(self, request: Any) -> str:
        if request.remote:
            return "remote components (Construct)"
        if request.importId:
            return "import"
        if request.transforms:
            return "transforms"
        if request.state_migrations:
            return "state migrations"
        hooks = request.hooks.ListFields() if request.HasField("hooks") else []
        return "resource hooks" if hooks else ""

    async def RegisterResource(self, request: Any, context: Any) -> Any:
        """A resource the program declares."""
        if feature := self._unsupported(request):
            await self._refused(context, feature)
        self._in_flight[request.parent] = self._in_flight.get(request.parent, 0) + 1
        try:
            self._inherit(request)
            goal = await self._goal(request)
            state = await self._register(goal)
            self._goals[state.urn] = goal
            if not request.custom:
                above = self._component_providers.get(request.parent, {})
                self._component_providers[state.urn] = above | dict(request.providers)
            self._track(state)
        except UnsupportedError as error:
            await self._refused(context, error)
        except Failed as lost:
            return resource_pb2.RegisterResourceResponse(urn=lost.urn, result=resource_pb2.FAIL)
        except ValueError as error:
            await context.abort(grpc.StatusCode.INVALID_ARGUMENT, str(error))
        finally:
            self._in_flight[request.parent] -= 1
            async with self._settled:
                self._settled.notify_all()
        outputs = state.outputs if request.custom else {}
        if not request.supportsPartialValues:
            outputs = {k: v for k, v in outputs.items() if not has_unknowns(v)}
        wire = Wire(secrets=request.acceptSecrets, resources=request.acceptResources)
        return resource_pb2.RegisterResourceResponse(urn=state.urn, id=state.id, object=wire.struct(outputs))

    async def _goal(self, request: Any) -> Goal:
        dependencies = set(request.dependencies)
        by_property = {key: set(value.urns) for key, value in request.propertyDependencies.items()}
        inputs: Props = {}
        for key, value in sorted(request.object.fields.items()):
            found = by_property.setdefault(key, set() if request.propertyDependencies else set(dependencies))
            inputs[key] = bare_unknowns(from_value(value, found))
        custom, type_ = request.custom, request.type
        provider = ""
        if custom and not is_provider(type_):
            given = self._given_provider(request.provider, request.providers, request.parent, package(type_))
            provider = await self._provider(request, type_, given)
        if is_provider(type_):
            self._provider_inputs(request, inputs)
        timeouts = request.customTimeouts
        trigger = from_value(request.replacement_trigger, set()) if request.HasField("replacement_trigger") else None
        state = State(
            urn=request.name,
            type=type_,
            custom=custom,
            inputs=inputs,
            parent=request.parent,
            protect=request.protect,
            dependencies=sorted(dependencies),
            provider=provider,
            property_dependencies={k: sorted(urns) for k, urns in by_property.items() if urns},
            additional_secret_outputs=list(request.additionalSecretOutputs),
            custom_timeouts={f.name: seconds(v) for f, v in timeouts.ListFields() if v},
            retain_on_delete=request.retainOnDelete,
            deleted_with=request.deletedWith,
            replace_with=list(request.replace_with),
            ignore_changes=list(request.ignoreChanges),
            hide_diff=list(request.hideDiffs),
            replace_on_changes=list(request.replaceOnChanges),
            replacement_trigger=trigger,
        )
        dbr = request.deleteBeforeReplace if request.deleteBeforeReplace or request.deleteBeforeReplaceDefined else None
        aliases: list[dict[str, Any]] = [{"urn": urn} for urn in request.aliasURNs]
        aliases += [_alias(alias) for alias in request.aliases]
        return Goal(
            state,
            request.protect if request.HasField("protect") else None,
            request.retainOnDelete if request.HasField("retainOnDelete") else None,
            dbr,
            aliases,
        )

    def _provider_inputs(self, request: Any, inputs: Props) -> None:
        """The plugin's version and origin travel in the inputs of the provider resource."""
        _, version, url = self._packages.get(request.packageRef, ("", request.version, request.pluginDownloadURL))
        internal: Props = {}
        if url:
            internal["pluginDownloadURL"] = url
        if request.envVarMappings:
            raise UnsupportedError("envVarMappings")
        if version:
            inputs["version"] = version
        if version or internal:
            inputs["__internal"] = internal

    def _track(self, state: State) -> None:
        if state.urn not in self._states:
            self._children.setdefault(state.parent, []).append(state.urn)
        self._states[state.urn] = state

    async def RegisterResourceOutputs(self, request: Any, context: Any) -> empty_pb2.Empty:
        """The outputs of a component or the stack."""
        try:
            self._outputs(request.urn, bare_unknowns(from_struct(request.outputs)))
        except UnsupportedError as error:
            await self._refused(context, error)
        return empty_pb2.Empty()

    async def ReadResource(self, request: Any, context: Any) -> Any:
        """An existing resource the program wants to look at."""
        try:
            given = request.provider
            if not given and not is_provider(request.type):
                given = await self._provider(request, request.type, "")
            if given.startswith(_DENIED):
                message = (
                    f"Default provider for '{package(request.type)}' disabled. 'Read' must use an explicit provider."
                )
                await context.abort(grpc.StatusCode.UNKNOWN, message)
            dependencies = set(request.dependencies)
            state = await self._read(
                State(
                    urn=request.name,
                    type=request.type,
                    custom=True,
                    id=request.id,
                    inputs=from_struct(request.properties),
                    parent=request.parent,
                    external=True,
                    dependencies=sorted(dependencies),
                    provider=given,
                    additional_secret_outputs=list(request.additionalSecretOutputs),
                )
            )
        except UnsupportedError as error:
            await self._refused(context, error)
        except Failed as lost:
            return resource_pb2.ReadResourceResponse(urn=lost.urn, result=resource_pb2.FAIL)
        self._track(state)
        wire = Wire(secrets=request.acceptSecrets, resources=request.acceptResources)
        return resource_pb2.ReadResourceResponse(urn=state.urn, properties=wire.struct(state.outputs))

    # --- functions

    async def Invoke(self, request: Any, context: Any) -> Any:
        """A function of a provider; unknown while something it depends on is not there yet."""
        name = package(request.tok)
        given = self._given_provider(request.provider, {}, request.parent, name)
        try:
            reference = await self._provider(request, request.tok, given)
        except UnsupportedError as error:
            await self._refused(context, error)
        if reference.startswith(_DENIED):
            message = f"Invoke: Default provider for '{name}' disabled. '{request.tok}' must use an explicit provider."
            await context.abort(grpc.StatusCode.UNKNOWN, message)
        if request.dependsOn and await self._unresolved(set(request.dependsOn)):
            return resource_pb2.ResourceInvokeResponse(unknown=True)
        provider = self._d.registry.get(reference)
        if provider is None:
            await context.abort(grpc.StatusCode.UNKNOWN, f"Invoke: unknown provider '{reference}'")
            raise AssertionError("abort raises")
        try:
            result = await provider.invoke(request.tok, from_struct(request.args), preview=self._d.preview)
        except ProviderError as error:
            await context.abort(grpc.StatusCode.UNKNOWN, f"invocation of {request.tok} returned an error: {error}")
            raise AssertionError("abort raises") from None
        failures = [provider_pb2.CheckFailure(property=name, reason=reason) for name, reason in result.failures]
        response = resource_pb2.ResourceInvokeResponse(failures=failures)
        getattr(response, "return").CopyFrom(Wire(resources=request.acceptResources).struct(result.inputs))
        return response

    async def _unresolved(self, roots: set[str]) -> bool:
        async with self._settled:
            while True:
                todo, components = list(roots), set[str]()
                while todo:
                    urn = todo.pop()
                    state = self._states.get(urn)
                    if state is None or urn in components:
                        continue
                    if state.custom:
                        if not state.id:
                            return True
                    else:
                        components.add(urn)
                        todo += self._children.get(urn, [])
                if not any(self._in_flight.get(urn) for urn in components):
                    return False
                await self._settled.wait()


def _text(value: Any) -> str:
    return str(value.value if isinstance(value, Secret) else value or "")


def _alias(alias: Any) -> dict[str, Any]:
    if alias.HasField("urn"):
        return {"urn": alias.urn}
    spec = alias.spec
    result = {"name": spec.name, "type": spec.type, "stack": spec.stack, "project": spec.project}
    return result | {"parent": spec.parentUrn, "noParent": spec.noParent}
