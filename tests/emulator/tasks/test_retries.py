"""RetryConfig: the waits between attempts, and when a task is given up."""

import pytest

from emulator.tasks.errors import TasksError
from emulator.tasks.queue_config import complete_retry
from emulator.tasks.retries import RETENTION_MICROS, RetryPolicy
from emulator.tasks.wire import SECOND, RetryConfig, duration


def policy(
    attempts: int = -1, limit: float = 0, least: float = 10, most: float = 300, doublings: int = 3
) -> RetryPolicy:
    """A policy with its times in seconds."""
    return RetryPolicy(attempts, round(limit * SECOND), round(least * SECOND), round(most * SECOND), doublings)


@pytest.mark.parametrize(
    ("given", "waits"),
    [
        # The example of the documentation.
        (policy(), [10, 20, 40, 80, 160, 240, 300, 300]),
        # No doubling: linear from the start.
        (policy(doublings=0), [10, 20, 30, 40, 50, 60, 70, 80]),
        (policy(doublings=1), [10, 20, 40, 60, 80, 100, 120, 140]),
        # The maximum holds while it still doubles.
        (policy(most=30, doublings=16), [10, 20, 30, 30, 30, 30, 30, 30]),
        (policy(least=10, most=10), [10] * 8),
        (policy(least=0, most=300), [0] * 8),
        # Production's defaults.
        (policy(least=0.1, most=3600, doublings=16), [0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 6.4, 12.8]),
    ],
)
def test_waits(given: RetryPolicy, waits: list[float]) -> None:
    assert [given.backoff_micros(attempt) / SECOND for attempt in range(1, 9)] == waits


def test_waits_stay_at_the_maximum_for_ever() -> None:
    assert policy(most=3600, doublings=1000).backoff_micros(100_000) == 3600 * SECOND


@pytest.mark.parametrize(
    ("attempts_max", "limit_seconds", "attempts", "age_seconds", "gives_up"),
    [
        (3, 0, 2, 10**6, False),
        (3, 0, 3, 0, True),
        (1, 0, 1, 0, True),
        # Both limits are set: both must have been reached.
        (3, 60, 3, 59.999, False),
        (3, 60, 2, 61, False),
        (3, 60, 3, 60, True),
        (3, 60, 7, 60, True),
        # Attempts without a limit: the time decides alone.
        (-1, 60, 1, 59.999, False),
        (-1, 60, 1, 60, True),
        # No limit at all: until no task is kept any longer.
        (-1, 0, 10**6, 30 * 86400, False),
        (-1, 0, 1, 31 * 86400, True),
    ],
)
def test_giving_up(attempts_max: int, limit_seconds: float, attempts: int, age_seconds: float, gives_up: bool) -> None:
    given = policy(attempts=attempts_max, limit=limit_seconds)
    assert given.gives_up(attempts, 0, 0, round(age_seconds * SECOND)) is gives_up


def test_retention_counts_from_the_creation() -> None:
    assert policy().gives_up(1, RETENTION_MICROS - 1, 0, RETENTION_MICROS)


def test_defaults_are_productions() -> None:
    config = complete_retry(RetryConfig())
    assert RetryPolicy.of(config) == policy(attempts=100, least=0.1, most=3600, doublings=16)


def test_durations_are_truncated_to_the_second_but_not_to_nothing() -> None:
    config = complete_retry(
        RetryConfig(
            min_backoff=duration(250_000), max_backoff=duration(2_900_000), max_retry_duration=duration(9_999_999)
        )
    )
    assert RetryPolicy.of(config) == policy(attempts=100, limit=9, least=0.25, most=2, doublings=16)


@pytest.mark.parametrize(
    "config",
    [
        RetryConfig(max_attempts=-2),
        RetryConfig(max_doublings=-1),
        RetryConfig(min_backoff=duration(-SECOND)),
        RetryConfig(max_backoff=duration(-SECOND)),
        RetryConfig(max_retry_duration=duration(-SECOND)),
        RetryConfig(min_backoff=duration(11 * SECOND), max_backoff=duration(10 * SECOND)),
    ],
)
def test_refused(config: RetryConfig) -> None:
    with pytest.raises(TasksError, match=r"RetryConfig\."):
        complete_retry(config)
