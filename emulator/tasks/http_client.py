"""Sends an attempt's request to its target, one connection a request, and says what came of it."""

from __future__ import annotations

import asyncio
import ssl
from dataclasses import replace
from urllib.parse import quote, urlsplit

import h11

from emulator.tasks.statuses import DEADLINE_EXCEEDED, UNAVAILABLE, Outcome, answered, unanswered
from emulator.tasks.target_requests import Call
from emulator.tasks.wire import SECOND

_READ_BYTES = 65536
_KEPT_BYTES_MAX = 4096
_UNQUOTED = "%/:=&?~#+!$,;'@()*[]"


async def send(call: Call) -> Outcome:
    """The outcome of the request; whatever goes wrong on the way is one too. Redirects are not followed."""
    try:
        async with asyncio.timeout(call.deadline_seconds):
            return await _exchange(call)
    except TimeoutError:
        return unanswered(DEADLINE_EXCEEDED, f"DEADLINE_EXCEEDED(4): no answer within {call.deadline_seconds:g} s")
    except (OSError, EOFError, h11.ProtocolError, UnicodeError) as error:
        return unanswered(UNAVAILABLE, f"UNAVAILABLE(14): {type(error).__name__}: {error}")


async def _exchange(call: Call) -> Outcome:
    parts = urlsplit(call.url)
    secure = parts.scheme == "https"
    reader, writer = await asyncio.open_connection(
        parts.hostname, parts.port or (443 if secure else 80), ssl=ssl.create_default_context() if secure else None
    )
    try:
        http = h11.Connection(h11.CLIENT)
        request = h11.Request(
            method=call.method,
            # What may not stand in a request line is encoded, as production does; what is encoded stays as it is.
            target=quote((parts.path or "/") + (f"?{parts.query}" if parts.query else ""), safe=_UNQUOTED),
            headers=[
                ("Host", parts.netloc.rpartition("@")[2]),
                ("Connection", "close"),
                ("Content-Length", str(len(call.body))),
                *call.headers,
            ],
        )
        events = (request, h11.Data(data=call.body), h11.EndOfMessage())
        writer.write(b"".join(http.send(event) or b"" for event in events))
        await writer.drain()
        return await _answer(http, reader)
    finally:
        writer.close()


async def _answer(http: h11.Connection, reader: asyncio.StreamReader) -> Outcome:
    """The outcome as the answer's status and headers give it; its body decides nothing, whole or not."""
    outcome: Outcome | None = None
    body = b""
    while True:
        event = http.next_event()
        if event is h11.NEED_DATA:
            data = await reader.read(_READ_BYTES)
            if not data:
                break
            http.receive_data(data)
        elif isinstance(event, h11.Response):
            outcome = answered(event.status_code, _retry_after_micros(event))
        elif isinstance(event, h11.Data):
            body += event.data[: _KEPT_BYTES_MAX - len(body)]
        elif isinstance(event, h11.EndOfMessage):
            break
    if outcome is None:
        raise EOFError("the connection was closed before an answer")
    return replace(outcome, body=body)


def _retry_after_micros(response: h11.Response) -> int:
    """What Retry-After asks for, if it does so in seconds."""
    for name, value in response.headers:
        if name == b"retry-after" and value.isdigit():
            return int(value[:9]) * SECOND
    return 0
