"""Timestamps and durations: parts, construction, arithmetic and range."""

import calendar
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emulator.firestore.rules.time_methods import timestamp_of
from emulator.firestore.rules.values import Timestamp
from tests.emulator.firestore.rules.harness import outcome, value_of

# request.time of the harness: Tuesday 2023-11-14T22:13:20.123456789Z
TRUE = [
    "request.time.year() == 2023 && request.time.month() == 11 && request.time.day() == 14",
    "request.time.hours() == 22 && request.time.minutes() == 13 && request.time.seconds() == 20",
    "request.time.nanos() == 123456789",
    "request.time.dayOfWeek() == 2 && request.time.dayOfYear() == 318",
    "request.time.date() == timestamp.date(2023, 11, 14)",
    "request.time.time() == duration.time(22, 13, 20, 123456789)",
    "request.time.toMillis() == 1700000000123",
    "request.time.date() + request.time.time() == request.time",
    "timestamp.date(1984, 1, 2).year() == 1984 && timestamp.date(2024, 2, 29).dayOfYear() == 60",
    "timestamp.value(0) == timestamp.date(1970, 1, 1) && timestamp.value(-1).nanos() == 999000000",
    "timestamp.value(-1).year() == 1969 && timestamp.value(-1).toMillis() == -1",
    "request.time + duration.value(1, 'd') > request.time",
    "duration.value(1, 'd') + request.time == request.time + duration.value(24, 'h')",
    "request.time - duration.value(1, 's') < request.time",
    "(request.time - timestamp.value(1700000000000)).nanos() == 123456789",
    "duration.value(1, 'w') == duration.value(7, 'd') && duration.value(1, 'd') == duration.value(24, 'h')",
    "duration.value(1, 'h') == duration.value(60, 'm') && duration.value(1, 'm') == duration.value(60, 's')",
    "duration.value(1, 's') == duration.value(1000, 'ms') && duration.value(1, 'ms') == duration.value(1000000, 'ns')",
    "duration.value(90, 'm').seconds() == 5400 && duration.value(1500, 'ms').nanos() == 500000000",
    "duration.value(-1500, 'ms').seconds() == -1 && duration.value(-1500, 'ms').nanos() == -500000000",
    "duration.abs(duration.value(-10, 's')) == duration.value(10, 's')",
    "duration.value(3, 's') + duration.value(1, 'm') == duration.value(63, 's')",
    "duration.value(3, 's') - duration.value(1, 's') == duration.value(2, 's')",
]
ERRORS = [
    ("timestamp.date(2023, 2, 29).year() == 2023", "Invalid date."),
    ("timestamp.date(0, 1, 1).year() == 0", "Invalid date."),
    ("timestamp.date(2023, 13, 1).year() == 2023", "Invalid date."),
    (
        "timestamp.date(2023.0, 1, 1).year() == 2023",
        "Unsupported operation error. Received: timestamp.date(float, int, int).",
    ),
    ("timestamp.value(9223372036854775807).year() == 1", "Timestamp out of range."),
    (
        "request.time + duration.value(9000, 'd') * 2 == request.time",
        "Unsupported operation error. Received: duration * int.",
    ),
    ("timestamp.date(9999, 12, 31) + duration.value(1, 'd') > request.time", "Timestamp out of range."),
    ("duration.value(1, 'y').seconds() == 1", "Invalid duration unit: y."),
    ("duration.value(9223372036854775807, 'w').seconds() == 1", "Duration out of range."),
    ("request.time + 1 == request.time", "Unsupported operation error. Received: timestamp + int."),
    ("request.time + request.time == request.time", "Unsupported operation error. Received: timestamp + timestamp."),
    ("request.time < duration.value(1, 's')", "Unsupported operation error. Received: timestamp < duration."),
    ("request.time.weekday() == 1", "Function not found error: Name: [weekday]."),
]


@pytest.mark.parametrize("condition", TRUE)
def test_holds(condition: str) -> None:
    assert outcome(condition) == "true"


@pytest.mark.parametrize(("condition", "message"), ERRORS)
def test_has_no_value(condition: str, message: str) -> None:
    assert outcome(condition) == message


@given(st.integers(1, 9999), st.integers(1, 12), st.integers(1, 31))
def test_dates_agree_with_the_calendar(year: int, month: int, day: int) -> None:
    if day > calendar.monthrange(year, month)[1]:
        assert outcome(f"timestamp.date({year}, {month}, {day}).day() == 0") == "Invalid date."
        return
    expected = datetime(year, month, day, tzinfo=UTC)
    date = f"timestamp.date({year}, {month}, {day})"
    assert value_of(date) == timestamp_of(expected)
    assert value_of(f"[{date}.year(), {date}.month(), {date}.day(), {date}.dayOfWeek()]") == [
        year,
        month,
        day,
        expected.isoweekday(),
    ]


def test_a_datetime_of_any_zone_becomes_its_instant() -> None:
    lagos = datetime(2023, 11, 14, 23, 13, 20, 123456, tzinfo=timezone(timedelta(hours=1)))
    assert timestamp_of(lagos) == Timestamp(1_700_000_000_123_456_000)
