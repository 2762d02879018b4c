"""One AWS request, understood: which service, operation, account and region, with what parameters; and its answer.

Uses botocore's models through moto's routers, parsers and serialisers, so every protocol (query, ec2, json,
rest-json, rest-xml) is handled the same way.
"""

from __future__ import annotations

import io
import json
import warnings
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Protocol
from urllib.parse import unquote

from botocore.parsers import create_parser
from botocore.utils import parse_timestamp
from moto.core.parse import PROTOCOL_PARSERS
from moto.core.request import Request, determine_request_protocol
from moto.core.routing import NotFound, get_service_router
from moto.core.serialize import get_serializer_class
from moto.core.utils import get_service_model

from herd.cloud.accounts import credential_scope
from herd.cloud.errors import AwsError
from herd.cloud.state import store

Environ = dict[str, Any]
StartResponse = Callable[..., Any]

# Signing names that are not botocore's name of the service.
_SIGNING_NAMES = {
    "elasticfilesystem": "efs",
    "monitoring": "cloudwatch",
    "tagging": "resourcegroupstaggingapi",
    "aps": "amp",
    "servicequotas": "service-quotas",
    "states": "stepfunctions",
    "email": "ses",
    "cognito-identity": "cognito-identity",
    "elasticmapreduce": "emr",
}


@dataclass
class Answer:
    """An HTTP answer: status, headers and body, complete."""

    status: int
    headers: dict[str, str]
    body: bytes

    @classmethod
    def json(cls, value: Any, status: int = 200) -> Answer:
        """An answer of our own control routes."""
        return cls(status, {"Content-Type": "application/json"}, json.dumps(value).encode())

    @classmethod
    def of(cls, app: Callable[[Environ, StartResponse], Iterable[bytes]], environ: Environ) -> Answer:
        """What a WSGI application answers to a request."""
        seen: dict[str, Any] = {}

        def start_response(status: str, headers: list[tuple[str, str]], _exc: Any = None) -> Callable[[bytes], None]:
            seen["status"] = int(status.split(" ", 1)[0])
            seen["headers"] = dict(headers)
            return lambda _data: None

        chunks = app(environ, start_response)
        try:
            body = b"".join(chunks)
        finally:
            close = getattr(chunks, "close", None)
            if close:
                close()
        return cls(seen["status"], seen["headers"], body)


def _plenty(_instance_type: str, _zone: str) -> None:
    return None


class Model(Protocol):
    """What we use of moto's OperationModel."""

    name: str
    input_shape: Any
    output_shape: Any


@dataclass
class Call:
    """A request to an AWS service as an extension sees it.

    Attributes:
        service: botocore's service name.
        operation: Wire name of the operation.
        account: 12-digit account the access key speaks for.
        region: Region of the credential scope.
        key: The access key.
        params: Parameters as boto3 takes them; None where the body can't be parsed (an S3 upload, say).
        environ: The WSGI request.
        body: Its body.
        shortage: Why a type of machine can't be had in a zone for lack of capacity, or None: set by the gateway.
    """

    service: str
    operation: str
    account: str
    region: str
    key: str
    params: dict[str, Any]
    environ: Environ
    body: bytes
    protocol: str
    model: Any
    backend: Callable[[Environ], Answer]
    parsed: bool = True
    shortage: Callable[[str, str], AwsError | None] = _plenty

    def get(self, name: str, default: Any = None) -> Any:
        """A parameter, or a default."""
        return self.params.get(name, default)

    def objects(self, kind: str, region: str | None = None) -> dict[str, Any]:
        """What the extensions remember of a kind in the call's account and region (or `state.GLOBAL`)."""
        return store(f"{self.service}.{kind}", self.account, self.region if region is None else region)

    def replace_params(self, **changes: Any) -> None:
        """Change what moto will be asked (JSON services only); None takes a parameter away."""
        self.params = {name: value for name, value in {**self.params, **changes}.items() if value is not None}
        self.body = json.dumps(self.params, default=str).encode()

    def send(self) -> Answer:
        """Pass the request on to moto."""
        self.environ["wsgi.input"] = io.BytesIO(self.body)
        self.environ["CONTENT_LENGTH"] = str(len(self.body))
        self.environ["HTTP_X_MOTO_ACCOUNT_ID"] = self.account
        return self.backend(self.environ)

    def forward(self) -> dict[str, Any]:
        """Pass the request on to moto and read its answer.

        Raises:
            AwsError: moto refused it.
        """
        return self.read(self.send())

    def read(self, answer: Answer) -> dict[str, Any]:
        """An answer as boto3 would return it.

        Raises:
            AwsError: The answer is an error.
        """
        parsed: dict[str, Any] = create_parser(self.protocol).parse(
            {"status_code": answer.status, "headers": _Headers(answer.headers), "body": answer.body},
            self.model.output_shape,
        )
        parsed.pop("ResponseMetadata", None)
        if answer.status >= 300:  # noqa: PLR2004
            error = parsed.get("Error", {})
            raise AwsError(error.get("Code", str(answer.status)), error.get("Message", ""), answer.status)
        return parsed

    def answer(self, result: Mapping[str, Any] | None) -> Answer:
        """A result in the service's own wire shape."""
        return self._serialised(dict(result or {}))

    def refuse(self, error: AwsError) -> Answer:
        """An error in the service's own wire shape."""
        answer = self._serialised(error)
        if error.status is not None:
            answer.status = error.status
        return answer

    def _serialised(self, value: Any) -> Answer:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # moto warns about error codes the model doesn't list; AWS has many.
            serializer = get_serializer_class(self.service, self.protocol)(operation_model=self.model)
            done = serializer.serialize(value)
        body = done["body"]
        return Answer(
            done["status_code"],
            {**done["headers"], "x-amzn-requestid": "00000000-0000-4000-8000-000000000000"},
            body.encode() if isinstance(body, str) else body or b"",
        )


