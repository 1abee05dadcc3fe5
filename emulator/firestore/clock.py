"""Commit and read times: microseconds since 1970 UTC that never repeat and never run backwards.

They are those of the stack's clock. When that is moved back they stand still, a microsecond a commit, until it is past
them again, also over a restart with kept data: a database whose times ran backwards would be one that lies.
"""

from __future__ import annotations

from emulator.clock import ClockFile
from emulator.firestore.wire import Timestamp


class Clock:
    """Hands out times so that a commit is always later than every commit and every read before it."""

    def __init__(self) -> None:
        self._now_micros = ClockFile.of_environment().now_micros
        self._last = 0

    def commit_time(self) -> int:
        """Microseconds UTC, strictly later than any time handed out before."""
        self._last = max(self._now_micros(), self._last + 1)
        return self._last

    def pass_over(self, time_micros: int) -> None:
        """Count a time (microseconds UTC) as handed out: one that a former run of the server gave to a commit."""
        self._last = max(self._last, time_micros)

    def read_time(self) -> int:
        """Microseconds UTC; no later commit will carry this time or an earlier one, so the read can be repeated."""
        self._last = max(self._now_micros(), self._last)
        return self._last


def timestamp(micros: int) -> Timestamp:
    """The protobuf Timestamp of a time in microseconds UTC."""
    seconds, rest = divmod(micros, 1_000_000)
    return Timestamp(seconds=seconds, nanos=rest * 1000)


def micros(value: Timestamp) -> int:
    """The time in microseconds UTC of a protobuf Timestamp, rounded down."""
    return int(value.seconds) * 1_000_000 + int(value.nanos) // 1000
