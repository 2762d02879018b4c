"""Registries and chart repositories on this machine, a stand-in cloud, and a project with a lock."""

from __future__ import annotations

import hashlib
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from herd.cloud import CloudServer
from herd.release.files import write_lock

INDEX = json.dumps({"mediaType": "application/vnd.oci.image.index.v1+json", "manifests": []}).encode()


class Site:
    """A web server on loopback: paths to answers, and what was asked of it."""

    def __init__(self) -> None:
        self.answers: dict[str, tuple[int, dict[str, str], bytes]] = {}
        self.asked: list[tuple[str, dict[str, str]]] = []
        self.token = ""
        site = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                site.asked.append((self.path, dict(self.headers)))
                status, headers, body = site.answer(self.path, self.headers.get("Authorization", ""))
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.host = f"127.0.0.1:{self.server.server_port}"
        self.url = f"http://{self.host}"
        threading.Thread(target=self.server.serve_forever, args=(0.01,), daemon=True).start()

    def answer(self, path: str, authorization: str) -> tuple[int, dict[str, str], bytes]:
        if self.token and path.startswith("/v2/") and authorization != f"Bearer {self.token}":
            realm = f'Bearer realm="{self.url}/token",service="site",scope="repository:x:pull"'
            return 401, {"WWW-Authenticate": realm}, b"{}"
        return self.answers.get(path, (404, {}, b"{}"))

    def serve(self, path: str, body: bytes, headers: dict[str, str] | None = None, status: int = 200) -> str:
        """Answer a path; the digest of the answer."""
        self.answers[path] = (status, headers or {}, body)
        return f"sha256:{hashlib.sha256(body).hexdigest()}"


@pytest.fixture
def site():
    made = Site()
    yield made
    made.server.shutdown()
    made.server.server_close()


@pytest.fixture(scope="session")
def cloud():
    with CloudServer() as server:
        yield server


NODE = "/aws/service/eks/optimized-ami/1.35/amazon-linux-2023/x86_64/nvidia/recommended/image_id"


class Project:
    """A project with locks and nothing else."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.locks = root / "stacks" / "releases"
        (root / "Pulumi.yaml").write_text("name: herd\nruntime: python\nstackConfigDir: stacks\n")

    def content(self, **parts):
        ami = {
            "provenance": "vendor",
            "recipe_hash": None,
            "architecture": "x86_64",
            "source": NODE,
            "ids": {"us-east-2": "unresolved", "us-west-2": "unresolved"},
        }
        return {"format": 1, "amis": {"node": ami}, **parts}

    def lock(self, content=None, alias: str = "first") -> str:
        return write_lock(self.locks, alias, content or self.content()).name.removesuffix(".lock.yaml")

    def files(self) -> set[str]:
        return {path.relative_to(self.root).as_posix() for path in self.root.rglob("*") if path.is_file()}


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(tmp_path.resolve())


@pytest.fixture
def index() -> bytes:
    return INDEX
