"""Schedule expressions, good and bad."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from herd.cloud import schedules

# From the examples of the EventBridge User Guide.
GOOD = [
    "cron(0 10 * * ? *)",
    "cron(15 12 * * ? *)",
    "cron(0 18 ? * MON-FRI *)",
    "cron(0 8 1 * ? *)",
    "cron(0/10 * ? * MON-FRI *)",
    "cron(0/5 8-17 ? * MON-FRI *)",
    "cron(0 9 ? * 2#1 *)",
    "cron(0 7 L * ? *)",
    "cron(0 7 ? * 6L 2025-2030)",
    "cron(0 7 15W JAN,JUL ? *)",
    "rate(1 minute)",
    "rate(5 minutes)",
    "rate(1 day)",
]
BAD = [
    "",
    "0 10 * * ? *",
    "cron(0 10 * * ?)",
    "cron(0 10 * * * *)",
    "cron(0 10 ? * ? *)",
    "cron(60 10 * * ? *)",
    "cron(0 24 * * ? *)",
    "cron(0 10 0 * ? *)",
    "cron(0 10 * 13 ? *)",
    "cron(0 10 ? * FUN *)",
    "cron(0 10 ? * 8 *)",
    "cron(0 10 * * ? 1969)",
    "cron(0/0 10 * * ? *)",
    "cron(0 10 * * ? *",
    "rate(0 minutes)",
    "rate(1 minutes)",
    "rate(5 minute)",
    "rate(5 weeks)",
    "rate(-5 minutes)",
    "every day",
]


@pytest.mark.parametrize("expression", GOOD)
def test_expressions_of_the_guide(expression):
    assert schedules.problem(expression) is None


@pytest.mark.parametrize("expression", BAD)
def test_expressions_that_make_no_sense_are_refused(expression):
    assert schedules.problem(expression)


def test_a_moment_is_for_services_that_take_one():
    assert schedules.problem("at(2026-11-23T03:00:00)", ("at",)) is None
    assert schedules.problem("at(2026-11-23T03:00:00)") is not None
    assert schedules.problem("at(2026-02-30T03:00:00)", ("at",)) is not None


@given(minute=st.integers(0, 59), hour=st.integers(0, 23), day=st.integers(1, 31))
def test_every_time_of_every_day_can_be_said(minute, hour, day):
    assert schedules.problem(f"cron({minute} {hour} {day} * ? *)") is None
    assert schedules.problem(f"cron({minute + 60} {hour} {day} * ? *)") is not None


@given(st.text(max_size=40))
def test_whatever_is_given_it_answers(text):
    answer = schedules.problem(f"cron({text})")
    assert answer is None or f"cron({text})" in answer
