"""Carries tasks to their targets: begins what the queues allow, sends it, and sleeps until something may be due."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import TypeAlias

from emulator.clock import Clock
from emulator.tasks.keeping import Keeping
from emulator.tasks.registry import Registry
from emulator.tasks.statuses import CANCELLED, Outcome, unanswered
from emulator.tasks.target_requests import Call, call_of
from emulator.tasks.task_queue import QueuedTask, TaskQueue

Send: TypeAlias = Callable[[Call], Awaitable[Outcome]]

_log = logging.getLogger(__name__)


class Dispatcher:
    """Lives in one event loop; `wake` it whenever a queue or task has changed."""

    def __init__(self, registry: Registry, keeping: Keeping, clock: Clock, send: Send) -> None:
        self._registry = registry
        self._keeping = keeping
        self._clock = clock
        self._send = send
        self._happened = asyncio.Event()
        self._attempts: set[asyncio.Task[None]] = set()

    async def run(self) -> None:
        """Dispatch for ever. An error it raises is a fault of the service, which must not go on without dispatching."""
        while True:
            self._happened.clear()
            now = self._clock.now_micros()
            wakes = []
            for queue in self._registry.all():
                for task in queue.begin_due(now):
                    self._carry(queue, task, now)
                wakes.append(queue.wake_at(now))
            await self._clock.wait(min((at for at in wakes if at is not None), default=None), self._happened)

    def wake(self) -> None:
        """Look again at what may be dispatched."""
        self._happened.set()

    def dispatch(self, queue: TaskQueue, task: QueuedTask) -> None:
        """Begin an attempt now, whatever the queue's limits and state."""
        now = self._clock.now_micros()
        queue.begin(task, now)
        self._carry(queue, task, now)

    async def close(self) -> None:
        """Cut off the attempts on their way, once `run` is; their tasks are dispatched again by the next run."""
        for attempt in self._attempts:
            attempt.cancel()
        await asyncio.gather(*self._attempts, return_exceptions=True)

    def _carry(self, queue: TaskQueue, task: QueuedTask, now: int) -> None:
        call = call_of(task, queue.name.rpartition("/")[2], now)
        attempt = asyncio.get_running_loop().create_task(self._attempt(queue, task, call))
        self._attempts.add(attempt)
        attempt.add_done_callback(self._attempts.discard)

    async def _attempt(self, queue: TaskQueue, task: QueuedTask, call: Call) -> None:
        outcome = unanswered(CANCELLED, "CANCELLED(1): the attempt failed within the service")
        try:
            # A target never hears of a task, or of the count of an attempt, that a crash could take back.
            await self._keeping.kept()
            outcome = await self._send(call)
        except Exception:  # noqa: BLE001 - a fault of ours ends the attempt, not the dispatching of everything else
            _log.exception("internal error in an attempt of %s", task.message.name)
        queue.end(task, outcome, self._clock.now_micros())
        if not outcome.succeeded:
            _log.info("%s: %s", task.message.name, outcome.message)
        self.wake()
