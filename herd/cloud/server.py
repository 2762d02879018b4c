"""`CloudServer`: the stand-in cloud on a loopback port, in a thread of this process or as a child process."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Iterable, Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from herd.cloud.accounts import DEFAULT_ACCOUNT, access_key

if TYPE_CHECKING:
    from collections import Counter

    from herd.cloud.faults import Fault

LOOPBACK = "127.0.0.1"
DEFAULT_REGION = "us-east-1"


def environment(endpoint: str, account: str = DEFAULT_ACCOUNT, region: str = DEFAULT_REGION) -> dict[str, str]:
    """The AWS_* variables that make boto3, the `aws` command and the Pulumi provider speak to a stand-in cloud.

    Args:
        endpoint: Address of the server.
        account: 12-digit account to act in; the access key carries it.
        region: Region to act in.

    Raises:
        ValueError: The account is not a 12-digit number.
    """
    return {
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_ACCESS_KEY_ID": access_key(account),
        "AWS_SECRET_ACCESS_KEY": "stand-in",
        "AWS_REGION": region,
        "AWS_DEFAULT_REGION": region,
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    }


class _Cloud:
    """What a server in a thread and one in a child process have in common."""

    endpoint: str
    default_account: str

    def environment(self, account: str = "", region: str = DEFAULT_REGION) -> dict[str, str]:
        """The AWS_* variables to use this cloud as an account in a region."""
        return environment(self.endpoint, account or self.default_account, region)

    def client(self, service: str, account: str = "", region: str = DEFAULT_REGION, **options: Any) -> Any:
        """A boto3 client of this cloud: no retries, no checks of its own beyond botocore's."""
        import boto3  # noqa: PLC0415
        from botocore.config import Config  # noqa: PLC0415

        config = Config(retries={"max_attempts": 0}).merge(options.pop("config", None) or Config())
        make: Any = boto3.client
        return make(
            service,
            endpoint_url=self.endpoint,
            region_name=region,
            aws_access_key_id=access_key(account or self.default_account),
            aws_secret_access_key="stand-in",  # noqa: S106 - nothing checks it
            config=config,
            **options,
        )


class CloudServer(_Cloud):
    """The stand-in cloud in a thread of this process.

    moto keeps its resources per process, so one server at a time: entering it starts an empty cloud.

    Args:
        port: TCP port; 0 takes a free one.
        accounts: Accounts in use; the first is the one of requests whose access key names none.
        faults: What goes wrong from the start.
    """

    def __init__(
        self, port: int = 0, accounts: Sequence[str] = (DEFAULT_ACCOUNT,), faults: Iterable[Fault] = ()
    ) -> None:
        for account in accounts:
            access_key(account)
        from moto import settings  # noqa: PLC0415

        from herd.cloud.faults import Faults  # noqa: PLC0415
        from herd.cloud.gateway import Gateway  # noqa: PLC0415

        if not settings.ENABLE_AMI_VALIDATION:
            raise RuntimeError("moto was imported before herd.cloud could make it strict: import herd.cloud first")

        self.default_account = accounts[0]
        self.gateway = Gateway(self.default_account, Faults(*faults))
        self.gateway.refuse = self.refuse
        self._port = port
        self._server: Any = None
        self._thread: threading.Thread | None = None

    @property
    def endpoint(self) -> str:  # type: ignore[override]
        """Address of the server, ``http://127.0.0.1:PORT``."""
        return f"http://{LOOPBACK}:{self._port}"

    @property
    def faults(self) -> Any:
        """The faults in force (`herd.cloud.faults.Faults`)."""
        return self.gateway.faults

    @property
    def requests(self) -> Counter[tuple[str, str]]:
        """How often each (service, operation) was asked for."""
        return self.gateway.requests

    @property
    def last_request(self) -> float:
        """When the last request came (`time.monotonic`)."""
        return self.gateway.last_request

    def reset(self) -> None:
        """An empty cloud: no resources, no faults, no counts."""
        self.gateway.reset()

    def start(self) -> Self:
        """Listen. Returns when connections are accepted.

        Raises:
            OSError: The port is taken.
        """
        self._listen()
        return self

    def stop(self) -> None:
        """Stop listening and forget everything."""
        self._close()
        self.gateway.reset()

    def refuse(self, seconds: float) -> None:
        """Refuse every connection for a while, then listen on the same port again."""

        def later() -> None:
            self._close()
            time.sleep(seconds)
            self._listen()

        threading.Thread(target=later, daemon=True).start()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _listen(self) -> None:
        from moto.moto_server.werkzeug_app import MotoRequestHandler  # noqa: PLC0415
        from werkzeug.serving import make_server  # noqa: PLC0415

        class Handler(MotoRequestHandler):  # type: ignore[misc, unused-ignore]
            # Headers and body leave in two writes: without this each answer waits for a delayed acknowledgement.
            disable_nagle_algorithm = True

            def log(self, *_: Any) -> None:
                """Say nothing: the gateway counts."""

        # werkzeug ends the process when a port is taken; binding here makes it an OSError.
        with socket.create_server((LOOPBACK, self._port), backlog=128) as listener:
            self._server = make_server(
                LOOPBACK, self._port, self.gateway, threaded=True, request_handler=Handler, fd=listener.fileno()
            )
        self._server.daemon_threads = True
        self._port = self._server.server_address[1]
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()

    def _close(self) -> None:
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()
            self._server = None
        if self._thread is not None:
            self._thread.join()
            self._thread = None

    @staticmethod
    def spawn(
        port: int = 0,
        accounts: Sequence[str] = (DEFAULT_ACCOUNT,),
        *,
        idle_seconds: float = 3600,
        max_seconds: float = 6 * 3600,
    ) -> SpawnedCloud:
        """The stand-in cloud as a child process, for callers that start and kill other programs.

        It ends when `stop` is called, when this process ends in whatever way, when nobody asked it anything for
        `idle_seconds`, or after `max_seconds`.

        Raises:
            RuntimeError: It did not come up; carries what it said.
        """
        return SpawnedCloud(port, accounts, idle_seconds, max_seconds)


