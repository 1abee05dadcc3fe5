"""What a takeover may take back: all that orders have added with it, and nothing else."""

from datetime import timedelta

import pytest

from lib.domain.invariants.ledger import LedgerReader
from lib.domain.invariants.takeovers import check_takeovers
from lib.domain.invariants.violations import Document
from lib.domain.ledger import Account, EntryKind, Journal
from lib.store.ledger import encode
from tests.domain.invariants.ledgers import CUSTOMER, NOON, ORG, memo

TAKEOVER = ("takeover", CUSTOMER)


@pytest.mark.parametrize(("taken", "is_right"), [(1, True), (30, True), (31, False), (130, False)])
@pytest.mark.parametrize("minutes", [0, 5])
def test_stored_points_are_not_touched(taken: int, is_right: bool, minutes: int) -> None:
    opening = Journal(Account(ORG, CUSTOMER), NOON)
    opening.credit(EntryKind.ADJUST, 100, None, memo("opening", ("opening", CUSTOMER)))
    orders = Journal(opening.account, NOON + timedelta(minutes=minutes))
    orders.credit(EntryKind.EARN, 10, None, memo("order:o1"))
    orders.credit(EntryKind.EARN, 20, None, memo("order:o2", ("order", "o2")))
    orders.debit(EntryKind.ADJUST, taken, memo("takeover:o1", TAKEOVER))
    reader = LedgerReader(ORG, CUSTOMER)
    for entry in (*opening.entries, *orders.entries):
        document = Document(f"customers/{CUSTOMER}/ledger/{entry.seq:010d}", encode(entry))
        assert list(reader.read(document)) == []
    found = list(check_takeovers(Document(f"customers/{CUSTOMER}", {}), reader))
    assert [violation.invariant for violation in found] == ([] if is_right else ["A10"])
