"""Herd's embedded Pulumi engine: preview, up, refresh, destroy over Pulumi's own protocols, without the CLI."""

from herd.engine.api import ConfigValue, Diagnostic, Event, Interrupted, Outcome, Program, ProviderSource
from herd.engine.backend import Backend
from herd.engine.engine import Engine
from herd.engine.values import Secret, UnsupportedError

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
    "UnsupportedError",
]
