"""The front door: every request is understood, counted, checked and answered by an extension or by moto.

control routes -> faults -> region -> botocore's whole model -> checks -> extension or moto -> AWS-shaped answer
"""

from __future__ import annotations

import io
import logging
import socket
import threading
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterable
from typing import Any

from botocore.exceptions import ClientError

from herd.cloud import extensions, state
from herd.cloud.accounts import DEFAULT_ACCOUNT, account_of, known_regions
from herd.cloud.control import Control
from herd.cloud.dispatcher import forget
from herd.cloud.errors import STAND_IN_FAILED, AwsError, not_modelled
from herd.cloud.faults import Dropped, Faults
from herd.cloud.kubernetes import rest as kubernetes
from herd.cloud.refusals import model_refusal
from herd.cloud.wire import Answer, Call, Environ, StartResponse, understand

_LOG = logging.getLogger(__name__)
_HTTP_ERROR = 400

REASONS = {200: "OK", 204: "No Content", 400: "Bad Request", 403: "Forbidden", 404: "Not Found", 409: "Conflict"}


class Gateway:
    """The WSGI application in front of moto.

    Attributes:
        faults: What goes wrong on purpose.
        requests: How often each (service, operation) was asked for.
    """

    def __init__(self, default_account: str = DEFAULT_ACCOUNT, faults: Faults | None = None) -> None:
        from herd.cloud.dispatcher import Dispatcher  # noqa: PLC0415

        self.default_account = default_account
        self.faults = faults or Faults()
        self.requests: Counter[tuple[str, str]] = Counter()
        self._moto = Dispatcher()
        self._one_at_a_time = threading.RLock()
        self._control = Control(self)
        self.last_request = time.monotonic()
        self.refuse: Callable[[float], None] = _no_listener

    def reset(self) -> None:
        """An empty cloud: no resources, no faults, no counts."""
        forget()
        state.reset()
        self.faults.clear()
        self.requests.clear()

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request as a WSGI application."""
        self.last_request = time.monotonic()
        try:
            answer = self.respond(environ)
        except Dropped:
            connection = environ.get("werkzeug.socket")
            if connection is not None:
                connection.shutdown(socket.SHUT_RDWR)
            raise
        if environ["REQUEST_METHOD"] == "HEAD":
            body, length = b"", answer.headers.get("Content-Length", str(len(answer.body)))
        else:
            body, length = answer.body, str(len(answer.body))
        headers = {name: str(value) for name, value in answer.headers.items() if name.lower() != "content-length"}
        if answer.status != 204:  # noqa: PLR2004
            headers["Content-Length"] = length
        start_response(f"{answer.status} {REASONS.get(answer.status, 'Status')}", list(headers.items()))
        return [body]

    def respond(self, environ: Environ) -> Answer:
        """The answer to one request."""
        # Chunked bodies have no length; werkzeug decodes them and marks the end of the input.
        terminated = environ.get("wsgi.input_terminated")
        length = int(environ.get("CONTENT_LENGTH") or 0)
        body = environ["wsgi.input"].read() if terminated else environ["wsgi.input"].read(length) if length else b""
        environ["wsgi.input"] = io.BytesIO(body)
        if environ.get("PATH_INFO", "").startswith("/_herd/"):
            return self._control.respond(environ, body)
        if kubernetes.is_for_cluster(environ):
            return kubernetes.respond(environ, body, self.faults, self._count)
        call = understand(environ, body, self._account, self._ask_moto)
        if call is None:
            return self._unrecognised(environ, body)
        call.shortage = self.faults.shortage
        self.requests[call.service, call.operation] += 1
        try:
            return self.faults.around(call, lambda: self._answer(call))
        except AwsError as error:
            return call.refuse(error)
        except Dropped:
            raise
        except Exception as error:  # noqa: BLE001 - the client must get an answer, whatever broke
            _LOG.debug("%s.%s failed in the stand-in", call.service, call.operation, exc_info=True)
            return call.refuse(_failure(call, error))

    def _count(self, service: str, operation: str) -> None:
        self.requests[service, operation] += 1

    def _answer(self, call: Call) -> Answer:
        if call.region not in known_regions():
            raise AwsError("SignatureDoesNotMatch", "Credential should be scoped to a valid region.", 403)
        extensions.load(call.service)
        if call.parsed:
            refusal = model_refusal(call)
            if refusal:
                raise refusal
        # A check and the change it allows must not be torn apart by another request, and moto's lists fail when
        # something is added while they are walked. It is one process with one interpreter lock: nothing is lost.
        with self._one_at_a_time:
            return self._execute(call)

    def _execute(self, call: Call) -> Answer:
        key = call.service, call.operation
        for check in extensions.CHECKS.get(key, ()):
            check(call)
        handler = extensions.HANDLERS.get(key)
        if handler:
            return call.answer(handler(call))
        return call.send()

    def _ask_moto(self, environ: Environ) -> Answer:
        answer = Answer.of(self._moto, environ)
        html = answer.headers.get("Content-Type", "").startswith("text/html") and answer.body.lstrip()[:9].lower() in {
            b"<!doctype",
            b"<html lan",
        }
        empty = not answer.body and environ["REQUEST_METHOD"] != "HEAD"
        if answer.status >= _HTTP_ERROR and (html or empty):
            # moto's answer to a path it has no route for: a client would read it as absence.
            raise NotImplementedError(f"moto answered {answer.status} without an AWS error")
        return answer

    def _unrecognised(self, environ: Environ, body: bytes) -> Answer:
        environ["wsgi.input"] = io.BytesIO(body)
        environ["HTTP_X_MOTO_ACCOUNT_ID"] = self.default_account
        try:
            return self._ask_moto(environ)
        except Exception as error:  # noqa: BLE001 - the client must get an answer, whatever broke
            what = f"{environ['REQUEST_METHOD']} {environ.get('PATH_INFO', '')}"
            return Answer.json({"__type": "HerdNotModelled", "message": f"{what} is not modelled: {error}"}, 501)

    def _account(self, key: str) -> str:
        named = account_of(key)
        if named:
            return named
        from moto.iam.models import iam_backends  # noqa: PLC0415

        for account, partitions in list(iam_backends.items()):
            if any(key in backend.access_keys for backend in list(partitions.values())):
                return str(account)
        return self.default_account


def _no_listener(_seconds: float) -> None:
    raise ValueError("no server listens for this gateway")


def _failure(call: Call, error: Exception) -> AwsError:
    if isinstance(error, NotImplementedError):
        return not_modelled(call.service, call.operation)
    if isinstance(error, ClientError):
        inner: Any = error.response.get("Error", {})
        return AwsError(inner.get("Code", "InternalError"), inner.get("Message", str(error)))
    frame = traceback.extract_tb(error.__traceback__)[-1]
    where = "/".join(frame.filename.rsplit("/", 3)[1:])
    return AwsError(
        STAND_IN_FAILED,
        f"{call.service}.{call.operation} failed inside the stand-in cloud at {where}:{frame.lineno}: "
        f"{type(error).__name__}: {error}",
        501,
    )
