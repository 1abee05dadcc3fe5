"""The JSON form of a streamed answer: an array of responses, sent as they come."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator

from starlette.responses import StreamingResponse

from emulator.firestore.rest.messages import to_json
from emulator.firestore.rest.statuses import as_refusal, status_body
from emulator.firestore.wire import Message

JSON = "application/json; charset=UTF-8"


async def array_response(responses: AsyncIterator[Message]) -> StreamingResponse:
    """An answer with the responses as elements of one array.

    The first is awaited here, and raises what it raises: it decides the HTTP status. An error after it can only become
    the last element, `{"error": {...}}`.
    """
    first = await anext(responses, None)

    async def parts() -> AsyncIterator[str]:
        yield "["
        if first is not None:
            yield to_json(first)
        try:
            async for response in responses:
                yield ",\n" + to_json(response)
        except Exception as error:  # noqa: BLE001
            yield ",\n" + json.dumps(status_body(as_refusal(error)))
        yield "]"

    return StreamingResponse(parts(), media_type=JSON)
