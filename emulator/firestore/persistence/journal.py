"""Brings commits to disk before anybody is told of them; those that come while the disk is busy go together.

A commit is applied to the store first and recorded here in the same step. The records of all commits made since the
last write to disk began go into the next one, so the price of waiting for the disk is shared by all who wait.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import grpc

from emulator.firestore.changes import Change, Observer
from emulator.firestore.errors import FirestoreError
from emulator.firestore.persistence.log import Log
from emulator.firestore.persistence.records import frame


class _Batch:
    """Records written together; `then` is called when they are on disk, or `kept` is set without it if that failed.

    `next_log` is the first record of a log that is begun behind them, if one is.
    """

    def __init__(self) -> None:
        self.records: list[bytes] = []
        self.next_log: bytes | None = None
        self.then: list[Callable[[], None]] = []
        self.kept = asyncio.Event()


class Journal:
    """The way of commits into the log. Lives in one event loop; a thread of its own waits for the disk.

    When the disk fails, `failed` is set and `kept` raises for good: memory holds commits that a restart would not find,
    so the server must end rather than answer from it.
    """

    def __init__(self, log: Log) -> None:
        self.failed = asyncio.Event()
        self.failure = ""
        self._log = log
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="journal")
        self._filling = _Batch()
        self._full: deque[_Batch] = deque()
        self._writing: _Batch | None = None

    @property
    def log_bytes(self) -> int:
        """Length of the present log."""
        return self._log.length_bytes

    def record(self, payload: bytes) -> None:
        """Take the record of a commit that has just been applied."""
        self._filling.records.append(frame(payload))
        if self._writing is None:
            # Not at once: commits that are ready to be made in this turn of the event loop shall be in it too.
            asyncio.get_running_loop().call_soon(self._write_next)

    async def kept(self) -> None:
        """Return when all that was recorded so far is on disk; raises FirestoreError if it cannot be brought there."""
        batch = self._last()
        if batch is not None and not self.failed.is_set():
            await batch.kept.wait()
        if self.failed.is_set():
            raise FirestoreError(grpc.StatusCode.INTERNAL, f"The local Firestore cannot keep commits: {self.failure}")

    def once_kept(self, observer: Observer) -> Observer:
        """An observer that hears of each commit when it is on disk, before whoever made it does."""

        def observe(changes: Sequence[Change]) -> None:
            self._filling.then.append(partial(observer, changes))

        return observe

    def begin_next_log(self, payload: bytes) -> asyncio.Event:
        """Let commits from now on go into a new log, whose first record is this one.

        The event is set when that is on disk, or the disk has failed.
        """
        batch, self._filling = self._filling, _Batch()
        batch.next_log = frame(payload)
        if self.failed.is_set():
            batch.kept.set()
        else:
            self._full.append(batch)
            self._write_next()
        return batch.kept

    async def close(self) -> None:
        """Bring what has been recorded to disk and let go of the log."""
        while (batch := self._last()) is not None and not self.failed.is_set():
            await batch.kept.wait()
        self._thread.shutdown()
        self._log.close()

    def _last(self) -> _Batch | None:
        """The batch that is on disk only when everything recorded is."""
        if self._filling.records:
            return self._filling
        return self._full[-1] if self._full else self._writing

    def _write_next(self) -> None:
        if self._writing is not None or self.failed.is_set() or not (self._full or self._filling.records):
            return
        if self._full:
            self._writing = self._full.popleft()
        else:
            self._writing, self._filling = self._filling, _Batch()
        written = asyncio.get_running_loop().run_in_executor(self._thread, self._write, self._writing)
        written.add_done_callback(self._written)

    def _write(self, batch: _Batch) -> None:
        if batch.records:
            self._log.append(b"".join(batch.records))
        if batch.next_log is not None:
            self._log.begin_next()
            self._log.append(batch.next_log)

    def _written(self, future: asyncio.Future[None]) -> None:
        batch, self._writing = self._writing, None
        assert batch is not None, "one write at a time is under way"
        error = future.exception()
        if error is not None:
            self.failure = str(error)
            self.failed.set()
            for waiting in (batch, *self._full, self._filling):
                waiting.kept.set()
            return
        self._write_next()
        try:
            for call in batch.then:
                call()
        finally:
            batch.kept.set()
