"""Birth dates: each form of writing one makes the same day of the year; what may be two days makes none."""

from datetime import date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lib.domain.birth_dates import birthday_month_day
from lib.domain.countries import CountryCode
from tests.domain import strategies

REGIONS = st.sampled_from(["US", "NG"])


@pytest.mark.parametrize(
    ("raw", "region", "expected"),
    [
        ("1990-05-17", "US", "05-17"),
        ("1990-05-17T00:00:00.000Z", "US", "05-17"),
        ("1990-5-7 00:00", "US", "05-07"),
        ("05/17/1990", "US", "05-17"),
        ("5/17/90", "US", "05-17"),
        ("05/17", "US", "05-17"),
        ("17/05/1990", "NG", "05-17"),
        ("17.5.1990", "NG", "05-17"),
        ("17-05-1990", "NG", "05-17"),
        ("05-17-1990", "US", "05-17"),
        ("05-17", "US", "05-17"),
        ("05-17", "NG", "05-17"),
        ("05/17-1990", "US", None),
        ("2000-02-29", "US", "02-29"),
        ("1905-01-01", "US", "01-01"),
        ("1900-01-01", "US", None),
        ("01/01/1900", "US", None),
        ("1899-12-30T00:00:00.000Z", "US", None),
        ("0001-01-01", "US", None),
        (date(1900, 1, 1), "US", None),
        ("02/29/1996", "US", "02-29"),
        ("2/29/96", "US", "02-29"),
        ("2/29/2023", "US", None),
        ("2/29/97", "US", None),
        (date(1990, 5, 17), "US", "05-17"),
        (datetime(1990, 5, 17, 3, 0), "NG", "05-17"),  # noqa: DTZ001  # a stored birth date has no zone
        ("17/05/1990", "US", "05-17"),
        ("05/17/1990", "NG", "05-17"),
        ("17/05", "US", "05-17"),
        ("12/05/1990", "US", "12-05"),
        ("12/05/1990", "NG", "05-12"),
        ("17/05/90", "US", None),
        ("1990/05/17", "NG", "05-17"),
        ("1990.5.17", "US", "05-17"),
        ("1990/05-17", "US", None),
        ("1990/17/05", "NG", None),
        ("19900517", "NG", "05-17"),
        ("05171990", "US", None),
        (19900517, "US", "05-17"),
        ("May 17, 1990", "NG", "05-17"),
        ("may 17 1990", "US", "05-17"),
        ("Sept. 3rd, 1990", "US", "09-03"),
        ("17 May 1990", "US", "05-17"),
        ("17-Dec-1990", "US", "12-17"),
        ("1st January, 1990", "US", "01-01"),
        ("29 Feb 2023", "US", None),
        ("17 Mai 1990", "US", None),
        ("December 30, 1899", "US", None),
        (642_902_400_000, "US", "05-17"),
        (642_902_400_000.0, "US", "05-17"),
        (642_902_400, "US", "05-17"),
        (-1_000_000_000_000, "US", "04-24"),
        (86_400_000 * 20, "US", "01-21"),
        (1_000_000_001, "US", None),
        (0, "US", None),
        (float("nan"), "US", None),
        (10**400, "US", None),
        (True, "US", None),
        ({"_seconds": 642_902_400, "_nanoseconds": 0}, "US", "05-17"),
        ({"seconds": -642_902_400}, "US", "08-18"),
        ({"seconds": "642902400"}, "US", None),
        ({}, "US", None),
        ("02/30/1990", "US", None),
        ("1990-13-01", "US", None),
        ("1990", "US", None),
        ("May 17", "US", None),
        ("", "US", None),
        (None, "US", None),
        (517, "US", None),
        ("٠٥-١٧", "US", "05-17"),
    ],
)
def test_birthdays(raw: object, region: CountryCode, expected: str | None) -> None:
    assert birthday_month_day(raw, region) == expected


@given(strategies.json_values | st.integers() | st.from_regex(r"[\d/.\-T ]{3,24}"), REGIONS)
def test_reading_a_birthday_never_fails(raw: object, region: CountryCode) -> None:
    found = birthday_month_day(raw, region)

    assert found is None or birthday_month_day(found, region) == found


@pytest.mark.parametrize("day", [date(1990, 5, 17), date(1972, 2, 29), date(1905, 1, 1), date(2004, 12, 31)])
@pytest.mark.parametrize(
    "form", ["%Y-%m-%d", "%Y/%m/%d", "%Y%m%d", "%B %d, %Y", "%b %d %Y", "%d %B %Y", "%d-%b-%Y", "%m/%d/%Y", "%m.%d.%y"]
)
def test_every_form_says_the_same_day(day: date, form: str) -> None:
    assert birthday_month_day(day.strftime(form)) == f"{day:%m-%d}"


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("2027-05-17", "05-17"),
        ("2027-05-18", None),
        ("May 18, 2027", None),
        (date(2028, 1, 1), None),
        ({"_seconds": 4_000_000_000}, None),
        ("05/18/31", "05-18"),
        ("05-18", "05-18"),
    ],
)
def test_nobody_is_born_after_today(raw: object, expected: str | None) -> None:
    assert birthday_month_day(raw, today=date(2027, 5, 17)) == expected
