"""`python -m herd.engine.conformance DIR`: runs recorded scenarios of the real engine and compares.

Prints `PASS name`, `REFUSED name: feature` or `FAIL name: first difference` for every scenario below DIR, and a total;
exits 1 on any FAIL. The format is described in the recordings' README.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import shutil
import sys
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

from herd.engine.api import Outcome, Program
from herd.engine.backend import Backend
from herd.engine.crypto import Crypter
from herd.engine.engine import Engine
from herd.engine.state import STACK_TYPE, State, is_provider
from herd.engine.values import Secret, UnsupportedError, mapped
from herd.signatures import SECRET, SIG, UNKNOWN_STRING

PROJECT, STACK, PASSPHRASE = "vec", "dev", "conformance"
PREFIX = f"urn:pulumi:{STACK}::{PROJECT}::"
_FLAGS = {
    "--expect-no-changes": "expect_no_changes",
    "--refresh": "refresh",
    "--preview-only": "preview_only",
    "--ignore-protect": "ignore_protect",
    "--clear-pending-creates": "clear_pending_creates",
    "--continue-on-error": "continue_on_error",
}
# Change what the CLI shows or asks, not what the engine does.
_SHOWN = {"--diff", "--yes", "--skip-preview", "--show-sames", "--show-reads", "--show-replacement-steps", "--json"}
# Fields of a state that the recordings leave out: times, positions, and what the engine resolves before it writes.
_UNRECORDED = {"created", "modified", "source_position", "aliases", "extra", "slot"}


class Difference(Exception):  # noqa: N818  not an error of ours
    """The first thing that differs."""


class Scenario:
    """One recorded scenario, run step by step in a scratch folder."""

    def __init__(self, folder: Path, shared: Path, scratch: Path) -> None:
        self.name = folder.name
        self._folder, self._shared, self._scratch = folder, shared, scratch
        self._probe = scratch / "probe"
        self._probe.mkdir()
        self._config: dict[str, Any] = {}
        self._program = ""
        self._ids: dict[str, str] = {}
        self._numbers: dict[str, int] = {}

    def run(self) -> None:
        """Run all steps.

        Raises:
            Difference: Something is not as recorded.
            UnsupportedError: A step uses what this engine refuses.
        """
        steps = json.loads((self._folder / "steps.json").read_text())["steps"]
        expected = json.loads((self._folder / "expected.json").read_text())["steps"]
        for number, (step, wanted) in enumerate(zip(steps, expected, strict=True), 1):
            outcome, events = self._step(step)
            for aspect, got in self._actual(outcome, events).items():
                _compare(f"step {number}, {aspect}", wanted, aspect, got)

    def _step(self, step: Mapping[str, Any]) -> tuple[Outcome, list[dict[str, Any]]]:
        self._program = step.get("program", self._program)
        for key, value in step.get("config", {}).items():
            self._config[key] = Secret(value["secret"]) if isinstance(value, dict) and "secret" in value else value
        if "overrides" in step:
            (self._probe / "overrides.json").write_text(json.dumps(step["overrides"]))
        (self._probe / "rpc.jsonl").write_text("")
        options, parallel = _options(step.get("args", []))
        verb = step["verb"]
        if verb == "up" and options.pop("preview_only", False):
            verb = "preview"
        events: list[dict[str, Any]] = []
        environment = {"PYTHONPATH": os.pathsep.join((str(self._shared), os.environ.get("PYTHONPATH", "")))}
        main = self._folder / self._program if self._program else None
        engine = Engine(
            PROJECT,
            STACK,
            Backend(self._scratch / "state", PROJECT, STACK, PASSPHRASE),
            {"probe": self._shared / "provider"},
            Program(self._folder, main, environment, preload=("pulumi",)) if main else None,
            self._config,
            parallel=parallel,
            on_event=events.append,
            environment={"PROBE_DIR": str(self._probe)},
        )
        return getattr(engine, verb)(**options), events

    # --- what happened, in the recordings' notation

    def _actual(self, outcome: Outcome, events: list[dict[str, Any]]) -> dict[str, Any]:
        if outcome.refused:
            raise UnsupportedError(outcome.refused)
        resources, pending = self._state()
        rows, components, stack_outputs = self._events(events)
        log = (self._probe / "rpc.jsonl").read_text().splitlines()
        said = [d for d in outcome.diagnostics if d.severity in ("warning", "error")]
        return {
            "exit": outcome.exit_code,
            "result": outcome.result,
            "diagnostics": sorted([d.severity, self._short(d.urn)] for d in said),
            "changes": dict(outcome.changes),
            "events": rows,
            "componentOutputs": sorted(components, key=json.dumps),
            "stackOutputs": stack_outputs,
            "rpcs": [self._short(json.loads(line)) for line in log],
            "resources": resources,
            "pendingOperations": pending,
        }

    def _short(self, value: Any) -> Any:
        """URNs without their prefix, random ids by name and number."""
        if isinstance(value, dict):
            return {self._short(k): self._short(v) for k, v in value.items()}
        if isinstance(value, list):
            return [self._short(v) for v in value]
        if not isinstance(value, str):
            return value
        for id_, label in self._ids.items():
            value = value.replace(id_, label)
        return value.replace(PREFIX, "")

    def _state(self) -> tuple[list[Any], list[Any]]:
        backend = Backend(self._scratch / "state", PROJECT, STACK, PASSPHRASE)
        deployment = backend.export_deployment()["deployment"]
        crypter = Crypter(PASSPHRASE, deployment.get("secrets_providers"), "")
        states = [State.from_json(r, crypter) for r in deployment.get("resources", [])]
        for state in states:
            if is_provider(state.type) and state.id not in self._ids:
                number = self._numbers[state.name] = self._numbers.get(state.name, 0) + 1
                self._ids[state.id] = f"<uuid:{state.name}:{number}>"
        pending = [
            {"type": p["type"], "resource": self._row(State.from_json(p["resource"], crypter))}
            for p in deployment.get("pending_operations", [])
        ]
        return [self._row(state) for state in states], pending

    def _row(self, state: State) -> dict[str, Any]:
        plain = mapped(vars(state), lambda s: {"<secret>": mapped(s.value, _shown_secret)})
        names = {key: _camel(key) for key in plain if key not in _UNRECORDED}
        row = {name: plain[key] for key, name in names.items() if plain[key] not in (None, "", False, {}, [])}
        for key in ("dependencies", "replaceWith"):
            if key in row:
                row[key] = sorted(row[key])
        short = self._short(row)
        assert isinstance(short, dict)
        return short

    def _events(self, events: Iterable[dict[str, Any]]) -> tuple[list[Any], list[Any], Any]:
        rows: list[Any] = []
        components: list[Any] = []
        stack_outputs = None
        kinds = {"resourcePreEvent": "pre", "resOutputsEvent": "out", "resOpFailedEvent": "fail"}
        for event in events:
            name = next((kind for kind in kinds if kind in event), "")
            if not name:
                continue
            data = event[name]["metadata"]
            kind, state = kinds[name], data["new"] or data["old"]
            row: list[Any] = [kind, data["op"], self._short(data["urn"])]
            if kind == "out" and not state.get("custom"):
                if data["type"] == STACK_TYPE:
                    stack_outputs = self._short(_seen(data["new"]["outputs"])) if data["new"] else stack_outputs
                else:
                    components.append([*row[1:], self._short(_seen((data["new"] or {}).get("outputs", {})))])
                continue
            details = {
                "diffs": sorted(data.get("diffs", [])),
                "keys": sorted(data.get("keys", [])),
                "detailed": {p: d["diffKind"] for p, d in (data["detailedDiff"] or {}).items()},
            }
            details = {k: v for k, v in details.items() if v}
            if kind == "pre" and details:
                row.append(details)
            rows.append(row)
        return rows, components, stack_outputs


def _options(arguments: list[str]) -> tuple[dict[str, Any], int]:
    """The engine's options for arguments of the CLI, and the degree of parallelism."""
    options: dict[str, Any] = {}
    parallel = 16
    rest = list(arguments)
    while rest:
        argument, _, value = rest.pop(0).partition("=")
        if argument in ("--parallel", "-p"):
            parallel = int(value or rest.pop(0))
        elif argument in _FLAGS:
            options[_FLAGS[argument]] = value != "false"
        elif argument not in _SHOWN:
            raise UnsupportedError(argument)
    return options, parallel


