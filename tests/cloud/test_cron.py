"""Cron expressions of five fields: when they fired last, and when they fire next."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from herd.cloud import cron

NOON = datetime(2027, 1, 4, 12, 0, tzinfo=UTC)  # a Monday


def at(*parts):
    return datetime(*parts, tzinfo=UTC)


@pytest.mark.parametrize(
    ("expression", "last", "following"),
    [
        ("0 12 * * *", NOON, at(2027, 1, 5, 12)),
        ("*/10 9-16 4 1 *", NOON, at(2027, 1, 4, 12, 10)),
        ("30 8 * * MON-FRI", at(2027, 1, 4, 8, 30), at(2027, 1, 5, 8, 30)),
        ("0 0 1 JAN,JUL *", at(2027, 1, 1), at(2027, 7, 1)),
        ("15,45 * * * 7", at(2027, 1, 3, 23, 45), at(2027, 1, 10, 0, 15)),
        ("0 0 29 2 *", None, at(2028, 2, 29)),
        # Where both days are given, either counts.
        ("0 6 15 * SUN", at(2027, 1, 3, 6), at(2027, 1, 10, 6)),
        ("5/20 13 * * *", at(2027, 1, 3, 13, 45), at(2027, 1, 4, 13, 5)),
    ],
)
def test_last_and_next(expression, last, following):
    parsed = cron.parse(expression)
    assert parsed.last(NOON, NOON - timedelta(days=200)) == last
    assert parsed.next(NOON) == following


def test_times_are_those_of_the_zone():
    berlin = ZoneInfo("Europe/Berlin")
    assert cron.parse("0 9 * * *").next(NOON.astimezone(berlin)).astimezone(UTC) == at(2027, 1, 5, 8)


@pytest.mark.parametrize(
    "expression",
    [
        "",
        "* * * *",
        "60 * * * *",
        "* 24 * * *",
        "* * 0 * *",
        "* * * FEX *",
        "* * * * 8",
        "*/0 * * * *",
        "5-1 * * * *",
        "a-b * * * *",
    ],
)
def test_what_is_no_expression(expression):
    with pytest.raises(ValueError, match=r"fields|can't be"):
        cron.parse(expression)


def test_a_day_that_never_comes():
    assert cron.parse("0 0 31 2 *").next(NOON) is None


@given(st.integers(0, 59), st.integers(0, 23), st.integers(0, 2_000_000))
def test_nothing_fires_between_the_last_time_and_the_next(minute, hour, later):
    moment = NOON + timedelta(minutes=later)
    parsed = cron.parse(f"{minute} {hour} * * *")
    last, following = parsed.last(moment, moment - timedelta(days=3)), parsed.next(moment)
    assert last <= moment < following
    assert following - last == timedelta(days=1)
