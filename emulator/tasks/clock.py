"""The one place where the service asks what time it is, and where it waits."""

from __future__ import annotations

import asyncio
import contextlib
import time
from typing import Protocol

from emulator.tasks.wire import SECOND


class Clock(Protocol):
    """A source of time. One that can be moved ends waits whose time its move has brought."""

    def now_micros(self) -> int:
        """Microseconds since 1970 UTC."""
        ...

    async def wait(self, until_micros: int | None, happened: asyncio.Event) -> None:
        """Return at that time (None: never), or as soon as something has happened; sooner does no harm."""
        ...


class SystemClock:
    """The computer's own clock."""

    def now_micros(self) -> int:
        return time.time_ns() // 1000

    async def wait(self, until_micros: int | None, happened: asyncio.Event) -> None:
        seconds = None if until_micros is None else max(0, until_micros - self.now_micros()) / SECOND
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(happened.wait(), seconds)
