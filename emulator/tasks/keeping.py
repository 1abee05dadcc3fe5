"""Where queues, tasks and remembered names are kept: nowhere, or in a SQLite file that survives kill -9.

SQLite gives what a log of our own would have to be given: changes that are there as a whole or not at all after a
crash, room used again, and a file no second server can open. Changes that come while the disk is busy go together.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import grpc

from emulator.tasks.errors import TasksError

FORMAT = 1

_FILE = "tasks.sqlite3"
_SCHEMA = """
CREATE TABLE queues (name TEXT PRIMARY KEY, message BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE tasks (
    name TEXT PRIMARY KEY, message BLOB NOT NULL, executions INTEGER NOT NULL, previous_response INTEGER NOT NULL
);
CREATE TABLE remembered (name TEXT PRIMARY KEY, until_micros INTEGER NOT NULL) WITHOUT ROWID;
"""


class KeepingError(Exception):
    """A data directory that cannot be used, said in words for whoever named it on the command line."""


@dataclass(frozen=True, slots=True)
class TaskRecord:
    """A task as it is kept: the serialised Task, and the counts of its attempts that Task has no field for."""

    name: str
    message: bytes
    executions: int
    previous_response: int


class Keeping:
    """Keeps nothing: the service's state ends with its process."""

    def put_queue(self, name: str, message: bytes) -> None:
        """A queue is new or has changed."""

    def drop_queue(self, name: str) -> None:
        """A queue is gone. Its tasks are dropped by themselves."""

    def put_task(self, record: TaskRecord) -> None:
        """A task is new or has changed."""

    def drop_task(self, name: str) -> None:
        """A task is gone."""

    def remember(self, name: str, until_micros: int) -> None:
        """A name of a task or queue cannot be used again before this time."""

    def forget(self, name: str) -> None:
        """A name can be used again."""

    async def kept(self) -> None:
        """Return when everything up to now is on disk; raises TasksError if it cannot be brought there."""

    @property
    def failed(self) -> bool:
        """Whether changes can no longer be kept, so that the server must end."""
        return False

    async def close(self) -> None:
        """Finish what there is to write."""


class FileKeeping(Keeping):
    """Keeps everything in a folder. To be used in one event loop; a thread of its own waits for the disk."""

    def __init__(self, folder: Path) -> None:
        """Open the folder's file, or make it. Raises KeepingError, also when another server uses it."""
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="tasks-keeping")
        self._waiting: list[tuple[str, tuple[object, ...]]] = []
        # Set when the batch that is waiting, or if none is the one being written, is on disk or given up.
        self._last = asyncio.Event()
        self._last.set()
        self._writer: asyncio.Task[None] | None = None
        self._failure = ""
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self._connection = sqlite3.connect(folder / _FILE, check_same_thread=False, isolation_level=None, timeout=0)
            self._prepare()
        except (OSError, sqlite3.Error) as error:
            raise KeepingError(f"{folder} cannot be used: {error}") from error

    def queues(self) -> Iterator[bytes]:
        """The serialised queues that were kept."""
        for (message,) in self._connection.execute("SELECT message FROM queues"):
            yield message

    def tasks(self) -> Iterator[TaskRecord]:
        """The tasks that were kept, in the order of their names."""
        for row in self._connection.execute("SELECT * FROM tasks ORDER BY name"):
            yield TaskRecord(*row)

    def remembered(self) -> Iterator[tuple[str, int]]:
        """Names, with the times (microseconds UTC) until which they cannot be used, the earliest first."""
        yield from self._connection.execute("SELECT name, until_micros FROM remembered ORDER BY until_micros")

    def put_queue(self, name: str, message: bytes) -> None:
        self._write("REPLACE INTO queues VALUES (?, ?)", name, message)

    def drop_queue(self, name: str) -> None:
        self._write("DELETE FROM queues WHERE name = ?", name)

    def put_task(self, record: TaskRecord) -> None:
        row = (record.name, record.message, record.executions, record.previous_response)
        self._write("REPLACE INTO tasks VALUES (?, ?, ?, ?)", *row)

    def drop_task(self, name: str) -> None:
        self._write("DELETE FROM tasks WHERE name = ?", name)

    def remember(self, name: str, until_micros: int) -> None:
        self._write("REPLACE INTO remembered VALUES (?, ?)", name, until_micros)

    def forget(self, name: str) -> None:
        self._write("DELETE FROM remembered WHERE name = ?", name)

    async def kept(self) -> None:
        await self._last.wait()
        if self._failure:
            raise TasksError(grpc.StatusCode.INTERNAL, f"The local Cloud Tasks cannot keep tasks: {self._failure}")

    @property
    def failed(self) -> bool:
        return bool(self._failure)

    async def close(self) -> None:
        if self._writer is not None:
            await self._writer
        self._thread.shutdown()
        self._connection.close()

    def _prepare(self) -> None:
        run = self._connection.execute
        # The lock is taken with the first statement that reads and goes back with the process, however it ends.
        run("PRAGMA locking_mode = EXCLUSIVE")
        run("PRAGMA journal_mode = WAL")
        run("PRAGMA synchronous = FULL")
        run("BEGIN IMMEDIATE")
        (found,) = run("PRAGMA user_version").fetchone()
        run("COMMIT")
        if found == 0:
            self._connection.executescript(f"BEGIN; {_SCHEMA} PRAGMA user_version = {FORMAT}; COMMIT;")
        elif found != FORMAT:
            raise KeepingError(f"{_FILE} has format {found}; this version of the local Cloud Tasks reads {FORMAT}")

    def _write(self, statement: str, *values: object) -> None:
        if self._failure:
            return
        if not self._waiting:
            self._last = asyncio.Event()
        self._waiting.append((statement, values))
        if self._writer is None:
            self._writer = asyncio.get_running_loop().create_task(self._write_all())

    async def _write_all(self) -> None:
        """Write until nothing waits. Batches are written in order, so the last one's end is the end of all."""
        loop = asyncio.get_running_loop()
        while self._waiting:
            batch, self._waiting = self._waiting, []
            written = self._last
            try:
                await loop.run_in_executor(self._thread, self._commit, batch)
            except sqlite3.Error as error:
                # Memory holds what a restart would not find: nothing may be promised any more.
                self._failure = str(error)
                self._waiting.clear()
                self._last.set()
            written.set()
        self._writer = None

    def _commit(self, batch: list[tuple[str, tuple[object, ...]]]) -> None:
        run = self._connection.execute
        run("BEGIN")
        for statement, values in batch:
            run(statement, values)
        run("COMMIT")
