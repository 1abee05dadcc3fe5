"""Commits: several writes applied to one database as one atomic step."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from emulator.firestore.clock import timestamp
from emulator.firestore.errors import FirestoreError, invalid_argument
from emulator.firestore.guard import WriteCheck
from emulator.firestore.locks import contention
from emulator.firestore.names import DatabaseId
from emulator.firestore.store import Database, Store, Version
from emulator.firestore.transactions import State, Transaction, Transactions
from emulator.firestore.usage import UsageMeter
from emulator.firestore.wire import Document, Timestamp, Value, Write, WriteResult
from emulator.firestore.writes import ParsedWrite, apply_write, parse_write


@dataclass(frozen=True, slots=True)
class Committed:
    """A commit's time, and one result for each of its writes, in order."""

    time: Timestamp
    results: list[WriteResult]


class Committer:
    """The only way documents change."""

    def __init__(self, store: Store, transactions: Transactions, meter: UsageMeter) -> None:
        self._store = store
        self._transactions = transactions
        self._meter = meter

    async def commit(
        self,
        identity: DatabaseId,
        writes: Sequence[Write],
        transaction_id: bytes = b"",
        *,
        check: WriteCheck | None,
    ) -> Committed:
        """Apply all writes or none, and end the transaction if one is named. `check` is the caller's (Guard.on_writes).

        Waits for the locks of transactions that have read what it writes. Raises ABORTED when they are not to be had or
        what an optimistic transaction read has changed, PERMISSION_DENIED, which comes before anything a precondition
        would tell of a document, the error of the first write that cannot be applied, or INVALID_ARGUMENT. A
        transaction whose commit fails is over.
        """
        database = self._store.database(identity)
        if not transaction_id:
            return await self._commit_alone(database, [parse_write(write, identity) for write in writes], check)
        transaction = self._transactions.active(database, transaction_id)
        try:
            committed = await self._commit_transaction(transaction, writes, check)
        except BaseException:
            self._transactions.finish(transaction, State.ROLLED_BACK)
            raise
        self._transactions.finish(transaction, State.COMMITTED)
        return committed

    async def batch(
        self, identity: DatabaseId, writes: Sequence[Write], *, check: WriteCheck | None
    ) -> list[WriteResult | FirestoreError]:
        """Apply each write on its own, in order; one that fails does not hinder the others.

        Raises INVALID_ARGUMENT, before anything is written, when a document is written twice.
        """
        parsed = [parse_write(write, identity) for write in writes]
        if len({write.path for write in parsed}) < len(parsed):
            raise invalid_argument("A document cannot be written more than once in a BatchWrite request.")
        database = self._store.database(identity)
        outcomes: list[WriteResult | FirestoreError] = []
        for write in parsed:
            try:
                committed = await self._commit_alone(database, [write], check)
                outcomes.append(committed.results[0])
            except FirestoreError as error:
                outcomes.append(error)
        return outcomes

    async def _commit_alone(
        self, database: Database, writes: Sequence[ParsedWrite], check: WriteCheck | None
    ) -> Committed:
        async with self._transactions.writing(database, writes):
            return self._apply(database, writes, check)

    async def _commit_transaction(
        self, transaction: Transaction, writes: Sequence[Write], check: WriteCheck | None
    ) -> Committed:
        if transaction.read_only and writes:
            raise invalid_argument("Cannot modify entities in a read-only transaction.")
        parsed = [parse_write(write, transaction.database.id) for write in writes]
        async with self._transactions.writing(transaction.database, parsed, transaction):
            if not transaction.reads_still_hold():
                raise contention()
            return self._apply(transaction.database, parsed, check)

    def _apply(self, database: Database, writes: Sequence[ParsedWrite], check: WriteCheck | None) -> Committed:
        time = self._store.clock.commit_time()
        if check is not None:
            check(database, writes, time)
        now = timestamp(time)
        before: dict[str, Version | None] = {}
        present: dict[str, Document | None] = {}
        transform_results: list[list[Value]] = []
        for write in writes:
            if write.path not in present:
                version = before[write.path] = database.get(write.path)
                present[write.path] = version.document() if version is not None else None
            present[write.path], results = apply_write(write, present[write.path], now)
            transform_results.append(results)
        changed = []
        for path, document in present.items():
            if _settle_times(document, database.id.document_name(path), before[path], now):
                changed.append((path, document))
        self._store.apply(database, time, changed)
        self._bill(database, writes)
        write_results = [
            WriteResult(update_time=_update_time(write, present[write.path]), transform_results=results)
            for write, results in zip(writes, transform_results, strict=True)
        ]
        return Committed(now, write_results)

    def _bill(self, database: Database, writes: Sequence[ParsedWrite]) -> None:
        usage = self._meter.of(database.id.project)
        usage.writes += sum(1 for write in writes if write.kind == "update")
        usage.deletes += sum(1 for write in writes if write.kind == "delete")


def _settle_times(document: Document | None, name: str, before: Version | None, now: Timestamp) -> bool:
    """Give a written document its name and times; false when nothing has changed, which keeps the old update time."""
    if document is None:
        return before is not None
    document.name = name
    if before is None:
        document.create_time.CopyFrom(now)
        document.update_time.CopyFrom(now)
        return True
    document.create_time.CopyFrom(timestamp(before.create_time))
    document.update_time.CopyFrom(timestamp(before.time))
    # Compared as bytes: messages with a NaN are never equal to themselves.
    if document.SerializeToString(deterministic=True) == before.data:
        return False
    document.update_time.CopyFrom(now)
    return True


def _update_time(write: ParsedWrite, document: Document | None) -> Timestamp | None:
    return document.update_time if write.kind == "update" and document is not None else None
