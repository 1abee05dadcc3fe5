"""A circuit breaker: after several failures in a row a vendor is left alone for a while, and that can be seen.

Not pybreaker: it holds its lock during the call it guards, so the threads of an instance would ask a vendor one by one.
"""

import json
import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from lib.vendors.errors import Unavailable

_log = logging.getLogger(__name__)


class State(StrEnum):
    """CLOSED: requests pass. OPEN: none do. TRYING: one was let through, and decides."""

    CLOSED = "closed"
    OPEN = "open"
    TRYING = "trying"


@dataclass(frozen=True, slots=True)
class BreakerView:
    """What a breaker is doing: `failures` in a row, `retry_after_seconds` until one request is let through."""

    name: str
    state: State
    failures: int
    retry_after_seconds: float


@dataclass(frozen=True, slots=True)
class BreakerPolicy:
    """Opens after so many failures in a row, for so long."""

    failures: int = 5
    open_seconds: float = 30.0


class Breaker:
    """One per vendor account and purpose, known by name; used by many threads, and never locked during a request."""

    def __init__(
        self,
        vendor: str,
        name: str,
        policy: BreakerPolicy | None = None,
        *,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._vendor = vendor
        self._name = name
        self._policy = policy or BreakerPolicy()
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._state = State.CLOSED
        self._failures = 0
        self._next_try = 0.0

    def view(self) -> BreakerView:
        """Its present state."""
        with self._lock:
            left_seconds = max(0.0, self._next_try - self._monotonic()) if self._state is not State.CLOSED else 0.0
            return BreakerView(self._name, self._state, self._failures, left_seconds)

    def check(self) -> None:
        """Raise Unavailable (circuit_open) if a request must not be made now."""
        with self._lock:
            self._check()

    def enter(self) -> None:
        """The same, right before a request, whose outcome must then be told: it may be the one that decides."""
        with self._lock:
            self._check()
            if self._state is not State.CLOSED:
                # Whoever comes next waits as long again, also if this request is never heard of any more.
                self._next_try = self._monotonic() + self._policy.open_seconds
                self._change(State.TRYING)

    def succeeded(self) -> None:
        """The vendor answered, if only to refuse."""
        with self._lock:
            self._failures = 0
            self._change(State.CLOSED)

    def failed(self) -> None:
        """No answer, or none of the vendor's own."""
        with self._lock:
            self._failures += 1
            if self._state is State.TRYING or self._failures >= self._policy.failures:
                self._next_try = self._monotonic() + self._policy.open_seconds
                self._change(State.OPEN)

    def _check(self) -> None:
        left_seconds = self._next_try - self._monotonic()
        if self._state is not State.CLOSED and left_seconds > 0:
            raise Unavailable(
                self._vendor,
                f"circuit {self._name} is open after {self._failures} failures in a row",
                reason="circuit_open",
                retry_after_seconds=left_seconds,
            )

    def _change(self, state: State) -> None:
        if state is self._state:
            return
        self._state = state
        severity = "INFO" if state is State.CLOSED else "WARNING"
        # One JSON object a line, which Cloud Logging takes apart; always at a level that is not dropped.
        line = {"severity": severity, "message": "vendor circuit changed", "circuit": self._name, "state": state.value}
        _log.warning("%s", json.dumps({**line, "failures": self._failures}))
