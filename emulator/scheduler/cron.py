"""When a cron expression is due in a time zone: by what its wall clocks show, as Cloud Scheduler goes.

A time that the spring skips does not come; one that the autumn repeats comes twice (Cloud Scheduler, "Cron job format
and time zone"). In UTC every time comes once.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from cronsim import CronSim, CronSimError

_FIELDS = 5
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_DAY, _SECOND, _MICROSECOND = timedelta(days=1), timedelta(seconds=1), timedelta(microseconds=1)


class Cron:
    """A unix-cron expression and the time zone it is read in. Times are microseconds UTC."""

    def __init__(self, expression: str, time_zone: str) -> None:
        """Raises ValueError for what Cloud Scheduler would refuse, its English-like expressions included."""
        if len(expression.split()) != _FIELDS:
            raise ValueError(f"{expression!r} is not a cron expression of five fields")
        self.expression = expression
        try:
            self.zone = ZoneInfo(time_zone)
        except (KeyError, ValueError, OSError) as error:
            raise ValueError(f"{time_zone!r} is not a time zone") from error
        try:
            self._next_on_the_wall(datetime(2000, 1, 1))  # noqa: DTZ001 - what a wall shows has no zone
        except (CronSimError, StopIteration) as error:
            raise ValueError(f"{expression!r} is not a cron expression that is ever due: {error}") from error

    def next_after(self, time_micros: int) -> int:
        """The first time it is due after a time, in microseconds UTC."""
        moment = _EPOCH + timedelta(microseconds=time_micros)
        offset = self._offset(moment)
        wall = _shown(moment, offset)
        while True:
            due = (self._next_on_the_wall(wall) - offset).replace(tzinfo=UTC)
            change = self._first_change(moment, due)
            if change is None:
                return (due - _EPOCH) // _MICROSECOND
            # From here on the walls show something else, and may show at once what is waited for.
            moment, offset = change, self._offset(change)
            wall = _shown(moment, offset) - _SECOND

    def _next_on_the_wall(self, wall: datetime) -> datetime:
        return next(CronSim(self.expression, wall))

    def _offset(self, moment: datetime) -> timedelta:
        return moment.astimezone(self.zone).utcoffset() or timedelta()

    def _first_change(self, start: datetime, end: datetime) -> datetime | None:
        """The first second after `start`, and not after `end`, at which the zone has another offset from UTC."""
        offset, before = self._offset(start), start
        while before < end:
            after = min(before + _DAY, end)
            if self._offset(after) != offset:
                break
            before = after
        else:
            return None
        # Both are whole seconds from here on: offsets change on the minute.
        before = before.replace(microsecond=0)
        while after - before > _SECOND:
            middle = before + (after - before) // 2
            middle = middle.replace(microsecond=0)
            if self._offset(middle) == offset:
                before = middle
            else:
                after = middle
        return after


def _shown(moment: datetime, offset: timedelta) -> datetime:
    """What walls show, as a time without a zone."""
    return (moment + offset).replace(tzinfo=None)
