"""The engine's time grows with the number of resources, not with its square."""

from __future__ import annotations

import time

import pytest

PROGRAMS = {
    "independent": "for i in range({n}): Thing(f't{{i}}', {{'n': i}})",
    "chained": "last = None\nfor i in range({n}): last = Thing(f't{{i}}', {{'n': last.id if last else 'x'}})",
}


@pytest.mark.slow
@pytest.mark.parametrize(("shape", "small", "large"), [("independent", 100, 800), ("chained", 60, 240)])
def test_time_grows_linearly(stack, shape: str, small: int, large: int) -> None:
    times: dict[int, dict[str, float]] = {}
    for n in (10, small, large):  # the first warms up
        stack.program(PROGRAMS[shape].format(n=n))
        times[n] = {}
        for verb in ("preview", "up", "refresh", "destroy"):
            start = time.perf_counter()
            outcome = getattr(stack.engine(), verb)()
            times[n][verb] = time.perf_counter() - start
            assert outcome.exit_code == 0
            assert sum(outcome.changes.values()) == n + 1
    for verb in times[large]:
        growth = times[large][verb] / times[small][verb]
        assert growth < 1.6 * large / small, f"{verb}: {times}"
