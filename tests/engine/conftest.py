"""What the engine's tests share: the recordings, and a small stack on the recordings' provider."""

from __future__ import annotations

import json
import textwrap
from pathlib import Path

import pytest

from herd.engine import Backend, Engine, Program

VECTORS = Path(__file__).with_name("vectors")


class ProbeStack:
    """A stack whose resources live in the recordings' provider, with a program written in the test."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.probe = folder / "probe"
        self.probe.mkdir()
        self.backend = Backend(folder / "state", "vec", "dev", "a passphrase")
        self.source = "import pulumi\n"

    def program(self, source: str) -> ProbeStack:
        """Give the stack this program; `pulumi`, `Opts`, `Thing`, `Comp`, `Provider` and `lookup` are imported."""
        imports = "import pulumi\nfrom pulumi import ResourceOptions as Opts\n"
        imports += "from probe import Comp, Provider, Thing, lookup\n"
        (self.folder / "main.py").write_text(imports + textwrap.dedent(source))
        return self

    def engine(self, **options) -> Engine:
        main = self.folder / "main.py"
        program = (
            Program(self.folder, main, {"PYTHONPATH": str(VECTORS)}, preload=("pulumi",)) if main.exists() else None
        )
        settings = {"config": {}, "environment": {"PROBE_DIR": str(self.probe)}} | options
        return Engine("vec", "dev", self.backend, {"probe": VECTORS / "provider"}, program, **settings)

    def overrides(self, **by_name) -> None:
        """What the provider pretends to see, see the recordings' README."""
        (self.probe / "overrides.json").write_text(json.dumps(by_name))

    def calls(self, *methods: str) -> list[tuple[str, str]]:
        """(method, name) of the calls the provider received so far, in their order."""
        log = self.probe / "rpc.jsonl"
        rows = [json.loads(line) for line in log.read_text().splitlines()] if log.exists() else []
        return [(r["rpc"], r["urn"].rsplit("::", 1)[-1]) for r in rows if not methods or r["rpc"] in methods]

    def resources(self) -> dict[str, dict]:
        """The state's live resources by name."""
        deployment = self.backend.export_deployment()["deployment"]
        return {r["urn"].rsplit("::", 1)[-1]: r for r in deployment.get("resources", []) if not r.get("delete")}

    def files(self) -> dict[str, bytes]:
        """Every file of the stack's folder but the event log."""
        found = self.backend.directory.iterdir() if self.backend.directory.exists() else ()
        return {p.name: p.read_bytes() for p in found if not p.name.endswith(".events.jsonl")}


@pytest.fixture
def stack(tmp_path: Path) -> ProbeStack:
    return ProbeStack(tmp_path)


@pytest.fixture(scope="session")
def vectors() -> Path:
    return VECTORS
