"""The token bucket that holds a queue to its rate: a dispatch takes a token, and tokens come back evenly."""

from __future__ import annotations

from math import ceil

from emulator.tasks.wire import SECOND

_TOKEN = SECOND * SECOND
"""A token's worth. With whole numbers a token is there at the microsecond it should be, not a rounding error later."""

_BURST_MAX = 100


def burst_size(per_second: float) -> int:
    """How many tokens fit in: a second's worth, at most the 100 that production shows for its default of 500 a second.

    Production says of its choice only that it depends on the rate and is optimised as it goes.
    """
    return min(_BURST_MAX, ceil(per_second))


class TokenBucket:
    """Full at first. Times are microseconds; one that runs backwards brings no tokens."""

    def __init__(self, per_second: float, now_micros: int) -> None:
        """`per_second`: at least a millionth."""
        self._last = now_micros
        self._set(per_second)
        self._held = self._capacity

    def set_rate(self, per_second: float, now_micros: int) -> None:
        """Go on at another rate with the tokens there are."""
        self._fill(now_micros)
        self._set(per_second)
        self._held = min(self._held, self._capacity)

    def take(self, now_micros: int) -> bool:
        """Take a token; False if there is none."""
        self._fill(now_micros)
        if self._held < _TOKEN:
            return False
        self._held -= _TOKEN
        return True

    def ready_at(self, now_micros: int) -> int:
        """The earliest time from now on at which there is a token."""
        self._fill(now_micros)
        return now_micros + max(0, -((self._held - _TOKEN) // self._per_micro))

    def _set(self, per_second: float) -> None:
        self._per_micro = max(1, round(per_second * SECOND))
        self._capacity = burst_size(per_second) * _TOKEN

    def _fill(self, now_micros: int) -> None:
        elapsed = now_micros - self._last
        self._last = now_micros
        if elapsed > 0:
            self._held = min(self._capacity, self._held + elapsed * self._per_micro)
