"""Birth dates as people, tills and spreadsheets write them, brought to the day of the year: `MM-DD`.

Only what can be read in one way is read. Points are given on the day that comes of it.
"""

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from typing import NamedTuple, TypeGuard

from lib.domain.countries import COUNTRIES, CountryCode

# Longer text is no date, whatever it begins with.
_LENGTH_MAX = 40
# Nobody lives who was born before. Tills write 1900-01-01, spreadsheets 1899-12-30, for a date that nobody has given.
_BORN_FROM = 1905
_LEAP_YEAR = 2000
_MONTHS_OF_YEAR = 12

_MONTH_DAY = re.compile(r"(?P<month>\d{1,2})-(?P<day>\d{1,2})")
_YEAR_FIRST = re.compile(r"(?P<year>\d{4})(?P<mark>[/.-])(?P<month>\d{1,2})(?P=mark)(?P<day>\d{1,2})(?:[t ].*)?")
_COMPACT = re.compile(r"(?P<year>\d{4})(?P<month>\d{2})(?P<day>\d{2})")
_YEAR_LAST = re.compile(r"(?P<first>\d{1,2})(?P<mark>[/.-])(?P<second>\d{1,2})(?:(?P=mark)(?P<year>\d{2,4}))?")
_ORDINAL = r"(?P<day>\d{1,2})(?:st|nd|rd|th)?"
_NAMED = (
    re.compile(rf"(?P<name>[a-z]{{3,9}})[. -]+{_ORDINAL}[, -]+(?P<year>\d{{4}})"),
    re.compile(rf"{_ORDINAL}[. -]+(?P<name>[a-z]{{3,9}})[., -]+(?P<year>\d{{4}})"),
)
_MONTHS = ("january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november",
           "december")  # fmt: skip
_MONTH_OF = {name[:length]: number for number, name in enumerate(_MONTHS, 1) for length in (3, len(name))} | {"sept": 9}

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_DAY_SECONDS = 24 * 60 * 60
_DAY_MILLISECONDS = _DAY_SECONDS * 1000
# Fewer milliseconds are within four months of 1970, and so many seconds may be any birth date.
_CLEARLY_MILLISECONDS = 10**10
# More is no time that anybody counts; nor are infinity and NaN.
_COUNT_END = 10**15


class _Born(NamedTuple):
    """A date as it was written; year: None if there is none."""

    year: int | None
    month: int
    day: int


def birthday_month_day(raw: object, region: CountryCode = "US", today: date | None = None) -> str | None:
    """`MM-DD` of a birth date, else None. Never raises.

    Text (1990-05-17, 1990/05/17, 19900517, 05/17/1990, 5.17.90, May 17, 1990, 17 May 1990, 05-17), a date or timestamp,
    a timestamp that has been through JSON ({seconds} or {_seconds}), or an epoch in milliseconds or whole days of
    seconds. Where the year does not come first, the country decides whether the day or the month does, unless only one
    of them can be a month beside a whole year; a bare 05-17 is always `MM-DD`, as `customers.birthdayMonthDay` has it.

    29 February is a birthday, in years that have one. A year in which nobody was born who lives makes none: all who
    have such a date would celebrate at once. Nor does a date after `today`, if that is known.
    """
    born = _of_text(raw, region) if isinstance(raw, str) else _of_value(raw)
    if born is None or (born.year is not None and born.year < _BORN_FROM):
        return None
    try:
        day = date(_LEAP_YEAR if born.year is None else born.year, born.month, born.day)
    except ValueError:
        return None
    if born.year is not None and today is not None and day > today:
        return None
    return f"{born.month:02}-{born.day:02}"


def _of_text(raw: str, region: CountryCode) -> _Born | None:
    text = raw.strip()[:_LENGTH_MAX].lower()
    if found := _YEAR_FIRST.fullmatch(text) or _COMPACT.fullmatch(text):
        return _Born(int(found["year"]), int(found["month"]), int(found["day"]))
    if found := _MONTH_DAY.fullmatch(text):
        return _Born(None, int(found["month"]), int(found["day"]))
    if found := _YEAR_LAST.fullmatch(text):
        return _in_order(int(found["first"]), int(found["second"]), found["year"] or "", region)
    for pattern in _NAMED:
        if (found := pattern.fullmatch(text)) and found["name"] in _MONTH_OF:
            return _Born(int(found["year"]), _MONTH_OF[found["name"]], int(found["day"]))
    return None


def _in_order(first: int, second: int, year: str, region: CountryCode) -> _Born:
    month, day = (second, first) if COUNTRIES[region].day_first else (first, second)
    # A year of two digits may stand in front as well, where neither number tells which one it is.
    if month > _MONTHS_OF_YEAR and len(year) != 2:
        month, day = day, month
    return _Born(_whole(year) if year else None, month, day)


def _whole(year: str) -> int:
    """The year; one of two digits in the century that has it: those born then have the same days in either."""
    number = int(year)
    if len(year) > 2:
        return number
    return 1900 + number if 1900 + number >= _BORN_FROM else 2000 + number


def _of_value(raw: object) -> _Born | None:
    if isinstance(raw, date):
        return _Born(raw.year, raw.month, raw.day)
    if isinstance(raw, Mapping):
        seconds = raw.get("_seconds", raw.get("seconds"))
        return _since_epoch(seconds, timedelta(seconds=1)) if _is_number(seconds) else None
    return _of_number(raw) if _is_number(raw) else None


def _of_number(number: float) -> _Born | None:
    if found := _COMPACT.fullmatch(str(number)):
        return _Born(int(found["year"]), int(found["month"]), int(found["day"]))
    if abs(number) >= _CLEARLY_MILLISECONDS or number % _DAY_MILLISECONDS == 0:
        return _since_epoch(number, timedelta(milliseconds=1))
    return _since_epoch(number, timedelta(seconds=1)) if number % _DAY_SECONDS == 0 else None


def _since_epoch(count: float, unit: timedelta) -> _Born | None:
    try:
        moment = _EPOCH + count * unit
    except OverflowError:
        return None
    return _Born(moment.year, moment.month, moment.day)


def _is_number(value: object) -> TypeGuard[float]:
    """Whether it counts anything; 0 is what a system writes that was told nothing."""
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 < abs(value) < _COUNT_END
