"""What the audit says of a ledger in which expired points came back otherwise than to be taken with their order."""

from datetime import timedelta

import pytest

from lib.domain.ledger import Account, EntryKind, Journal
from lib.domain.lots import LotChange
from tests.domain.invariants.ledgers import CUSTOMER, LATE, NOON, ORG, StoredLedger, memo
from tests.domain.invariants.test_ledger import Break, forge, path

BEFORE = NOON - timedelta(days=1)


def undone_with_a_debt() -> StoredLedger:
    """1 earn 100, 2 expires at once, 3 earn 50, 4 clawback of 70 (leaves debt 20), 5 gives 90 of what has expired back,
    6 clawback of 95 (leaves debt 25), 7 earn 40, 8 debt collected (15 left)."""
    journal = Journal(Account(ORG, CUSTOMER), NOON, NOON)
    journal.credit(EntryKind.EARN, 100, BEFORE, memo("order:o1:1"))
    journal.credit(EntryKind.EARN, 50, LATE, memo("order:o2:1", ("order", "o2")))
    journal.claw_back(70, memo("order:o2:2", ("order", "o2")), own_expiries=[LATE])
    journal.claw_back(95, memo("order:o1:2"), own_expiries=[BEFORE], undone=[LotChange("1", BEFORE, 90)])
    journal.credit(EntryKind.EARN, 40, LATE, memo("order:o3:1", ("order", "o3")))
    return StoredLedger(journal)


def give_back_more(ledger: StoredLedger) -> None:
    """20 points more than have expired, and takes them."""
    ledger.entry(5)["lots"][0]["points"] = ledger.entry(5)["points"] = 110
    ledger.entry(5)["balances"]["available"] = 110
    ledger.entry(6)["lots"][0]["points"] = ledger.entry(6)["points"] = -110
    ledger.reseal()


def take_less(ledger: StoredLedger) -> None:
    """Leaves 10 of what has come back to its customer."""
    ledger.entry(6)["lots"][0]["points"] = ledger.entry(6)["points"] = -80
    ledger.entry(6)["balances"]["available"] = 10
    end_at(6, ledger, points=10)


def take_nothing(ledger: StoredLedger) -> None:
    end_at(5, ledger, points=90)


def end_at(last: int, ledger: StoredLedger, points: int) -> None:
    """Cuts the ledger off after this entry, which leaves so many points."""
    for seq in range(last + 1, 9):
        ledger.remove(seq)
    ledger.account.update(seq=last, balances=dict(ledger.entry(last)["balances"]))
    ledger.account["lots"] = [{"id": "1", "expiresAt": BEFORE, "points": points, "reserved": 0}]
    ledger.reseal()


BROKEN_EXPIRIES: list[tuple[Break, list[tuple[str, str]]]] = [
    (forge(2, occurredAt=NOON), [("L14", path(2))]),
    (forge(2, source={"type": "lot", "id": "2"}), [("L14", path(2))]),
    (forge(5, source={"type": "order", "id": "o1"}), [("L14", path(5))]),
    (forge(5, occurredAt=NOON), [("L14", path(5))]),
    (forge(5, kind="reinstate"), [("L5", path(5))]),
    (give_back_more, [("L14", path(5))]),
    (take_less, [("L14", path(6)), ("L5", path(6))]),
    (take_nothing, [("L14", path(5)), ("L5", path(5))]),
    (forge(6, source={"type": "takeover", "id": CUSTOMER}), [("L14", path(6))]),
]


def test_what_the_journal_writes_has_no_violation() -> None:
    ledger = undone_with_a_debt()
    moved = [(entry["kind"], entry["points"], entry["debt"]) for entry in ledger.entries]
    assert moved[3:6] == [("clawback", -50, 20), ("unexpire", 90, 0), ("clawback", -90, 5)]
    assert ledger.violations() == []


@pytest.mark.parametrize(("break_it", "expected"), BROKEN_EXPIRIES)
def test_what_is_told_otherwise_is_found_where_it_is(break_it: Break, expected: list[tuple[str, str]]) -> None:
    ledger = undone_with_a_debt()
    break_it(ledger)
    found = [(violation.invariant.value, violation.path) for violation in ledger.violations()]
    assert sorted(set(found)) == expected
