"""`herd pool` as people call it, with what nodes are really made of."""

import json
import shutil
from datetime import UTC, datetime

import pytest
from typer.testing import CliRunner

from components.base.problems import InvalidInputError
from herd.cli.pool import app
from herd.pool.rekey import rekey
from herd.pool.show import rows, table


@pytest.fixture(scope="module")
def real_keys(template, tmp_path_factory):
    """The stack file with the keys of what nodes are really made of."""
    root = tmp_path_factory.mktemp("real") / "project"
    shutil.copytree(template[0], root)
    rekey(root, "dev", {})
    return (root / "stacks" / "Pulumi.dev.yaml").read_text()


@pytest.fixture
def herd(project, real_keys, monkeypatch):
    """`herd("list", "dev")`: what is printed, or the error."""
    root, *_ = project
    (root / "stacks" / "Pulumi.dev.yaml").write_text(real_keys)
    monkeypatch.chdir(root / "infra")

    def run(*arguments):
        run.last = result = CliRunner().invoke(app, [str(argument) for argument in arguments])
        if isinstance(result.exception, InvalidInputError):
            raise result.exception
        return result

    return run


def test_a_pool_s_life(herd, project):
    path = project[0] / "stacks" / "Pulumi.dev.yaml"
    before = path.read_text()
    assert "g6: g2-" in herd("roll", "dev", "g6", "--set", "node.rootVolume.sizeGib=500").stdout
    found = json.loads(herd("list", "dev", "g6", "--json").stdout)
    [old, new] = [generation["key"] for generation in found[0]["generations"]]
    assert f"g6: {old} drains" in herd("drain", "dev", "g6", old).stdout
    with pytest.raises(InvalidInputError, match="takes evidence"):
        herd("retire", "dev", "g6", old)
    listed = herd("list", "dev").stdout
    [row] = [line.split() for line in listed.splitlines() if old in line]
    assert row[:6] == ["g6", "spot", old, "draining", "4", "4"]
    again = herd("roll", "dev", "--all").stdout
    assert f"g6: {new} is what it should be" in again
    assert before.splitlines()[0] == path.read_text().splitlines()[0]


def test_a_generation_goes_once_it_is_shown_to_be_empty_and_not_before(herd, project, cluster, make_node, make_pod):
    path = project[0] / "stacks" / "Pulumi.dev.yaml"
    herd("roll", "dev", "g6", "--set", "node.rootVolume.sizeGib=500")
    [old, new] = [each["key"] for each in json.loads(herd("list", "dev", "g6", "--json").stdout)[0]["generations"]]
    herd("drain", "dev", "g6", old)
    drained = path.read_text()
    nodes = [make_node("n1", "g6", old, beat=datetime.now(UTC).isoformat())]
    working = cluster(nodes, [make_pod("train", "n1", owner="Job")])
    with pytest.raises(InvalidInputError, match=r"1 pods still run there.*work/train on n1"):
        herd("retire", "dev", "g6", old, "--evidence", working)
    assert path.read_text() == drained
    assert old in herd("retire", "dev", "g6", old, "--evidence", cluster(nodes)).stdout
    assert old not in path.read_text()
    assert new in path.read_text()


def test_the_list_as_data(stack):
    [system, p5, block, g6] = rows(stack, stack.pools)
    assert (p5["maxNodes"], p5["freeNodes"], p5["nodesPerSlice"]) == (16, 0, 4)
    assert p5["reservation"] == {"name": "p5-prod", "holds": 16}
    assert block["reservation"]["end"] == "2027-01-08T11:30:00+00:00"
    assert (g6["freeNodes"], g6["generations"][0]["nodes"]) == (8, 4)
    assert system["generations"][0]["slices"] == [0]
    assert "slices" not in g6["generations"][0]
    assert g6["generations"][0]["imageId"] == "ami-00000000000000010"
    assert table([system, p5, block, g6]).row_count == 4


def test_the_list_is_shown_even_if_something_is_wrong(herd, project):
    path = project[0] / "stacks" / "Pulumi.dev.yaml"
    path.write_text(path.read_text().replace("image: gpu # theirs", "image: cpu # theirs"))
    with pytest.raises(InvalidInputError, match="changed content under an old key"):
        herd("list", "dev")
    assert "targeted-reservation p5-prod" in herd.last.stdout


def test_fresh_writes_keys_over_made_up_ones(herd, project):
    path = project[0] / "stacks" / "Pulumi.dev.yaml"
    text = path.read_text()
    key = json.loads(herd("list", "dev", "g6", "--json").stdout)[0]["generations"][0]["key"]
    path.write_text(text.replace(key, "g1-00000000"))
    assert herd("roll", "dev", "--all", "--fresh").stdout == f"g6: g1-00000000 is now {key}\n"
    assert path.read_text() == text
    assert herd("roll", "dev", "g6", "--fresh").stdout == "every key is what it should be\n"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["roll", "dev"], "name a pool, or say --all"),
        (["roll", "dev", "g6", "--all"], "one of the two"),
        (["roll", "dev", "--all", "--fresh", "--fill"], "leave --set and --fill out"),
        (["roll", "dev", "g7"], "no pool 'g7'.*known here|did you mean 'g6'"),
        (["list", "dev", "g7"], "no pool 'g7'"),
        (["list", "prod"], "there is no stack 'prod'"),
        (["roll", "dev", "g6", "--set", "efa=true"], "expected node.FIELD=VALUE"),
        (["roll", "dev", "g6", "--set", "node.devices=dra"], "dynamic resource allocation needs nodes that are there"),
        (["drain", "dev", "g6", "g9-00000000"], "has no generation 'g9-00000000'"),
    ],
)
def test_what_is_refused_and_written_nowhere(herd, project, arguments, message):
    path = project[0] / "stacks" / "Pulumi.dev.yaml"
    before = path.read_text()
    with pytest.raises(InvalidInputError, match=message):
        herd(*arguments)
    assert path.read_text() == before
