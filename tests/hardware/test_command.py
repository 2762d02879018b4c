"""`herd hardware`: its answers, its refusals, and how long it takes."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from components.base.problems import InvalidInputError
from components.hardware.catalogue import instance_type
from components.hardware.drawing import draw
from herd.cli.hardware import app

ROOT = Path(__file__).parents[2]


def hardware(*arguments):
    return CliRunner().invoke(app, arguments, catch_exceptions=False)


def herd_hardware(*arguments):
    command = [sys.executable, "-m", "herd.cli.main", "hardware", *arguments]
    return subprocess.run(command, cwd=ROOT, env={}, capture_output=True, text=True, check=False)


def test_find_prints_a_table_as_the_docs_show_it():
    page = (ROOT / "docs/commands/hardware.md").read_text()
    question, _, rest = page.partition("    $ herd hardware ")[2].partition("\n")

    printed = hardware(*question.split())

    assert printed.exit_code == 0
    assert rest.startswith("".join(f"    {line}\n" for line in printed.stdout.splitlines()))


def test_find_as_json_gives_what_show_gives():
    found = json.loads(hardware("find", "--gpus", "8", "--efa", "--json").stdout)
    shown = json.loads(hardware("show", "p5.48xlarge", "--json").stdout)

    assert all(row["gpus"] >= 8 and row["max_efa"] > 0 for row in found)
    assert shown in found


@pytest.mark.parametrize(
    ("options", "expected", "missing"),
    [
        (("--gpu-memory", "100"), "p5en.48xlarge", "p5.48xlarge"),
        (("--arch", "arm64", "--gpus", "1"), "g5g.xlarge", "g6.xlarge"),
        (("--usage", "capacity-block"), "trn1.32xlarge", "trn1n.32xlarge"),
        (("--region", "us-west-2", "--gpus", "8"), "p6-b300.48xlarge", ""),
        (("--region", "us-east-2", "--gpus", "8"), "p5.48xlarge", "p6-b300.48xlarge"),
        (("--zone", "usw2-az1", "--gpus", "8"), "p6-b300.48xlarge", ""),
        (("--zone", "us-west-2c", "--gpus", "8"), "g6.48xlarge", "p6-b300.48xlarge"),
    ],
)
def test_every_option_narrows(options, expected, missing):
    found = [line.split()[0] for line in hardware("find", *options).stdout.splitlines()]

    assert expected in found
    assert missing not in found


def test_a_zone_of_another_region_is_no_question():
    with pytest.raises(InvalidInputError, match=r"--zone: us-west-2a is no zone of us-east-2.*use2-az1") as refused:
        hardware("find", "--region", "us-east-2", "--zone", "us-west-2a")
    assert len(refused.value.problems) == 1


def test_nothing_that_fits_is_told_by_the_exit_code():
    assert hardware("find", "--gpus", "99").exit_code == 1
    as_json = hardware("find", "--gpus", "99", "--json")
    assert (as_json.exit_code, json.loads(as_json.stdout)) == (1, [])


def test_show_as_json_has_the_interfaces_of_a_node():
    shown = json.loads(hardware("show", "p6-b300.48xlarge", "--json").stdout)

    assert shown["network_interfaces"][:2] == [
        {"network_card_index": 0, "device_index": 0, "interface_type": "interface"},
        {"network_card_index": 1, "device_index": 0, "interface_type": "efa-only"},
    ]
    assert (len(shown["network_interfaces"]), shown["addresses"], len(shown["network_cards"])) == (17, 1, 17)
    assert shown["zone_ids"]["us-west-2"] == ["usw2-az1", "usw2-az2"]
    assert shown["quota_class"] == {"name": "P", "on_demand_code": "L-417A185B", "spot_code": "L-7212CCBC"}


def test_every_field_of_the_json_is_documented():
    page = (ROOT / "docs/commands/hardware.md").read_text()

    assert [
        field for field in json.loads(hardware("show", "g6.xlarge", "--json").stdout) if f"`{field}`" not in page
    ] == []


def test_a_type_without_efa_is_shown_with_its_one_interface():
    shown = json.loads(hardware("show", "g6.xlarge", "--json").stdout)

    assert [item["interface_type"] for item in shown["network_interfaces"]] == ["interface"]


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("p5.48xlarge", "    card 1-31   device 0  efa-only\n"),
        ("p5.48xlarge", "  vCPU quota    P: on demand L-417A185B, spot L-C4BD4855\n"),
        ("hpc7a.96xlarge", "    card 1      device 0  efa-only\n"),
        ("hpc7a.96xlarge", "  vCPU quota    HPC: on demand L-F7808C92, spot none\n"),
        ("g6f.large", "  accelerators  1 x L4 2.794 GiB (1/8 of a GPU)\n"),
        ("p6-b300.48xlarge", "    us-west-2       usw2-az1 usw2-az2\n"),
    ],
)
def test_show_reads_well(name, line):
    assert line in hardware("show", name).stdout


def test_draw_prints_or_writes_the_drawing(tmp_path):
    drawing = draw(instance_type("p5.48xlarge"))

    assert hardware("draw", "p5.48xlarge").stdout == drawing
    hardware("draw", "p5.48xlarge", "--out", str(tmp_path / "p5.svg"))
    assert (tmp_path / "p5.svg").read_text() == drawing


def test_all_that_is_wrong_with_a_question_is_told_at_once():
    run = herd_hardware(
        *("find", "--gpus", "-1", "--gpu-memory", "nan", "--arch", "x86", "--usage", "spott"),
        *("--region", "us-west2", "--zone", "us-west-2z"),
    )

    assert (run.returncode, run.stdout) == (2, "")
    zones = "us-west-2a, us-west-2b, us-west-2c, us-west-2d"
    assert run.stderr.splitlines() == [
        "error: --arch: unknown: 'x86' (fix: did you mean 'x86_64'?)",
        "error: --gpu-memory: should be 0 or more, found nan",
        "error: --gpus: should be 0 or more, found -1",
        "error: --region: unknown: 'us-west2' (fix: did you mean 'us-west-2'?)",
        "error: --usage: unknown: 'spott' (fix: did you mean 'spot'?)",
        f"error: --zone: unknown availability zone 'us-west-2z' (fix: known: {zones})",
    ]


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (("find", "--json"), 0, ""),
        (("show", "p5.48xlrge"), 2, "error: unknown instance type 'p5.48xlrge' (fix: did you mean 'p5.48xlarge'"),
        (("draw", "p5.48xlarge", "--out", "docs"), 2, "error: docs: --out: is a folder"),
    ],
)
def test_a_command_answers_within_half_a_second(arguments, code, says):
    # Processor time: on a machine that is busy with other tests, the wall clock tells of those.
    before = os.times()
    run = herd_hardware(*arguments)
    after = os.times()

    assert run.returncode == code
    assert run.stderr.startswith(says)
    assert "Traceback" not in run.stderr
    spent = after.children_user + after.children_system - before.children_user - before.children_system
    assert 0 < spent < 0.5