class SpawnedCloud(_Cloud):
    """A stand-in cloud in a child process; use as a context manager or call `stop`."""

    def __init__(self, port: int, accounts: Sequence[str], idle_seconds: float, max_seconds: float) -> None:
        command = [sys.executable, "-m", "herd.cloud.serve", "--port", str(port)]
        command += ["--accounts", ",".join(accounts)]
        command += ["--idle-seconds", str(idle_seconds), "--max-seconds", str(max_seconds)]
        root = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))  # noqa: PTH100, PTH120
        path = os.pathsep.join(filter(None, [root, os.environ.get("PYTHONPATH", "")]))
        # Its own session: a Ctrl-C or a kill aimed at the caller's other children must not take the cloud with them.
        # It notices the caller's own end by its standard input closing.
        self.process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": path},
            start_new_session=True,
        )
        self.default_account = accounts[0]
        assert self.process.stdout is not None  # noqa: S101 - asked for above
        line = self.process.stdout.readline()
        if not line:
            _, errors = self.process.communicate()
            raise RuntimeError(f"the stand-in cloud did not start: {errors.decode(errors='replace').strip()[-2000:]}")
        self.endpoint = json.loads(line)["endpoint"]
        # Nobody reads what it says from here on: an unread pipe would block it once full.
        threading.Thread(target=self._drain, daemon=True).start()

    @property
    def pid(self) -> int:
        """Process id of the child."""
        return self.process.pid

    def control(self, route: str, value: Any = None, method: str = "POST") -> Any:
        """Ask a control route, such as ``faults``, and return what it answers."""
        request = urllib.request.Request(  # noqa: S310 - our own loopback address
            f"{self.endpoint}/_herd/{route}",
            data=json.dumps(value).encode() if value is not None else b"" if method == "POST" else None,
            method=method,
            headers={"Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=30) as response:  # noqa: S310
            return json.loads(response.read())

    def stop(self) -> None:
        """End the child and wait for it."""
        if self.process.stdin is not None and not self.process.stdin.closed:
            self.process.stdin.close()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _drain(self) -> None:
        assert self.process.stderr is not None  # noqa: S101 - asked for above
        for _ in self.process.stderr:
            pass


class RunningCloud(_Cloud):
    """A stand-in cloud that somebody else runs, such as `herd cloud` in another terminal; it is left running."""

    def __init__(self, endpoint: str, account: str = DEFAULT_ACCOUNT) -> None:
        self.endpoint = endpoint.rstrip("/")
        self.default_account = account

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Leave it as it is."""
