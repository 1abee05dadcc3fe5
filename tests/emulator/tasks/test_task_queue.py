"""One queue followed through time that a test makes up: rates, concurrency, retries, pauses, remembered names."""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emulator.tasks.errors import TasksError
from emulator.tasks.keeping import Keeping
from emulator.tasks.queue_config import complete
from emulator.tasks.statuses import DEADLINE_EXCEEDED, Outcome, answered, unanswered
from emulator.tasks.task_config import prepared
from emulator.tasks.task_queue import NAME_MEMORY_MICROS, TaskQueue
from emulator.tasks.wire import PAUSED, RUNNING, SECOND, Queue, RateLimits, RetryConfig, Task, duration, timestamp

NAME = "projects/p/locations/l/queues/q"

OK = answered(200)


def queue_of(rate: float = 0, concurrent: int = 0, retry: RetryConfig | None = None, now: int = 0) -> TaskQueue:
    limits = RateLimits(max_dispatches_per_second=rate, max_concurrent_dispatches=concurrent)
    given = Queue(name=NAME, rate_limits=limits)
    if retry is not None:
        given.retry_config.CopyFrom(retry)
    return TaskQueue(complete(given, RUNNING), Keeping(), now)


def add(queue: TaskQueue, id: str, at: float = 0, now: int = 0, **fields: Any) -> None:
    """A task scheduled for a time in seconds."""
    given = Task(schedule_time=timestamp(round(at * SECOND)), **fields)
    given.http_request.url = "http://localhost/"
    queue.add(id, prepared(given, f"{NAME}/tasks/{id}", now))


def play(
    queue: TaskQueue, until: float, answer: Callable[[str, int], Outcome] = lambda id, attempt: OK, takes: float = 0
) -> list[tuple[float, str]]:
    """Dispatch from time 0 on, in seconds, attempts taking some; (time, task) of each attempt."""
    dispatched: list[tuple[float, str]] = []
    ends: list[tuple[int, int, Any, Outcome]] = []
    now = 0
    while now <= until * SECOND:
        while ends and ends[0][0] <= now:
            _, _, task, outcome = heapq.heappop(ends)
            queue.end(task, outcome, now)
        for task in queue.begin_due(now):
            dispatched.append((now / SECOND, task.id))
            outcome = answer(task.id, task.message.dispatch_count)
            heapq.heappush(ends, (now + round(takes * SECOND), len(dispatched), task, outcome))
        following = [ends[0][0]] if ends else []
        if (wake := queue.wake_at(now)) is not None:
            assert wake > now, "what may be dispatched now has been"
            following.append(wake)
        if not following:
            break
        now = min(following)
    return dispatched


def times(dispatched: list[tuple[float, str]]) -> list[float]:
    return [time for time, _ in dispatched]


def test_tasks_go_when_they_are_due_the_earliest_first() -> None:
    queue = queue_of()
    for id, at in [("late", 60), ("now", 0), ("soon", 1.5), ("now-too", 0)]:
        add(queue, id, at)
    assert play(queue, 100) == [(0, "now"), (0, "now-too"), (1.5, "soon"), (60, "late")]
    assert list(queue.ids()) == []


def test_a_rate_lets_a_burst_pass_and_then_keeps_even_distances() -> None:
    queue = queue_of(rate=4)
    for number in range(10):
        add(queue, str(number))
    assert times(play(queue, 100)) == [0, 0, 0, 0, 0.25, 0.5, 0.75, 1, 1.25, 1.5]


def test_a_slow_rate() -> None:
    queue = queue_of(rate=0.1)
    for number in range(4):
        add(queue, str(number))
    assert times(play(queue, 100)) == [0, 10, 20, 30]


