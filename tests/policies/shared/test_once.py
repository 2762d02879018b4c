"""What is worked out once a stack."""

import gc

import pytest

from policies.engine.subject import Stack
from policies.rules._shared.once import once_a_stack


def test_each_stack_is_looked_through_once():
    asked = []
    name = once_a_stack(lambda stack: asked.append(stack.name) or stack.name)
    one, other = Stack((), "one"), Stack((), "other")
    assert [name(one), name(other), name(one), name(other)] == ["one", "other", "one", "other"]
    assert asked == ["one", "other"]


def test_a_stack_that_equals_another_one_is_its_own():
    made = once_a_stack(lambda _: object())
    assert made(Stack((), "one")) is not made(Stack((), "one"))


def test_what_was_made_goes_with_the_stack():
    living = []

    class Made:
        def __init__(self):
            living.append(1)

        def __del__(self):
            living.pop()

    made = once_a_stack(lambda _: Made())
    stack = Stack(())
    made(stack)
    assert living
    del stack
    gc.collect()
    assert not living


def test_what_is_raised_is_raised_again():
    @once_a_stack
    def refused(stack):
        raise LookupError(stack.name)

    stack = Stack((), "one")
    for _ in range(2):
        with pytest.raises(LookupError, match="one"):
            refused(stack)
