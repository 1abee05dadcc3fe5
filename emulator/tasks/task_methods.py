"""The methods of the service that are about tasks."""

from __future__ import annotations

import secrets

from google.protobuf.empty_pb2 import Empty

from emulator.tasks.errors import NO_ENTITY, NO_QUEUE, TasksError, invalid_argument, not_found
from emulator.tasks.names import check_queue, split_task
from emulator.tasks.paging import page
from emulator.tasks.service_state import ServiceState
from emulator.tasks.task_config import prepared, viewed
from emulator.tasks.task_queue import QueuedTask, TaskQueue
from emulator.tasks.wire import Message, message_type

_PAGE_MAX = 1000
_ID_DIGITS = 19


class TaskMethods:
    """Each takes a request and returns the answer, or raises TasksError."""

    def __init__(self, state: ServiceState) -> None:
        self._state = state

    def create_task(self, request: Message) -> Message:
        now = self._state.now()
        parent = check_queue(request.parent)
        id = _id_in(parent, request.task.name)
        queue = self._state.registry.get(parent)
        queue.check_free(id, now)
        task = prepared(request.task, f"{parent}/tasks/{id}", now)
        queue.add(id, task)
        self._state.dispatcher.wake()
        return viewed(task, request.response_view)

    def get_task(self, request: Message) -> Message:
        _, task = self._find(request.name)
        return viewed(task.message, request.response_view)

    def list_tasks(self, request: Message) -> Message:
        queue = self._state.registry.get(check_queue(request.parent))
        ids, token = page(queue.ids(), request.page_size, _PAGE_MAX, request.page_token)
        now = self._state.now()
        tasks = [viewed(queue.get(id, now).message, request.response_view) for id in ids]
        return message_type("ListTasksResponse")(tasks=tasks, next_page_token=token)

    def delete_task(self, request: Message) -> Message:
        queue, task = self._find(request.name)
        queue.delete(task.id, self._state.now())
        return Empty()

    def run_task(self, request: Message) -> Message:
        queue, task = self._find(request.name)
        self._state.dispatcher.dispatch(queue, task)
        return viewed(task.message, request.response_view)

    def _find(self, name: str) -> tuple[TaskQueue, QueuedTask]:
        parent, id = split_task(name)
        try:
            queue = self._state.registry.get(parent)
        except TasksError as error:
            # Of a task that is asked for by name production says no more than that it is not there.
            raise not_found(NO_ENTITY) if error.message == NO_QUEUE else error from None
        return queue, queue.get(id, self._state.now())


def _id_in(parent: str, name: str) -> str:
    """The id a new task's name gives it, or a random one."""
    if not name:
        return str(10 ** (_ID_DIGITS - 1) + secrets.randbelow(9 * 10 ** (_ID_DIGITS - 1)))
    queue, id = split_task(name)
    if queue != parent:
        raise invalid_argument(
            f"The queue name from request ('{parent}') "
            f"must be the same as the queue name in the named task ('{queue}')."
        )
    return id
