"""The client of a cluster's API: requests go to the stand-in cloud, addressed to the cluster's own host."""

from __future__ import annotations

import http.client
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode, urlsplit

from herd.cloud.kubernetes.kinds import Kind
from herd.cloud.kubernetes.provider.kubeconfig import Access
from herd.cloud.provider.client import REAL_AWS, Backoff, Patience
from herd.cloud.provider.errors import CloudError, LostError, RefusedError, UnreachableError

Json = dict[str, Any]
_NO_HOST, _TLS, _REFUSED = 421, 495, 300
_AGAIN = frozenset({429, 503})


class ApiError(CloudError):
    """What the API server refuses.

    Attributes:
        status: HTTP status.
    """

    def __init__(self, operation: str, reason: str, message: str, status: int) -> None:
        super().__init__(operation, reason, message)
        self.status = status

    def __str__(self) -> str:
        return self.message


class NoMatchError(ApiError):
    """The cluster doesn't know the kind: its CustomResourceDefinition isn't installed."""

    def __init__(self, api_version: str, kind: str) -> None:
        super().__init__("discovery", "NoMatch", f'no matches for kind "{kind}" in version "{api_version}"', 404)


@dataclass
class Api:
    """One cluster's API.

    Attributes:
        endpoint: Address of the stand-in cloud.
        access: How to reach the cluster.
        patience: How long throttled requests are repeated.
    """

    endpoint: str
    access: Access
    patience: Patience = field(default_factory=Patience)
    _kinds: dict[tuple[str, str], Kind] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not self.endpoint:
            raise RefusedError("configure", "", "AWS_ENDPOINT_URL isn't set: this provider talks to a stand-in cloud")
        if REAL_AWS.search(urlsplit(self.endpoint).hostname or ""):
            text = f"AWS_ENDPOINT_URL is {self.endpoint}: a stand-in provider never calls AWS"
            raise RefusedError("configure", "", text)

    def ask(
        self,
        method: str,
        path: str,
        body: Json | None = None,
        *,
        query: Mapping[str, str] | None = None,
        content: str = "application/json",
    ) -> Json:
        """Send a request, again if the server has too much to do.

        Raises:
            ApiError: The server refuses it.
            UnreachableError: There is no server, or it isn't the one to trust.
            LostError: The connection ended without an answer.
        """
        target = f"{path}?{urlencode(query)}" if query else path
        backoff = Backoff(self.patience, self.patience.throttle)
        for _ in range(self.patience.throttle_attempts):
            status, answer = self._send(method, target, body, content)
            if status not in _AGAIN or not backoff.wait():
                break
        operation = f"{method} {self.access.server.rstrip('/')}{path}"
        if status == _NO_HOST:
            text = f'Get "{self.access.server.rstrip("/")}{path}": dial tcp: lookup {self.access.host}: no such host'
            raise UnreachableError(operation, "", text)
        if status == _TLS:
            raise UnreachableError(operation, "", answer.get("message", ""))
        if status >= _REFUSED:
            raise ApiError(operation, answer.get("reason", ""), answer.get("message", str(answer)), status)
        return answer

    def kind(self, api_version: str, kind: str) -> Kind:
        """A kind as the cluster knows it.

        Raises:
            NoMatchError: It doesn't.
        """
        if (api_version, kind) in self._kinds:
            return self._kinds[api_version, kind]
        group, _, version = api_version.rpartition("/")
        try:
            known = self.ask("GET", f"/apis/{api_version}" if group else f"/api/{version}")
        except ApiError as error:
            if error.status != 404:  # noqa: PLR2004
                raise
            raise NoMatchError(api_version, kind) from None
        for each in known["resources"]:
            if each["kind"] == kind:
                found = Kind(group, version, kind, each["name"], each["namespaced"])
                return self._kinds.setdefault((api_version, kind), found)
        raise NoMatchError(api_version, kind)

    def _send(self, method: str, target: str, body: Json | None, content: str) -> tuple[int, Json]:
        headers = {
            "Host": self.access.host,
            "Authorization": f"Bearer {self.access.bearer}",
            "X-Herd-Trusts": self.access.trusted,
            "Content-Type": content,
        }
        payload = json.dumps(body).encode() if body is not None else None
        connection = self._connection()
        try:
            connection.connect()
        except OSError as error:
            text = f"nobody listens at {self.endpoint}: {error}"
            raise UnreachableError(f"{method} {target}", "", text) from None
        try:
            connection.request(method, target, payload, headers)
            response = connection.getresponse()
            answer = json.loads(response.read() or b"{}")
        except (OSError, http.client.HTTPException, ValueError) as error:
            text = f"the connection ended without an answer: {error}; it may or may not have been carried out"
            raise LostError(f"{method} {target}", "NoAnswer", text) from None
        finally:
            connection.close()
        return response.status, answer

    def _connection(self) -> http.client.HTTPConnection:
        parts = urlsplit(self.endpoint)
        return http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=60)
