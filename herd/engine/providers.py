"""A provider as the engine calls it: Pulumi's provider protocol with its rules about unknowns, secrets and previews.

The rules are those of pkg/resource/plugin/provider_plugin.go.
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass, field, replace
from typing import Any

import grpc
import grpc.aio
from google.protobuf import empty_pb2
from google.rpc import status_pb2
from pulumi.runtime.proto import provider_pb2, provider_pb2_grpc

from herd.engine.plugins import Plugin
from herd.engine.state import package, urn_name, urn_type
from herd.engine.values import Props, Wire, annotate_secrets, from_struct, has_secrets, has_unknowns, plain

_STATUS = "grpc-status-details-bin"
_KINDS = {
    kind: provider_pb2.PropertyDiff.Kind.Name(kind).lower().replace("_", "-")
    for kind in provider_pb2.PropertyDiff.Kind.values()
}


class ProviderError(Exception):
    """A call that failed; `unknown` says that nobody knows whether it took effect."""

    def __init__(self, message: str, *, unknown: bool = False, unimplemented: bool = False) -> None:
        super().__init__(message)
        self.unknown, self.unimplemented = unknown, unimplemented


class InitError(ProviderError):
    """The resource exists but did not come up (ErrorResourceInitFailed)."""

    def __init__(self, detail: Any) -> None:
        reasons = list(detail.reasons)
        plural = "error" if len(reasons) == 1 else "errors"
        lines = "".join(f"\n\t* {reason}" for reason in reasons)
        super().__init__(f"{len(reasons)} {plural} occurred:{lines}\n\n" if reasons else "resource init failed")
        self.reasons, self.id = reasons, detail.id
        self.outputs, self.inputs = from_struct(detail.properties), from_struct(detail.inputs)


@dataclass(frozen=True)
class Diff:
    """What a provider says about old and new.

    Attributes:
        some: Whether anything differs; None if the provider leaves that to the engine.
        detailed: Path to (kind, whether an input differs).
    """

    some: bool | None = False
    changed: tuple[str, ...] = ()
    replace: tuple[str, ...] = ()
    detailed: dict[str, tuple[str, bool]] | None = None
    delete_before_replace: bool = False

    @property
    def replaces(self) -> bool:
        """Whether the resource must be replaced."""
        return bool(self.replace) or any(kind.endswith("-replace") for kind, _ in (self.detailed or {}).values())

    def inverted(self) -> Diff:
        """The diff that undoes this one."""
        if self.detailed is None:
            return self
        turned = {"add": "delete", "delete": "add", "add-replace": "delete-replace", "delete-replace": "add-replace"}
        return replace(self, detailed={p: (turned.get(k, k), i) for p, (k, i) in self.detailed.items()})


class DiffUnavailableError(Exception):
    """The provider's own configuration isn't known yet."""

    def __init__(self) -> None:
        super().__init__(
            "The provider for this resource has inputs that are not known during preview.\n"
            "This preview may not correctly represent the changes that will be applied during an update."
        )


@dataclass
class Result:
    """What Create, Update or Read gave; `failure` says that the resource is there but didn't come up."""

    id: str = ""
    outputs: Props | None = None
    inputs: Props | None = None
    failure: InitError | None = None


@dataclass
class Checked:
    """What Check gave: the inputs to use, and (property, reason) of what is wrong with them."""

    inputs: Props
    failures: list[tuple[str, str]] = field(default_factory=list)


