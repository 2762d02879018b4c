"""Backups are refused where AWS Backup, or the vault's own lock, would refuse them."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from components.base.problems import InvalidInputError
from components.base.validation import validate
from components.storage.backup.spec import BackupSpec

GOVERNANCE = {"mode": "governance", "minRetentionDays": 7, "maxRetentionDays": 365}


def problems(data):
    try:
        validate(BackupSpec, data, file="stack.yaml")
    except InvalidInputError as error:
        return {problem.field: problem.message for problem in error.problems}
    return {}


@pytest.mark.parametrize(
    ("data", "field", "says"),
    [
        ({"retentionDays": 6, "lock": GOVERNANCE}, "retentionDays", "7 to 365 days"),
        ({"retentionDays": 366, "lock": GOVERNANCE}, "retentionDays", "7 to 365 days"),
        ({"retentionDays": 119, "coldStorageAfterDays": 30}, "retentionDays", "at least 120 days"),
        ({"lock": {**GOVERNANCE, "minRetentionDays": 400}}, "lock.minRetentionDays", "more than maxRetentionDays"),
        ({"lock": {**GOVERNANCE, "changeableForDays": 3}}, "lock.changeableForDays", "unknown key"),
        ({"lock": {**GOVERNANCE, "mode": "compliance"}}, "lock.changeableForDays", "missing"),
        (
            {"lock": {**GOVERNANCE, "mode": "compliance", "changeableForDays": 2}},
            "lock.changeableForDays",
            "equal to 3",
        ),
        ({"lock": {"mode": "worm"}}, "lock.mode", "unknown"),
        ({"startWindowMinutes": 59}, "startWindowMinutes", "equal to 60"),
        ({"startWindowMinutes": 720}, "completionWindowMinutes", "longer than the start window"),
        ({"schedule": "0 3 * * *"}, "schedule", "cron(0 3 * * ? *)"),
        ({"schedule": "cron(0 3 * * * *)"}, "schedule", "? for one of the two days"),
        ({"schedule": "rate(1 day)"}, "schedule", "cron("),
    ],
)
def test_what_would_never_work_is_refused(data, field, says):
    found = problems(data)
    assert list(found) == [field]
    assert says in found[field]


@pytest.mark.parametrize("schedule", ["cron(0 3 * * ? *)", "cron(30 1 ? * MON-FRI *)", "cron(0 */6 L * ? 2026-2030)"])
def test_schedules_as_aws_writes_them_are_taken(schedule):
    assert problems({"schedule": schedule}) == {}


DAYS = st.integers(1, 1000)
LOCKS = st.none() | st.builds(
    lambda least, most: {"mode": "governance", "minRetentionDays": least, "maxRetentionDays": most}, DAYS, DAYS
)


def data_of(keep, cold, lock):
    return {
        "retentionDays": keep,
        **({"coldStorageAfterDays": cold} if cold else {}),
        **({"lock": lock} if lock else {}),
    }


@given(DAYS, st.none() | DAYS, LOCKS)
def test_a_backup_that_is_taken_is_one_the_lock_and_cold_storage_take(keep, cold, lock):
    if problems(data_of(keep, cold, lock)):
        return
    if cold:
        assert keep - cold >= 90
    if lock:
        assert lock["minRetentionDays"] <= keep <= lock["maxRetentionDays"]


@given(DAYS, st.none() | DAYS, LOCKS)
def test_what_is_refused_really_breaks_a_rule(keep, cold, lock):
    if not problems(data_of(keep, cold, lock)):
        return
    cold_is_short = cold is not None and keep - cold < 90
    lock_refuses = lock is not None and not lock["minRetentionDays"] <= keep <= lock["maxRetentionDays"]
    assert cold_is_short or lock_refuses


@given(DAYS, DAYS)
def test_the_advice_about_cold_storage_works(keep, cold):
    found = problems(data_of(keep, cold, None))
    if found:
        (advised,) = re.findall(r"at least (\d+) days", found["retentionDays"])
        assert problems(data_of(int(advised), cold, None)) == {}
