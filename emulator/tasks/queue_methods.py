"""The methods of the service that are about queues."""

from __future__ import annotations

from google.protobuf.empty_pb2 import Empty

from emulator.tasks.errors import invalid_argument, unimplemented
from emulator.tasks.names import check_location, check_queue, location_of
from emulator.tasks.paging import page
from emulator.tasks.service_state import ServiceState
from emulator.tasks.wire import PAUSED, RUNNING, Message, Queue, message_type

_PAGE_MAX = 9800


class QueueMethods:
    """Each takes a request and returns the answer, or raises TasksError."""

    def __init__(self, state: ServiceState) -> None:
        self._state = state

    def create_queue(self, request: Message) -> Message:
        check_location(request.parent)
        if location_of(check_queue(request.queue.name)) != request.parent:
            raise invalid_argument(
                f"The queue name '{request.queue.name}' must be in the location from the request ('{request.parent}')."
            )
        return self._state.registry.create(request.queue, self._state.now()).message

    def get_queue(self, request: Message) -> Message:
        return self._state.registry.get(check_queue(request.name)).message

    def list_queues(self, request: Message) -> Message:
        check_location(request.parent)
        if request.filter:
            raise unimplemented("The local Cloud Tasks lists queues without a filter only.")
        queues = {
            queue.name: queue for queue in self._state.registry.all() if location_of(queue.name) == request.parent
        }
        names, token = page(queues, request.page_size, _PAGE_MAX, request.page_token)
        answer = message_type("ListQueuesResponse")
        return answer(queues=[queues[name].message for name in names], next_page_token=token)

    def update_queue(self, request: Message) -> Message:
        check_queue(request.queue.name)
        paths = request.update_mask.paths
        queue = self._state.registry.update(request.queue, paths, self._state.now())
        self._state.dispatcher.wake()
        return queue.message

    def delete_queue(self, request: Message) -> Message:
        self._state.registry.delete(check_queue(request.name), self._state.now())
        return Empty()

    def purge_queue(self, request: Message) -> Message:
        queue = self._state.registry.get(check_queue(request.name))
        queue.purge(self._state.now())
        return queue.message

    def pause_queue(self, request: Message) -> Message:
        return self._set_state(request.name, PAUSED)

    def resume_queue(self, request: Message) -> Message:
        return self._set_state(request.name, RUNNING)

    def _set_state(self, name: str, state: int) -> Queue:
        queue = self._state.registry.get(check_queue(name))
        queue.set_state(state)
        self._state.dispatcher.wake()
        return queue.message
