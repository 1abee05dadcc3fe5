"""The HTTP side: the official emulator's administration endpoints, and what Firestore would have billed."""

from __future__ import annotations

from collections.abc import Sequence

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import BaseRoute, Route

from emulator.firestore.engine import Engine
from emulator.firestore.names import DatabaseId


def admin_routes(engine: Engine) -> list[BaseRoute]:
    """`GET /`, clearing a database, and reading and resetting a project's usage."""

    async def root(request: Request) -> Response:
        return PlainTextResponse("Ok\n")

    async def clear(request: Request) -> Response:
        identity = DatabaseId(request.path_params["project"], request.path_params["database"])
        engine.transactions.doom(identity)
        engine.store.clear(identity)
        return JSONResponse({})

    async def usage(request: Request) -> Response:
        project = request.path_params["project"]
        report = engine.meter.report(project)
        if request.method == "DELETE":
            engine.meter.reset(project)
        return JSONResponse(report)

    return [
        Route("/", root, methods=["GET"]),
        Route("/emulator/v1/projects/{project}/databases/{database}/documents", clear, methods=["DELETE"]),
        Route("/emulator/v1/projects/{project}/usage", usage, methods=["GET", "DELETE"]),
    ]


def application(routes: Sequence[BaseRoute]) -> Starlette:
    """The HTTP application of one server."""
    return Starlette(routes=list(routes))
