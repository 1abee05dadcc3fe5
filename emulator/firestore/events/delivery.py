"""Delivers document events to functions: each commit's changes go into the queues of the triggers they fit."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict
from typing import Any

from emulator.firestore.changes import Change
from emulator.firestore.events.faults import FaultPlan, Faults
from emulator.firestore.events.queue import Counters, Policy, ProjectState, TriggerQueue
from emulator.firestore.events.sender import Sender
from emulator.firestore.events.triggers import Trigger


def _nothing(trigger: Trigger) -> Iterable[Change]:
    return ()


class _Project:
    """The triggers of one project and what their queues share."""

    def __init__(self, sender: Sender, policy: Policy) -> None:
        self.state = ProjectState(sender, policy)
        self.queues: dict[str, TriggerQueue] = {}


class EventDelivery:
    """All projects' triggers and queues. Lives in one event loop, as the store that tells it of changes does.

    Events that wait are held in memory. Whoever keeps commits can also keep how far each trigger is (`progress`), and
    tell a trigger that is registered again what it has missed: `missed` is asked for that.
    """

    def __init__(self, policy: Policy | None = None, missed: Callable[[Trigger], Iterable[Change]] = _nothing) -> None:
        self._policy = policy or Policy()
        self._missed = missed
        self._sender = Sender()
        self._projects: dict[str, _Project] = {}
        self._closed = False

    @property
    def closed(self) -> bool:
        """Whether commits are no longer turned into events."""
        return self._closed

    def observe(self, changes: Sequence[Change]) -> None:
        """Turn a commit's changes into events; called by the store after each commit."""
        for change in changes:
            project = self._projects.get(change.project)
            if project is None or self._closed:
                continue
            for queue in project.queues.values():
                if queue.trigger.wants(change):
                    queue.add(change)

    def register(self, trigger: Trigger) -> None:
        """Add a trigger, or replace the one of that key; events that wait already stay."""
        project = self._project(trigger.project)
        queue = project.queues.get(trigger.key)
        if queue is not None:
            queue.trigger = trigger
            return
        queue = project.queues[trigger.key] = TriggerQueue(project.state, trigger)
        for change in self._missed(trigger):
            if trigger.wants(change):
                queue.add(change)

    def unregister(self, project: str, key: str) -> bool:
        """Remove a trigger and the events that wait for it; False if there is none of that key."""
        queue = self._project(project).queues.pop(key, None)
        if queue is not None:
            queue.discard()
        return queue is not None

    def triggers(self, project: str) -> list[Trigger]:
        return [queue.trigger for queue in self._project(project).queues.values()]

    def progress(self) -> dict[tuple[str, str], int | None]:
        """By project and key of each trigger: the commit time of its oldest unsettled event, None if there is none."""
        return {
            (name, key): queue.unsettled_from
            for name, project in self._projects.items()
            for key, queue in project.queues.items()
        }

    def set_faults(self, project: str, plan: FaultPlan) -> None:
        """Apply to events of later commits; each call starts the seeded sequence anew."""
        self._project(project).state.faults = Faults(plan)

    def status(self, project: str) -> dict[str, Any]:
        """Counters, the present faults and the latest failures, as JSON."""
        state = self._project(project).state
        return {**asdict(state.counters), "faults": asdict(state.faults.plan), "failures": list(state.failures)}

    async def drain(self, project: str, timeout_seconds: float) -> bool:
        """Wait until no event of the project is pending; False if some still are when the time is over."""
        try:
            async with asyncio.timeout(timeout_seconds):
                await self._project(project).state.idle.wait()
        except TimeoutError:
            return False
        return True

    def reset(self, project: str) -> None:
        """Forget the events that wait, the counters and the faults; triggers stay."""
        state = self._project(project).state
        for queue in self._project(project).queues.values():
            queue.discard()
        state.faults = Faults(FaultPlan())
        state.counters = Counters(pending=state.counters.pending)
        state.failures.clear()

    async def close(self, grace_seconds: float = 2.0) -> None:
        """Start nothing new, let deliveries in flight end within the grace period, close the connections."""
        self._closed = True
        queues = [queue for project in self._projects.values() for queue in project.queues.values()]
        for queue in queues:
            queue.halt()
        await asyncio.gather(*(queue.finish(grace_seconds) for queue in queues))
        self._sender.close()

    def _project(self, name: str) -> _Project:
        project = self._projects.get(name)
        if project is None:
            project = self._projects[name] = _Project(self._sender, self._policy)
        return project
