"""Days of the year that customers are found by: their birthday and the day they signed up, `MM-DD` where the shop is.

Whoever was born or signed up on 29 February celebrates on the 28th in common years. Field names are those of customer
documents: the dashboard reads a birth date under two names, its sync of the till writes a third, its tablet a fourth.
"""

from calendar import isleap
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from lib.domain.birth_dates import birthday_month_day
from lib.domain.countries import CountryCode
from lib.domain.dates import local_day
from lib.domain.loose_fields import instant

BIRTHDAY_KEY = "birthdayMonthDay"
SIGN_UP_KEY = "signUpMonthDay"

_BIRTH_DATES = ("birthDate", "date_of_birth", "dateOfBirth", "birthday")
# A shop imports its members on one day; the earliest date that anybody knows of is when they signed up.
_SIGN_UPS = ("alleavesCustomerSince", "loyaltyEnrolledAt", "createdAt")


@dataclass(frozen=True, slots=True)
class Span:
    """Days from `first` to `last`, both included."""

    first: date
    last: date

    def __iter__(self) -> Iterator[date]:
        """The days, the earliest first."""
        return (self.first + timedelta(days=number) for number in range((self.last - self.first).days + 1))

    def __contains__(self, day: date) -> bool:
        return self.first <= day <= self.last


def month_days(day: date) -> tuple[str, ...]:
    """Whose day of the year is celebrated on this date: `MM-DD`, and `02-29` where the year has no such day."""
    own = f"{day:%m-%d}"
    return (own, "02-29") if own == "02-28" and not isleap(day.year) else (own,)


def celebrated(month_day: str | None, span: Span) -> date | None:
    """The last date of the span on which this day of the year is celebrated, None for none."""
    return next((day for day in reversed([*span]) if month_day in month_days(day)), None)


def birthday(fields: Mapping[str, Any], country: CountryCode, today: date) -> str | None:
    """The `MM-DD` of a customer's birthday, None if unknown. A birth date counts for more than the stored key."""
    written = [fields[name] for name in _BIRTH_DATES if fields.get(name)]
    readings = (birthday_month_day(value, country, today) for value in (written or [fields.get(BIRTHDAY_KEY)]))
    return next((found for found in readings if found), None)


def signed_up_on(fields: Mapping[str, Any], time_zone: str) -> date | None:
    """The day on which a customer signed up, where the shop is; None if nobody knows."""
    days = (_day(fields.get(name), time_zone) for name in _SIGN_UPS)
    return min((day for day in days if day), default=None)


def keys_of(fields: Mapping[str, Any], country: CountryCode, time_zone: str, now: datetime) -> dict[str, str | None]:
    """The keys that a customer document with these fields is to have at `now` (UTC), by field name."""
    signed_up = signed_up_on(fields, time_zone)
    born_on = birthday(fields, country, local_day(now, time_zone))
    return {BIRTHDAY_KEY: born_on, SIGN_UP_KEY: f"{signed_up:%m-%d}" if signed_up else None}


def without_forgotten(before: Mapping[str, Any] | None, after: Mapping[str, Any]) -> dict[str, Any]:
    """`after` without a key whose birth date has been taken out of the document: nobody is greeted by it any more."""
    had = any((before or {}).get(name) for name in _BIRTH_DATES)
    has = any(after.get(name) for name in _BIRTH_DATES)
    return {name: value for name, value in after.items() if name != BIRTHDAY_KEY or has or not had}


def tell_of_days(before: Mapping[str, Any] | None, after: Mapping[str, Any]) -> bool:
    """Whether a write changes anything that the keys follow from. Keys that were written are no reason to write them
    again: two processes that know of different settings would go on for ever."""
    names = (*_BIRTH_DATES, *_SIGN_UPS, "orgId")
    return before is None or any(before.get(name) != after.get(name) for name in names)


def _day(value: object, time_zone: str) -> date | None:
    moment = instant(value)
    if moment is None:
        return None
    # Text without a time of day is a date, which no time zone moves; the till's comes as midnight UTC.
    is_date = isinstance(value, str) and moment.time() == time.min
    return moment.date() if is_date else local_day(moment, time_zone)
