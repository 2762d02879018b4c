"""The Pulumi resource provider protocol (`proto/pulumi/provider.proto`) over the provider."""

from __future__ import annotations

import functools
import logging
import threading
from collections.abc import Callable, Mapping
from typing import Any

import grpc
from google.protobuf import empty_pb2
from google.rpc import status_pb2
from pulumi.runtime.proto import engine_pb2, engine_pb2_grpc, plugin_pb2, provider_pb2, provider_pb2_grpc

from herd.cloud.provider import wire
from herd.cloud.provider.client import Patience
from herd.cloud.provider.diff import KINDS
from herd.cloud.provider.errors import CloudError, PartialError
from herd.cloud.provider.resources import Provider
from herd.cloud.provider.schema import version

log = logging.getLogger(__name__)
PATIENCE = "HERD_PROVIDER_PATIENCE"
MODES = ("propose", "enforce", "disable")
Handler = Callable[..., Any]


def _answered(method: Handler) -> Handler:
    """Turn what went wrong into a gRPC status with one clear message, never a traceback."""

    @functools.wraps(method)
    def handle(self: AwsServicer, request: Any, context: grpc.ServicerContext) -> Any:
        try:
            return method(self, request, context)
        except PartialError as error:
            _fail_partly(context, error)
        except CloudError as error:
            _fail(context, error, getattr(request, "urn", ""))
        except Exception as error:
            log.exception("%s failed", method.__name__)
            context.abort(grpc.StatusCode.INTERNAL, f"{method.__name__}: {type(error).__name__}: {error}")
        raise AssertionError("abort raises")

    return handle


def _fail(context: grpc.ServicerContext, error: CloudError, urn: str) -> None:
    text = str(error)
    if "Capacity" in error.code:
        text = f"no capacity for {urn.rsplit('::', 1)[-1]}: {text}"
    context.abort(grpc.StatusCode.UNKNOWN, text)


def _fail_partly(context: grpc.ServicerContext, error: PartialError) -> None:
    """The resource exists but isn't complete: the engine keeps id and properties and updates it next time."""
    detail = provider_pb2.ErrorResourceInitFailed(
        id=error.id, properties=wire.dump(error.properties), reasons=error.reasons
    )
    status = status_pb2.Status(code=grpc.StatusCode.UNKNOWN.value[0], message=str(error))
    status.details.add().Pack(detail)
    context.set_trailing_metadata((("grpc-status-details-bin", status.SerializeToString()),))
    context.abort(grpc.StatusCode.UNKNOWN, str(error))


