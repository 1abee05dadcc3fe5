"""Transactions: their ids and lifetimes, what they have read, and how it is kept true until they commit.

Pessimistic ones lock what they read, and see its newest version (see locks.py). Optimistic ones lock nothing: every
read sees the snapshot of the first; the commit goes through only if reading the same again now, documents and whole
query results, would give the same. Either way a transaction could as well have run in the instant of its commit. Both
kinds may meet in one database, and every commit waits for the locks of others.
"""

from __future__ import annotations

import secrets
import time
from collections import OrderedDict
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from enum import Enum
from itertools import count

from emulator.firestore.clock import micros
from emulator.firestore.errors import FirestoreError, failed_precondition, invalid_argument
from emulator.firestore.lock_targets import Intent, Owner
from emulator.firestore.locks import LOCK_TIMEOUT_SECONDS, LockTable
from emulator.firestore.names import DatabaseId
from emulator.firestore.queries.executor import Match, run
from emulator.firestore.queries.model import Query
from emulator.firestore.store import RETENTION_MICROS, Database, Store
from emulator.firestore.wire import Timestamp, TransactionOptions
from emulator.firestore.writes import ParsedWrite

LIFETIME_SECONDS = 270
"""Production's limit on a transaction from begin to commit."""

IDLE_SECONDS = 60
"""Production's limit between two requests of a transaction."""

_REMEMBERED_MAX = 10_000
"""Ids kept, finished ones included; the oldest go first."""


class Concurrency(Enum):
    """How transactions are kept apart; the numbers are those of TransactionOptions.ConcurrencyMode."""

    OPTIMISTIC = 1
    PESSIMISTIC = 2


DEFAULT_CONCURRENCY = Concurrency.PESSIMISTIC
"""That of a database of production's standard edition."""


class State(Enum):
    ACTIVE = "active"
    COMMITTED = "committed"
    ROLLED_BACK = "rolled back"


@dataclass(slots=True, eq=False, kw_only=True)
class Transaction(Owner):
    """One transaction. `table` is where it locks what it reads, None for those that are optimistic or read-only.

    `snapshot` is the time that reads without locks see (microseconds UTC), fixed by the first of them. `doomed` says
    that its locks were taken from it: what it has read need not be true any more.
    """

    id: bytes
    database: Database
    read_only: bool
    snapshot: int | None
    table: LockTable | None
    began: float
    last_used: float
    state: State = State.ACTIVE
    doomed: bool = False
    documents: dict[str, int] = field(default_factory=dict)
    queries: list[tuple[Query, tuple[tuple[str, int], ...]]] = field(default_factory=list)

    def expires_at(self) -> float:
        """Waiting is not idling."""
        until = self.began + LIFETIME_SECONDS
        return until if any(lock.is_waiting for lock in self.locks) else min(until, self.last_used + IDLE_SECONDS)

    def note_document(self, path: str, version_time: int) -> None:
        """Remember that the document was read in the version of that time, 0 when it did not exist."""
        if not self.read_only and self.table is None:
            self.documents[path] = version_time

    def note_query(self, query: Query, matches: Sequence[Match]) -> None:
        """Remember what a query returned; one that its limit cut short has locked no more than it returned."""
        if self.table is not None:
            if matches and query.limit == len(matches):
                self.table.narrow(self, query, matches[-1].key)
        elif not self.read_only:
            self.queries.append((query, _fingerprint(matches)))

    def reads_still_hold(self) -> bool:
        """Whether every read of the transaction would give the same result now."""
        if self.doomed or self.snapshot is None:
            return not self.doomed
        if not self.database.remembers(self.snapshot):
            return False
        changed = self.database.changed_since(self.snapshot)
        if not changed:
            return True
        for path in changed & self.documents.keys():
            version = self.database.get(path)
            if (version.time if version is not None else 0) != self.documents[path]:
                return False
        return all(_fingerprint(run(self.database, query).matches) == seen for query, seen in self.queries)


