"""Numbers as rules read them: what no limit can be held against is no number."""

import pytest

from policies.engine.node import Node
from policies.engine.values import Reason, UnevaluatedError


@pytest.mark.parametrize(("value", "number"), [(8, 8), ("8", 8), (0.5, 0.5), (None, None)])
def test_a_number(value, number):
    assert Node({"size": value}).number("size") == number


@pytest.mark.parametrize("value", ["nan", float("nan"), "inf", "-Infinity", "many", [1, 2]])
def test_what_is_no_number_is_not_evaluated(value):
    with pytest.raises(UnevaluatedError, match=r"expected (?:a number|text)") as raised:
        Node({"size": value}).number("size")
    assert raised.value.reason is Reason.MISSHAPEN
