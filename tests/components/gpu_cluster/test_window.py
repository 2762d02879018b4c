"""A capacity block's schedules hold at every moment: the right size in the window, none after it."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from components.base.problems import InvalidInputError
from components.capacity.spec import BLOCK_ENDS_EARLY, CapacityBlockFacts
from components.gpu_cluster.window import DRAIN, closes, closing, opening

TEN, HOUR = timedelta(minutes=10), timedelta(hours=1)
FULL_HOUR = {"minute": 0, "second": 0, "microsecond": 0}


def block_of(start, end):
    """A block with that window."""
    return CapacityBlockFacts(
        kind="capacity-block",
        id="cr-0123456789abcdef0",
        instance_type="p5.48xlarge",
        zone="us-east-1a",
        count=1,
        start=start,
        end=end,
    )


def fires(cron, moment):
    """Whether a cron expression of the five fields fires in a minute; the day of the week is never asked for."""
    *fields, weekday = cron.split(" ")
    assert weekday == "*"
    return all(
        matches(field, value)
        for field, value in zip(fields, (moment.minute, moment.hour, moment.day, moment.month), strict=True)
    )


def matches(field, value):
    """Whether one field does: `*`, `*/10`, `3`, `3-7`, `1,2`."""
    if field.startswith("*"):
        return value % int(field.partition("/")[2] or 1) == 0
    ranges = (part.partition("-") for part in field.split(","))
    return any(int(low) <= value <= int(high or low) for low, _, high in ranges)


# A block lasts half a year at most; windows of which none spans the same minute of a year twice.
FIRST = datetime(2026, 1, 1, tzinfo=UTC)
STARTS = st.integers(0, 3 * 365 * 24 * 60).map(lambda minutes: FIRST + timedelta(minutes=minutes))
LENGTHS = st.integers(46, 182 * 24 * 60).map(lambda minutes: timedelta(minutes=minutes))


@given(STARTS, LENGTHS, st.data())
@settings(max_examples=60)
def test_the_group_is_opened_in_the_window_and_nowhere_else(start, length, data):
    block = block_of(start, start + length)
    stop, crons = closes(block), opening(block)
    first, last = start.replace(**FULL_HOUR) + HOUR, stop.replace(**FULL_HOUR)
    edges = [start, start - TEN, first, first - TEN, last, last - TEN, stop, stop + TEN]
    around = st.integers(-3 * 24 * 6, length // TEN + 3 * 24 * 6).map(
        lambda steps: start.replace(**FULL_HOUR) + steps * TEN
    )
    for moment in (*edges, *data.draw(st.lists(around, min_size=20, max_size=20))):
        on_a_mark = moment.minute % 10 == 0 and first <= moment < last
        # And never by two actions at one moment, which AWS refuses.
        assert sum(fires(cron, moment) for cron in crons) == (moment == start or on_a_mark), moment


@given(STARTS, LENGTHS)
@settings(max_examples=30)
def test_the_group_is_closed_in_time_to_drain_and_stays_closed(start, length):
    block = block_of(start, start + length)
    assert closes(block) == block.end - BLOCK_ENDS_EARLY - DRAIN
    assert fires(closing(block), closes(block))
    after = closes(block)
    assert not any(
        fires(cron, after + minutes * timedelta(minutes=1)) for cron in opening(block) for minutes in range(90)
    )
    assert len(opening(block)) <= 8


def test_two_weeks_read_like_a_calendar():
    block = block_of(datetime(2027, 1, 25, 11, 30, tzinfo=UTC), datetime(2027, 4, 2, 11, 30, tzinfo=UTC))
    assert opening(block) == (
        "30 11 25 1 *",
        "*/10 12-23 25 1 *",
        "*/10 * 26-31 1 *",
        "*/10 * 1 4 *",
        "*/10 * * 2,3 *",
        "*/10 0-9 2 4 *",
    )
    assert closing(block) == "45 10 2 4 *"


def test_a_block_without_time_for_nodes_is_refused():
    start = datetime(2027, 1, 25, 11, 30, tzinfo=UTC)
    with pytest.raises(InvalidInputError, match="no time for nodes: they go 0:45:00 before its end"):
        opening(block_of(start, start + timedelta(minutes=45)))