class Transactions:
    """The transactions of all databases, by id, and the databases' locks."""

    def __init__(
        self,
        store: Store,
        now: Callable[[], float] = time.monotonic,
        concurrency: Concurrency = DEFAULT_CONCURRENCY,
        lock_timeout_seconds: float = LOCK_TIMEOUT_SECONDS,
    ) -> None:
        """`concurrency` is for transactions that do not ask for one themselves."""
        self._store = store
        self._now = now
        self._concurrency = concurrency
        self._lock_timeout_seconds = lock_timeout_seconds
        self._by_id: OrderedDict[bytes, Transaction] = OrderedDict()
        self._tables: dict[DatabaseId, LockTable] = {}
        self._numbers = count()

    def begin(self, database: Database, options: TransactionOptions) -> Transaction:
        """Start a transaction; read-write unless the options say read-only.

        One that retries another is as old as that, which decides who wins in the end; a committed one is not retried.
        """
        read_only = options.WhichOneof("mode") == "read_only"
        snapshot = None
        if read_only and options.read_only.HasField("read_time"):
            snapshot = self.past(options.read_only.read_time)
        concurrency = Concurrency(options.read_write.concurrency_mode or self._concurrency)
        now, number = self._now(), next(self._numbers)
        former = self._by_id.get(options.read_write.retry_transaction)
        is_retry = former is not None and former.database is database and former.state is not State.COMMITTED
        transaction = Transaction(
            age=(former.age[0] if former is not None and is_retry else number, number),
            id=secrets.token_bytes(16),
            database=database,
            read_only=read_only,
            snapshot=snapshot,
            table=self._table(database) if concurrency is Concurrency.PESSIMISTIC and not read_only else None,
            began=now,
            last_used=now,
        )
        self._by_id[transaction.id] = transaction
        while len(self._by_id) > _REMEMBERED_MAX:
            self.finish(self._by_id.popitem(last=False)[1], State.ROLLED_BACK)
        return transaction

    def active(self, database: Database, transaction_id: bytes) -> Transaction:
        """The open transaction of that id; raises INVALID_ARGUMENT when it is unknown, finished or expired."""
        transaction = self._find(database, transaction_id)
        if transaction.state is not State.ACTIVE:
            raise _no_longer_valid()
        transaction.last_used = self._now()
        return transaction

    def for_reading(self, database: Database, transaction_id: bytes) -> Transaction:
        """The open transaction, with its snapshot fixed if it is one that reads from a snapshot."""
        transaction = self.active(database, transaction_id)
        if transaction.snapshot is None and transaction.table is None:
            transaction.snapshot = self._store.clock.read_time()
        return transaction

    async def lock(self, transaction: Transaction, documents: Iterable[str], query: Query | None) -> None:
        """Wait until the transaction may read these, if it is one that locks; raises ABORTED, which is its end."""
        if transaction.table is None:
            return
        try:
            await transaction.table.read_documents(transaction, documents)
            if query is not None:
                await transaction.table.read_query(transaction, query)
        except FirestoreError:
            self.finish(transaction, State.ROLLED_BACK)
            raise
        transaction.last_used = self._now()

    @asynccontextmanager
    async def writing(
        self, database: Database, writes: Sequence[ParsedWrite], transaction: Transaction | None = None
    ) -> AsyncIterator[None]:
        """A block in which these writes may be applied; raises ABORTED instead of entering it.

        The locks of a transaction stay until it is finished.
        """
        owner = transaction if transaction is not None else Owner()
        table = self._table(database)
        try:
            await table.write(owner, Intent(database, writes))
            yield
        finally:
            if transaction is None:
                table.release(owner)

    def rollback(self, database: Database, transaction_id: bytes) -> None:
        """Give a transaction up; one that the server has already given up may be rolled back again."""
        transaction = self._find(database, transaction_id)
        if transaction.state is State.COMMITTED:
            raise _no_longer_valid()
        self.finish(transaction, State.ROLLED_BACK)

    def doom(self, identity: DatabaseId) -> None:
        """Take the locks of all transactions on a database that is about to be cleared; their commits will fail."""
        for transaction in self._by_id.values():
            if transaction.database.id == identity and transaction.locks:
                transaction.doomed = True
                self._table(transaction.database).release(transaction)

    def finish(self, transaction: Transaction, state: State) -> None:
        """End a transaction that has not ended: its locks are free for others."""
        if transaction.state is not State.ACTIVE:
            return
        transaction.state = state
        transaction.documents.clear()
        transaction.queries.clear()
        self._table(transaction.database).release(transaction)

    def past(self, read_time: Timestamp) -> int:
        """A time to read at (microseconds UTC), checked to be neither in the future nor beyond what is kept."""
        now = self._store.clock.read_time()
        time_micros = micros(read_time)
        if time_micros > now:
            raise invalid_argument("The requested read_time is in the future.")
        if time_micros < now - RETENTION_MICROS:
            raise failed_precondition("The requested read_time is older than the one hour for which versions are kept.")
        return time_micros

    def _find(self, database: Database, transaction_id: bytes) -> Transaction:
        transaction = self._by_id.get(transaction_id)
        if transaction is None or transaction.database is not database:
            raise _no_longer_valid()
        forgotten = transaction.snapshot is not None and not database.remembers(transaction.snapshot)
        if forgotten or self._now() > transaction.expires_at():
            del self._by_id[transaction_id]
            self.finish(transaction, State.ROLLED_BACK)
            raise _no_longer_valid()
        return transaction

    def _table(self, database: Database) -> LockTable:
        table = self._tables.get(database.id)
        if table is None:
            table = self._tables[database.id] = LockTable(self._lock_timeout_seconds, self._now)
        return table


def _no_longer_valid() -> FirestoreError:
    # Client libraries recognise an expired transaction by these words and start a new one.
    return invalid_argument("The referenced transaction has expired or is no longer valid.")


def _fingerprint(matches: Sequence[Match]) -> tuple[tuple[str, int], ...]:
    return tuple((match.path, match.version.time) for match in matches)