def _shown_secret(secret: Secret) -> Any:
    return {"<secret>": mapped(secret.value, _shown_secret)}


def _seen(value: Any) -> Any:
    if isinstance(value, dict):
        return "[secret]" if value.get(SIG) == SECRET else {k: _seen(v) for k, v in value.items()}
    if isinstance(value, list):
        return [_seen(v) for v in value]
    return "<unknown>" if value == UNKNOWN_STRING else value


def _camel(name: str) -> str:
    head, *rest = name.split("_")
    return "importID" if name == "import_id" else head + "".join(w.title() for w in rest)


def _compare(where: str, wanted: Mapping[str, Any], aspect: str, got: Any) -> None:
    want = wanted[aspect]
    if aspect == "diagnostics":
        want = sorted(row[:2] for row in want)
    if aspect in ("events", "rpcs", "resources", "pendingOperations"):
        _compare_order(where, want, got, wanted.get(f"{aspect}Before"))
    elif _canonical(want) != _canonical(got):
        raise Difference(f"{where}: expected {_canonical(want)}, got {_canonical(got)}")


def _compare_order(where: str, want: list[Any], got: list[Any], before: list[list[int]] | None) -> None:
    """The same rows, in an order that the recorded precedence allows."""
    positions: dict[str, list[int]] = {}
    for index, row in enumerate(got):
        positions.setdefault(_canonical(row), []).append(index)
    place = []
    for row in want:
        found = positions.get(_canonical(row))
        if not found:
            same = [r for r in got if _subject(r) == _subject(row) and _canonical(r) in positions]
            raise Difference(f"{where}: missing {_canonical(row)}" + (f"; there is {_canonical(same)}" if same else ""))
        place.append(found.pop(0))
        if not found:
            del positions[_canonical(row)]
    if positions:
        raise Difference(f"{where}: unexpected {next(iter(positions))}")
    pairs = before if before is not None else [[i, i + 1] for i in range(len(want) - 1)]
    for i, j in pairs:
        if place[i] > place[j]:
            raise Difference(f"{where}: {_canonical(want[i])} came after {_canonical(want[j])}")


