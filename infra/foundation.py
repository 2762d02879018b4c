"""The foundation: what outlives every release. It reads like a table of contents and never reads a lock."""

from __future__ import annotations

from typing import Any

from components.base.context import StackContext
from infra.providers import Providers
from infra.settings import Settings


def build_foundation(settings: Settings, context: StackContext, providers: Providers) -> dict[str, Any]:  # noqa: ARG001
    """Register the foundation and return the stack's outputs."""
    return {}
