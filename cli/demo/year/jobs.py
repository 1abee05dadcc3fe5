"""The jobs of a simulated night: schedules called one after another by a scheduler, then Cloud Tasks until it is empty.

The scheduler is that of the local stack, in this process, where it calls what it is told to and nothing by itself: the
clock jumps, and what has been called by when must be the same in every run.
"""

import asyncio
import time
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

import grpc
import requests
from google.cloud.tasks_v2 import CloudTasksClient
from google.cloud.tasks_v2.services.cloud_tasks.transports import CloudTasksGrpcTransport

from emulator.clock import ClockFile, SystemClock
from emulator.scheduler.cron import Cron
from emulator.scheduler.job import Schedule
from emulator.scheduler.service import LastRuns, Scheduler
from emulator.stack import Stack
from emulator.tasks.http_client import send
from emulator.tasks.wire import SECOND

AGE, SWEEP, HOLDS, RUNS, AUDIT = "age_customers", "sweep_orders", "end_holds", "sweep_runs", "nightly_audit"
_LISTING_SECONDS = 10
_DRAIN_SECONDS = 300.0
_POLL_SECONDS = 0.004
# A task for later looks after somebody who might have died; the clock comes to it by itself.
_LATER = timedelta(minutes=1)
_FIRST_QUEUE = "/planrun"
_LOCATION = "us-central1"
_SOME_DAY = datetime(2026, 1, 1, tzinfo=UTC)
_DAY_SECONDS = 86_400


class JobFailed(Exception):
    """A schedule did not answer that all is well, or its tasks do not come to an end."""


class Jobs:
    """The schedules and queues of a running stack. `runs` counts the calls of each schedule."""

    def __init__(self, stack: Stack, clock: ClockFile) -> None:
        listing: dict[str, Any] = requests.get(f"http://{stack.functions}/", timeout=_LISTING_SECONDS).json()
        schedules = [Schedule.of(listed) for listed in listing["functions"] if "schedule" in listed]
        self._clock = clock
        self._scheduler = Scheduler(
            stack.project, stack.functions, schedules, SystemClock(clock), send, LastRuns(path=None)
        )
        self._loop = asyncio.Runner()
        channel = grpc.insecure_channel(stack.tasks)
        self._tasks = CloudTasksClient(transport=CloudTasksGrpcTransport(channel=channel))
        parent = f"projects/{stack.project}/locations/{_LOCATION}"
        # A run's tasks go from the planner's queue on to the others.
        names = [queue.name for queue in self._tasks.list_queues(parent=parent)]
        self._queues = sorted(names, key=lambda name: not name.endswith(_FIRST_QUEUE))
        self.runs: Counter[str] = Counter()

    def close(self) -> None:
        self._loop.close()
        self._tasks.transport.close()

    def call(self, *names: str) -> None:
        """Calls schedules one after another and waits for their tasks; raises JobFailed, also for no schedule."""
        for name in names:
            try:
                outcome = self._loop.run(self._scheduler.run_now(name))
            except KeyError as error:
                raise JobFailed(f"there is no schedule {name}") from error
            if not outcome.succeeded:
                raise JobFailed(f"{name}: {outcome.message} {outcome.body.decode(errors='replace')}".strip())
            self.runs[name] += 1
        self.drain()

    def calls_in(self, days: int) -> dict[str, int]:
        """How often Cloud Scheduler calls each schedule in so many days; all of ours go by the hour or the minute."""
        schedules = {name: job.schedule.cron for name, job in self._scheduler.jobs.items()}
        return {name: days * _calls_a_day(cron) for name, cron in schedules.items()}

    def drain(self, within: timedelta = _LATER) -> None:
        """Waits until all tasks are done that are due by then; raises JobFailed when they are not.

        A task that ends has put the next one into its queue before, and queues are looked at in that order: when none
        of them has anything, nothing is on its way from one to another either.
        """
        give_up = time.monotonic() + _DRAIN_SECONDS
        while any(self._is_busy(queue, within) for queue in self._queues):
            if time.monotonic() > give_up:
                raise JobFailed(f"tasks are still there after {_DRAIN_SECONDS:g} s")
            time.sleep(_POLL_SECONDS)

    def _is_busy(self, queue: str, within: timedelta) -> bool:
        soon = self._clock.now() + within
        tasks: Any = self._tasks.list_tasks(parent=queue)
        return any(task.schedule_time <= soon for task in tasks)


def _calls_a_day(cron: Cron) -> int:
    at, calls = int(_SOME_DAY.timestamp()) * SECOND - 1, 0
    end = at + _DAY_SECONDS * SECOND
    while (at := cron.next_after(at)) <= end:
        calls += 1
    return calls
