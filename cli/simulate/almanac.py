"""Days and months where a shop is, for the oracle: found by walking the calendar day by day, not by arithmetic."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

_DAY = timedelta(days=1)


def day_of(moment: datetime, zone: str) -> date:
    """The day on the wall calendar of a shop in this time zone."""
    return moment.astimezone(ZoneInfo(zone)).date()


@lru_cache(maxsize=100_000)
def month_of(moment: datetime, zone: str) -> tuple[int, int]:
    """Year and month on that calendar; they compare as time goes."""
    day = day_of(moment, zone)
    return day.year, day.month


def months_before(month: tuple[int, int], count: int) -> tuple[int, int]:
    """The month so many leaves earlier."""
    year, number = month
    for _ in range(count):
        year, number = (year, number - 1) if number > 1 else (year - 1, 12)
    return year, number


def midnight(day: date, zone: str) -> datetime:
    """When a day begins (UTC)."""
    return datetime.combine(day, time(), ZoneInfo(zone)).astimezone(UTC)


def end_of_day(moment: datetime, days: int, zone: str) -> datetime:
    """When the day is over that comes so many days after the one of an instant."""
    return midnight(day_of(moment, zone) + (days + 1) * _DAY, zone)


def end_of_life(moment: datetime, months: int, zone: str, *, by_month: bool) -> datetime:
    """When what lives for so many months from an instant on ends: with that day of the month, or with the month."""
    return _end_of_life(day_of(moment, zone), months, zone, by_month)


@lru_cache(maxsize=100_000)
def _end_of_life(born: date, months: int, zone: str, by_month: bool) -> datetime:
    """Turns the leaves until the right month lies open; then either turns one more or goes on to the day, as far as
    the month goes."""
    day, leaves = born, 0
    while leaves < months:
        day += _DAY
        leaves += day.day == 1
    if by_month:
        day += _DAY
        while day.day != 1:
            day += _DAY
        return midnight(day, zone)
    while day.day < born.day and (day + _DAY).day != 1:
        day += _DAY
    return midnight(day + _DAY, zone)


def month_starts(after: datetime, zone: str) -> Iterator[datetime]:
    """The instants after this one at which months begin, without end."""
    day = day_of(after, zone)
    while True:
        day += _DAY
        if day.day == 1:
            yield midnight(day, zone)
