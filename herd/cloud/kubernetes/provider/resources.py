"""The provider behind the protocol: configuration, and each operation on plain property values."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from herd.cloud.kubernetes.provider import RELEASE, fidelity
from herd.cloud.kubernetes.provider.changes import Difference
from herd.cloud.kubernetes.provider.objects import Objects
from herd.cloud.kubernetes.provider.releases import Releases
from herd.cloud.kubernetes.provider.settings import Settings
from herd.cloud.provider.client import Patience
from herd.cloud.provider.errors import RefusedError
from herd.cloud.provider.resources import name_of, type_of

Props = dict[str, Any]
_GONE_HINT = (
    "If the cluster was deleted, you can remove this resource from Pulumi state by rerunning the operation with the "
    'PULUMI_K8S_DELETE_UNREACHABLE environment variable set to "true"'
)


@dataclass
class Provider:
    """The stand-in for the `kubernetes` provider.

    Attributes:
        environment: Where AWS_ENDPOINT_URL, keys and region come from.
        patience: How long things are waited for.
        warn: Told (urn, text) when something isn't as on a real cluster.
    """

    environment: Mapping[str, str]
    patience: Patience = field(default_factory=Patience)
    warn: Callable[[str, str], None] = lambda _urn, _text: None
    settings: Settings = field(default_factory=Settings)

    def configure(self, config: Mapping[str, Any]) -> None:
        """Reach the cluster that the configuration leads to; whether that works shows when it is needed.

        Raises:
            CloudError: There is no stand-in cloud.
        """
        self.settings = Settings.of(config, self.environment, self.patience)

    def check(
        self, urn: str, olds: Props, news: Props, seed: bytes, autonaming: Mapping[str, Any] | None
    ) -> tuple[Props, list[tuple[str, str]]]:
        """Inputs as they will be used, and what is wrong with them."""
        if self.settings.unreachable and self.settings.skip_unreachable:
            self.warn(urn, "Cluster is unreachable but skipUpdateUnreachable flag is set to true, skipping...")
            return olds, []
        if type_of(urn) == RELEASE:
            return self._releases.check(name_of(urn), olds, news)
        return self._objects.check(urn, olds, news, seed, autonaming)

    def diff(self, urn: str, olds: Props, news: Props, ignore: Sequence[str]) -> tuple[Difference, bool]:
        """What changed, and whether the old one must go before the new one can be."""
        if type_of(urn) == RELEASE:
            return self._releases.diff(olds, news, ignore), False
        return self._objects.diff(urn, olds, news, ignore)

    def create(self, urn: str, inputs: Props, seconds: float, *, preview: bool) -> tuple[str, Props]:
        """Make a resource; in a preview, say what can be known of it."""
        if not preview and fidelity(type_of(urn)) == "recorded":
            self.warn(urn, f"{type_of(urn)} is only recorded: {_why(type_of(urn))}")
        if type_of(urn) == RELEASE:
            return self._releases.create(inputs, preview=preview)
        return self._objects.create(inputs, seconds, preview=preview)

    def update(self, urn: str, id_: str, olds: Props, news: Props, *, preview: bool) -> Props:
        """Change a resource in place."""
        if type_of(urn) == RELEASE:
            return self._releases.update(olds, news, preview=preview)
        return self._objects.update(id_, olds, news, preview=preview)

    def read(self, urn: str, id_: str, state: Props, inputs: Props) -> tuple[str, Props, Props]:
        """Read a resource back from the cluster; an empty id if it is gone."""
        if self.settings.unreachable:
            self.warn(urn, f"configured Kubernetes cluster is unreachable: {self.settings.unreachable}")
            if self.settings.delete_unreachable:
                return "", {}, {}
            if self.settings.skip_unreachable:
                return id_, state, inputs
            text = f"failed to read resource state due to unreachable cluster. {_GONE_HINT}"
            raise RefusedError("", "", text)
        if type_of(urn) == RELEASE:
            return self._releases.read(id_, state, inputs)
        return self._objects.read(urn, id_, state, inputs)

    def delete(self, urn: str, id_: str, seconds: float) -> None:
        """Take a resource away."""
        if type_of(urn) == RELEASE:
            self._releases.delete(id_)
            return
        if self.settings.unreachable:
            self.warn(urn, f"configured Kubernetes cluster is unreachable: {self.settings.unreachable}")
            if self.settings.delete_unreachable:
                return
            raise RefusedError("", "", f"configured Kubernetes cluster is unreachable. {_GONE_HINT}")
        self._objects.delete(urn, id_, seconds)

    @property
    def _objects(self) -> Objects:
        return Objects(self.settings, self.patience)

    @property
    def _releases(self) -> Releases:
        return Releases(self.settings, self.patience)


def _why(token: str) -> str:
    if token == RELEASE:
        return "no chart is rendered; of well-known ones the CRDs are installed"
    return "no schema of its content is held here"
