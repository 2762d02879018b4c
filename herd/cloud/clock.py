"""The stand-in cloud's clock: the present, unless somebody moves it to see what a reservation's window does."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

_ahead = timedelta()


def now() -> datetime:
    """The present of the cloud, in UTC, to the second (as most services tell it)."""
    return (datetime.now(UTC) + _ahead).replace(microsecond=0)


def move_to(instant: datetime) -> None:
    """Make it this moment now; the clock goes on from there."""
    global _ahead  # noqa: PLW0603 - one cloud in a process, one clock
    _ahead = instant - datetime.now(UTC)


def reset() -> None:
    """The real present."""
    global _ahead  # noqa: PLW0603
    _ahead = timedelta()
