"""When a failed task is tried again, and when it is given up: the rules of RetryConfig."""

from __future__ import annotations

from dataclasses import dataclass

from emulator.tasks.wire import SECOND, RetryConfig, micros

UNLIMITED = -1

RETENTION_MICROS = 31 * 86400 * SECOND
"""No task is kept for longer (Cloud Tasks, quotas and limits)."""


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """A RetryConfig in which everything is set. `max_retry_micros` 0 means no limit."""

    max_attempts: int
    max_retry_micros: int
    min_backoff_micros: int
    max_backoff_micros: int
    max_doublings: int

    @classmethod
    def of(cls, config: RetryConfig) -> RetryPolicy:
        """The policy of a complete RetryConfig, such as a queue's."""
        return cls(
            max_attempts=config.max_attempts,
            max_retry_micros=micros(config.max_retry_duration),
            min_backoff_micros=micros(config.min_backoff),
            max_backoff_micros=micros(config.max_backoff),
            max_doublings=config.max_doublings,
        )

    def backoff_micros(self, attempts: int) -> int:
        """The wait after so many attempts (1, 2, ...).

        It starts at the minimum, doubles `max_doublings` times, then grows by the last doubling's length each time,
        and never exceeds the maximum.
        """
        doublings = min(attempts - 1, self.max_doublings)
        steps = attempts - doublings
        # A shift of more bits than any maximum has would only cost memory.
        return min(self.max_backoff_micros, (self.min_backoff_micros << min(doublings, 64)) * steps)

    def gives_up(self, attempts: int, first_attempt: int, created: int, now: int) -> bool:
        """Whether a task that failed now, after so many attempts, is not tried again. Times are microseconds UTC.

        Of the two limits, attempts and time since the first attempt, all that are set must have been reached.
        """
        limits = []
        if self.max_attempts != UNLIMITED:
            limits.append(attempts >= self.max_attempts)
        if self.max_retry_micros:
            limits.append(now - first_attempt >= self.max_retry_micros)
        return now - created >= RETENTION_MICROS or (bool(limits) and all(limits))
