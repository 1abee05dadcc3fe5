"""The clock of the local stack: the computer's own, moved by a small file that all of a stack's processes look at.

The file is `{"offsetSeconds": n}`: what time it is here, less what time it is. The product reads the same file, by code
of its own (lib/platform/clock.py). Points in time go by this clock; how long something takes (time-outs, leases of
locks, back-off of events) goes by the monotonic clock, which nobody moves.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Protocol

VARIABLE = "PERENNIAL_CLOCK_FILE"
"""The environment variable that names the file; without it, or without the file, the clock is the computer's."""

_MICROSECOND = timedelta(microseconds=1)
_MOVE_CHECK_MICROS = 20_000


class Clock(Protocol):
    """A source of time. One that can be moved ends waits whose time its move has brought."""

    def now_micros(self) -> int:
        """Microseconds since 1970 UTC."""
        ...

    async def wait(self, until_micros: int | None, happened: asyncio.Event) -> None:
        """Return at that time (None: never), or as soon as something has happened; sooner does no harm."""
        ...


class ClockFile:
    """A clock file, to be read and to be moved. Reading costs a look at the file's status, about two microseconds."""

    def __init__(self, path: Path | None) -> None:
        """`path` None: a clock that cannot be moved. The file need not be there yet."""
        self.path = path
        self._seen: tuple[int, int, int] | None = None
        self._offset_micros = 0

    @classmethod
    def of_environment(cls) -> ClockFile:
        """The one that this process was started with."""
        path = os.environ.get(VARIABLE)
        return cls(Path(path) if path else None)

    def offset_micros(self) -> int:
        """How far ahead of real time this clock is; negative when it is behind. Raises ValueError for a broken file."""
        if self.path is None:
            return 0
        try:
            status = os.stat(self.path)  # noqa: PTH116 - half the time of Path.stat, at every commit
        except FileNotFoundError:
            self._seen, self._offset_micros = None, 0
            return 0
        seen = (status.st_mtime_ns, status.st_ino, status.st_size)
        if seen != self._seen:
            self._offset_micros = _read(self.path)
            self._seen = seen
        return self._offset_micros

    def now_micros(self) -> int:
        """Microseconds since 1970 UTC."""
        return time.time_ns() // 1000 + self.offset_micros()

    def now(self) -> datetime:
        """The present moment, UTC."""
        return datetime.now(UTC) + self.offset

    @property
    def offset(self) -> timedelta:
        """How far ahead of real time this clock is; negative when it is behind."""
        return timedelta(microseconds=self.offset_micros())

    def move(self, by: timedelta) -> None:
        """Move the clock, backwards if negative. Raises ValueError when it cannot be moved at all."""
        self._write(self.offset + by)

    def set(self, moment: datetime) -> None:
        """Make it this time now; the clock runs on from there."""
        self._write(moment - datetime.now(UTC))

    def reset(self) -> None:
        """Back to real time."""
        self._write(timedelta())

    def _write(self, offset: timedelta) -> None:
        if self.path is None:
            raise ValueError(f"this clock cannot be moved: {VARIABLE} is not set")
        partial = self.path.with_name(f"{self.path.name}.{os.getpid()}")
        partial.write_text(json.dumps({"offsetSeconds": offset / timedelta(seconds=1)}))
        # Later than the one before, however short ago that was written: readers look at nothing else.
        with contextlib.suppress(FileNotFoundError):
            modified = max(time.time_ns(), self.path.stat().st_mtime_ns + 1)
            os.utime(partial, ns=(modified, modified))
        partial.replace(self.path)


class SystemClock:
    """The stack's clock as the services wait by it: a wait ends at the latest 20 ms after the clock was moved."""

    def __init__(self, file: ClockFile) -> None:
        self._file = file
        self._told_offset = 0

    def now_micros(self) -> int:
        self._told_offset = self._file.offset_micros()
        return time.time_ns() // 1000 + self._told_offset

    async def wait(self, until_micros: int | None, happened: asyncio.Event) -> None:
        # As it was when our caller asked for the time, from which it concluded until when to wait.
        offset = self._told_offset
        if self._file.path is None:
            await _wait_at_most(None if until_micros is None else until_micros - self._file.now_micros(), happened)
            return
        while not happened.is_set() and self._file.offset_micros() == offset:
            left = _MOVE_CHECK_MICROS
            if until_micros is not None:
                left = min(left, until_micros - self._file.now_micros())
            if left <= 0:
                return
            await _wait_at_most(left, happened)


async def _wait_at_most(duration_micros: int | None, happened: asyncio.Event) -> None:
    seconds = None if duration_micros is None else max(0, duration_micros) / 1_000_000
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(happened.wait(), seconds)


def _read(path: Path) -> int:
    try:
        return timedelta(seconds=json.loads(path.read_text())["offsetSeconds"]) // _MICROSECOND
    except (KeyError, TypeError, ValueError, OverflowError) as error:
        raise ValueError(f'{path} is not a clock file, {{"offsetSeconds": number}}: {error}') from error
