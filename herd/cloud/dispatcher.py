"""moto's dispatcher, telling a service it doesn't have from one it has."""

from __future__ import annotations

from functools import cache
from typing import Any

from moto.core import responses
from moto.core.base_backend import BackendDict, BaseBackend, backend_lock
from moto.core.model_instances import reset_model_data
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app

# moto looks through its own directory and through all methods of a class at every request: a third of its time.
responses.method_names_from_class = cache(responses.method_names_from_class)


class Dispatcher(DomainDispatcherApplication):  # type: ignore[misc, unused-ignore]
    """Routes a request to moto's application for its service; each is built when it is first needed."""

    def __init__(self) -> None:
        super().__init__(create_backend_app)
        self._backends: dict[str, Any] = {}

    def get_backend_for_host(self, host: str | None) -> Any:
        """Moto's name of the service behind a host name.

        Raises:
            NotImplementedError: moto has no such service. (moto itself prints a line and fails further on.)
        """
        if host is None:
            return None
        if host not in self._backends:
            self._backends[host] = self._find(host)
        return self._backends[host]

    def _find(self, host: str) -> Any:
        known = host == "moto_api" or any(pattern.match(f"http://{host}") for _, pattern in self.backend_url_patterns)
        backend = super().get_backend_for_host(host) if known or "amazonaws.com" not in host else None
        if backend is None:
            raise NotImplementedError(f"moto has no service at {host}")
        return backend


def forget() -> None:
    """Everything moto holds, gone. moto's own reset fills each service anew first, images and policies and all."""
    with backend_lock:
        for service in BackendDict._instances:  # noqa: SLF001 - there is no other list of what is in use
            for account in service.values():
                for backend in account.values():
                    if type(backend).reset is not BaseBackend.reset:
                        backend.reset()  # holds files open
            service.clear()
        BackendDict._instances.clear()  # noqa: SLF001
    reset_model_data()
