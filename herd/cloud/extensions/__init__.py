"""What moto lacks or gets wrong, one module per AWS service, named as botocore names the service.

A module registers functions for operations:

- `@handles(service, operation)` replaces the operation: takes the `Call`, returns the result as boto3 returns it or
  raises `AwsError`. It may pass the call on with `call.forward()` and change what comes back.
- `@checks(service, operation)` runs before the operation and refuses by raising `AwsError`.

Modules are imported when the first request for their service arrives.
"""

from __future__ import annotations

import importlib
import importlib.util
from collections import defaultdict
from collections.abc import Callable, Mapping
from threading import RLock
from typing import Any

from herd.cloud.wire import Call

Handler = Callable[[Call], Mapping[str, Any] | None]
Check = Callable[[Call], None]

HANDLERS: dict[tuple[str, str], Handler] = {}
CHECKS: dict[tuple[str, str], list[Check]] = defaultdict(list)

_loaded: set[str] = set()
_lock = RLock()


def handles(service: str, *operations: str) -> Callable[[Handler], Handler]:
    """Register a function as the behaviour of operations."""

    def register(function: Handler) -> Handler:
        for operation in operations:
            HANDLERS[service, operation] = function
        return function

    return register


def checks(service: str, *operations: str) -> Callable[[Check], Check]:
    """Register a function that may refuse operations before they run."""

    def register(function: Check) -> Check:
        for operation in operations:
            CHECKS[service, operation].append(function)
        return function

    return register


def load(service: str) -> None:
    """Import the extension module of a service, once, if there is one."""
    if service in _loaded:
        return
    with _lock:
        if service in _loaded:
            return
        name = f"{__name__}.{service.replace('-', '_')}"
        if importlib.util.find_spec(name):
            importlib.import_module(name)
        _loaded.add(service)


def modelled() -> frozenset[tuple[str, str]]:
    """Every (service, operation) an extension answers, with all modules loaded."""
    import pkgutil  # noqa: PLC0415

    for module in pkgutil.iter_modules(__path__):
        if not module.name.startswith("_"):
            load(module.name)
    return frozenset(HANDLERS)
