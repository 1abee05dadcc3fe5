"""Ends of days and months where a shop is: what is counted in days or months ends when they end on its own calendar.

A day of a time zone can have 23 or 25 hours, and a midnight that daylight saving time skips is the moment it skips to.
"""

from calendar import monthrange
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

_DAY = timedelta(days=1)


def local_day(moment: datetime, time_zone: str) -> date:
    """The calendar day of an instant in an IANA time zone."""
    return moment.astimezone(ZoneInfo(time_zone)).date()


def months_later(day: date, months: int) -> date:
    """The same day so many months later; the last day of that month where it is shorter (31 January → 28 February)."""
    years, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(years, month + 1, min(day.day, monthrange(years, month + 1)[1]))


def end_of_day(day: date, time_zone: str) -> datetime:
    """The instant (UTC) at which a day is over: the first of the next day."""
    following = day + _DAY
    return datetime(following.year, following.month, following.day, tzinfo=ZoneInfo(time_zone)).astimezone(UTC)


def end_of_month(day: date, time_zone: str) -> datetime:
    """The instant (UTC) at which the month of a day is over."""
    return end_of_day(day.replace(day=monthrange(day.year, day.month)[1]), time_zone)
