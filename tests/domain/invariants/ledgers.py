"""A customer's ledger written by the product's own journal, as documents that a test can break by hand."""

import copy
from datetime import UTC, datetime, timedelta
from typing import Any

from lib.domain.invariants.entries import GENESIS_HASH, content_hash
from lib.domain.invariants.ledger import LedgerReader
from lib.domain.invariants.violations import Document, Violation
from lib.domain.ledger import Account, Actor, EntryKind, Journal, Memo, Source
from lib.store.ledger import encode, encode_account

ORG, CUSTOMER = "org_a", "org_a_77"
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
SOON, LATE = NOON + timedelta(days=30), NOON + timedelta(days=90)


def memo(key: str, source: tuple[str, str] = ("order", "o1")) -> Memo:
    """A memo with this key and source."""
    return Memo(Source(*source), key, "f" * 64, "rules", "because", Actor("system", "test"), NOON)


class StoredLedger:
    """Entry documents and the account map of one customer; `entry(n)` is the mutable document of entry n."""

    def __init__(self, journal: Journal) -> None:
        self.entries = [encode(entry) for entry in journal.entries]
        self.ids = [f"{entry['seq']:010d}" for entry in self.entries]
        self.account = copy.deepcopy(encode_account(journal.account))

    def entry(self, seq: int) -> dict[str, Any]:
        return next(entry for entry in self.entries if entry["seq"] == seq)

    def remove(self, seq: int) -> None:
        index = self.entries.index(self.entry(seq))
        del self.entries[index], self.ids[index]

    def reseal(self, first: int = 1) -> None:
        """Makes the hash chain right again from entry `first` on, as a forger with the code would."""
        head = self.entry(first - 1)["hash"] if first > 1 else GENESIS_HASH
        for entry in self.entries[first - 1 :]:
            entry["prevHash"] = head
            head = entry["hash"] = content_hash(entry)
        self.account["headHash"] = head

    def violations(self, org_id: str = ORG, customer_id: str = CUSTOMER) -> list[Violation]:
        """What the audit finds, reading entries in the order of their numbers."""
        reader = LedgerReader(org_id, customer_id)
        path = f"customers/{customer_id}"
        documents = [
            Document(f"{path}/ledger/{entry_id}", entry) for entry_id, entry in zip(self.ids, self.entries, strict=True)
        ]
        found = [violation for document in documents for violation in reader.read(document)]
        return found + list(reader.close(Document(path, {"loyalty": self.account})))


def every_kind() -> StoredLedger:
    """1 earn 100 (soon), 2 earn 50 (late), 3 hold 120, 4 capture 100 of it, 5 adjust -10, 6 hold 30, 7 void it,
    8 reinstate 40 of the 100, 9 clawback of 150 (leaves debt 70), 10 earn 90, 11 debt collected (20 left available)."""
    journal = Journal(Account(ORG, CUSTOMER), NOON)
    journal.credit(EntryKind.EARN, 100, SOON, memo("order:o1:1"))
    journal.credit(EntryKind.EARN, 50, LATE, memo("order:o2:1", ("order", "o2")))
    first = journal.hold(120, memo("redemption:r1:hold", ("redemption", "r1")))
    spent = journal.capture(first.lots, 100, memo("redemption:r1:capture", ("redemption", "r1")))
    journal.debit(EntryKind.ADJUST, 10, memo("adjustment:a1", ("adjustment", "a1")))
    second = journal.hold(30, memo("redemption:r2:hold", ("redemption", "r2")))
    journal.void(second.lots, memo("redemption:r2:void", ("redemption", "r2")))
    back = [type(part)(part.lot_id, part.expires_at, points=40) for part in spent.lots if part.lot_id == "1"]
    journal.reinstate(back, memo("redemption:r1:reinstate", ("redemption", "r1")))
    journal.claw_back(150, memo("order:o1:2"), own_expiries=[SOON])
    journal.credit(EntryKind.EARN, 90, LATE, memo("order:o3:1", ("order", "o3")))
    return StoredLedger(journal)
