"""One schedule through time: its runs, their retries, jumps of the clock."""

from __future__ import annotations

from typing import Any

import pytest

from emulator.scheduler.job import Job, Schedule
from emulator.tasks.statuses import UNAVAILABLE, answered, unanswered

SECOND = 1_000_000
MINUTE, HOUR, DAY = 60 * SECOND, 3600 * SECOND, 86400 * SECOND
GOOD, BAD = answered(200), unanswered(UNAVAILABLE, "UNAVAILABLE")


def schedule(cron: str = "0 * * * *", timeout_seconds: int | None = None, **retry: int) -> Schedule:
    """Hourly unless said otherwise; 1970 began with a full hour."""
    when = {"cron": cron, "time_zone": None, "retry": retry, "timeout_seconds": timeout_seconds}
    return Schedule.of({"name": "it", "paths": ["/p/us-central1/it"], "schedule": when})


def called(job: Job, until: int, outcome: Any = GOOD) -> list[int]:
    """When a job is called, from time to time until a time, if each attempt ends so and at once."""
    times = []
    while (wake := job.wake_at()) is not None and wake <= until:
        assert job.is_due(wake)
        times.append(wake)
        run = job.begin(wake)
        assert not job.is_due(wake)
        job.end(run, outcome, wake)
    return times


def test_it_is_called_at_its_times() -> None:
    assert called(Job(schedule(), 0), 3 * HOUR) == [HOUR, 2 * HOUR, 3 * HOUR]


def test_a_failed_run_is_not_tried_again_unless_the_schedule_says_so() -> None:
    assert called(Job(schedule(), 0), 2 * HOUR, BAD) == [HOUR, 2 * HOUR]
    assert called(Job(schedule(maxRetrySeconds=600), 0), 2 * HOUR, BAD) == [HOUR, 2 * HOUR]


def test_retries_wait_longer_each_time() -> None:
    job = Job(schedule(retryCount=4, minBackoffSeconds=10, maxBackoffSeconds=60, maxDoublings=2), 0)
    waits = [(time - HOUR) // SECOND for time in called(job, 2 * HOUR - 1, BAD)]
    assert waits == [0, 10, 10 + 20, 10 + 20 + 40, 10 + 20 + 40 + 60]
    assert job.last is not None and (job.last.attempts, job.last.scheduled) == (5, HOUR)


def test_both_limits_have_to_be_reached() -> None:
    """Cloud Scheduler's RetryConfig.maxRetryDuration."""
    job = Job(schedule(retryCount=1, maxRetrySeconds=100, minBackoffSeconds=40, maxBackoffSeconds=40), 0)
    assert [(time - HOUR) // SECOND for time in called(job, 2 * HOUR - 1, BAD)] == [0, 40, 80, 120]


def test_its_next_time_ends_the_retries_of_a_run() -> None:
    job = Job(schedule("* * * * *", retryCount=5, minBackoffSeconds=50, maxBackoffSeconds=50), 0)
    assert called(job, 3 * MINUTE, BAD) == [MINUTE, 110 * SECOND, 2 * MINUTE, 170 * SECOND, 3 * MINUTE]


def test_a_success_ends_the_retries() -> None:
    job = Job(schedule(retryCount=5), 0)
    job.end(job.begin(HOUR), BAD, HOUR)
    assert job.wake_at() == HOUR + 5 * SECOND
    job.end(job.begin(HOUR + 5 * SECOND), GOOD, HOUR + 6 * SECOND)
    assert job.wake_at() == 2 * HOUR


def test_one_run_makes_up_for_all_the_times_a_jump_has_passed() -> None:
    job = Job(schedule(), 0)
    now = 90 * DAY + 1
    assert job.is_due(now)
    run = job.begin(now)
    assert run.scheduled == HOUR
    job.end(run, GOOD, now)
    assert job.wake_at() == 90 * DAY + HOUR


def test_and_so_it_is_with_times_that_passed_while_it_ran() -> None:
    job = Job(schedule("* * * * *"), 0)
    run = job.begin(MINUTE)
    assert job.wake_at() is None and not job.is_due(5 * MINUTE)
    job.end(run, GOOD, 5 * MINUTE + 1)
    assert job.is_due(5 * MINUTE + 1)
    job.end(job.begin(5 * MINUTE + 1), GOOD, 5 * MINUTE + 2)
    assert job.wake_at() == 6 * MINUTE


def test_a_clock_that_is_set_back_brings_its_times_again() -> None:
    job = Job(schedule(retryCount=5), 90 * DAY)
    job.end(job.begin(90 * DAY + HOUR), BAD, 90 * DAY + HOUR)
    assert not job.is_due(DAY)
    assert job.wake_at() == DAY + HOUR
    # Put right by some seconds, as computers' clocks are: nothing comes twice.
    job = Job(schedule(), 0)
    job.is_due(HOUR)
    job.end(job.begin(HOUR), GOOD, HOUR)
    assert not job.is_due(HOUR - 30 * SECOND)
    assert job.wake_at() == 2 * HOUR


def test_what_was_missed_while_nobody_was_there_is_made_up_for() -> None:
    assert Job(schedule(), 90 * DAY, last_run=HOUR).is_due(90 * DAY)
    assert not Job(schedule(), 90 * DAY).is_due(90 * DAY)
    # Of a time that has not come yet, since the clock was set back.
    assert Job(schedule(), DAY, last_run=90 * DAY).wake_at() == DAY + HOUR


def test_a_run_on_demand_leaves_its_times_alone() -> None:
    job = Job(schedule(retryCount=5), 0)
    run = job.begin_now(MINUTE)
    assert not job.is_due(HOUR)
    job.end(run, BAD, HOUR, again=False)
    assert job.wake_at() == HOUR
    assert run.scheduled == MINUTE


def test_the_deadline_of_an_attempt_is_the_firebase_clis() -> None:
    deadlines = [schedule(timeout_seconds=seconds).deadline_seconds for seconds in (None, 60, 540, 3600)]
    assert deadlines == [180, 180, 540, 1800]


def test_more_retries_than_cloud_scheduler_allows_are_refused() -> None:
    with pytest.raises(ValueError, match="retries"):
        schedule(retryCount=6)
