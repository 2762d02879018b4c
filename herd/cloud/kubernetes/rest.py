"""Kubernetes' REST paths over the objects of a cluster.

| path | answers |
|---|---|
| ``/version`` | the server's version |
| ``/api/v1``, ``/apis/GROUP/VERSION`` | the kinds there are |
| ``…[/namespaces/NS]/PLURAL`` | GET (all, or those with ``labelSelector=a=b``), POST |
| ``…[/namespaces/NS]/PLURAL/NAME`` | GET, PUT, PATCH (merge, apply), DELETE |

``dryRun=All`` checks and answers without keeping anything.
Source: https://kubernetes.io/docs/reference/using-api/api-concepts/
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs

from herd.cloud.errors import AwsError
from herd.cloud.faults import Faults
from herd.cloud.kubernetes import clusters, status
from herd.cloud.kubernetes.kinds import Kind
from herd.cloud.kubernetes.objects import APPLY_PATCH, MERGE_PATCH, Objects
from herd.cloud.wire import Answer, Environ

SERVICE = "kubernetes"
AUTHORITY_HEADER = "HTTP_X_HERD_TRUSTS"
_HOST = re.compile(r"(?P<name>[a-z0-9.-]+\.eks\.(amazonaws\.com|amazonaws\.com\.cn|api\.aws))(:\d+)?", re.IGNORECASE)
_PATH = re.compile(
    r"/(api/(?P<core>v1)|apis/(?P<group>[^/]+)/(?P<version>[^/]+))"
    r"(/namespaces/(?P<namespace>[^/]+)(?=/))?(/(?P<plural>[^/]+)(/(?P<name>[^/]+))?)?/?"
)
_WORDS = ("create", "delete", "get", "list", "patch", "update")
_VERBS = {"GET": "Get", "POST": "Create", "PUT": "Replace", "PATCH": "Patch", "DELETE": "Delete"}


@dataclass
class Request:
    """A request as faults see it (`herd.cloud.wire.Call` for Kubernetes).

    Attributes:
        operation: Verb and plural: ``Create nodepools``.
    """

    operation: str
    account: str = ""
    region: str = ""
    service: str = SERVICE
    protocol: str = SERVICE

    @property
    def params(self) -> dict[str, Any]:
        """Nothing that a fault could ask for."""
        return {}

    def read(self, _answer: Answer) -> dict[str, Any]:
        """Kubernetes' answers have no shape of AWS's."""
        raise AwsError("NotAnAwsAnswer", "a Kubernetes API answers")


def is_for_cluster(environ: Environ) -> bool:
    """Whether a request goes to a cluster's own host."""
    return bool(_HOST.fullmatch(environ.get("HTTP_HOST", "")))


def respond(environ: Environ, body: bytes, faults: Faults, count: Callable[[str, str], None]) -> Answer:
    """The answer to a request for a cluster."""
    path = _PATH.fullmatch(environ["PATH_INFO"])
    request = Request(f"{_VERBS.get(environ['REQUEST_METHOD'], 'Do')} {(path and path['plural']) or 'discovery'}")
    count(SERVICE, request.operation)
    call: Any = request  # faults ask for no more than this has
    try:
        return faults.around(call, lambda: _answer(environ, path, body))
    except AwsError as error:
        return _refusal(_from_fault(error))


def _from_fault(error: AwsError) -> status.Refused:
    if error.code.startswith("Throttling"):
        return status.Refused(429, "TooManyRequests", "the server has received too many requests")
    if error.code.startswith("ServiceUnavailable"):
        return status.Refused(503, "ServiceUnavailable", "the server is currently unable to handle the request")
    return status.Refused(error.status or 500, error.code, error.message)


def _answer(environ: Environ, path: re.Match[str] | None, body: bytes) -> Answer:
    host = _HOST.fullmatch(environ["HTTP_HOST"])
    name = host["name"].lower() if host else ""
    bearer = environ.get("HTTP_AUTHORIZATION", "").removeprefix("Bearer ")
    try:
        objects = clusters.objects_at(name, bearer, environ.get(AUTHORITY_HEADER, ""))
        return Answer.json(_result(environ, objects, path, body), 201 if environ["REQUEST_METHOD"] == "POST" else 200)
    except clusters.NoSuchHost:
        # The one thing that no API server ever says: where a name leads nowhere there is no server.
        return Answer.json({"host": name}, 421)
    except status.Refused as refused:
        return _refusal(refused)


