"""One reservation is never promised twice, whoever asks."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter

from components.capacity.ledger import Promise, overdrawn, promised, same_machines
from components.capacity.spec import Reservations

HELD = TypeAdapter(Reservations).validate_python(
    {
        "p5-prod": {
            "kind": "targeted",
            "id": "cr-0123456789abcdef0",
            "instanceType": "p5.48xlarge",
            "zone": "us-west-2a",
            "count": 16,
        },
        "g6": {
            "kind": "open",
            "id": "cr-0123456789abcdef1",
            "instanceType": "g6.xlarge",
            "zone": "us-west-2a",
            "count": 4,
        },
    }
)


def test_every_holder_and_the_numbers_are_named_where_the_last_machine_went():
    rows = [
        Promise("pool p5 g1-3f2a9c1e", "p5-prod", 12, ("pools", "p5", 0)),
        Promise("pool p5 g2-00000000", "p5-prod", 8, ("pools", "p5", 1)),
        Promise("queue train", "p5-prod", 0, ("queues", "train")),
        Promise("pool g6 g1-00000000", "g6", 4, ("pools", "g6", 0)),
    ]
    [(path, message, fix)] = overdrawn(rows, HELD)
    assert path == ("pools", "p5", 1)
    assert message == (
        "pool p5 g1-3f2a9c1e promises 12, pool p5 g2-00000000 8: together 20, reservation p5-prod holds 16"
    )
    assert "retire" in fix


def test_one_holder_alone_may_ask_too_much():
    [(_, message, _)] = overdrawn([Promise("queue train", "g6", 5)], HELD)
    assert message == "queue train promises 5, reservation g6 holds 4"


@given(st.lists(st.tuples(st.sampled_from(["p5-prod", "g6", "unknown"]), st.integers(0, 20))))
def test_a_reservation_is_told_exactly_if_its_sum_is_above_what_it_holds(asked):
    rows = [Promise(f"holder {at}", name, nodes, (at,)) for at, (name, nodes) in enumerate(asked)]
    sums = promised(rows)
    assert sum(sums.values()) == sum(nodes for _, nodes in asked)
    told = [message.rpartition("reservation ")[2].split()[0] for _, message, _ in overdrawn(rows, HELD)]
    assert sorted(told) == sorted(name for name in sums if name in HELD and sums[name] > HELD[name].count)


@pytest.mark.parametrize("field", ["id", "group"])
def test_one_reservation_has_one_name(field):
    facts = {"kind": "targeted", "instanceType": "p5.48xlarge", "zone": "us-west-2a", "count": 16}
    target = {"id": "cr-0123456789abcdef0", "group": "arn:aws:resource-groups:us-west-2:111122223333:group/p5"}[field]
    twice = TypeAdapter(Reservations).validate_python(
        {"one": {**facts, field: target}, "other": {**facts, field: target}, "g6": HELD["g6"]}
    )
    [(path, message, _)] = same_machines(twice)
    assert path == ("reservations", "other", field)
    assert message.startswith(f"{target} is also one")