def test_retries_count_against_the_rate() -> None:
    queue = queue_of(rate=1, retry=RetryConfig(max_attempts=2, min_backoff=duration(SECOND // 10)))
    add(queue, "a")
    add(queue, "b")
    # The retry is due at 0.1 s, before b, which has waited longer: whoever is due first goes first, at the rate.
    assert play(queue, 100, lambda id, attempt: answered(500)) == [(0, "a"), (1, "b"), (2, "a"), (3, "b")]


def test_concurrency_holds_back_what_is_due() -> None:
    queue = queue_of(concurrent=2)
    for number in range(5):
        add(queue, str(number))
    assert times(play(queue, 100, takes=3)) == [0, 0, 3, 3, 6]


def test_an_attempt_that_fails_frees_its_place() -> None:
    retry = RetryConfig(max_attempts=2, min_backoff=duration(10 * SECOND))
    queue = queue_of(concurrent=1, retry=retry)
    add(queue, "a")
    add(queue, "b")
    assert play(queue, 100, lambda id, attempt: answered(503), takes=1) == [(0, "a"), (1, "b"), (11, "a"), (12, "b")]


def test_the_documented_schedule_of_retries() -> None:
    retry = RetryConfig(
        max_attempts=9, min_backoff=duration(10 * SECOND), max_backoff=duration(300 * SECOND), max_doublings=3
    )
    queue = queue_of(retry=retry)
    add(queue, "a")
    dispatched = times(play(queue, 10_000, lambda id, attempt: answered(500)))
    waits = [later - earlier for earlier, later in itertools.pairwise(dispatched)]
    assert waits == [10, 20, 40, 80, 160, 240, 300, 300]
    assert list(queue.ids()) == []


def test_time_and_attempts_must_both_be_used_up() -> None:
    retry = RetryConfig(
        max_attempts=2,
        max_retry_duration=duration(35 * SECOND),
        min_backoff=duration(10 * SECOND),
        max_backoff=duration(10 * SECOND),
    )
    queue = queue_of(retry=retry)
    add(queue, "a", at=100)
    assert times(play(queue, 1000, lambda id, attempt: answered(500))) == [100, 110, 120, 130, 140]


def test_a_tasks_own_retry_settings_win() -> None:
    queue = queue_of(retry=RetryConfig(max_attempts=1))
    own = RetryConfig(max_attempts=3, min_backoff=duration(SECOND), max_backoff=duration(SECOND))
    add(queue, "a", retry_config=own)
    add(queue, "b")
    failing = play(queue, 100, lambda id, attempt: answered(500))
    assert failing == [(0, "a"), (0, "b"), (1, "a"), (2, "a")]


def test_retry_after_makes_the_wait_longer_never_shorter() -> None:
    queue = queue_of(retry=RetryConfig(max_attempts=3, min_backoff=duration(10 * SECOND)))
    add(queue, "a")
    asked = {1: answered(429, 25 * SECOND), 2: answered(503, SECOND), 3: OK}
    assert times(play(queue, 100, lambda id, attempt: asked[attempt])) == [0, 25, 45]


def test_what_is_told_of_attempts() -> None:
    queue = queue_of(retry=RetryConfig(max_attempts=10, min_backoff=duration(SECOND)))
    add(queue, "a", at=5)
    outcomes = {1: answered(500), 2: answered(404), 3: unanswered(DEADLINE_EXCEEDED, "late"), 4: answered(429)}
    seen = []

    def answer(id: str, attempt: int) -> Outcome:
        task = queue.get(id, 0)
        seen.append((task.executions, task.previous_response, task.message.response_count))
        return outcomes[attempt]

    # A moment before the fifth attempt, 1 + 2 + 4 + 8 seconds after the first.
    assert times(play(queue, 19.999, answer, takes=0)) == [5, 6, 8, 12]
    task = queue.get("a", 0)
    # Answers of the 5xx class are no executions; what came without an answer is no previous response.
    assert seen == [(0, 0, 0), (0, 500, 1), (1, 404, 2), (1, 0, 2)]
    assert (task.executions, task.previous_response, task.message.dispatch_count) == (2, 429, 4)
    message = task.message
    assert message.first_attempt.dispatch_time.seconds == 5
    assert not message.first_attempt.HasField("response_time")
    assert message.last_attempt.schedule_time.seconds == message.last_attempt.dispatch_time.seconds == 12
    assert message.last_attempt.response_status.message == "RESOURCE_EXHAUSTED(8): HTTP status code 429"
    assert message.schedule_time.seconds == 20


def test_paused_queues_take_tasks_and_keep_them() -> None:
    queue = queue_of()
    add(queue, "before")
    queue.set_state(PAUSED)
    add(queue, "while")
    assert queue.begin_due(0) == []
    assert queue.wake_at(0) is None
    queue.set_state(RUNNING)
    assert [task.id for task in queue.begin_due(0)] == ["before", "while"]


def test_a_task_deleted_on_its_way_is_gone_whatever_its_target_says() -> None:
    queue = queue_of()
    add(queue, "a")
    (task,) = queue.begin_due(0)
    queue.delete("a", 0)
    queue.end(task, answered(500), SECOND)
    assert (list(queue.ids()), queue.running, queue.wake_at(SECOND)) == ([], 0, None)


def test_a_task_run_by_hand_beside_its_own_attempt_is_done_once_one_succeeds() -> None:
    queue = queue_of(concurrent=1)
    add(queue, "a")
    (task,) = queue.begin_due(0)
    queue.begin(task, SECOND)
    queue.end(task, answered(500), 2 * SECOND)
    # The other attempt decides; until then nothing is scheduled.
    assert queue.wake_at(10 * SECOND) is None
    queue.end(task, OK, 3 * SECOND)
    assert (list(queue.ids()), queue.running) == ([], 0)


@pytest.mark.parametrize("how", ["done", "given up", "deleted", "purged"])
def test_a_name_is_remembered_for_an_hour(how: str) -> None:
    queue = queue_of(retry=RetryConfig(max_attempts=1))
    add(queue, "a")
    with pytest.raises(TasksError, match="Requested entity already exists"):
        queue.check_free("a", 0)
    if how == "deleted":
        queue.delete("a", 0)
    elif how == "purged":
        queue.purge(0)
    else:
        play(queue, 1, lambda id, attempt: OK if how == "done" else answered(400))
    with pytest.raises(TasksError, match="existed too recently"):
        queue.check_free("a", NAME_MEMORY_MICROS - 1)
    with pytest.raises(TasksError, match="The task no longer exists"):
        queue.get("a", NAME_MEMORY_MICROS - 1)
    queue.check_free("a", NAME_MEMORY_MICROS)
    with pytest.raises(TasksError, match="not found"):
        queue.get("a", NAME_MEMORY_MICROS)


def test_a_name_from_a_time_that_the_clock_was_set_back_from_is_free() -> None:
    queue = queue_of()
    later = 90 * 86400 * SECOND
    for id, now in (("later", later), ("sooner", SECOND)):
        add(queue, id, now=now)
        queue.delete(id, now)
    with pytest.raises(TasksError):
        queue.check_free("sooner", 2 * SECOND)
    queue.check_free("later", 2 * SECOND)


def test_changed_limits_count_at_once() -> None:
    queue = queue_of(rate=0.01)
    for number in range(3):
        add(queue, str(number))
    assert len(queue.begin_due(0)) == 1
    queue.configure(complete(Queue(name=NAME, rate_limits=RateLimits(max_dispatches_per_second=2)), RUNNING), 0)
    assert queue.wake_at(0) == 500_000


@given(
    rate=st.sampled_from([0.2, 1.0, 3.0, 50.0]),
    concurrent=st.integers(1, 4),
    takes=st.sampled_from([0, 0.1, 2.5]),
    starts=st.lists(st.integers(0, 20), min_size=1, max_size=12),
    failures=st.lists(st.integers(0, 4), min_size=12, max_size=12),
)
def test_whatever_happens_limits_hold_and_every_task_is_done(
    rate: float, concurrent: int, takes: float, starts: list[int], failures: list[int]
) -> None:
    retry = RetryConfig(max_attempts=5, min_backoff=duration(SECOND), max_backoff=duration(4 * SECOND), max_doublings=1)
    queue = queue_of(rate=rate, concurrent=concurrent, retry=retry)
    for number, start in enumerate(starts):
        add(queue, str(number), start)

    def answer(id: str, attempt: int) -> Outcome:
        return OK if attempt > failures[int(id)] else answered(500)

    dispatched = play(queue, 10_000, answer, takes)
    assert (list(queue.ids()), queue.running) == ([], 0)
    for number, start in enumerate(starts):
        own = [time for time, id in dispatched if id == str(number)]
        assert own[0] >= start
        assert len(own) == failures[number] + 1
        waits = [later - earlier - takes for earlier, later in itertools.pairwise(own)]
        assert all(wait >= least - 1e-6 for wait, least in zip(waits, (1, 2, 4, 4), strict=False))
    burst = queue.message.rate_limits.max_burst_size
    for first, (time, _) in enumerate(dispatched):
        since = [later for later, _ in dispatched[first:]]
        assert all(count <= burst + (later - time) * rate + 1e-6 for count, later in enumerate(since, 1))
        if takes:
            assert sum(later < time + takes - 1e-6 for later in since) <= concurrent
