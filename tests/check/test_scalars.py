"""Unquoted scalars as kubectl and ParallelCluster read them."""

import pytest

from herd.check.scalars import resolve


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("", None),
        ("~", None),
        ("null", None),
        ("true", True),
        ("Yes", True),
        ("off", False),
        ("yES", "yES"),
        ("y", "y"),
        ("22", 22),
        ("-7", -7),
        ("1_000", 1000),
        ("0x1F", 31),
        ("0b101", 5),
        ("0755", 493),
        ("0o17", 15),
        ("08", "08"),
        ("012345678901", "012345678901"),
        ("1.30", 1.3),
        (".5", 0.5),
        ("1e3", 1000.0),
        ("1e999", "1e999"),
        ("1.2.3", "1.2.3"),
        ("-", "-"),
        (".", "."),
        ("22:30", "22:30"),
        ("2026-01-01", "2026-01-01"),
        (".inf", ".inf"),
        ("0x_", "0x_"),
        ("9" * 60, "9" * 60),
    ],
)
def test_is_read_as(text, value):
    assert resolve(text) == value
    assert type(resolve(text)) is type(value)
