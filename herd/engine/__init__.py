"""Herd's embedded Pulumi engine: preview, up, refresh, destroy over Pulumi's own protocols, without the CLI."""

from herd.engine.api import ConfigValue, Diagnostic, Event, Interrupted, Outcome, Program, ProviderSource, Secret
from herd.engine.backend import Backend
from herd.engine.engine import Engine

__all__ = [
    "Backend",
    "ConfigValue",
    "Diagnostic",
    "Engine",
    "Event",
    "Interrupted",
    "Outcome",
    "Program",
    "ProviderSource",
    "Secret",
]