def _refusal(refused: status.Refused) -> Answer:
    return Answer.json(refused.to_json(), refused.code)


def _result(environ: Environ, objects: Objects, path: re.Match[str] | None, body: bytes) -> Any:
    if environ["PATH_INFO"] == "/version":
        return {"major": "1", "minor": "35", "gitVersion": "v1.35.0-herd"}
    if path is None:
        raise status.no_such_path()
    api_version = path["core"] or f"{path['group']}/{path['version']}"
    if path["plural"] is None:
        return _discovered(objects, api_version)
    query = {key: values[-1] for key, values in parse_qs(environ.get("QUERY_STRING", "")).items()}
    kind = objects.kind(api_version, path["plural"])
    target = _Target(environ, objects, kind, path["namespace"] or "", path["name"] or "", query, body)
    return target.one() if path["name"] else target.many()


def _discovered(objects: Objects, api_version: str) -> Any:
    found = [each for each in objects.kinds() if each.api_version == api_version]
    if not found:
        raise status.no_such_path()
    return {
        "kind": "APIResourceList",
        "apiVersion": "v1",
        "groupVersion": api_version,
        "resources": [
            {"name": each.plural, "kind": each.kind, "namespaced": each.namespaced, "verbs": list(_WORDS)}
            for each in found
        ],
    }


@dataclass(frozen=True)
class _Target:
    """What a request is about: a kind, and an object of it if it names one."""

    environ: Environ
    objects: Objects
    kind: Kind
    namespace: str
    name: str
    query: Mapping[str, str]
    body: bytes

    def many(self) -> Any:
        match self.environ["REQUEST_METHOD"]:
            case "GET":
                labels = _selector(self.query.get("labelSelector", ""))
                items = self.objects.all_of(self.kind, self.namespace, labels)
                heads = {"kind": f"{self.kind.kind}List", "apiVersion": self.kind.api_version, "metadata": {}}
                return {**heads, "items": items}
            case "POST":
                return self.objects.create(
                    self.kind, self.namespace, self._read(), manager=self._manager, dry_run=self._dry_run
                )
        raise _not_allowed()

    def one(self) -> Any:
        place = (self.kind, self.namespace, self.name)
        match self.environ["REQUEST_METHOD"]:
            case "GET":
                return self.objects.get(*place)
            case "DELETE":
                return self.objects.delete(*place)
            case "PUT":
                return self.objects.replace(*place, self._read(), dry_run=self._dry_run)
            case "PATCH":
                return self._patched()
        raise _not_allowed()

    def _patched(self) -> Any:
        place = (self.kind, self.namespace, self.name)
        content = self.environ.get("CONTENT_TYPE", "")
        if content == MERGE_PATCH:
            return self.objects.merge(*place, self._read(), dry_run=self._dry_run)
        if content == APPLY_PATCH:
            if not self._manager:
                raise status.bad_request("PatchOptions.meta.k8s.io is invalid: fieldManager: Required value")
            force = self.query.get("force") == "true"
            return self.objects.apply(*place, self._read(), manager=self._manager, force=force, dry_run=self._dry_run)
        known = f"{MERGE_PATCH}, {APPLY_PATCH}"
        message = f"the body of the request was in an unknown format - accepted media types include: {known}"
        raise status.Refused(415, "UnsupportedMediaType", message)

    @property
    def _dry_run(self) -> bool:
        return self.query.get("dryRun") == "All"

    @property
    def _manager(self) -> str:
        return self.query.get("fieldManager", "")

    def _read(self) -> dict[str, Any]:
        try:
            value = json.loads(self.body)
        except ValueError as error:
            raise status.bad_request(f"the object provided is unrecognized (must be of type JSON): {error}") from None
        if not isinstance(value, dict):
            raise status.bad_request("the object provided is unrecognized (must be an object)")
        return value


def _not_allowed() -> status.Refused:
    return status.Refused(405, "MethodNotAllowed", "the server does not allow this method on the requested resource")


def _selector(text: str) -> dict[str, str]:
    pairs = [each.partition("=") for each in text.split(",") if each]
    if any(not separator for _, separator, _ in pairs):
        raise status.bad_request(f"unable to parse requirement: {text!r}: only key=value is known here")
    return {key: value.removeprefix("=") for key, _, value in pairs}
