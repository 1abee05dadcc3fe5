"""Exporting a database while it is served.

| Request | Effect |
|---|---|
| `POST /emulator/v1/projects/{p}/databases/{d}:export` `{"directory": "/absolute/path"}` | makes it a data set of `d` |

There is no counterpart that imports: a data set goes into an empty database before it is served (`--import`), where no
lock, transaction or listener can be in its way; into a database in use, clients write.
"""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from emulator.firestore.names import DatabaseId
from emulator.firestore.persistence.data_sets import export_data_set
from emulator.firestore.persistence.files import StorageError
from emulator.firestore.store import Store


def export_routes(store: Store) -> list[Route]:
    """The route over a store."""

    async def export(request: Request) -> Response:
        # It writes files where it is told to. Browsers name the page a POST comes from; no page has business here.
        if "origin" in request.headers:
            return _refusal(403, "PERMISSION_DENIED", "exports are not for web pages")
        try:
            target = _directory(await request.body())
            identity = DatabaseId(request.path_params["project"], request.path_params["database"])
            moment = [(identity, store.database(identity).histories())]
            count = await asyncio.to_thread(export_data_set, moment, target, hurry=False)
        except (ValueError, StorageError) as error:
            return _refusal(400, "INVALID_ARGUMENT", str(error))
        return JSONResponse({"directory": str(target), "documents": count})

    return [Route("/emulator/v1/projects/{project}/databases/{database}:export", export, methods=["POST"])]


def _directory(body: bytes) -> Path:
    content = json.loads(body or b"{}")
    directory = content.get("directory") if isinstance(content, dict) else None
    if not isinstance(directory, str) or not Path(directory).is_absolute():
        raise ValueError('the body must be {"directory": "/absolute/path"}')
    return Path(directory)


def _refusal(code: int, status: str, message: str) -> Response:
    return JSONResponse({"error": {"code": code, "message": message, "status": status}}, status_code=code)
