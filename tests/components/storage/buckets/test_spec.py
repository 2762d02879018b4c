"""A lifecycle is refused where S3 would refuse it, with what to write instead."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from components.base.problems import InvalidInputError
from components.base.validation import validate
from components.storage.buckets.spec import NEXT_CLASSES, Lifecycle


def problems(data):
    try:
        validate(Lifecycle, data, file="stack.yaml")
    except InvalidInputError as error:
        return {problem.field: problem.message for problem in error.problems}
    return {}


def moves(*pairs):
    return {"transitions": [{"days": days, "storageClass": name} for days, name in pairs]}


@pytest.mark.parametrize(
    ("data", "field", "says"),
    [
        (moves((29, "STANDARD_IA")), "transitions[0].days", "after 30 days"),
        (moves((10, "ONEZONE_IA")), "transitions[0].days", "after 30 days"),
        (moves((30, "STANDARD_IA"), (59, "GLACIER")), "transitions[1].days", "at least 60 days"),
        (moves((0, "GLACIER_IR"), (0, "GLACIER")), "transitions[1].days", "at least 1 days"),
        (moves((0, "GLACIER"), (90, "GLACIER_IR")), "transitions[1].storageClass", "from GLACIER to GLACIER_IR"),
        (moves((30, "ONEZONE_IA"), (90, "GLACIER_IR")), "transitions[1].storageClass", "from ONEZONE_IA"),
        (moves((1, "GLACIER"), (2, "GLACIER")), "transitions[1].storageClass", "from GLACIER to GLACIER"),
        ({**moves((60, "GLACIER")), "expirationDays": 60}, "expirationDays", "at least 61 days"),
        ({"expirationDays": 0}, "expirationDays", "greater than or equal to 1"),
        ({"noncurrentVersionExpirationDays": 0}, "noncurrentVersionExpirationDays", "greater than or equal to 1"),
        ({"newerNoncurrentVersions": 101}, "newerNoncurrentVersions", "less than or equal to 100"),
        ({"abortIncompleteMultipartUploadDays": 0}, "abortIncompleteMultipartUploadDays", "greater than or equal to 1"),
        (moves((0, "REDUCED_REDUNDANCY")), "transitions[0].storageClass", "'STANDARD_IA'"),
    ],
)
def test_what_s3_refuses_is_refused(data, field, says):
    found = problems(data)
    assert list(found) == [field]
    assert says in found[field]


def test_every_problem_is_named_at_once():
    found = problems({**moves((5, "STANDARD_IA"), (6, "GLACIER"), (7, "INTELLIGENT_TIERING")), "expirationDays": 7})
    assert set(found) == {
        "transitions[0].days",
        "transitions[1].days",
        "transitions[2].storageClass",
        "expirationDays",
    }


def test_a_usual_lifecycle_is_taken():
    assert problems({**moves((30, "STANDARD_IA"), (60, "GLACIER"), (150, "DEEP_ARCHIVE")), "expirationDays": 400}) == {}


LIFECYCLES = st.builds(
    lambda pairs, days: {**moves(*pairs), **({"expirationDays": days} if days else {})},
    st.lists(st.tuples(st.integers(0, 400), st.sampled_from(sorted(NEXT_CLASSES))), max_size=4),
    st.none() | st.integers(1, 800),
)


@given(LIFECYCLES)
def test_an_object_only_ever_gets_colder_and_is_deleted_last(data):
    """The life of one object, day by day, under every lifecycle that is taken."""
    if problems(data):
        return
    spec = Lifecycle.model_validate(data)
    entered = {move.days: move.storage_class for move in spec.transitions}
    assert len(entered) == len(spec.transitions), "two moves on one day"
    days = sorted(entered)
    if not days:
        return
    assert days == [move.days for move in spec.transitions]
    end = spec.expiration_days or days[-1] + 1
    for start, stop in zip(days, [*days[1:], end], strict=True):
        assert stop > start
        if entered[start].endswith("_IA"):
            assert start >= 30
            assert stop >= start + 30 or stop == end
    classes = [entered[day] for day in days]
    assert len(set(classes)) == len(classes), "an object came back to a class it had left"


@given(LIFECYCLES)
def test_doing_what_the_messages_say_about_days_makes_it_acceptable(data):
    for _ in range(8):
        advice = {field: text for field, text in problems(data).items() if not field.endswith("storageClass")}
        if not advice:
            break
        field, text = next(iter(advice.items()))
        days = int(re.findall(r"(?:at least|after) (\d+) days", text)[-1])
        if field == "expirationDays":
            data = {**data, "expirationDays": days}
        else:
            position = int(re.findall(r"\d+", field)[0])
            data["transitions"][position]["days"] = days
    assert not [field for field in problems(data) if not field.endswith("storageClass")]
