"""The dispatcher obeys its clock: one that is moved brings what has become due, and only that."""

from __future__ import annotations

import asyncio

from emulator.tasks.keeping import Keeping
from emulator.tasks.service_state import ServiceState
from emulator.tasks.statuses import Outcome, answered
from emulator.tasks.target_requests import Call
from emulator.tasks.task_methods import TaskMethods
from emulator.tasks.wire import SECOND, Queue, Task, message_type, timestamp

PARENT = "projects/p/locations/l/queues/q"
DAY = 86400 * SECOND


class MovableClock:
    """Stands still unless it is moved."""

    def __init__(self) -> None:
        self.now = 0
        self._moved = asyncio.Event()

    def now_micros(self) -> int:
        return self.now

    def move(self, micros: int) -> None:
        self.now += micros
        self._moved.set()

    async def wait(self, until_micros: int | None, happened: asyncio.Event) -> None:
        waits = [asyncio.ensure_future(event.wait()) for event in (happened, self._moved)]
        _, pending = await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        for wait in pending:
            wait.cancel()
        self._moved.clear()


def test_moving_the_clock_brings_what_is_due() -> None:
    asyncio.run(_move_the_clock())


async def _move_the_clock() -> None:
    clock, calls = MovableClock(), asyncio.Queue[Call]()

    async def send(call: Call) -> Outcome:
        calls.put_nowait(call)
        return answered(200)

    state = ServiceState.open(Keeping(), clock, send)
    state.registry.create(Queue(name=PARENT), 0)
    running = asyncio.create_task(state.dispatcher.run())
    methods = TaskMethods(state)
    for day in (20, 3, 10):
        task = Task(name=f"{PARENT}/tasks/day-{day}", schedule_time=timestamp(day * DAY))
        task.http_request.url = f"http://localhost/{day}"
        methods.create_task(message_type("CreateTaskRequest")(parent=PARENT, task=task))
    clock.move(15 * DAY)
    assert [(await calls.get()).url for _ in range(2)] == ["http://localhost/3", "http://localhost/10"]
    clock.move(5 * DAY - 1)
    clock.move(1)
    assert (await calls.get()).url == "http://localhost/20"
    assert calls.empty()
    running.cancel()
    await state.dispatcher.close()
