"""Nothing leaves the server before the commits it may tell of are kept: answers wait at a barrier.

The barrier returns when every commit made so far is on disk, and raises FirestoreError when they cannot be brought
there. Reads wait at it too: what somebody has seen must not be undone by a crash.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeAlias

from starlette.types import ASGIApp, Message, Receive, Scope, Send

Barrier: TypeAlias = Callable[[], Awaitable[None]]


async def in_memory() -> None:
    """The barrier of a server that keeps nothing: there is nothing to wait for."""


class HeldBack:
    """An ASGI application whose answers, and parts of answers, wait at a barrier."""

    def __init__(self, application: ASGIApp, barrier: Barrier) -> None:
        self._application = application
        self._barrier = barrier

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_kept(message: Message) -> None:
            await self._barrier()
            await send(message)

        await self._application(scope, receive, send_kept)
