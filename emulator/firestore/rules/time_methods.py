"""The methods of timestamps and durations, and the functions under `timestamp.` and `duration.`."""

import calendar
from datetime import UTC, date, datetime, timedelta

from emulator.firestore.rules.arithmetic import as_duration, as_timestamp
from emulator.firestore.rules.builtin import builtin
from emulator.firestore.rules.errors import EvaluationError
from emulator.firestore.rules.values import NANOS_PER_SECOND, Duration, Timestamp

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_DAY_NANOS = 86_400 * NANOS_PER_SECOND
_UNIT_NANOS = {
    "w": 7 * _DAY_NANOS,
    "d": _DAY_NANOS,
    "h": 3_600 * NANOS_PER_SECOND,
    "m": 60 * NANOS_PER_SECOND,
    "s": NANOS_PER_SECOND,
    "ms": 1_000_000,
    "ns": 1,
}


def timestamp_of(instant: datetime) -> Timestamp:
    """The rules timestamp of an aware datetime (any zone)."""
    delta = instant - _EPOCH
    seconds = delta.days * 86_400 + delta.seconds
    return Timestamp(seconds * NANOS_PER_SECOND + delta.microseconds * 1_000)


def _utc(timestamp: Timestamp) -> datetime:
    return _EPOCH + timedelta(seconds=timestamp.nanos // NANOS_PER_SECOND)


def _midnight(timestamp: Timestamp) -> Timestamp:
    return Timestamp(timestamp.nanos - timestamp.nanos % _DAY_NANOS)


TIMESTAMP_METHODS = {
    "date": builtin(_midnight),
    "day": builtin(lambda t: _utc(t).day),
    "dayOfWeek": builtin(lambda t: _utc(t).isoweekday()),  # ISO 8601: Monday is 1
    "dayOfYear": builtin(lambda t: _utc(t).timetuple().tm_yday),
    "hours": builtin(lambda t: _utc(t).hour),
    "minutes": builtin(lambda t: _utc(t).minute),
    "month": builtin(lambda t: _utc(t).month),
    "nanos": builtin(lambda t: t.nanos % NANOS_PER_SECOND),
    "seconds": builtin(lambda t: _utc(t).second),
    "time": builtin(lambda t: Duration(t.nanos % _DAY_NANOS)),
    "toMillis": builtin(lambda t: t.nanos // 1_000_000),
    "year": builtin(lambda t: _utc(t).year),
}


def _signed_seconds(duration: Duration) -> int:
    whole = abs(duration.nanos) // NANOS_PER_SECOND
    return whole if duration.nanos >= 0 else -whole


DURATION_METHODS = {
    "nanos": builtin(lambda d: d.nanos - _signed_seconds(d) * NANOS_PER_SECOND),
    "seconds": builtin(_signed_seconds),
}


def _date(year: int, month: int, day: int) -> Timestamp:
    if not (1 <= year <= 9999 and 1 <= month <= 12 and 1 <= day <= calendar.monthrange(year, month)[1]):
        raise EvaluationError("Invalid date.")
    return as_timestamp((date(year, month, day) - _EPOCH.date()).days * _DAY_NANOS)


def _duration(magnitude: int, unit: str) -> Duration:
    if unit not in _UNIT_NANOS:
        raise EvaluationError(f"Invalid duration unit: {unit}.")
    return as_duration(magnitude * _UNIT_NANOS[unit])


def _duration_of_time(hours: int, minutes: int, seconds: int, nanos: int) -> Duration:
    return as_duration(((hours * 60 + minutes) * 60 + seconds) * NANOS_PER_SECOND + nanos)


TIMESTAMP_FUNCTIONS = {
    "date": builtin(_date, int, int, int),
    "value": builtin(lambda millis: as_timestamp(millis * 1_000_000), int),
}
DURATION_FUNCTIONS = {
    "abs": builtin(lambda d: Duration(abs(d.nanos)), Duration),
    "time": builtin(_duration_of_time, int, int, int, int),
    "value": builtin(_duration, int, str),
}
