"""One schedule: when it is called next, and what came of its last run.

No I/O and no clock: it is told the time (microseconds UTC), so that a course of events can be followed exactly.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from emulator.scheduler.cron import Cron
from emulator.tasks.retries import RetryPolicy
from emulator.tasks.statuses import Outcome
from emulator.tasks.wire import SECOND

# Cloud Scheduler's defaults and limits (its RetryConfig), and how the Firebase CLI derives the deadline of an attempt.
_RETRIES_MAX = 5
_MIN_BACKOFF_SECONDS, _MAX_BACKOFF_SECONDS, _DOUBLINGS = 5, 3600, 5
_DEADLINE_MIN_SECONDS, _DEADLINE_MAX_SECONDS = 180, 1800

_SET_BACK_MICROS = 60 * SECOND
"""A clock that goes back by less is being put right; nobody moves it by so little."""


@dataclass(frozen=True, slots=True)
class Schedule:
    """A schedule function: its name, path at the functions host, times, retries and how long an attempt may take."""

    name: str
    path: str
    cron: Cron
    retries: RetryPolicy
    deadline_seconds: float

    @classmethod
    def of(cls, listed: Mapping[str, Any]) -> Schedule:
        """The schedule that the functions host lists. Raises ValueError for one that a deployment would refuse."""
        schedule, retry = listed["schedule"], listed["schedule"]["retry"]
        count = retry.get("retryCount", 0)
        if not 0 <= count <= _RETRIES_MAX:
            raise ValueError(f"{count} is not a number of retries between 0 and {_RETRIES_MAX}")
        return cls(
            name=listed["name"],
            path=listed["paths"][0],
            cron=Cron(schedule["cron"], schedule["time_zone"] or "UTC"),
            retries=RetryPolicy(
                max_attempts=count + 1,
                max_retry_micros=retry.get("maxRetrySeconds", 0) * SECOND if count else 0,
                min_backoff_micros=retry.get("minBackoffSeconds", _MIN_BACKOFF_SECONDS) * SECOND,
                max_backoff_micros=retry.get("maxBackoffSeconds", _MAX_BACKOFF_SECONDS) * SECOND,
                max_doublings=retry.get("maxDoublings", _DOUBLINGS),
            ),
            deadline_seconds=min(max(schedule["timeout_seconds"] or 0, _DEADLINE_MIN_SECONDS), _DEADLINE_MAX_SECONDS),
        )


@dataclass(slots=True)
class Run:
    """A run of a schedule: the time it was due, and its attempts so far."""

    scheduled: int
    began: int
    attempts: int = 0
    outcome: Outcome | None = None


class Job:
    """A schedule that is called at its times. There is never more than one attempt of it under way.

    Times that pass while an attempt is under way, while the clock is moved over them or while nobody is there to call
    are made up for by one run.
    """

    def __init__(self, schedule: Schedule, now: int, last_run: int | None = None) -> None:
        """`last_run`: when a run began before this process did, if one has."""
        self.schedule = schedule
        self.is_running = False
        self.last: Run | None = None
        known = last_run is not None and last_run <= now
        self.next_at = schedule.cron.next_after(last_run if last_run is not None and known else now)
        self._retry_at: int | None = None
        self._seen = now

    def wake_at(self) -> int | None:
        """When it has to be called next; None while it is being called."""
        if self.is_running:
            return None
        return self.next_at if self._retry_at is None else min(self.next_at, self._retry_at)

    def is_due(self, now: int) -> bool:
        """Whether it has to be called now. Learns by the way if the clock was set back: then its times come again."""
        if now < self._seen - _SET_BACK_MICROS:
            self.next_at = self.schedule.cron.next_after(now)
            self._retry_at = None
        self._seen = now
        wake = self.wake_at()
        return wake is not None and wake <= now

    def begin(self, now: int) -> Run:
        """Begin an attempt of a job that is due: the next one of its last run, or the first of a new one."""
        if self.last is None or now >= self.next_at:
            self.last = Run(self.next_at, now)
            self.next_at = self.schedule.cron.next_after(now)
        return self._attempt(self.last)

    def begin_now(self, now: int) -> Run:
        """Begin a run because somebody wants it. It is not tried again, and the next time stays what it is."""
        self.last = Run(now, now)
        return self._attempt(self.last)

    def end(self, run: Run, outcome: Outcome, now: int, *, again: bool = True) -> None:
        """The attempt has ended; a failed one is made `again` if the schedule's retries allow it."""
        self.is_running = False
        run.outcome = outcome
        policy = self.schedule.retries
        if again and not outcome.succeeded and not policy.gives_up(run.attempts, run.began, run.began, now):
            self._retry_at = now + policy.backoff_micros(run.attempts)

    def _attempt(self, run: Run) -> Run:
        self.is_running = True
        self._retry_at = None
        run.attempts += 1
        return run
