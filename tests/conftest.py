"""What every test may use: golden files, rewritten by `pytest --update-golden`."""

from __future__ import annotations

import gc
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

# Thousands of tests are collected and none is garbage: looking for some took a third of the time.
gc.disable()

# A busy machine is no failure: with the default, an example that takes 200 ms is one.
settings.register_profile("herd", deadline=None, max_examples=50, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("herd")


def pytest_collection_finish() -> None:
    gc.freeze()
    gc.enable()


def pytest_addoption(parser: pytest.Parser) -> None:
    """One flag for all golden files."""
    parser.addoption("--update-golden", action="store_true", help="write what is rendered into the golden files")


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> Callable[[str, str], None]:
    """`golden("name.yaml", text)`: the text is what the file `golden/name.yaml` beside the test says."""

    def check(name: str, text: str) -> None:
        path = Path(request.node.path).parent / "golden" / name
        if request.config.getoption("--update-golden"):
            path.parent.mkdir(exist_ok=True)
            path.write_text(text, encoding="utf-8")
        assert path.exists(), f"{path.name} is missing: write it with --update-golden and read it"
        assert text == path.read_text(encoding="utf-8")

    return check
