"""Calls the schedules when they are due, and when somebody asks for one by name."""

from __future__ import annotations

import asyncio
import json
import logging
import os
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeAlias

from emulator.clock import Clock
from emulator.processes import write_whole
from emulator.scheduler.job import Job, Run, Schedule
from emulator.tasks.oidc import mint
from emulator.tasks.statuses import CANCELLED, Outcome, unanswered
from emulator.tasks.target_requests import Call
from emulator.tasks.wire import SECOND

Send: TypeAlias = Callable[[Call], Awaitable[Outcome]]

_log = logging.getLogger(__name__)


class IsRunning(Exception):
    """A schedule cannot be called, because it is being called."""


class LastRuns:
    """When each schedule last ran (microseconds UTC), kept in a file if there is one."""

    def __init__(self, path: Path | None) -> None:
        """Raises ValueError for a file that is none of ours."""
        self._path = path
        self._by_name: dict[str, int] = {}
        if path is not None and path.exists():
            try:
                self._by_name = {str(name): int(time) for name, time in json.loads(path.read_text()).items()}
            except (AttributeError, TypeError, ValueError) as error:
                raise ValueError(f"{path} does not say when schedules last ran: {error}") from error

    def get(self, name: str) -> int | None:
        return self._by_name.get(name)

    def note(self, name: str, time_micros: int) -> None:
        self._by_name[name] = time_micros
        if self._path is not None:
            write_whole(self._path, json.dumps(self._by_name))


class Scheduler:
    """The jobs of one project, called at the functions host `functions` (host:port). Lives in one event loop."""

    def __init__(
        self, project: str, functions: str, schedules: Sequence[Schedule], clock: Clock, send: Send, runs: LastRuns
    ) -> None:
        now = clock.now_micros()
        self.project = project
        self.jobs = {schedule.name: Job(schedule, now, runs.get(schedule.name)) for schedule in schedules}
        self._functions = functions
        self._clock = clock
        self._send = send
        self._runs = runs
        self._account = os.environ.get("SCHEDULER_SERVICE_ACCOUNT") or f"scheduler@{project}.iam.gserviceaccount.com"
        self._happened = asyncio.Event()
        self._attempts: set[asyncio.Task[Outcome]] = set()

    async def run(self) -> None:
        """Call what is due, for ever. An error it raises is a fault of the service, which must not go on without."""
        while True:
            self._happened.clear()
            now = self._clock.now_micros()
            for job in self.jobs.values():
                if job.is_due(now):
                    self._begin(job, job.begin(now), now, again=True)
            wakes = [wake for job in self.jobs.values() if (wake := job.wake_at()) is not None]
            await self._clock.wait(min(wakes, default=None), self._happened)

    async def run_now(self, name: str) -> Outcome:
        """Call a schedule once, whenever it is due. Raises KeyError for a name that is none, IsRunning."""
        job = self.jobs[name]
        if job.is_running:
            raise IsRunning(name)
        now = self._clock.now_micros()
        return await asyncio.shield(self._begin(job, job.begin_now(now), now, again=False))

    async def close(self) -> None:
        """Cut off the attempts on their way."""
        for attempt in self._attempts:
            attempt.cancel()
        await asyncio.gather(*self._attempts, return_exceptions=True)

    def _begin(self, job: Job, run: Run, now: int, *, again: bool) -> asyncio.Task[Outcome]:
        self._runs.note(job.schedule.name, now)
        attempt = asyncio.get_running_loop().create_task(self._attempt(job, run, now, again=again))
        self._attempts.add(attempt)
        attempt.add_done_callback(self._attempts.discard)
        return attempt

    async def _attempt(self, job: Job, run: Run, now: int, *, again: bool) -> Outcome:
        outcome = unanswered(CANCELLED, "CANCELLED(1): the attempt failed within the scheduler")
        try:
            outcome = await self._send(self._call(job.schedule, run, now))
        except Exception:  # noqa: BLE001 - a fault of ours ends the attempt, not everything else
            _log.exception("internal error in an attempt of %s", job.schedule.name)
        job.end(run, outcome, self._clock.now_micros(), again=again)
        if not outcome.succeeded:
            _log.warning("schedule %s, attempt %d: %s", job.schedule.name, run.attempts, outcome.message)
        self._happened.set()
        return outcome

    def _call(self, schedule: Schedule, run: Run, now: int) -> Call:
        """The request as Cloud Scheduler makes it, from a job as the Firebase CLI makes it."""
        url = f"http://{self._functions}{schedule.path}"
        region = schedule.path.split("/")[2]
        headers = (
            ("User-Agent", "Google-Cloud-Scheduler"),
            ("Content-Type", "application/octet-stream"),
            ("X-CloudScheduler", "true"),
            ("X-CloudScheduler-JobName", f"firebase-schedule-{schedule.name}-{region}"),
            ("X-CloudScheduler-ScheduleTime", time_text(run.scheduled)),
            ("Authorization", f"Bearer {mint(self._account, url, now // SECOND)}"),
        )
        return Call("POST", url, headers, b"", schedule.deadline_seconds)


def time_text(time_micros: int) -> str:
    """A time (microseconds UTC) in RFC 3339, to the second."""
    return datetime.fromtimestamp(time_micros // SECOND, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
