"""What the scheduler is asked over HTTP.

| Address | What |
|---|---|
| `GET /` | the schedules: their cron expressions, next times and last runs, as JSON |
| `POST /{schedule}:run` | calls one now and answers what it answered; 404 for no schedule, 409 while it is running |
"""

from __future__ import annotations

from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from emulator.scheduler.job import Job, Run
from emulator.scheduler.service import IsRunning, Scheduler, time_text


def application(scheduler: Scheduler) -> Starlette:
    """The HTTP side of a scheduler."""

    async def listing(request: Request) -> JSONResponse:
        described = [_describe(job) for job in scheduler.jobs.values()]
        return JSONResponse({"project": scheduler.project, "schedules": described})

    async def run(request: Request) -> JSONResponse:
        name = request.path_params["name"]
        try:
            outcome = await scheduler.run_now(name)
        except KeyError:
            return JSONResponse({"error": "not_found", "schedules": list(scheduler.jobs)}, 404)
        except IsRunning:
            return JSONResponse({"error": "running"}, 409)
        body = outcome.body.decode(errors="replace")
        return JSONResponse({"ok": outcome.succeeded, "message": outcome.message, "answer": body})

    return Starlette(routes=[Route("/", listing), Route("/{name:path}:run", run, methods=["POST"])])


def _describe(job: Job) -> dict[str, Any]:
    schedule = job.schedule
    return {
        "name": schedule.name,
        "schedule": schedule.cron.expression,
        "timeZone": schedule.cron.zone.key,
        "nextAt": time_text(job.next_at),
        "running": job.is_running,
        "lastRun": None if job.last is None else _describe_run(job.last),
    }


def _describe_run(run: Run) -> dict[str, Any]:
    return {
        "scheduledAt": time_text(run.scheduled),
        "beganAt": time_text(run.began),
        "attempts": run.attempts,
        "message": None if run.outcome is None else run.outcome.message,
    }
