"""What the stand-in providers have in common as Pulumi plugins: the engine's side of the protocol, and being served.

The contract (`sdk/go/common/resource/plugin/plugin.go`): the first line on stdout is the port and nothing else; the
engine ends the plugin by killing it, or by closing its stdin when it dies itself.
"""

from __future__ import annotations

import functools
import logging
import sys
import threading
from collections.abc import Callable
from concurrent import futures
from typing import Any

import grpc
from google.protobuf import empty_pb2
from google.rpc import status_pb2
from pulumi.runtime.proto import engine_pb2, engine_pb2_grpc, plugin_pb2, provider_pb2, provider_pb2_grpc

from herd.cloud.provider import wire
from herd.cloud.provider.errors import CloudError, PartialError

log = logging.getLogger(__name__)
MESSAGE_SIZE = 400 * 1024 * 1024
MODES = ("propose", "enforce", "disable")
Handler = Callable[..., Any]


def answered(method: Handler) -> Handler:
    """Turn what went wrong into a gRPC status with one clear message, never a traceback."""

    @functools.wraps(method)
    def handle(self: StandInServicer, request: Any, context: grpc.ServicerContext) -> Any:
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


def autonaming_of(request: Any) -> dict[str, Any] | None:
    """What the engine proposes as a name, if it does."""
    if not request.HasField("autonaming"):
        return None
    return {"proposedName": request.autonaming.proposed_name, "mode": MODES[request.autonaming.mode]}


def settings_of(request: Any) -> dict[str, Any]:
    """The configuration that Configure carries, by either of its two ways."""
    config = wire.load(request.args)
    named = {key.rsplit(":", 1)[-1]: value for key, value in request.variables.items()}
    return {**named, **config}


class StandInServicer(provider_pb2_grpc.ResourceProviderServicer):  # type: ignore[misc, unused-ignore]
    """A stand-in provider, spoken to by either engine.

    Args:
        package: The package that it stands in for.
        version: The version of the provider that it stands in for.
        engine: Address of the engine's own service; empty until it introduces itself.
    """

    def __init__(self, package: str, version: str, engine: str = "") -> None:
        self._package, self._version = package, version
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
        if self._engine is None:
            log.warning("%s: %s", urn, text)
            return
        request = engine_pb2.LogRequest(severity=engine_pb2.WARNING, message=text, urn=urn)
        try:
            self._engine.Log(request, timeout=5)
        except grpc.RpcError as error:
            log.warning("%s: %s (the engine takes no log messages: %s)", urn, text, error)

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
        return plugin_pb2.PluginInfo(version=self._version)

    def GetSchema(self, request: Any, context: Any) -> Any:
        """No package schema: Python programs don't ask for it."""
        return provider_pb2.GetSchemaResponse(schema=f'{{"name": "{self._package}", "version": "{self._version}"}}')

    @answered
    def CheckConfig(self, request: Any, context: Any) -> Any:
        """Configuration is checked when it is used."""
        return provider_pb2.CheckResponse(inputs=request.news)

    @answered
    def Invoke(self, request: Any, context: Any) -> Any:
        """Functions are not modelled: say so."""
        failure = provider_pb2.CheckFailure(reason=f"{request.tok} isn't modelled by the stand-in provider")
        return provider_pb2.InvokeResponse(failures=[failure])

    def Cancel(self, request: Any, context: Any) -> Any:
        """Nothing to cancel: every wait is bounded."""
        return empty_pb2.Empty()


def serve(arguments: list[str], make: Callable[[str], StandInServicer]) -> None:
    """Serve on a loopback port until the engine ends us.

    Args:
        arguments: The command line: flags, and the address of the engine.
        make: The servicer for an engine's address.
    """
    logging.basicConfig(stream=sys.stderr, level=logging.ERROR)
    addresses = [a for a in arguments if not a.startswith("-") and ":" in a]
    options = [("grpc.max_receive_message_length", MESSAGE_SIZE), ("grpc.max_send_message_length", MESSAGE_SIZE)]
    server = grpc.server(futures.ThreadPoolExecutor(32), options=options)
    servicer = make(addresses[-1] if addresses else "")
    provider_pb2_grpc.add_ResourceProviderServicer_to_server(servicer, server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    sys.stdout.write(f"{port}\n")
    sys.stdout.flush()
    server.wait_for_termination()
