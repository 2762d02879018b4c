"""The stand-in providers there are, by the package they stand in for."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

# Package -> the module with its `fidelity(token)`, and the class in that module's `servicer`.
_MODULES = {
    "aws": ("herd.cloud.provider", "AwsServicer"),
    "kubernetes": ("herd.cloud.kubernetes.provider", "KubernetesServicer"),
}


def servicers(environment: Mapping[str, str]) -> dict[str, Callable[[], Any]]:
    """Package -> what makes its provider in this process.

    Args:
        environment: AWS_ENDPOINT_URL and so on, as `CloudServer.environment` gives them.
    """
    return {package: _maker(module, name, environment) for package, (module, name) in _MODULES.items()}


def folders() -> dict[str, Path]:
    """Package -> its provider as a plugin folder."""
    return {package: Path(__file__).parent / "plugins" / package for package in _MODULES}


def fidelity(token: str) -> str:
    """How far a resource type is modelled: ``simulated``, ``modelled`` or ``recorded``."""
    module, _ = _MODULES[token.partition(":")[0]]
    level: str = importlib.import_module(module).fidelity(token)
    return level


def _maker(module: str, name: str, environment: Mapping[str, str]) -> Callable[[], Any]:
    # Imported when it is needed: boto3's models load with it.
    return lambda: getattr(importlib.import_module(f"{module}.servicer"), name)(environment)
