"""One queue: its tasks, which of them may be dispatched when, and what becomes of them.

No I/O and no clock: it is told the time (microseconds UTC), so that a schedule can be followed exactly.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from dataclasses import dataclass

from emulator.tasks import errors
from emulator.tasks.bucket import TokenBucket
from emulator.tasks.keeping import Keeping, TaskRecord
from emulator.tasks.retries import RetryPolicy
from emulator.tasks.statuses import Outcome
from emulator.tasks.wire import PAUSED, RUNNING, SECOND, Attempt, Queue, Task, micros, timestamp

NAME_MEMORY_MICROS = 3600 * SECOND
"""How long the name of a task that is done or deleted cannot be used again."""


@dataclass(slots=True, eq=False)
class QueuedTask:
    """A task of a queue. `previous_response` is the last answer's HTTP status, 0 before there is one."""

    id: str
    message: Task
    executions: int = 0
    previous_response: int = 0
    running: int = 0
    entry: tuple[int, int, str] | None = None

    def record(self) -> TaskRecord:
        """What is kept of it."""
        return TaskRecord(self.message.name, self.message.SerializeToString(), self.executions, self.previous_response)


class TaskQueue:
    """A queue of a complete configuration; every change of it or its tasks is handed to `keeping`."""

    def __init__(self, message: Queue, keeping: Keeping, now: int) -> None:
        self.message = message
        self.running = 0
        self._keeping = keeping
        self._tasks: dict[str, QueuedTask] = {}
        self._remembered: dict[str, int] = {}
        self._schedule: list[tuple[int, int, str]] = []
        self._entries = 0
        self._bucket = TokenBucket(message.rate_limits.max_dispatches_per_second, now)

    @property
    def name(self) -> str:
        return str(self.message.name)

    def ids(self) -> Iterator[str]:
        """The ids of its tasks, in no order."""
        return iter(self._tasks)

    def configure(self, message: Queue, now: int) -> None:
        """Work by other settings from now on."""
        self.message = message
        self._bucket.set_rate(message.rate_limits.max_dispatches_per_second, now)
        self._put()

    def set_state(self, state: int) -> None:
        """Let tasks be dispatched or not; those on their way go on."""
        self.message.state = state
        self._put()

    def purge(self, now: int) -> None:
        """Delete all tasks."""
        for task in list(self._tasks.values()):
            self._remove(task, now)
        self.message.purge_time.CopyFrom(timestamp(now))
        self._put()

    def check_free(self, id: str, now: int) -> None:
        """Raise ALREADY_EXISTS if a task has this id, or had it not long ago."""
        self._forget(now)
        if id in self._tasks:
            raise errors.already_exists("Requested entity already exists")
        if id in self._remembered:
            raise errors.already_exists(errors.TASK_TOO_RECENT)

    def add(self, id: str, message: Task) -> None:
        """Take a new task of a free id."""
        self._adopt(QueuedTask(id, message))
        self._keeping.put_task(self._tasks[id].record())

    def restore(self, task: QueuedTask) -> None:
        """Take a task that was kept; an attempt that was on its way then counts, and is made again."""
        self._adopt(task)

    def restore_name(self, id: str, until: int) -> None:
        """Take the name of a task that was done or deleted; to be called with the earliest time first."""
        self._remembered[id] = until

    def get(self, id: str, now: int) -> QueuedTask:
        """The task; raises NOT_FOUND."""
        self._forget(now)
        task = self._tasks.get(id)
        if task is None:
            raise errors.not_found(errors.TASK_GONE if id in self._remembered else errors.NO_ENTITY)
        return task

    def delete(self, id: str, now: int) -> None:
        """Delete a task, on its way or not; raises NOT_FOUND."""
        self._remove(self.get(id, now), now)

    def begin_due(self, now: int) -> list[QueuedTask]:
        """Begin an attempt of every task that is due and may be dispatched now: earliest first, then oldest first."""
        begun = []
        while self._may_dispatch() and (task := self._first()) is not None:
            if task.entry is None or task.entry[0] > now or not self._bucket.take(now):
                break
            self.begin(task, now)
            begun.append(task)
        return begun

    def begin(self, task: QueuedTask, now: int) -> None:
        """Begin an attempt of a task, whatever the limits say."""
        task.entry = None
        task.running += 1
        self.running += 1
        message = task.message
        message.dispatch_count += 1
        dispatched = timestamp(now)
        if not message.HasField("first_attempt"):
            message.first_attempt.dispatch_time.CopyFrom(dispatched)
        message.last_attempt.CopyFrom(Attempt(schedule_time=message.schedule_time, dispatch_time=dispatched))
        self._keeping.put_task(task.record())

    def end(self, task: QueuedTask, outcome: Outcome, now: int) -> None:
        """An attempt has ended: the task is done, given up, or scheduled again."""
        self.running -= 1
        task.running -= 1
        if self._tasks.get(task.id) is not task:
            return
        if outcome.succeeded:
            self._remove(task, now)
            return
        message = task.message
        if outcome.http_status:
            message.response_count += 1
            message.last_attempt.response_time.CopyFrom(timestamp(now))
        task.executions += outcome.executed
        task.previous_response = outcome.http_status
        message.last_attempt.response_status.code = outcome.code
        message.last_attempt.response_status.message = outcome.message
        policy = self._policy(task)
        first = micros(message.first_attempt.dispatch_time)
        if policy.gives_up(message.dispatch_count, first, micros(message.create_time), now):
            self._remove(task, now)
            return
        wait = max(policy.backoff_micros(message.dispatch_count), outcome.retry_after_micros)
        message.schedule_time.CopyFrom(timestamp(now + wait))
        # While another attempt of it is on its way, which only RunTask can bring about, that one decides.
        if not task.running:
            self._enter(task)
        self._keeping.put_task(task.record())

    def wake_at(self, now: int) -> int | None:
        """When something may be dispatched next, if nothing happens until then; None: never."""
        if not self._may_dispatch() or (task := self._first()) is None or task.entry is None:
            return None
        return max(task.entry[0], self._bucket.ready_at(now))

    def close(self, now: int) -> None:
        """The queue is deleted: its tasks are too."""
        for task in list(self._tasks.values()):
            self._remove(task, now)
        for id in self._remembered:
            self._keeping.forget(f"{self.name}/tasks/{id}")
        self._keeping.drop_queue(self.name)
        self.message.state = PAUSED

    def _adopt(self, task: QueuedTask) -> None:
        self._tasks[task.id] = task
        self._enter(task)

    def _enter(self, task: QueuedTask) -> None:
        self._entries += 1
        task.entry = (micros(task.message.schedule_time), self._entries, task.id)
        heapq.heappush(self._schedule, task.entry)

    def _first(self) -> QueuedTask | None:
        """The task to be dispatched next. Entries that are no longer a task's own are thrown away on the way."""
        while self._schedule:
            task = self._tasks.get(self._schedule[0][2])
            if task is not None and task.entry is self._schedule[0]:
                return task
            heapq.heappop(self._schedule)
        return None

    def _may_dispatch(self) -> bool:
        limits = self.message.rate_limits
        return bool(self.message.state == RUNNING and self.running < limits.max_concurrent_dispatches)

    def _policy(self, task: QueuedTask) -> RetryPolicy:
        own = task.message.HasField("retry_config")
        return RetryPolicy.of(task.message.retry_config if own else self.message.retry_config)

    def _remove(self, task: QueuedTask, now: int) -> None:
        del self._tasks[task.id]
        self._remembered[task.id] = now + NAME_MEMORY_MICROS
        self._keeping.drop_task(task.message.name)
        self._keeping.remember(task.message.name, now + NAME_MEMORY_MICROS)

    def _forget(self, now: int) -> None:
        """Forget names whose time has come, and those of a time that the clock was set back from. They are in order."""
        while self._remembered:
            id = next(iter(self._remembered))
            if now < self._remembered[id] <= now + NAME_MEMORY_MICROS:
                return
            del self._remembered[id]
            self._keeping.forget(f"{self.name}/tasks/{id}")

    def _put(self) -> None:
        self._keeping.put_queue(self.name, self.message.SerializeToString())
