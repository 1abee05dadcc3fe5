"""Occasions of a person: each once, yearly ones once a year and well apart, whatever comes in whatever order."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lib.domain import day_keys
from lib.domain.automations import on_day
from lib.domain.day_keys import Span
from lib.domain.frequency import Cap, MessageType
from lib.domain.messages import Cause
from lib.domain.occasions import APART, REMEMBERED_MAX, Occasion, PersonKey, Record, record_id

ZONE = "America/New_York"
DAY = timedelta(days=1)
BEGINNING, END = date(2024, 1, 1), date(2031, 12, 31)


def birthday(day: date) -> Occasion:
    return on_day(MessageType.BIRTHDAY, day, str(day.year), ZONE)


@given(
    st.lists(
        st.tuples(st.dates(BEGINNING, END), st.integers(0, 47), st.booleans()),
        max_size=40,
    )
)
def test_birthdays_are_one_a_year_and_half_a_year_apart_whatever_dates_and_clocks_say(
    visits: list[tuple[date, int, bool]],
) -> None:
    """Birth dates change, visits come late and twice, and clocks are moved: the days come in any order."""
    record, given_on = Record(), []
    for day, hours_late, is_repeated in visits:
        for _ in range(1 + is_repeated):
            occasion = birthday(day)
            now = occasion.at + timedelta(hours=hours_late)
            if record.allows(occasion, (), now):
                record = record.with_occasion(occasion, now)
                given_on.append(day)
    assert len({day.year for day in given_on}) == len(given_on)
    ordered = sorted(given_on)
    # A visit is up to two days after its day.
    assert all(later - earlier >= APART - 2 * DAY for earlier, later in pairwise(ordered))


@settings(max_examples=30)
@given(st.dates(BEGINNING, END), st.integers(1, 8))
def test_who_keeps_a_birth_date_has_a_birthday_every_year(born: date, years: int) -> None:
    record, had = Record(), 0
    for year in range(2024, 2024 + years):
        day = day_keys.celebrated(f"{born:%m-%d}", Span(date(year, 1, 1), date(year, 12, 31)))
        assert day is not None
        occasion = birthday(day)
        if record.allows(occasion, (), occasion.at):
            record = record.with_occasion(occasion, occasion.at)
            had += 1
    assert had == years


@given(st.lists(st.integers(0, 24 * 30), max_size=60))
def test_a_cap_lets_no_more_through_in_any_stretch(hours: list[int]) -> None:
    cap, record = Cap(2, timedelta(hours=72)), Record()
    start = datetime(2027, 1, 1, tzinfo=UTC)
    times: list[datetime] = []
    for number, hour in enumerate(sorted(hours)):
        now = start + timedelta(hours=hour)
        occasion = Occasion(MessageType.SEGMENT_ENTERED, Cause("notice", str(number)), now, now + DAY)
        if record.allows(occasion, [cap], now):
            record, times = record.with_occasion(occasion, now), [*times, now]
    assert all(third - first >= cap.window for first, third in zip(times, times[2:], strict=False))


def test_what_is_remembered_is_bounded() -> None:
    record = Record()
    for number in range(REMEMBERED_MAX + 5):
        day = BEGINNING + number * DAY
        record = record.with_occasion(on_day(MessageType.WINBACK, day, day.isoformat(), ZONE), birthday(day).at)
    assert len(record.had) == REMEMBERED_MAX
    assert (BEGINNING + 4 * DAY).isoformat() not in record.had


def test_records_are_of_one_org_kind_and_key_and_show_nothing() -> None:
    keys = [PersonKey("phone", "+12015550123"), PersonKey("email", "ann@example.com"), PersonKey("customer", "c")]
    kinds = (MessageType.BIRTHDAY, MessageType.WELCOME)
    ids = {record_id(org, kind, key) for org in ("a", "b") for kind in kinds for key in keys}
    assert len(ids) == 12
    assert all(len(each) == 32 for each in ids)
    assert "2015550123" not in repr(keys[0])


@pytest.mark.parametrize(
    ("day", "keys"),
    [
        (date(2027, 2, 28), ("02-28", "02-29")),
        (date(2028, 2, 28), ("02-28",)),
        (date(2028, 2, 29), ("02-29",)),
        (date(2100, 2, 28), ("02-28", "02-29")),
        (date(2027, 12, 31), ("12-31",)),
    ],
)
def test_days_of_the_year(day: date, keys: tuple[str, ...]) -> None:
    assert day_keys.month_days(day) == keys


@given(st.dates(date(1920, 1, 1), date(2020, 12, 31)), st.integers(2021, 2100))
def test_every_day_of_the_year_is_celebrated_once_a_year(born: date, year: int) -> None:
    days = [day for day in Span(date(year, 1, 1), date(year, 12, 31)) if f"{born:%m-%d}" in day_keys.month_days(day)]
    assert len(days) == 1


@pytest.mark.parametrize(
    ("fields", "day"),
    [
        ({"createdAt": datetime(2024, 2, 29, 3, tzinfo=UTC)}, date(2024, 2, 28)),
        ({"alleavesCustomerSince": "2024-02-29T00:00:00+00:00"}, date(2024, 2, 29)),
        ({"alleavesCustomerSince": "2024-02-29"}, date(2024, 2, 29)),
        ({"alleavesCustomerSince": "2024-02-29T03:00:00+00:00"}, date(2024, 2, 28)),
        ({"alleavesCustomerSince": "long ago", "createdAt": datetime(2024, 5, 1, 17, tzinfo=UTC)}, date(2024, 5, 1)),
        (
            {"loyaltyEnrolledAt": datetime(2023, 5, 1, 17, tzinfo=UTC), "createdAt": datetime(2024, 5, 1, tzinfo=UTC)},
            date(2023, 5, 1),
        ),
        ({}, None),
    ],
)
def test_who_signed_up_when(fields: dict[str, Any], day: date | None) -> None:
    assert day_keys.signed_up_on(fields, ZONE) == day


@pytest.mark.parametrize(
    ("before", "after", "tells"),
    [
        (None, {}, True),
        ({"points": 1}, {"points": 2}, False),
        ({}, {"birthday": "05/17"}, True),
        ({"birthDate": "1990-05-17"}, {}, True),
        ({"birthDate": "1990-05-17"}, {"birthDate": "1990-05-17", "birthdayMonthDay": "05-17"}, False),
        ({"orgId": "a"}, {"orgId": "b"}, True),
    ],
)
def test_which_writes_tell_of_days(before: dict[str, Any] | None, after: dict[str, Any], tells: bool) -> None:
    assert day_keys.tell_of_days(before, after) is tells
