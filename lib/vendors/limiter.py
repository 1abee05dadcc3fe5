"""Keeps requests to one vendor account within its rate: at most so many in any window of time, in this process."""

import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from lib.vendors.errors import Unavailable


@dataclass(frozen=True, slots=True)
class Rate:
    """At most `requests` begun in any `seconds`."""

    requests: int
    seconds: float = 1.0


class Limiter:
    """Hands out the moments at which requests may begin; used by many threads.

    A sliding window and not a bucket that refills: a bucket lets up to twice the rate through within one window.
    Several instances together exceed the rate; what must not, such as a campaign, is paced by its queue too.
    """

    def __init__(
        self,
        vendor: str,
        rate: Rate,
        *,
        monotonic: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._vendor = vendor
        self._rate = rate
        self._monotonic = monotonic
        self._sleep = sleep
        self._lock = threading.Lock()
        self._begun: deque[float] = deque(maxlen=rate.requests)
        self._held_until = 0.0

    def wait(self, patience_seconds: float) -> None:
        """Return when a request may begin. Raises Unavailable (rate_limited), at once, if that is not within patience.

        A turn that was handed out is not given back, so callers come in the order in which they asked.
        """
        with self._lock:
            now = self._monotonic()
            begin = max(now, self._held_until)
            if len(self._begun) == self._rate.requests:
                begin = max(begin, self._begun[0] + self._rate.seconds)
            wait_seconds = begin - now
            if wait_seconds > patience_seconds:
                raise Unavailable(
                    self._vendor,
                    "its rate limit leaves no room for another request now",
                    reason="rate_limited",
                    retry_after_seconds=wait_seconds,
                )
            self._begun.append(begin)
        if wait_seconds > 0:
            self._sleep(wait_seconds)

    def hold(self, seconds: float) -> None:
        """Begin no request for so long: the vendor asked to be left alone (Retry-After)."""
        with self._lock:
            self._held_until = max(self._held_until, self._monotonic() + seconds)
