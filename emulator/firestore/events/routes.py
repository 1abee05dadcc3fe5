"""The HTTP side of document events: triggers are registered as the Firebase CLI does it; queues are seen and disturbed.

| Request | Effect |
|---|---|
| `POST /emulator/v1/projects/{p}/eventarcTrigger?eventarcTriggerId=KEY` | register (see `triggers.parse_trigger`) |
| `GET`, `DELETE` of the same | list the triggers; remove one |
| `GET /emulator/v1/projects/{p}/events[?drain=SECONDS]` | counters; waits so long at most for nothing to be pending |
| `DELETE /emulator/v1/projects/{p}/events` | forget waiting events, counters and faults |
| `PUT`, `DELETE /emulator/v1/projects/{p}/events/faults` | seeded faults on (see `faults.FaultPlan`) and off |
"""

from __future__ import annotations

import json
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from emulator.firestore.events.delivery import EventDelivery
from emulator.firestore.events.faults import FaultPlan, parse_plan
from emulator.firestore.events.path_pattern import PathPattern
from emulator.firestore.events.triggers import Destination, Trigger, parse_trigger

_PROJECT = "/emulator/v1/projects/{project}"
_DRAIN_SECONDS_MAX = 600.0


def event_routes(delivery: EventDelivery, functions: Destination | None) -> list[Route]:
    """Routes over `delivery`; `functions` is where events go whose trigger names no destination of its own."""

    async def register(request: Request) -> Response:
        try:
            key = _trigger_key(request)
            trigger = parse_trigger(request.path_params["project"], key, await _json(request), functions)
        except ValueError as error:
            return _refusal(error)
        delivery.register(trigger)
        return JSONResponse(_describe(trigger))

    async def triggers(request: Request) -> Response:
        return JSONResponse({"triggers": [_describe(it) for it in delivery.triggers(request.path_params["project"])]})

    async def unregister(request: Request) -> Response:
        try:
            found = delivery.unregister(request.path_params["project"], _trigger_key(request))
        except ValueError as error:
            return _refusal(error)
        return JSONResponse({}, status_code=200 if found else 404)

    async def status(request: Request) -> Response:
        project = request.path_params["project"]
        try:
            seconds = min(float(request.query_params.get("drain", 0)), _DRAIN_SECONDS_MAX)
        except ValueError as error:
            return _refusal(error)
        if seconds > 0:
            await delivery.drain(project, seconds)
        return JSONResponse(delivery.status(project))

    async def reset(request: Request) -> Response:
        delivery.reset(request.path_params["project"])
        return JSONResponse({})

    async def set_faults(request: Request) -> Response:
        try:
            plan = parse_plan(await _json(request)) if request.method == "PUT" else FaultPlan()
        except ValueError as error:
            return _refusal(error)
        delivery.set_faults(request.path_params["project"], plan)
        return JSONResponse({})

    return [
        Route(f"{_PROJECT}/eventarcTrigger", register, methods=["POST"]),
        Route(f"{_PROJECT}/eventarcTrigger", triggers, methods=["GET"]),
        Route(f"{_PROJECT}/eventarcTrigger", unregister, methods=["DELETE"]),
        Route(f"{_PROJECT}/events", status, methods=["GET"]),
        Route(f"{_PROJECT}/events", reset, methods=["DELETE"]),
        Route(f"{_PROJECT}/events/faults", set_faults, methods=["PUT", "DELETE"]),
    ]


def _trigger_key(request: Request) -> str:
    key = request.query_params.get("eventarcTriggerId", "")
    if not key:
        raise ValueError("eventarcTriggerId is missing")
    return key


async def _json(request: Request) -> dict[str, Any]:
    body = json.loads(await request.body() or b"{}")
    if not isinstance(body, dict):
        raise ValueError("the body must be a JSON object")
    return body


def _describe(trigger: Trigger) -> dict[str, Any]:
    to, document = trigger.destination, trigger.document
    return {
        "eventarcTriggerId": trigger.key,
        "eventType": trigger.event_type,
        "database": trigger.database,
        "document": document.text if isinstance(document, PathPattern) else document,
        "destination": {"httpEndpoint": {"uri": f"http://{to.host}:{to.port}{to.path}"}},
        "retry": trigger.retry,
    }


def _refusal(error: ValueError) -> Response:
    return JSONResponse({"error": {"code": 400, "message": str(error), "status": "INVALID_ARGUMENT"}}, status_code=400)
