"""The point in time a read request sees: now, a past time, or a transaction's snapshot."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from emulator.firestore.clock import micros, timestamp
from emulator.firestore.engine import Engine
from emulator.firestore.queries.model import Query
from emulator.firestore.store import Database, Version
from emulator.firestore.transactions import Transaction
from emulator.firestore.wire import Message, Timestamp


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What a read sees. `at` None is the newest versions; `new_transaction` is the id of one begun for this read."""

    database: Database
    at: int | None
    read_time: Timestamp
    transaction: Transaction | None = None
    new_transaction: bytes = b""

    @property
    def time(self) -> int:
        """The time it is read at, microseconds UTC."""
        return micros(self.read_time)

    def document(self, path: str) -> Version | None:
        """The live version of a document, noted in the transaction if there is one."""
        version = self.database.get(path, self.at)
        if self.transaction is not None:
            self.transaction.note_document(path, version.time if version is not None else 0)
        return version


async def take_snapshot(
    engine: Engine, database: Database, request: Message, *, documents: Iterable[str] = (), query: Query | None = None
) -> Snapshot:
    """The snapshot that a request's consistency selector asks for, beginning a transaction if it does.

    What the request is going to read is locked if its transaction locks; it must be read before anything else is
    awaited. Raises ABORTED when it cannot be locked.
    """
    kind = request.WhichOneof("consistency_selector")
    if kind == "read_time":
        at = engine.transactions.past(request.read_time)
        return Snapshot(database, at, timestamp(at))
    if kind not in ("transaction", "new_transaction"):
        return Snapshot(database, None, timestamp(engine.store.clock.read_time()))
    new_id = b""
    if kind == "new_transaction":
        new_id = engine.transactions.begin(database, request.new_transaction).id
    transaction = engine.transactions.for_reading(database, new_id or request.transaction)
    await engine.transactions.lock(transaction, documents, query)
    read_time = engine.store.clock.read_time() if transaction.snapshot is None else transaction.snapshot
    return Snapshot(database, transaction.snapshot, timestamp(read_time), transaction, new_id)
