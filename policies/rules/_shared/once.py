"""What is worked out once a stack: a rule asks at every resource, and looking through all grows as the square."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import TypeVar
from weakref import WeakKeyDictionary

from policies.engine.subject import Stack

T = TypeVar("T")


def once_a_stack(make: Callable[[Stack], T]) -> Callable[[Stack], T]:
    """A function of a stack that keeps what it made for as long as there is the stack; what it raises isn't kept."""
    made: WeakKeyDictionary[Stack, T] = WeakKeyDictionary()

    @wraps(make)
    def kept(stack: Stack) -> T:
        if stack not in made:
            made[stack] = make(stack)
        return made[stack]

    return kept
