"""ECR's wildcards: `*` is any number of characters, nothing else is special."""

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from components.registry.wildcard import matches, overlap

TEXTS = st.text("ab-", max_size=8)


@pytest.mark.parametrize(
    ("pattern", "text", "expected"),
    [
        ("prod*", "prod1", True),
        ("prod*", "prod", True),
        ("prod", "prod1", False),
        ("*test*1*2*3", "a-test-1-2-3", True),
        ("*test*1*2*3", "a-test-3-2-1", False),
        ("v1.2", "v1x2", False),
    ],
)
def test_matching(pattern, text, expected):
    assert matches(pattern, text) is expected


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        ("build-*", "release-*", False),
        ("re*", "release-*", True),
        ("*-1", "release-*", True),
        ("release", "release-*", False),
        ("*", "release-*", True),
        ("", "**", True),
    ],
)
def test_whether_two_patterns_can_meet(first, second, expected):
    assert overlap(first, second) is overlap(second, first) is expected


@st.composite
def pattern_of(draw, text):
    """A pattern that matches a text: some of its stretches become wildcards."""
    cuts = sorted(draw(st.lists(st.integers(0, len(text)), max_size=6)))
    kept, position = "", 0
    for start, end in zip(cuts[::2], cuts[1::2], strict=False):
        kept += text[position:start] + "*"
        position = end
    return kept + text[position:]


@given(TEXTS.flatmap(lambda text: st.tuples(st.just(text), pattern_of(text), pattern_of(text))))
def test_patterns_that_match_one_text_overlap(drawn):
    text, first, second = drawn
    assert matches(first, text)
    assert matches(second, text)
    assert overlap(first, second)


def test_short_patterns_overlap_exactly_if_some_text_matches_both():
    """Three characters of pattern each: a common text, if there is one, has at most six."""
    patterns = ["".join(letters) for size in (1, 2, 3) for letters in product("ab*", repeat=size)]
    texts = ["".join(letters) for size in range(7) for letters in product("ab", repeat=size)]
    matched = {pattern: {text for text in texts if matches(pattern, text)} for pattern in patterns}
    for first, second in product(patterns, patterns):
        assert overlap(first, second) is bool(matched[first] & matched[second]), (first, second)
