"""Every row keeps the promises of a provider: what is made is read back unchanged, changes arrive, deletes delete."""

from __future__ import annotations

from pathlib import Path

import pytest
from ruamel.yaml import YAML

from herd.cloud.provider import fidelity
from herd.cloud.provider.reading import reports
from herd.cloud.provider.resources import unmodelled
from herd.cloud.provider.rows import ROWS
from herd.cloud.provider.schema import problems, schema

HERE = Path(__file__).parent
TYPES = sorted(YAML(typ="safe").load((HERE / "examples.yaml").read_text(encoding="utf-8")))


@pytest.mark.parametrize("token", TYPES)
def test_the_life_of_a_resource(token, world, examples):
    example, provider = examples[token], world.provider
    world.prepare(token)
    given = {**example["inputs"], **example.get("alone", {})}
    made = world.make(token, world.resolved(given))
    world.warnings.clear()

    assert made.id
    assert world.drift(made) == [], "a read right after the create"
    outputs = schema(token).outputs
    assert [p for k, v in made.state.items() for p in problems(outputs[k], v, k)] == []

    wanted = dict(world.resolved(given))
    for step in example.get("changes", []):
        wanted = {k: v for k, v in {**wanted, **world.resolved(step)}.items() if v is not None}
        inputs = world.checked(made.urn, wanted, made.inputs)
        found = provider.diff(made.urn, made.inputs, inputs, ())
        assert set(found.changed) == set(step), "each step changes what it names"
        assert found.replaces == set(), step
        state = provider.update(made.urn, made.id, made.state, made.inputs, inputs, preview=False)
        _, fresh, _ = provider.read(made.urn, made.id, state, inputs)
        for name in set(step) & reports(ROWS[token]) & set(wanted):
            assert fresh.get(name) is not None, f"{name} is read back"
        made.state, made.inputs = state, inputs
        assert world.drift(made) == [], step
    assert world.warnings == [], "the cloud holds what it was asked to"

    provider.delete(made.urn, made.id, made.state, made.inputs)
    found_id, _, _ = provider.read(made.urn, made.id, made.state, made.inputs)
    assert bool(found_id) == ("stays" in example)
    provider.delete(made.urn, made.id, made.state, made.inputs)


def test_every_row_has_an_example():
    others = [
        YAML(typ="safe").load(path.read_text(encoding="utf-8")) for path in (HERE / "rows/examples").glob("*.yaml")
    ]
    assert sorted({*TYPES, *(case["type"] for cases in others for case in cases)}) == sorted(ROWS)


@pytest.mark.parametrize("token", TYPES)
def test_every_input_that_a_row_can_change_is_changed_by_its_example(token, examples):
    row, example = ROWS[token], examples[token]
    changeable = {name for change in row.updates for name in change.inputs} | set(row.fixed)
    changeable |= {"tags"} if row.tags else set()
    replaced = {name for name in changeable if not _updates(token, name)}
    changed = {name for step in example.get("changes", []) for name in step}
    assert changeable - replaced - changed == set(example.get("unexercised", {})) - replaced


def _updates(token, name):
    from herd.cloud.provider.replacement import replacement

    facts = replacement(token)
    return name not in facts.always and name not in facts.when and name not in facts.unknown


@pytest.mark.parametrize("token", sorted(ROWS))
def test_rows_name_only_inputs_and_outputs_that_there_are(token):
    row, known = ROWS[token], schema(token)
    names = {*row.documents, *row.ordered, *row.watched, *row.fixed, *row.tells}
    names |= {key.split(".")[0] for key in row.defaults} | {n for change in row.updates for n in change.inputs}
    assert names - known.inputs.keys() == set()
    assert {*row.outputs, *row.volatile} - known.outputs.keys() == set()
    assert unmodelled(row) <= known.inputs.keys()


def test_fidelity_says_what_stands_behind_a_type():
    assert fidelity("aws:ec2/vpc:Vpc") == "simulated"
    assert fidelity("aws:ecr/pullThroughCacheRule:PullThroughCacheRule") == "modelled"
    assert fidelity("aws:rds/instance:Instance") == "recorded"
