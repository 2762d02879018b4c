"""How long a render takes, in one run with what it is measured against: `pytest -m slow -s tests/render`."""

import resource
import statistics
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ROUNDS = 7


def cpu_seconds(*command: str) -> float:
    """Processor time of a command: on a busy machine the clock on the wall measures the others."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, cwd=ROOT, stdout=subprocess.DEVNULL, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


@pytest.mark.slow
@pytest.mark.parametrize("stack", ["dev", "test", "prod"])
def test_a_render_takes_a_few_times_the_import_of_the_sdk(stack):
    imports, renders = [], []
    for _ in range(ROUNDS):
        imports.append(cpu_seconds(sys.executable, "-c", "import pulumi_aws"))
        renders.append(cpu_seconds(sys.executable, "-m", "herd.cli.main", "render", stack, "--json"))

    ratio = statistics.median(renders) / statistics.median(imports)
    times = f"import {statistics.median(imports):.2f} s, render {statistics.median(renders):.2f} s"
    sys.stdout.write(f"\n{stack}: {times}, ratio {ratio:.1f}\n")
    # A whole service of pulumi_aws imported at once, or garbage collected during the render, each cost several imports:
    # neither may come back unseen.
    assert ratio < 6.5
