"""The point in time a read request sees: now, a past time, or a transaction's snapshot."""

from __future__ import annotations

from dataclasses import dataclass

from emulator.firestore.clock import micros, timestamp
from emulator.firestore.engine import Engine
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


def take_snapshot(engine: Engine, database: Database, request: Message) -> Snapshot:
    """The snapshot that a request's consistency selector asks for, beginning a transaction if it does."""
    kind = request.WhichOneof("consistency_selector")
    if kind == "read_time":
        at = engine.transactions.past(request.read_time)
        return Snapshot(database, at, timestamp(at))
    if kind == "transaction":
        transaction = engine.transactions.for_reading(database, request.transaction)
        return _of_transaction(transaction, b"")
    if kind == "new_transaction":
        begun = engine.transactions.begin(database, request.new_transaction)
        return _of_transaction(engine.transactions.for_reading(database, begun.id), begun.id)
    return Snapshot(database, None, timestamp(engine.store.clock.read_time()))


def _of_transaction(transaction: Transaction, new_id: bytes) -> Snapshot:
    assert transaction.snapshot is not None, "a transaction that reads has a snapshot"
    read_time = timestamp(transaction.snapshot)
    return Snapshot(transaction.database, transaction.snapshot, read_time, transaction, new_id)