def _subject(row: Any) -> Any:
    return (row[0], row[2]) if isinstance(row, list) else (row.get("rpc"), row.get("urn"))


def _canonical(value: Any) -> str:
    return json.dumps(_whole(value), sort_keys=True)


def _whole(value: Any) -> Any:
    """300.0 and 300 are one number."""
    if isinstance(value, dict):
        return {k: _whole(v) for k, v in value.items()}
    if isinstance(value, list):
        return [_whole(v) for v in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value


def run_scenario(folder: Path, shared: Path) -> str:
    """`PASS name`, `REFUSED name: feature` or `FAIL name: first difference`."""
    scratch = Path(tempfile.mkdtemp(prefix="herd-conformance-"))
    try:
        Scenario(folder, shared, scratch).run()
    except UnsupportedError as error:
        return f"REFUSED {folder.name}: {error.feature}"
    except Difference as difference:
        return f"FAIL {folder.name}: {difference}"
    except Exception as error:  # noqa: BLE001  one broken scenario must not hide the others
        return f"FAIL {folder.name}: {error!r}"
    else:
        return f"PASS {folder.name}"
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def run_all(shared: Path, folders: list[Path]) -> Iterator[str]:
    """The verdicts on these scenarios, in their order; they run side by side in processes of their own."""
    spawn = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor((os.cpu_count() or 1) + 1, spawn) as pool:
        yield from pool.map(run_scenario, folders, [shared] * len(folders))


def _shared(folder: Path) -> Path:
    """Where probe.py and provider/ are: in the folder, or above it if that is a single scenario."""
    above = [p for p in (folder, *folder.parents) if (p / "probe.py").exists() and (p / "provider").exists()]
    return above[0] if above else folder


def main(arguments: list[str] | None = None) -> int:
    """Run the scenarios of a folder."""
    parser = argparse.ArgumentParser(prog="python -m herd.engine.conformance", description=__doc__)
    parser.add_argument("folder", type=Path, help="holds probe.py, provider/ and the scenarios")
    parser.add_argument("names", nargs="*", help="only these scenarios")
    options = parser.parse_args(arguments)
    folders = sorted(p.parent for p in options.folder.resolve().rglob("steps.json"))
    folders = [f for f in folders if not options.names or f.name in options.names]
    counts = {"PASS": 0, "REFUSED": 0, "FAIL": 0}
    for line in run_all(_shared(options.folder.resolve()), folders):
        counts[line.split(" ", 1)[0]] += 1
        sys.stdout.write(line + "\n")
        sys.stdout.flush()
    sys.stdout.write(", ".join(f"{n} {word.lower()}" for word, n in counts.items()) + "\n")
    return 1 if counts["FAIL"] or not folders else 0


if __name__ == "__main__":
    sys.exit(main())
