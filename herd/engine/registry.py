"""The providers of a run: provider resources are checked, compared, created and deleted here, not by a plugin.

Rules: pkg/resource/deploy/providers/registry.go.
"""

from __future__ import annotations

import asyncio
import uuid

from herd.engine.plugins import Plugins
from herd.engine.providers import Checked, Diff, Provider, Result, package_of
from herd.engine.state import State
from herd.engine.values import Props, equal
from herd.signatures import UNKNOWN_STRING

_INTERNAL = "__internal"


def _config(inputs: Props) -> Props:
    return {k: v for k, v in inputs.items() if k != _INTERNAL}


class Registry:
    """Configured providers by reference (`URN::ID`), and those that were checked but not configured yet by URN."""

    def __init__(self, plugins: Plugins, root: str, program: str) -> None:
        self._plugins, self._directories = plugins, (root, program)
        self._configured: dict[str, Provider] = {}
        self._checked: dict[str, Provider] = {}
        self._aliases: dict[str, str] = {}

    async def _load(self, urn: str) -> Provider:
        provider = Provider(await self._plugins.start(package_of(urn)))
        await provider.handshake(self._plugins.engine, *self._directories)
        return provider

    def get(self, reference: str) -> Provider | None:
        """The provider of a reference, if it was made in this run."""
        return self._configured.get(reference)

    def alias(self, urn: str, old: str) -> None:
        """What the state calls by an old URN is found as well."""
        self._aliases[urn] = old

    def _set(self, urn: str, id_: str, provider: Provider) -> None:
        self._configured[f"{urn}::{id_}"] = provider
        if urn in self._aliases:
            self._configured[f"{self._aliases[urn]}::{id_}"] = provider

    async def check(self, urn: str, olds: Props, news: Props) -> Checked:
        """Start the plugin and let it check its configuration."""
        provider = await self._load(urn)
        checked = await provider.check_config(urn, _config(olds), _config(news))
        if not checked.failures:
            self._checked[urn] = provider
            for key in ("version", _INTERNAL):
                if key in news:
                    checked.inputs.setdefault(key, news[key])
        return checked

    async def diff(self, urn: str, id_: str, old_inputs: Props, old_outputs: Props, news: Props) -> Diff:
        """Compare configurations."""
        provider = self._checked.get(urn) or self._configured[f"{urn}::{id_}"]
        diff = await provider.diff_config(urn, _config(old_inputs), old_outputs, _config(news))
        return Diff(some=not equal(old_outputs, _config(news))) if diff.some is None and not diff.replace else diff

    async def same(self, state: State, *, from_check: bool) -> None:
        """Make an unchanged provider, or one that only the state knows, ready for use."""
        if self.get(f"{state.urn}::{state.id}"):
            return
        provider = self._checked.pop(state.urn, None) if from_check else None
        provider = provider or await self._load(state.urn)
        await provider.configure(state.urn, state.id, _config(state.inputs))
        self._set(state.urn, state.id, provider)

    async def create(self, urn: str, inputs: Props, *, preview: bool) -> Result:
        """Configure a new provider."""
        return await self._configure(urn, UNKNOWN_STRING if preview else str(uuid.uuid4()), inputs)

    async def update(self, urn: str, id_: str, inputs: Props) -> Result:
        """Configure a provider anew."""
        return await self._configure(urn, id_, inputs)

    async def _configure(self, urn: str, id_: str, inputs: Props) -> Result:
        provider = self._checked.pop(urn, None) or await self._load(urn)
        await provider.configure(urn, id_, _config(inputs))
        self._set(urn, id_, provider)
        return Result(id_, _config(inputs))

    async def cancel(self) -> None:
        """Ask all providers to stop what they are doing."""
        providers = {*self._configured.values(), *self._checked.values()}
        await asyncio.gather(*(provider.cancel() for provider in providers), return_exceptions=True)

    def delete(self, urn: str, id_: str) -> None:
        """Forget a provider."""
        self._configured.pop(f"{urn}::{id_}", None)
