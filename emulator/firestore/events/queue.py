"""The queue of one trigger: events that are ready, in flight, held back, or waiting to be tried again."""

from __future__ import annotations

import asyncio
import base64
import logging
import random
import time
from collections import deque
from dataclasses import dataclass, field
from typing import Any

from emulator.firestore.changes import Change
from emulator.firestore.clock import micros
from emulator.firestore.events.document_event import DocumentEvent
from emulator.firestore.events.faults import FaultPlan, Faults
from emulator.firestore.events.sender import Sender, Unreachable
from emulator.firestore.events.triggers import Trigger

_log = logging.getLogger(__name__)

_FAILURES_KEPT = 20
_NOT_RUN = frozenset({429, 503})
"""Statuses by which a platform says that it did not run the function; retried whatever the function's retry policy."""


@dataclass(frozen=True, slots=True)
class Policy:
    """How hard to try. Production waits 10 to 600 seconds between attempts for up to 24 hours; a laptop need not."""

    in_flight_max: int = 8
    backoff_first_seconds: float = 0.1
    backoff_max_seconds: float = 10.0
    age_max_seconds: float = 600.0
    ack_deadline_seconds: float = 600.0

    def backoff_seconds(self, attempt: int) -> float:
        """Exponential in the attempts made so far (1, 2, ...), with full jitter on its upper half."""
        ceiling = min(self.backoff_max_seconds, self.backoff_first_seconds * 2.0 ** (attempt - 1))
        return ceiling * random.uniform(0.5, 1.0)


@dataclass(slots=True)
class Counters:
    """What became of a project's events; `pending` includes those in flight, held back or waiting for a retry."""

    pending: int = 0
    delivered: int = 0
    failed: int = 0
    retried: int = 0
    dropped: int = 0
    duplicated: int = 0
    delayed: int = 0
    reordered: int = 0


@dataclass(eq=False, slots=True)
class Delivery:
    """One copy of an event on its way to its function."""

    event: DocumentEvent
    born: float = field(default_factory=time.monotonic)
    attempts: int = 0


class ProjectState:
    """What the queues of one project share: faults, counters, the latest failures, and whether anything is pending."""

    def __init__(self, sender: Sender, policy: Policy) -> None:
        self.sender = sender
        self.policy = policy
        self.faults = Faults(FaultPlan())
        self.counters = Counters()
        self.failures: deque[dict[str, Any]] = deque(maxlen=_FAILURES_KEPT)
        self.idle = asyncio.Event()
        self.idle.set()

    def expect(self) -> None:
        self.counters.pending += 1
        self.idle.clear()

    def settle(self, count: int) -> None:
        self.counters.pending -= count
        if not self.counters.pending:
            self.idle.set()

    def fail(self, delivery: Delivery, problem: str) -> None:
        """Give the event up, for good, and remember why."""
        event = delivery.event
        self.counters.failed += 1
        failure = {
            "trigger": event.trigger.key,
            "document": event.change.path,
            "id": event.id,
            "attempts": delivery.attempts,
            "error": problem,
        }
        self.failures.append(failure)
        _log.warning("event given up: %s", failure)