class AwsServicer(provider_pb2_grpc.ResourceProviderServicer):  # type: ignore[misc, unused-ignore]
    """The stand-in `aws` provider, spoken to by either engine."""

    def __init__(self, environment: Mapping[str, str], engine: str = "") -> None:
        patience = Patience()
        if environment.get(PATIENCE):
            seconds = float(environment[PATIENCE])
            patience = Patience(eventual=seconds, dependency=seconds, connect=min(seconds, 5.0))
        self.provider = Provider(environment, patience, self._warn)
        self._engine: Any = None
        self._connect(engine)
        self._warned: set[tuple[str, str]] = set()
        self._lock = threading.Lock()

    def _connect(self, address: str) -> None:
        if address:
            self._engine = engine_pb2_grpc.EngineStub(grpc.insecure_channel(address))

    def _warn(self, urn: str, text: str) -> None:
        with self._lock:
            if (urn, text) in self._warned:
                return
            self._warned.add((urn, text))
        log.warning("%s: %s", urn, text)
        if self._engine is not None:
            request = engine_pb2.LogRequest(severity=engine_pb2.WARNING, message=text, urn=urn)
            try:
                self._engine.Log(request, timeout=5)
            except grpc.RpcError as error:
                log.warning("the engine takes no log messages: %s", error)

    def Handshake(self, request: Any, context: Any) -> Any:
        """Capabilities: secrets are kept wrapped, resource references come as ids."""
        self._connect(request.engine_address)
        return provider_pb2.ProviderHandshakeResponse(
            accept_secrets=True, accept_resources=False, accept_outputs=False, supports_autonaming_configuration=True
        )

    def Attach(self, request: Any, context: Any) -> Any:
        """The engine attaches to a provider that already runs."""
        self._connect(request.address)
        return empty_pb2.Empty()

    def GetPluginInfo(self, request: Any, context: Any) -> Any:
        """The version of the provider that this one stands in for."""
        return plugin_pb2.PluginInfo(version=version())

    def GetSchema(self, request: Any, context: Any) -> Any:
        """No package schema: Python programs don't ask for it."""
        return provider_pb2.GetSchemaResponse(schema='{"name": "aws", "version": "' + version() + '"}')

    @_answered
    def CheckConfig(self, request: Any, context: Any) -> Any:
        """Configuration is checked when it is used."""
        return provider_pb2.CheckResponse(inputs=request.news)

    @_answered
    def DiffConfig(self, request: Any, context: Any) -> Any:
        """Any change of configuration is an update; another region or account replaces nothing here."""
        old, new = wire.load(request.old_inputs or request.olds), wire.load(request.news)
        changed = sorted(k for k in {*old, *new} - {"version"} if old.get(k) != new.get(k))
        return provider_pb2.DiffResponse(
            changes=provider_pb2.DiffResponse.DIFF_SOME if changed else provider_pb2.DiffResponse.DIFF_NONE,
            diffs=changed,
        )

    @_answered
    def Configure(self, request: Any, context: Any) -> Any:
        """Connect to the stand-in cloud and check the account."""
        config = wire.load(request.args)
        config |= {k.rsplit(":", 1)[-1]: v for k, v in request.variables.items() if k.rsplit(":", 1)[-1] not in config}
        self.provider.configure(config)
        return provider_pb2.ConfigureResponse(
            acceptSecrets=True, supportsPreview=True, supports_autonaming_configuration=True
        )

    @_answered
    def Check(self, request: Any, context: Any) -> Any:
        """Fill in and validate inputs."""
        autonaming = None
        if request.HasField("autonaming"):
            given = request.autonaming
            autonaming = {"proposedName": given.proposed_name, "mode": MODES[given.mode]}
        checked = self.provider.check(
            request.urn, wire.load(request.olds), wire.load(request.news), request.randomSeed, autonaming
        )
        return provider_pb2.CheckResponse(
            inputs=wire.dump(checked.inputs),
            failures=[provider_pb2.CheckFailure(property=p, reason=r) for p, r in checked.failures],
        )

    @_answered
    def Diff(self, request: Any, context: Any) -> Any:
        """Compare inputs."""
        old = wire.load(request.old_inputs) or wire.load(request.olds)
        found = self.provider.diff(request.urn, old, wire.load(request.news), request.ignoreChanges)
        some = provider_pb2.DiffResponse.DIFF_SOME if found.detailed else provider_pb2.DiffResponse.DIFF_NONE
        return provider_pb2.DiffResponse(
            changes=some,
            replaces=sorted(found.replaces),
            diffs=found.changed,
            deleteBeforeReplace=found.delete_first,
            hasDetailedDiff=True,
            detailedDiff={
                path: KINDS(kind=KINDS.Kind.ValueType(kind), inputDiff=True) for path, kind in found.detailed.items()
            },
        )

    @_answered
    def Create(self, request: Any, context: Any) -> Any:
        """Make a resource."""
        id_, outputs = self.provider.create(request.urn, wire.load(request.properties), preview=request.preview)
        return provider_pb2.CreateResponse(id=id_, properties=wire.dump(outputs))

    @_answered
    def Read(self, request: Any, context: Any) -> Any:
        """Read a resource back from the cloud."""
        state, inputs = wire.load(request.properties), wire.load(request.inputs)
        id_, outputs, seen = self.provider.read(request.urn, request.id, state, inputs)
        return provider_pb2.ReadResponse(id=id_, properties=wire.dump(outputs), inputs=wire.dump(seen))

    @_answered
    def Update(self, request: Any, context: Any) -> Any:
        """Change a resource in place."""
        olds, news = wire.load(request.olds), wire.load(request.news)
        old = wire.load(request.old_inputs) or olds
        outputs = self.provider.update(request.urn, request.id, olds, old, news, preview=request.preview)
        return provider_pb2.UpdateResponse(properties=wire.dump(outputs))

    @_answered
    def Delete(self, request: Any, context: Any) -> Any:
        """Take a resource away."""
        state, old = wire.load(request.properties), wire.load(request.old_inputs)
        self.provider.delete(request.urn, request.id, state, old)
        return empty_pb2.Empty()

    @_answered
    def Invoke(self, request: Any, context: Any) -> Any:
        """Functions are not modelled: say so."""
        failure = provider_pb2.CheckFailure(reason=f"{request.tok} isn't modelled by the stand-in provider")
        return provider_pb2.InvokeResponse(failures=[failure])

    def Cancel(self, request: Any, context: Any) -> Any:
        """Nothing to cancel: every wait is bounded."""
        return empty_pb2.Empty()
