"""A data directory used in the test's own process: an engine over it, commits, what is in a store, a data set."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any, TypeVar

from google.cloud.firestore_v1 import _helpers

from emulator.firestore.clock import timestamp
from emulator.firestore.engine import Engine
from emulator.firestore.names import DatabaseId
from emulator.firestore.persistence.storage import LOG_BYTES, Storage
from emulator.firestore.store import Database, Store, Version
from emulator.firestore.wire import Document

SHOP = DatabaseId("demo-kept", "(default)")
MARK = '{"format": "firestore-data-set", "version": 1}'

Contents = dict[tuple[DatabaseId, str], list[tuple[int, int, bytes | None]]]
"""All versions of all documents that can still be read, oldest first, as time, create time and data."""

Result = TypeVar("Result")


class Kept:
    """An engine whose commits go into a data directory."""

    def __init__(self, storage: Storage, store: Store) -> None:
        self.storage = storage
        self.store = store
        self.engine = Engine(store=store)
        self.journal, self.delivery = storage.serve(self.engine)

    def commit(self, writes: dict[str, dict[str, Any] | None], database: DatabaseId = SHOP) -> None:
        """Set documents, None deletes, without waiting until that is on disk."""
        target, time = self.store.database(database), self.store.clock.commit_time()
        self.store.apply(target, time, [(path, _document(target, path, data, time)) for path, data in writes.items()])

    async def keep(self, writes: dict[str, dict[str, Any] | None], database: DatabaseId = SHOP) -> None:
        """Set documents, None deletes, as a client does that waits for the answer."""
        self.commit(writes, database)
        await self.engine.kept()


@contextlib.asynccontextmanager
async def opened(folder: Path, log_bytes: int = LOG_BYTES) -> AsyncIterator[Kept]:
    store = Store()
    storage = Storage(folder, store, log_bytes)
    kept = Kept(storage, store)
    try:
        yield kept
    finally:
        await kept.delivery.close()
        await storage.close()


def using(folder: Path, work: Callable[[Kept], Awaitable[Result]], log_bytes: int = LOG_BYTES) -> Result:
    """The result of some work on a data directory, which is closed again afterwards."""

    async def run() -> Result:
        async with opened(folder, log_bytes) as kept:
            return await work(kept)

    return asyncio.run(run())


def read(folder: Path) -> Contents:
    """What a start finds in a data directory."""
    store = Store()
    storage = Storage(folder, store)
    asyncio.run(storage.close())
    return contents(store)


def contents(store: Store) -> Contents:
    found: Contents = {}
    for database in store.databases():
        for path, newest in database.histories().items():
            versions = found[database.id, path] = []
            version: Version | None = newest
            while version is not None:
                versions.insert(0, (version.time, version.create_time, version.data))
                version = version.previous
    return found


def lay(folder: Path, lines: str = "", mark: str = MARK, file: str = "demo-kept/(default).jsonl") -> Path:
    """Write a data set by hand."""
    (folder / file).parent.mkdir(parents=True, exist_ok=True)
    (folder / file).write_text(lines)
    (folder / "data-set.json").write_text(mark)
    return folder


def _document(database: Database, path: str, data: dict[str, Any] | None, time: int) -> Document | None:
    if data is None:
        return None
    before = database.get(path)
    return Document(
        name=database.id.document_name(path),
        fields={key: type(value).pb(value) for key, value in _helpers.encode_dict(data).items()},
        create_time=timestamp(time if before is None else before.create_time),
        update_time=timestamp(time),
    )
