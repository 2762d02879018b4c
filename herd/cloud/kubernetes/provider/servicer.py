"""The Pulumi resource provider protocol (`proto/pulumi/provider.proto`) over the provider."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.metadata import version
from typing import Any

from google.protobuf import empty_pb2
from pulumi.runtime.proto import provider_pb2

from herd.cloud.kubernetes.provider.changes import KINDS, Difference
from herd.cloud.kubernetes.provider.resources import Provider
from herd.cloud.kubernetes.provider.settings import changes
from herd.cloud.plugin import StandInServicer, answered, autonaming_of, settings_of
from herd.cloud.provider import wire
from herd.cloud.provider.client import patience_of


class KubernetesServicer(StandInServicer):
    """The stand-in `kubernetes` provider, spoken to by either engine."""

    def __init__(self, environment: Mapping[str, str], engine: str = "") -> None:
        super().__init__("kubernetes", version("pulumi_kubernetes"), engine)
        self.provider = Provider(environment, patience_of(environment), self._warn)

    @answered
    def DiffConfig(self, request: Any, context: Any) -> Any:
        """Whether the provider leads to another cluster, which replaces all its objects."""
        old = wire.load(request.olds) or wire.load(request.old_inputs)
        differ, replaces = changes(old, wire.load(request.news))
        some = provider_pb2.DiffResponse.DIFF_SOME if differ else provider_pb2.DiffResponse.DIFF_NONE
        return provider_pb2.DiffResponse(changes=some, diffs=differ, replaces=replaces)

    @answered
    def Configure(self, request: Any, context: Any) -> Any:
        """Reach the cluster."""
        self.provider.configure(settings_of(request))
        return provider_pb2.ConfigureResponse(
            acceptSecrets=True, supportsPreview=True, supports_autonaming_configuration=True
        )

    @answered
    def Check(self, request: Any, context: Any) -> Any:
        """Fill in and validate inputs."""
        inputs, failures = self.provider.check(
            request.urn, wire.load(request.olds), wire.load(request.news), request.randomSeed, autonaming_of(request)
        )
        return provider_pb2.CheckResponse(
            inputs=wire.dump(inputs),
            failures=[provider_pb2.CheckFailure(property=p, reason=r) for p, r in failures],
        )

    @answered
    def Diff(self, request: Any, context: Any) -> Any:
        """Compare the state with what is wanted."""
        found, delete_first = self.provider.diff(
            request.urn, wire.load(request.olds), wire.load(request.news), list(request.ignoreChanges)
        )
        return provider_pb2.DiffResponse(
            changes=provider_pb2.DiffResponse.DIFF_SOME if found.detailed else provider_pb2.DiffResponse.DIFF_NONE,
            replaces=found.replaces,
            diffs=found.changed,
            deleteBeforeReplace=delete_first,
            hasDetailedDiff=True,
            detailedDiff=_detailed(found),
        )

    @answered
    def Create(self, request: Any, context: Any) -> Any:
        """Make a resource."""
        inputs = wire.load(request.properties)
        id_, outputs = self.provider.create(request.urn, inputs, request.timeout, preview=request.preview)
        return provider_pb2.CreateResponse(id=id_, properties=wire.dump(outputs))

    @answered
    def Read(self, request: Any, context: Any) -> Any:
        """Read a resource back from the cluster."""
        state, inputs = wire.load(request.properties), wire.load(request.inputs)
        id_, outputs, seen = self.provider.read(request.urn, request.id, state, inputs)
        return provider_pb2.ReadResponse(id=id_, properties=wire.dump(outputs), inputs=wire.dump(seen))

    @answered
    def Update(self, request: Any, context: Any) -> Any:
        """Change a resource in place."""
        olds, news = wire.load(request.olds), wire.load(request.news)
        outputs = self.provider.update(request.urn, request.id, olds, news, preview=request.preview)
        return provider_pb2.UpdateResponse(properties=wire.dump(outputs))

    @answered
    def Delete(self, request: Any, context: Any) -> Any:
        """Take a resource away."""
        self.provider.delete(request.urn, request.id, request.timeout)
        return empty_pb2.Empty()


def _detailed(found: Difference) -> dict[str, Any]:
    return {path: KINDS(kind=KINDS.Kind.ValueType(kind), inputDiff=True) for path, kind in found.detailed.items()}
