"""Renders in one process don't see each other, and leave the process as it was."""

import contextlib
import os
import sys
from pathlib import Path

import pytest

from herd.render import ProgramError


def test_every_render_starts_anew(project):
    project.program("made = []\n", preamble="", name="registry")
    program = """
import registry
registry.made.append(1)
pulumi.export("made", len(registry.made))
"""

    assert [project.render(program).outputs["made"] for _ in range(3)] == [1, 1, 1]


def test_a_changed_module_is_seen(project):
    seen = []
    for value in (1, 2):
        project.program(f"VALUE = {value}  # {'x' * value}\n", preamble="", name="values")
        seen.append(project.render('from values import VALUE\npulumi.export("v", VALUE)').outputs["v"])

    assert seen == [1, 2]


@pytest.mark.parametrize("body", ["pass", "1 / 0"])
def test_the_process_is_left_as_it_was(project, body):
    project.program("", preamble="", name="beside")
    before = (Path.cwd(), list(sys.path), os.environ.get("PULUMI_ERROR_OUTPUT_STRING"))

    with contextlib.suppress(ProgramError):
        project.render(f"import beside\n{body}")

    assert (Path.cwd(), sys.path, os.environ.get("PULUMI_ERROR_OUTPUT_STRING")) == before
    assert "beside" not in sys.modules


def test_modules_of_the_same_name_are_put_back(project):
    """The repository that is rendered may be another checkout of the one this tool runs from."""
    import components.base.problems as ours

    (project.root / "components" / "base").mkdir(parents=True)
    (project.root / "components" / "__init__.py").write_text("")
    (project.root / "components" / "base" / "__init__.py").write_text("")
    (project.root / "components" / "base" / "problems.py").write_text("THEIRS = True\n")

    graph = project.render('import components.base.problems as theirs\npulumi.export("t", theirs.THEIRS)')

    assert graph.outputs["t"] is True
    assert sys.modules["components.base.problems"] is ours


def test_what_a_program_prints_stays_out_of_the_output(project, capsys):
    project.render('print("hello from the program")')

    captured = capsys.readouterr()
    assert captured.out == ""
    assert "hello from the program" in captured.err