class TriggerQueue:
    """The events of one trigger: ready, in flight, and those that wait for a timer or for another event."""

    def __init__(self, project: ProjectState, trigger: Trigger) -> None:
        self.trigger = trigger
        self._project = project
        self._ready: deque[Delivery] = deque()
        self._timers: dict[Delivery, asyncio.TimerHandle] = {}
        self._held: dict[str, list[Delivery]] = {}
        self._in_flight: set[asyncio.Task[None]] = set()
        self._unsettled: dict[Delivery, None] = {}
        self._discards = 0

    @property
    def unsettled_from(self) -> int | None:
        """The commit time (microseconds UTC) of the oldest event not yet delivered or given up; None without any."""
        oldest = next(iter(self._unsettled), None)
        return None if oldest is None else micros(oldest.event.change.commit_time)

    def add(self, change: Change) -> None:
        """Take an event, with whatever the project's faults have in store for it."""
        project, counters = self._project, self._project.counters
        fate = project.faults.fate(self.trigger.key, change.path)
        if fate.drop:
            counters.dropped += 1
            return
        delivery = Delivery(DocumentEvent(self.trigger, change))
        if fate.duplicate_after_seconds is not None:
            counters.duplicated += 1
            self._later(Delivery(delivery.event), fate.duplicate_after_seconds)
        if fate.hold_seconds is not None:
            counters.reordered += 1
            self._held.setdefault(change.path, []).append(delivery)
            self._later(delivery, fate.hold_seconds)
        elif fate.delay_seconds is not None:
            counters.delayed += 1
            self._later(delivery, fate.delay_seconds)
        else:
            self._now(delivery)

    def discard(self) -> None:
        """Forget what waits; what is in flight runs to its end, but is not tried again."""
        self.halt()
        self._unsettled.clear()

    def halt(self) -> None:
        """Send nothing more, but remember what is unsettled."""
        self._discards += 1
        for timer in self._timers.values():
            timer.cancel()
        self._project.settle(len(self._timers) + len(self._ready))
        self._timers.clear()
        self._held.clear()
        self._ready.clear()

    async def finish(self, grace_seconds: float) -> None:
        """Let what is in flight come to its end, for a while, then cut it off."""
        if self._in_flight:
            _, late = await asyncio.wait(self._in_flight, timeout=grace_seconds)
            for task in late:
                task.cancel()

    def _now(self, delivery: Delivery) -> None:
        self._project.expect()
        self._unsettled[delivery] = None
        self._ready.append(delivery)
        self._pump()

    def _later(self, delivery: Delivery, seconds: float) -> None:
        self._project.expect()
        self._unsettled[delivery] = None
        self._timers[delivery] = asyncio.get_running_loop().call_later(seconds, self._due, delivery)

    def _due(self, delivery: Delivery) -> None:
        self._timers.pop(delivery).cancel()
        path = delivery.event.change.path
        held = self._held.get(path, [])
        if delivery in held:
            held.remove(delivery)
            if not held:
                del self._held[path]
        self._ready.append(delivery)
        self._pump()

    def _pump(self) -> None:
        while self._ready and len(self._in_flight) < self._project.policy.in_flight_max:
            task = asyncio.get_running_loop().create_task(self._attempt(self._ready.popleft()))
            self._in_flight.add(task)
            task.add_done_callback(self._landed)

    def _landed(self, task: asyncio.Task[None]) -> None:
        self._in_flight.discard(task)
        self._pump()

    async def _attempt(self, delivery: Delivery) -> None:
        project, discards = self._project, self._discards
        delivery.attempts += 1
        try:
            problem, run = await self._send(delivery.event)
            if not problem:
                self._unsettled.pop(delivery, None)
            if discards != self._discards:
                return
            # The trigger may have been registered anew meanwhile; its policy of now counts.
            again = self.trigger.retry or not run
            if not problem:
                project.counters.delivered += 1
                self._overtaken(delivery.event)
            elif again and time.monotonic() - delivery.born < project.policy.age_max_seconds:
                project.counters.retried += 1
                self._later(delivery, project.policy.backoff_seconds(delivery.attempts))
            else:
                self._unsettled.pop(delivery, None)
                project.fail(delivery, problem)
        finally:
            project.settle(1)

    async def _send(self, event: DocumentEvent) -> tuple[str, bool]:
        """What went wrong ("" when nothing did), and whether the function was run."""
        to, deadline_seconds = self.trigger.destination, self._project.policy.ack_deadline_seconds
        body = base64.b64encode(event.body) if to.base64 else event.body
        try:
            async with asyncio.timeout(deadline_seconds):
                answer = await self._project.sender.post(to, event.headers, body)
        except TimeoutError:
            return f"no answer within {deadline_seconds:g} s", True
        except Unreachable as error:
            return str(error), False
        if 200 <= answer.status < 300:
            return "", True
        return f"{answer.status} {answer.text}", answer.status not in _NOT_RUN

    def _overtaken(self, event: DocumentEvent) -> None:
        """An event has come through: those of earlier commits to its document that were held back for it may follow."""
        for delivery in list(self._held.get(event.change.path, ())):
            if delivery.event.order < event.order:
                self._due(delivery)
