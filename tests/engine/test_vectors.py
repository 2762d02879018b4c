"""The engine does what the real one was recorded doing; what it refuses it refuses by name."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from herd.engine.conformance import main, run_all, run_scenario

VECTORS = Path(__file__).with_name("vectors")
SCENARIOS = sorted(p.parent.name for p in VECTORS.rglob("steps.json"))
REFUSED = {
    "hooks_before": "resource hooks",
    "import_missing": "import",
    "import_ok": "import",
    "replace_asked": "--replace",
    "target_destroy": "--target",
    "target_update": "--target",
}


@pytest.fixture(scope="session")
def verdicts() -> dict[str, str]:
    return dict(zip(SCENARIOS, run_all(VECTORS, [VECTORS / name for name in SCENARIOS]), strict=True))


@pytest.mark.parametrize("name", SCENARIOS)
def test_a_recorded_scenario_is_reproduced(name: str, verdicts: dict[str, str]) -> None:
    assert verdicts[name] == (f"REFUSED {name}: {REFUSED[name]}" if name in REFUSED else f"PASS {name}")


def altered(tmp_path: Path, name: str, change) -> Path:
    """A copy of one scenario whose recording says something else."""
    folder = tmp_path / name
    folder.mkdir()
    for file in (VECTORS / name).iterdir():
        folder.joinpath(file.name).write_bytes(file.read_bytes())
    recording = json.loads((folder / "expected.json").read_text())
    change(recording["steps"][-1])
    (folder / "expected.json").write_text(json.dumps(recording))
    return folder


@pytest.mark.parametrize(
    ("change", "aspect"),
    [
        (lambda s: s.update(exit=3), "exit"),
        (lambda s: s["changes"].update(create=9), "changes"),
        (lambda s: s["events"].reverse(), "events"),
        (lambda s: s["events"].pop(), "events"),
        (lambda s: s["rpcs"][-1].update(id="other"), "rpcs"),
        (lambda s: s["resources"][-1].update(id="other"), "resources"),
        (lambda s: s["diagnostics"].append(["error", "", "x"]), "diagnostics"),
        (lambda s: s.update(stackOutputs={"x": 1}), "stackOutputs"),
        (lambda s: s.update(componentOutputs=[["same", "x", {}]]), "componentOutputs"),
        (lambda s: s["pendingOperations"].append({"type": "creating"}), "pendingOperations"),
    ],
)
def test_a_difference_in_any_aspect_is_found(tmp_path: Path, change, aspect: str) -> None:
    verdict = run_scenario(altered(tmp_path, "alias_none", change), VECTORS)
    assert verdict.startswith("FAIL alias_none: step 2, " + aspect)


def test_the_command_counts_and_fails_when_something_fails(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("probe.py", "provider"):
        (tmp_path / name).symlink_to(VECTORS / name)
    altered(tmp_path, "alias_none", lambda s: s.update(exit=3))
    assert main([str(tmp_path)]) == 1
    assert capsys.readouterr().out.splitlines() == [
        "FAIL alias_none: step 2, exit: expected 3, got 0",
        "0 pass, 0 refused, 1 fail",
    ]


def test_a_folder_without_scenarios_is_not_a_success(tmp_path: Path) -> None:
    assert main([str(tmp_path)]) == 1
