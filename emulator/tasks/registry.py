"""All queues by name, those of a former run too, and the names of queues that were deleted not long ago."""

from __future__ import annotations

from collections.abc import Sequence

from emulator.tasks import errors
from emulator.tasks.keeping import FileKeeping, Keeping
from emulator.tasks.names import split_task
from emulator.tasks.queue_config import complete, updated
from emulator.tasks.task_queue import QueuedTask, TaskQueue
from emulator.tasks.wire import RUNNING, SECOND, Queue, Task

QUEUE_MEMORY_MICROS = 3 * 86400 * SECOND
"""How long the name of a deleted queue cannot be used again."""


class Registry:
    """The queues. Times are microseconds UTC."""

    def __init__(self, keeping: Keeping, now: int) -> None:
        """Starts with what a FileKeeping has kept."""
        self._keeping = keeping
        self._queues: dict[str, TaskQueue] = {}
        self._deleted: dict[str, int] = {}
        if isinstance(keeping, FileKeeping):
            self._restore(keeping, now)

    def all(self) -> list[TaskQueue]:
        return list(self._queues.values())

    def get(self, name: str) -> TaskQueue:
        """The queue; raises NOT_FOUND."""
        queue = self._queues.get(name)
        if queue is None:
            raise errors.not_found(errors.NO_QUEUE)
        return queue

    def create(self, given: Queue, now: int) -> TaskQueue:
        """A new queue; raises ALREADY_EXISTS, FAILED_PRECONDITION when its name is still remembered."""
        if given.name in self._queues:
            raise errors.already_exists("Queue already exists")
        until = self._deleted.get(given.name, 0)
        if until > now:
            raise errors.failed_precondition(errors.QUEUE_TOO_RECENT)
        queue = TaskQueue(complete(given, RUNNING), self._keeping, now)
        if until:
            del self._deleted[given.name]
            self._keeping.forget(given.name)
        self._queues[given.name] = queue
        self._keeping.put_queue(given.name, queue.message.SerializeToString())
        return queue

    def update(self, given: Queue, paths: Sequence[str], now: int) -> TaskQueue:
        """The queue with the fields named changed, all if none are; it is made if there is none, as documented."""
        queue = self._queues.get(given.name)
        if queue is None:
            return self.create(given, now)
        queue.configure(updated(queue.message, given, paths), now)
        return queue

    def delete(self, name: str, now: int) -> None:
        """Delete a queue and its tasks; raises NOT_FOUND."""
        queue = self._queues.pop(name, None)
        if queue is None:
            raise errors.not_found(errors.NO_ENTITY)
        queue.close(now)
        self._deleted[name] = now + QUEUE_MEMORY_MICROS
        self._keeping.remember(name, now + QUEUE_MEMORY_MICROS)

    def _restore(self, kept: FileKeeping, now: int) -> None:
        for data in kept.queues():
            message = Queue.FromString(data)
            self._queues[message.name] = TaskQueue(message, kept, now)
        for record in kept.tasks():
            queue, id = split_task(record.name)
            task = QueuedTask(id, Task.FromString(record.message), record.executions, record.previous_response)
            self._queues[queue].restore(task)
        for name, until in kept.remembered():
            if "/tasks/" in name:
                queue, id = split_task(name)
                self._queues[queue].restore_name(id, until)
            else:
                self._deleted[name] = until