class _Headers(dict[str, str]):
    """Header lookup without case, as botocore's parsers expect it."""

    def __init__(self, headers: Mapping[str, str]) -> None:
        super().__init__({name.lower(): value for name, value in headers.items()})

    def get(self, name: str, default: Any = None) -> Any:
        return super().get(name.lower(), default)

    def __contains__(self, name: object) -> bool:
        return super().__contains__(str(name).lower())

    def __getitem__(self, name: str) -> str:
        return super().__getitem__(name.lower())


@cache
def _router(service: str) -> Any:
    return get_service_router(service)


def service_of(signing_name: str, environ: Environ, body: bytes) -> str:
    """Botocore's service name for the name a request was signed with."""
    if signing_name == "elasticloadbalancing":
        return "elbv2" if b"Version=2015-12-01" in body else "elb"
    if signing_name == "s3" and environ.get("PATH_INFO", "").startswith("/v20180820/"):
        return "s3control"
    return _SIGNING_NAMES.get(signing_name, signing_name)


def understand(
    environ: Environ, body: bytes, account: Callable[[str], str], backend: Callable[[Environ], Answer]
) -> Call | None:
    """The call a request makes; None if it is not signed or no model knows it (moto may still answer it)."""
    # A presigned URL carries in its query what other requests carry in a header.
    scope = credential_scope(environ.get("HTTP_AUTHORIZATION") or unquote(environ.get("QUERY_STRING", "")))
    if scope is None:
        return None
    key, region, signing_name = scope
    service = service_of(signing_name, environ, body)
    environ["wsgi.input"] = io.BytesIO(body)
    request = Request(environ)
    try:
        model, uri_params = _router(service).match(request)
        protocol = determine_request_protocol(get_service_model(service), request.content_type)
    except (NotFound, NotImplementedError, ImportError, ValueError, LookupError):
        return None
    except Exception as error:  # botocore: UnknownServiceError
        if type(error).__name__ in {"UnknownServiceError", "DataNotFoundError"}:
            return None
        raise
    params, parsed = _parameters(service, protocol, model, request, uri_params, body)
    return Call(service, model.name, account(key), region, key, params, environ, body, protocol, model, backend, parsed)


def _parameters(  # noqa: PLR0917
    service: str, protocol: str, model: Any, request: Any, uri_params: Mapping[str, Any], body: bytes
) -> tuple[dict[str, Any], bool]:
    if service == "s3" and model.name in {"PutObject", "UploadPart"}:
        return dict(uri_params), False
    try:
        parsed = PROTOCOL_PARSERS[protocol](model, timestamp_parser=parse_timestamp).parse(
            {
                "method": request.method,
                "values": request.values,
                "headers": request.headers,
                "body": request.data or body,
                "url_path": request.path,
                "url_params": uri_params,
            }
        )
    except Exception:  # noqa: BLE001 - a body the parser can't read is for the service itself to refuse
        return dict(uri_params), False
    return parsed, True
