"""The Pulumi resource provider protocol (`proto/pulumi/provider.proto`) over the provider."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from google.protobuf import empty_pb2
from pulumi.runtime.proto import provider_pb2

from herd.cloud.plugin import StandInServicer, answered, autonaming_of, settings_of
from herd.cloud.provider import wire
from herd.cloud.provider.client import patience_of
from herd.cloud.provider.diff import KINDS
from herd.cloud.provider.resources import Provider
from herd.cloud.provider.schema import version


class AwsServicer(StandInServicer):
    """The stand-in `aws` provider, spoken to by either engine."""

    def __init__(self, environment: Mapping[str, str], engine: str = "") -> None:
        super().__init__("aws", version(), engine)
        self.provider = Provider(environment, patience_of(environment), self._warn)

    @answered
    def DiffConfig(self, request: Any, context: Any) -> Any:
        """Any change of configuration is an update; another region or account replaces nothing here."""
        old, new = wire.load(request.old_inputs or request.olds), wire.load(request.news)
        changed = sorted(k for k in {*old, *new} - {"version"} if old.get(k) != new.get(k))
        return provider_pb2.DiffResponse(
            changes=provider_pb2.DiffResponse.DIFF_SOME if changed else provider_pb2.DiffResponse.DIFF_NONE,
            diffs=changed,
        )

    @answered
    def Configure(self, request: Any, context: Any) -> Any:
        """Connect to the stand-in cloud and check the account."""
        self.provider.configure(settings_of(request))
        return provider_pb2.ConfigureResponse(
            acceptSecrets=True, supportsPreview=True, supports_autonaming_configuration=True
        )

    @answered
    def Check(self, request: Any, context: Any) -> Any:
        """Fill in and validate inputs."""
        checked = self.provider.check(
            request.urn, wire.load(request.olds), wire.load(request.news), request.randomSeed, autonaming_of(request)
        )
        return provider_pb2.CheckResponse(
            inputs=wire.dump(checked.inputs),
            failures=[provider_pb2.CheckFailure(property=p, reason=r) for p, r in checked.failures],
        )

    @answered
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

    @answered
    def Create(self, request: Any, context: Any) -> Any:
        """Make a resource."""
        id_, outputs = self.provider.create(request.urn, wire.load(request.properties), preview=request.preview)
        return provider_pb2.CreateResponse(id=id_, properties=wire.dump(outputs))

    @answered
    def Read(self, request: Any, context: Any) -> Any:
        """Read a resource back from the cloud."""
        state, inputs = wire.load(request.properties), wire.load(request.inputs)
        id_, outputs, seen = self.provider.read(request.urn, request.id, state, inputs)
        return provider_pb2.ReadResponse(id=id_, properties=wire.dump(outputs), inputs=wire.dump(seen))

    @answered
    def Update(self, request: Any, context: Any) -> Any:
        """Change a resource in place."""
        olds, news = wire.load(request.olds), wire.load(request.news)
        old = wire.load(request.old_inputs) or olds
        outputs = self.provider.update(request.urn, request.id, olds, old, news, preview=request.preview)
        return provider_pb2.UpdateResponse(properties=wire.dump(outputs))

    @answered
    def Delete(self, request: Any, context: Any) -> Any:
        """Take a resource away."""
        state, old = wire.load(request.properties), wire.load(request.old_inputs)
        self.provider.delete(request.urn, request.id, state, old)
        return empty_pb2.Empty()
