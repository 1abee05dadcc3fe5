"""Transactions: their ids and lifetimes, what they have read, and whether those reads still hold at commit.

Concurrency control is optimistic: every read of a transaction sees the snapshot of its first read; its commit goes
through only if reading the same again now, documents and whole query results, would give the same. That is
serialisability: the transaction could as well have run in the instant of its commit.
"""

from __future__ import annotations

import secrets
import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import Enum

from emulator.firestore.clock import micros
from emulator.firestore.errors import FirestoreError, aborted, failed_precondition, invalid_argument
from emulator.firestore.queries.executor import Match, run
from emulator.firestore.queries.model import Query
from emulator.firestore.store import RETENTION_MICROS, Database, Store
from emulator.firestore.wire import Timestamp, TransactionOptions

LIFETIME_SECONDS = 270
"""Production's limit on a transaction from begin to commit."""

IDLE_SECONDS = 60
"""Production's limit between two requests of a transaction."""

_REMEMBERED_MAX = 10_000
"""Ids kept, finished ones included; the oldest go first."""


class State(Enum):
    ACTIVE = "active"
    COMMITTED = "committed"
    ROLLED_BACK = "rolled back"


@dataclass(slots=True)
class Transaction:
    """One transaction; `snapshot` is the time its reads see (microseconds UTC), fixed by its first read."""

    id: bytes
    database: Database
    read_only: bool
    snapshot: int | None
    began: float
    last_used: float
    state: State = State.ACTIVE
    documents: dict[str, int] = field(default_factory=dict)
    queries: list[tuple[Query, tuple[tuple[str, int], ...]]] = field(default_factory=list)

    def note_document(self, path: str, version_time: int) -> None:
        """Remember that the document was read in the version of that time, 0 when it did not exist."""
        if not self.read_only:
            self.documents[path] = version_time

    def note_query(self, query: Query, matches: Sequence[Match]) -> None:
        """Remember what a query returned."""
        if not self.read_only:
            self.queries.append((query, _fingerprint(matches)))

    def reads_still_hold(self) -> bool:
        """Whether every read of the transaction would give the same result now."""
        if self.snapshot is None:
            return True
        changed = self.database.changed_since(self.snapshot)
        if not changed:
            return True
        for path in changed & self.documents.keys():
            version = self.database.get(path)
            if (version.time if version is not None else 0) != self.documents[path]:
                return False
        return all(_fingerprint(run(self.database, query).matches) == seen for query, seen in self.queries)


class Transactions:
    """The transactions of all databases, by id."""

    def __init__(self, store: Store, now: Callable[[], float] = time.monotonic) -> None:
        self._store = store
        self._now = now
        self._by_id: OrderedDict[bytes, Transaction] = OrderedDict()

    def begin(self, database: Database, options: TransactionOptions) -> Transaction:
        """Start a transaction; read-write unless the options say read-only.

        The id of a transaction it retries is accepted and gives no advantage: there is no queue to keep a place in.
        """
        read_only = options.WhichOneof("mode") == "read_only"
        snapshot = None
        if read_only and options.read_only.HasField("read_time"):
            snapshot = self.past(options.read_only.read_time)
        now = self._now()
        transaction = Transaction(secrets.token_bytes(16), database, read_only, snapshot, now, now)
        self._by_id[transaction.id] = transaction
        while len(self._by_id) > _REMEMBERED_MAX:
            self._by_id.popitem(last=False)
        return transaction

    def active(self, database: Database, transaction_id: bytes) -> Transaction:
        """The open transaction of that id; raises INVALID_ARGUMENT when it is unknown, finished or expired."""
        transaction = self._find(database, transaction_id)
        if transaction.state is not State.ACTIVE:
            raise _no_longer_valid()
        transaction.last_used = self._now()
        return transaction

    def for_reading(self, database: Database, transaction_id: bytes) -> Transaction:
        """The open transaction, with its snapshot fixed."""
        transaction = self.active(database, transaction_id)
        if transaction.snapshot is None:
            transaction.snapshot = self._store.clock.read_time()
        return transaction

    def rollback(self, database: Database, transaction_id: bytes) -> None:
        """Give a transaction up; one that the server has already given up may be rolled back again."""
        transaction = self._find(database, transaction_id)
        if transaction.state is State.COMMITTED:
            raise _no_longer_valid()
        self.finish(transaction, State.ROLLED_BACK)

    def finish(self, transaction: Transaction, state: State) -> None:
        transaction.state = state
        transaction.documents.clear()
        transaction.queries.clear()

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
        now = self._now()
        if now - transaction.began > LIFETIME_SECONDS or now - transaction.last_used > IDLE_SECONDS:
            del self._by_id[transaction_id]
            raise _no_longer_valid()
        return transaction


def contention() -> FirestoreError:
    """The error of a transaction that lost against another; clients retry it."""
    return aborted(
        "Aborted due to cross-transaction contention. This occurs when multiple transactions attempt to access the "
        "same data, requiring Firestore to abort at least one in order to enforce serializability."
    )


def _no_longer_valid() -> FirestoreError:
    # Client libraries recognise an expired transaction by these words and start a new one.
    return invalid_argument("The referenced transaction has expired or is no longer valid.")


def _fingerprint(matches: Sequence[Match]) -> tuple[tuple[str, int], ...]:
    return tuple((match.path, match.version.time) for match in matches)
