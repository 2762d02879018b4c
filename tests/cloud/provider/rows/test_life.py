"""Every row, by its example: created, read without drift, updated in place, drifted, refused, deleted."""

from __future__ import annotations

from importlib import import_module
from itertools import chain

from herd.cloud.provider.rows import ROWS


def each(part):
    def mark(test):
        test.part = part
        return test

    return mark


def test_the_examples_change_all_that_can_change(case, examples):
    row, cases = ROWS[case["type"]], [other for other in examples if other["type"] == case["type"]]
    tried = set(
        chain.from_iterable(
            item for other in cases for k in ("changes", "gaps", "replaces") for item in other.get(k, [])
        )
    )

    untried = {name for other in cases for name in other.get("unexercised", {})}

    can_change = {
        *row.fixed,
        *(name for change in row.updates for name in change.inputs),
        *(["tags"] if row.tags else []),
    }
    assert can_change - tried == untried


def test_every_row_of_the_modules_has_an_example(examples, modules):
    rows = {row.type for name in modules for row in import_module(f"herd.cloud.provider.rows.{name}").ROWS}

    assert {case["type"] for case in examples} == rows


def test_what_is_created_reads_back_without_drift(example, within):
    thing = example.make()
    outputs, seen, difference = thing.refresh()

    assert difference.detailed == {}
    assert seen == thing.inputs
    assert outputs == thing.outputs
    assert within({k: v for k, v in example.inputs.items() if k not in ROWS[example.type].never_read}, example.held())
    assert example.actor.warnings == []


def test_each_change_reaches_the_cloud_and_replaces_nothing(example, within):
    thing = example.make()
    for change in map(example.resolved, example.listed("changes")):
        news, difference = thing.planned(change)
        assert difference.changed == sorted(change), change
        assert (difference.replaces, difference.uncertain) == (set(), [])
        thing.update(news)

        assert thing.refresh()[2].detailed == {}, change
        held, row = example.held(), ROWS[example.type]
        for name in change.keys() - {*row.never_read, *row.fixed}:
            assert within(news[name], held.get(name)) if name in news else not held.get(name), (name, held.get(name))
    assert example.actor.warnings == []


@each("replaces")
def test_what_cannot_change_in_place_replaces(example, item):
    thing = example.make()

    assert thing.planned(example.resolved(item))[1].replaces == set(item)


@each("drift")
def test_drift_is_seen_and_healed(example, item, within):
    thing = example.make()
    service, operation, params = item["call"]
    example.actor.behind_the_back(service, operation, example.resolved(params))
    outputs, seen, difference = thing.refresh()

    assert difference.changed == sorted(item["shows"])
    assert within(example.resolved(item["shows"]), {name: seen.get(name) for name in item["shows"]})

    wanted, thing.inputs, thing.outputs = thing.inputs, seen, outputs
    thing.update(wanted)

    assert thing.refresh()[2].detailed == {}


@each("gaps")
def test_a_change_that_the_cloud_loses_is_said(example, item):
    thing = example.make()
    news, difference = thing.planned(example.resolved(item))
    assert difference.changed == sorted(item)
    thing.update(news)

    assert [name for name in item if any(f"took {name} but" in text for text in example.actor.warnings)] == list(item)


@each("refused")
def test_bad_values_are_refused_before_anything_is_made(example, item):
    given = {k: v for k, v in (example.inputs | example.resolved(item["give"])).items() if v is not None}
    failures = example.actor.provider.check(example.actor.urn(example.type), {}, given, b"", None).failures
    where = item.get("at") or next(iter(item["give"]))

    assert failures
    for name, reason in failures:
        assert where in (name or reason), (name, reason)


def test_what_is_deleted_is_gone_and_may_be_deleted_again(example, within):
    thing = example.make()
    assert not thing.is_gone()
    thing.delete()

    if "stays" in example.data:
        assert within(example.resolved(example.data["stays"]), example.held())
    else:
        assert thing.is_gone()
    thing.delete()