class Provider:
    """One configured plugin."""

    def __init__(self, plugin: Plugin) -> None:
        self._plugin = plugin
        self._stub = provider_pb2_grpc.ResourceProviderStub(plugin.channel)
        self._wire = Wire()
        self._previews = True
        self._known = True
        self._handshaken = False
        self._failure: ProviderError | None = None

    async def handshake(self, engine: str, root: str, program: str) -> None:
        """Introduce ourselves; older plugins don't answer and tell what they accept when they are configured."""
        request = provider_pb2.ProviderHandshakeRequest(
            engine_address=engine,
            root_directory=root,
            program_directory=program,
            configure_with_urn=True,
            invoke_with_preview=True,
        )
        try:
            response = await self._call("Handshake", request)
        except ProviderError as error:
            if not error.unimplemented:
                raise
            return
        self._handshaken = True
        self._accepts(secrets=response.accept_secrets, resources=response.accept_resources, previews=True)

    def _accepts(self, *, secrets: bool, resources: bool, previews: bool) -> None:
        self._wire, self._previews = Wire(secrets=secrets, resources=resources), previews

    async def _call(self, method: str, request: Any) -> Any:
        try:
            return await getattr(self._stub, method)(request)
        except grpc.aio.AioRpcError as error:
            metadata: Any = error.trailing_metadata()  # its annotation is not what it is
            for value in metadata.get_all(_STATUS):
                for detail in status_pb2.Status.FromString(value).details:
                    if detail.type_url.endswith("ErrorResourceInitFailed"):
                        raise InitError(provider_pb2.ErrorResourceInitFailed.FromString(detail.value)) from None
            code, codes = error.code(), grpc.StatusCode
            raise ProviderError(
                error.details() or code.name,
                unknown=code in (codes.INTERNAL, codes.DATA_LOSS, codes.UNKNOWN),
                unimplemented=code is codes.UNIMPLEMENTED,
            ) from None

    def _ready(self) -> bool:
        if self._failure:
            raise self._failure
        return self._known

    def _lean(self, *, unknowns: bool) -> Wire:
        return Wire(unknowns, self._wire.secrets, self._wire.resources)

    @staticmethod
    def _named(urn: str) -> dict[str, Any]:
        return {"urn": urn, "name": urn_name(urn), "type": urn_type(urn)}

    async def check_config(self, urn: str, olds: Props, news: Props) -> Checked:
        """Check the configuration of the provider itself."""
        wire = Wire(secrets=False, resources=False)
        request = provider_pb2.CheckRequest(**self._named(urn), olds=wire.struct(olds), news=wire.struct(news))
        try:
            response = await self._call("CheckConfig", request)
        except ProviderError as error:
            if error.unimplemented:
                return Checked(news)
            raise
        checked = Checked(from_struct(response.inputs), [(f.property, f.reason) for f in response.failures])
        annotate_secrets(checked.inputs, news)
        return checked

    async def diff_config(self, urn: str, old_inputs: Props, old_outputs: Props, news: Props) -> Diff:
        """Compare configurations of the provider itself."""
        wire = Wire(secrets=False, resources=False)
        request = provider_pb2.DiffRequest(
            **self._named(urn),
            old_inputs=wire.struct(old_inputs),
            olds=wire.struct(old_outputs),
            news=wire.struct(news),
        )
        try:
            return _diff(await self._call("DiffConfig", request))
        except ProviderError as error:
            if error.unimplemented:
                return Diff(some=None)
            raise

    async def configure(self, urn: str, id_: str, inputs: Props) -> None:
        """Configure it, unless something in the configuration is not known yet; a failure shows at its first use."""
        if has_unknowns({k: v for k, v in inputs.items() if k != "version"}):
            self._known = False
            return
        texts = {k: v if isinstance(v, str) else json.dumps(v) for k, v in plain(inputs).items() if k != "version"}
        request = provider_pb2.ConfigureRequest(
            **self._named(urn),
            id=id_,
            acceptSecrets=True,
            acceptResources=True,
            sends_old_inputs=True,
            sends_old_inputs_to_delete=True,
            variables={f"{package_of(urn)}:config:{k}": v for k, v in texts.items()},
            args=Wire().struct(inputs),
        )
        try:
            response = await self._call("Configure", request)
        except ProviderError as error:
            self._failure = error
            return
        if not self._handshaken:
            self._accepts(
                secrets=response.acceptSecrets, resources=response.acceptResources, previews=response.supportsPreview
            )

    async def check(self, urn: str, olds: Props, news: Props, *, preview: bool) -> Checked:
        """Check a resource's inputs."""
        if not self._ready():
            return Checked(news)
        wire = self._lean(unknowns=preview)
        request = provider_pb2.CheckRequest(
            **self._named(urn), olds=wire.struct(olds), news=wire.struct(news), randomSeed=os.urandom(32)
        )
        response = await self._call("Check", request)
        checked = Checked(from_struct(response.inputs), [(f.property, f.reason) for f in response.failures])
        self._annotated(checked.inputs, news)
        return checked

    async def diff(
        self,
        urn: str,
        id_: str,
        old_inputs: Props,
        old_outputs: Props,
        news: Props,
        ignore: list[str],
        *,
        preview: bool,
    ) -> Diff:
        """Compare a resource's old and new inputs.

        Raises:
            DiffUnavailableError: The provider isn't configured yet.
        """
        if not self._ready():
            raise DiffUnavailableError
        wire = self._lean(unknowns=preview)
        request = provider_pb2.DiffRequest(
            **self._named(urn),
            id=id_,
            old_inputs=wire.struct(old_inputs),
            olds=wire.struct(old_outputs),
            news=wire.struct(news),
            ignoreChanges=ignore,
        )
        return _diff(await self._call("Diff", request))

    async def create(self, urn: str, inputs: Props, timeout: float, *, preview: bool) -> Result:
        """Create a resource."""
        if preview and not self._ready():
            return Result(outputs={})
        if preview and not self._previews:
            return Result(outputs=dict(inputs))
        self._ready()
        request = provider_pb2.CreateRequest(
            **self._named(urn), properties=self._lean(unknowns=preview).struct(inputs), timeout=timeout, preview=preview
        )
        result = await self._made("Create", request, inputs)
        if not preview and not result.id:
            raise ProviderError(f"plugin returned empty resource.ID from create '{urn}'", unknown=True)
        return result

    async def update(
        self,
        urn: str,
        id_: str,
        olds: tuple[Props, Props],
        news: Props,
        timeout: float,
        ignore: list[str],
        *,
        preview: bool,
    ) -> Result:
        """Update a resource; `olds` are its inputs and outputs."""
        if preview and not self._ready():
            return Result(id_, {})
        if preview and not self._previews:
            return Result(id_, dict(news))
        self._ready()
        wire = self._lean(unknowns=False)
        request = provider_pb2.UpdateRequest(
            **self._named(urn),
            id=id_,
            old_inputs=wire.struct(olds[0]),
            olds=wire.struct(olds[1]),
            news=self._lean(unknowns=preview).struct(news),
            timeout=timeout,
            ignoreChanges=ignore,
            preview=preview,
        )
        return await self._made("Update", request, news)

    async def _made(self, method: str, request: Any, inputs: Props) -> Result:
        try:
            response = await self._call(method, request)
            result = Result(getattr(response, "id", ""), from_struct(response.properties))
        except InitError as failure:
            result = Result(failure.id, failure.outputs, failure=failure)
        self._annotated(result.outputs or {}, inputs)
        return result

    async def delete(self, urn: str, id_: str, inputs: Props, outputs: Props, timeout: float) -> None:
        """Delete a resource."""
        self._ready()
        wire = self._lean(unknowns=False)
        request = provider_pb2.DeleteRequest(
            **self._named(urn),
            id=id_,
            old_inputs=wire.struct(inputs),
            properties=wire.struct(outputs),
            timeout=timeout,
        )
        await self._call("Delete", request)

    async def read(self, urn: str, id_: str, inputs: Props, outputs: Props, timeout: float) -> Result:
        """Read a resource; no id in the result means that it is gone."""
        if not self._ready():
            return Result(id_, {}, {})
        wire = self._lean(unknowns=False)
        request = provider_pb2.ReadRequest(
            **self._named(urn), id=id_, inputs=wire.struct(inputs), properties=wire.struct(outputs), timeout=timeout
        )
        try:
            response = await self._call("Read", request)
        except InitError as failure:
            result = Result(failure.id, failure.outputs, failure.inputs, failure)
        else:
            given = from_struct(response.inputs) if response.HasField("inputs") else None
            result = Result(response.id, from_struct(response.properties), given)
        self._annotated(result.outputs or {}, outputs)
        self._annotated(result.inputs or {}, inputs)
        return result

    async def invoke(self, token: str, args: Props, *, preview: bool) -> Checked:
        """Call a function; an unconfigured provider returns nothing."""
        if not self._ready():
            return Checked({})
        wire = self._lean(unknowns=False)
        request = provider_pb2.InvokeRequest(tok=token, args=wire.struct(args), preview=preview)
        response = await self._call("Invoke", request)
        returned = from_struct(getattr(response, "return"))
        if has_secrets(args) and not self._wire.secrets:
            annotate_secrets(returned, dict.fromkeys(returned, next(v for v in args.values() if has_secrets(v))))
        return Checked(returned, [(f.property, f.reason) for f in response.failures])

    async def cancel(self) -> None:
        """Ask it to stop what it is doing."""
        await self._call("Cancel", empty_pb2.Empty())

    def _annotated(self, outs: Props, ins: Props) -> None:
        if not self._wire.secrets:
            annotate_secrets(outs, ins)


def package_of(urn: str) -> str:
    """The package a provider resource is for."""
    type_ = urn_type(urn)
    return type_.rsplit(":", 1)[-1] if type_.startswith("pulumi:providers:") else package(type_)


def _diff(response: Any) -> Diff:
    detailed = None
    if response.hasDetailedDiff:
        detailed = {p: (_KINDS.get(d.kind, "update"), d.inputDiff) for p, d in response.detailedDiff.items()}
    kinds = provider_pb2.DiffResponse
    return Diff(
        {kinds.DIFF_NONE: False, kinds.DIFF_SOME: True}.get(response.changes),
        tuple(response.diffs),
        tuple(response.replaces),
        detailed,
        response.deleteBeforeReplace,
    )
