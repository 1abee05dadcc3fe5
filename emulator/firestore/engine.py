"""The engine: the store with everything that reads and changes it, shared by all protocols of one server."""

from __future__ import annotations

from dataclasses import dataclass, field

from emulator.firestore.commits import Committer
from emulator.firestore.durability import Barrier, in_memory
from emulator.firestore.guard import Guard
from emulator.firestore.locks import LOCK_TIMEOUT_SECONDS
from emulator.firestore.queries.composite import IndexCatalog
from emulator.firestore.store import Store
from emulator.firestore.transactions import DEFAULT_CONCURRENCY, Concurrency, Transactions
from emulator.firestore.usage import UsageMeter


@dataclass(slots=True)
class Engine:
    """Databases, transactions, commits and billing of one server. Not thread-safe: for one event loop.

    Whoever tells or changes anything asks `guard` first (rpcs do); every protocol awaits `kept` between an operation
    and its answer (see durability). `indexes` are the composite indexes queries may use; None lets every query run.
    """

    store: Store = field(default_factory=Store)
    meter: UsageMeter = field(default_factory=UsageMeter)
    kept: Barrier = in_memory
    guard: Guard = field(default_factory=Guard)
    indexes: IndexCatalog | None = None
    concurrency: Concurrency = DEFAULT_CONCURRENCY
    lock_timeout_seconds: float = LOCK_TIMEOUT_SECONDS
    transactions: Transactions = field(init=False)
    committer: Committer = field(init=False)

    def __post_init__(self) -> None:
        self.transactions = Transactions(
            self.store, concurrency=self.concurrency, lock_timeout_seconds=self.lock_timeout_seconds
        )
        self.committer = Committer(self.store, self.transactions, self.meter)
