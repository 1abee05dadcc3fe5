"""Ends of days and months where the shop is: month ends, leap days, and days that are an hour longer or shorter."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lib.domain import dates
from lib.domain.countries import COUNTRIES

NEW_YORK, HONOLULU, LAGOS = "America/New_York", "Pacific/Honolulu", "Africa/Lagos"
ZONES = sorted(zone for country in COUNTRIES.values() for zone in country.time_zones)
days = st.dates(date(1990, 1, 1), date(2090, 1, 1))


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("day", "months", "later"),
    [
        ("2026-01-15", 1, "2026-02-15"),
        ("2026-01-31", 1, "2026-02-28"),
        ("2028-01-31", 1, "2028-02-29"),
        ("2028-02-29", 12, "2029-02-28"),
        ("2028-02-29", 48, "2032-02-29"),
        ("2026-03-31", 1, "2026-04-30"),
        ("2026-10-31", 4, "2027-02-28"),
        ("2026-12-01", 1, "2027-01-01"),
        ("2026-05-31", 120, "2036-05-31"),
    ],
)
def test_months_later_stays_within_the_month(day: str, months: int, later: str) -> None:
    assert dates.months_later(date.fromisoformat(day), months) == date.fromisoformat(later)


@pytest.mark.parametrize(
    ("day", "zone", "ends"),
    [
        ("2026-01-31", NEW_YORK, "2026-02-01T05:00"),
        ("2026-03-07", NEW_YORK, "2026-03-08T05:00"),
        ("2026-03-08", NEW_YORK, "2026-03-09T04:00"),
        ("2026-11-01", NEW_YORK, "2026-11-02T05:00"),
        ("2026-07-04", HONOLULU, "2026-07-05T10:00"),
        ("2026-07-04", LAGOS, "2026-07-04T23:00"),
        ("2028-02-28", LAGOS, "2028-02-28T23:00"),
    ],
)
def test_a_day_ends_with_the_midnight_of_the_shop(day: str, zone: str, ends: str) -> None:
    assert dates.end_of_day(date.fromisoformat(day), zone) == utc(ends)


@pytest.mark.parametrize(
    ("day", "zone", "ends"),
    [
        ("2026-02-01", NEW_YORK, "2026-03-01T05:00"),
        ("2028-02-11", NEW_YORK, "2028-03-01T05:00"),
        ("2026-03-31", NEW_YORK, "2026-04-01T04:00"),
        ("2026-12-25", HONOLULU, "2027-01-01T10:00"),
        ("2026-04-01", LAGOS, "2026-04-30T23:00"),
    ],
)
def test_a_month_ends_with_its_last_day(day: str, zone: str, ends: str) -> None:
    assert dates.end_of_month(date.fromisoformat(day), zone) == utc(ends)


@pytest.mark.parametrize(
    ("day", "hours"), [("2026-03-08", 23), ("2026-11-01", 25), ("2026-06-01", 24), ("2026-12-31", 24)]
)
def test_days_on_which_the_clock_is_changed_are_shorter_or_longer(day: str, hours: int) -> None:
    that = date.fromisoformat(day)
    length = dates.end_of_day(that, NEW_YORK) - dates.end_of_day(that - timedelta(days=1), NEW_YORK)
    assert length == timedelta(hours=hours)


@given(day=days, zone=st.sampled_from(ZONES))
def test_a_day_is_what_lies_between_two_ends(day: date, zone: str) -> None:
    begins, ends = dates.end_of_day(day - timedelta(days=1), zone), dates.end_of_day(day, zone)
    last = ends - timedelta(microseconds=1)
    assert dates.local_day(begins, zone) == dates.local_day(last, zone) == day
    assert dates.local_day(ends, zone) == day + timedelta(days=1)


@given(day=days, zone=st.sampled_from(ZONES))
def test_a_month_ends_where_the_next_begins(day: date, zone: str) -> None:
    assert dates.local_day(dates.end_of_month(day, zone), zone) == dates.months_later(day.replace(day=1), 1)
