"""Every invariant of a ledger fails when, and only when, the stored documents are broken in its way."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from lib.domain.invariants.entries import content_hash, may_move
from lib.domain.ledger import Account, EntryKind, Journal
from tests.domain.invariants.ledgers import CUSTOMER, LATE, NOON, ORG, SOON, StoredLedger, every_kind, memo

CUSTOMER_PATH = f"customers/{CUSTOMER}"
EATEN_OUT_OF_ORDER = "L10"
Break = Callable[[StoredLedger], None]


def path(seq: int) -> str:
    return f"{CUSTOMER_PATH}/ledger/{seq:010d}"


def edit(seq: int, **fields: Any) -> Break:
    """Overwrites fields of one entry and leaves its seal as it was."""
    return lambda ledger: ledger.entry(seq).update(fields)


def forge(seq: int, **fields: Any) -> Break:
    """Overwrites fields of one entry and seals the whole chain anew."""

    def apply(ledger: StoredLedger) -> None:
        ledger.entry(seq).update(fields)
        ledger.reseal()

    return apply


def forge_lot(seq: int, **fields: Any) -> Break:
    """Overwrites fields of an entry's last lot change and seals the chain anew."""

    def apply(ledger: StoredLedger) -> None:
        ledger.entry(seq)["lots"][-1].update(fields)
        ledger.reseal()

    return apply


def remove_first(ledger: StoredLedger) -> None:
    ledger.remove(1)


def cut_the_chain(ledger: StoredLedger) -> None:
    entry = ledger.entry(6)
    entry["prevHash"] = "0" * 64
    entry["hash"] = content_hash(entry)
    ledger.reseal(first=7)


def forge_pending(ledger: StoredLedger) -> None:
    ledger.entry(11)["balances"]["pending"] = ledger.account["balances"]["pending"] = 1
    ledger.reseal()


def collect_too_much(ledger: StoredLedger) -> None:
    ledger.entry(11).update(points=-80, debt=-80, balances={"available": 10, "pending": 0, "reserved": 0, "debt": -10})
    ledger.entry(11)["lots"][0]["points"] = -80
    ledger.account["balances"] = dict(ledger.entry(11)["balances"])
    ledger.account["lots"][0]["points"] = 10
    ledger.reseal()


def leave_debt_uncollected(ledger: StoredLedger) -> None:
    ledger.remove(11)
    ledger.account.update(seq=10, balances=dict(ledger.entry(10)["balances"]))
    ledger.account["lots"][0]["points"] = 90
    ledger.reseal()


def earn_instead_of_collecting(ledger: StoredLedger) -> None:
    ledger.entry(11).update(kind="expire", debt=0)
    ledger.entry(11)["balances"]["debt"] = ledger.account["balances"]["debt"] = 70
    ledger.account["balances"]["available"] = 20
    ledger.reseal()


def name_a_lot_after_another_entry(ledger: StoredLedger) -> None:
    for seq in (10, 11):
        ledger.entry(seq)["lots"][0]["id"] = "99"
    ledger.account["lots"][0]["id"] = "99"
    ledger.reseal()


def repeat_a_lot(ledger: StoredLedger) -> None:
    ledger.account["lots"] = ledger.account["lots"] * 2


BROKEN_LEDGERS: list[tuple[Break, list[tuple[str, str]]]] = [
    (lambda ledger: ledger.remove(5), [("L1", path(5))]),
    (remove_first, [("L1", path(1))]),
    (lambda ledger: ledger.ids.__setitem__(4, "5"), [("L1", f"{CUSTOMER_PATH}/ledger/5")]),
    (lambda ledger: ledger.account.update(seq=10), [("L1", CUSTOMER_PATH)]),
    (cut_the_chain, [("L2", path(6))]),
    (lambda ledger: ledger.account.update(headHash="0" * 64), [("L2", CUSTOMER_PATH)]),
    (edit(5, reason="because I say so"), [("L3", path(5))]),
    (edit(5, occurredAt=NOON + timedelta(microseconds=1)), [("L3", path(5))]),
    (forge_pending, [("L12", path(11)), ("L4", path(11))]),
    (collect_too_much, [("L5", path(11))]),
    (leave_debt_uncollected, [("L5", path(10))]),
    (earn_instead_of_collecting, [("L13", path(11)), ("L14", path(11)), ("L5", path(10)), ("L5", path(11))]),
    (forge_lot(5, points=-9), [("L6", path(5))]),
    (forge_lot(7, reserved=-31), [("L6", path(7))]),
    (forge_lot(7, expiresAt=SOON), [("L6", path(7))]),
    (forge_lot(3, reserved=51), [("L6", path(3))]),
    (name_a_lot_after_another_entry, [("L6", path(10))]),
    (lambda ledger: ledger.account["balances"].update(available=21), [("L7", CUSTOMER_PATH)]),
    (lambda ledger: ledger.account["lots"][0].update(points=21), [("L7", CUSTOMER_PATH)]),
    (lambda ledger: ledger.account["lots"][0].update(expiresAt=None), [("L7", CUSTOMER_PATH)]),
    (repeat_a_lot, [("L7", CUSTOMER_PATH)]),
    (forge(7, key="redemption:r2:hold"), [("L8", path(7))]),
    (forge(7, kind="capture"), [("L9", path(7))]),
    (forge(5, orgId="org_b"), [("L11", path(5))]),
    (forge(5, customerId="org_a_78"), [("L11", path(5))]),
    (edit(5, reason=""), [("D1", path(5))]),
    (edit(5, points=-10.0), [("D1", path(5))]),
    (edit(5, lots=[{"id": "2"}]), [("D1", path(5))]),
]


@pytest.mark.parametrize(("break_it", "expected"), BROKEN_LEDGERS)
def test_a_broken_ledger_is_found_once_and_where_it_is(break_it: Break, expected: list[tuple[str, str]]) -> None:
    ledger = every_kind()
    break_it(ledger)
    found = [(violation.invariant.value, violation.path) for violation in ledger.violations()]
    assert sorted(set(found)) == expected


def test_an_unbroken_ledger_of_every_kind_has_no_violation() -> None:
    assert every_kind().violations() == []


def test_the_audit_seals_entries_as_the_journal_does() -> None:
    assert [content_hash(entry) for entry in every_kind().entries] == [entry["hash"] for entry in every_kind().entries]


def test_a_debit_that_leaves_the_earlier_expiry_free_is_found() -> None:
    journal = Journal(Account(ORG, CUSTOMER), NOON)
    journal.credit(EntryKind.EARN, 100, SOON, memo("1"))
    journal.credit(EntryKind.EARN, 50, LATE, memo("2"))
    journal.debit(EntryKind.ADJUST, 10, memo("3"))
    ledger = StoredLedger(journal)
    ledger.entry(3)["lots"][0].update(id="2", expiresAt=LATE)
    ledger.account["lots"][0]["points"], ledger.account["lots"][1]["points"] = 100, 40
    ledger.reseal()
    assert [(found.invariant.value, found.path) for found in ledger.violations()] == [(EATEN_OUT_OF_ORDER, path(3))]


@pytest.mark.parametrize(
    ("kind", "allowed", "refused"),
    [
        (
            "earn",
            [(5, 0, 0, 0), (0, 5, 0, 0)],
            [(0, 0, 0, 0), (-5, 0, 0, 0), (5, 0, 0, 1), (5, 1, 0, 0), (0, -5, 0, 0)],
        ),
        ("release", [(5, -5, 0, 0)], [(5, -4, 0, 0), (-5, 5, 0, 0), (5, 0, 0, 0), (0, 0, 0, 0)]),
        ("bonus", [(5, 0, 0, 0)], [(-5, 0, 0, 0)]),
        ("reinstate", [(5, 0, 0, 0)], [(0, 0, 0, 0), (5, 0, -5, 0)]),
        ("expire", [(-5, 0, 0, 0)], [(5, 0, 0, 0), (0, 0, 0, 0)]),
        ("unexpire", [(5, 0, 0, 0)], [(-5, 0, 0, 0), (0, 0, 0, 0), (5, 0, 0, -5)]),
        ("adjust", [(5, 0, 0, 0), (-5, 0, 0, 0)], [(0, 0, 0, 0), (5, 0, 1, 0)]),
        ("reconcile", [(5, 0, 0, 0), (-5, 0, 0, 0)], [(0, 0, 0, 0)]),
        ("transfer", [(5, 0, 0, 0), (-5, 0, 0, 0)], [(0, 0, 0, 0)]),
        ("hold", [(-5, 0, 5, 0)], [(-5, 0, 4, 0), (5, 0, -5, 0), (0, 0, 0, 0)]),
        ("capture", [(0, 0, -5, 0), (2, 0, -5, 0)], [(5, 0, -5, 0), (-1, 0, -5, 0), (0, 0, 0, 0)]),
        ("void", [(5, 0, -5, 0)], [(4, 0, -5, 0), (0, 0, 0, 0)]),
        ("clawback", [(-5, 0, 0, 0), (-5, 0, 0, 3), (0, 0, 0, 3), (-5, 0, 0, -5)], [(5, 0, 0, 0), (-5, 0, 0, -4)]),
        ("clawback", [(-5, -5, 0, 3), (0, -5, 0, 0)], [(0, 5, 0, 0), (0, 0, 0, 0), (-5, -5, 0, -5), (0, -5, 5, 0)]),
    ],
)
def test_each_kind_may_move_only_what_it_is_for(
    kind: str, allowed: list[tuple[int, ...]], refused: list[tuple[int, ...]]
) -> None:
    def verdict(changes: tuple[int, ...]) -> bool:
        return may_move({"kind": kind, **dict(zip(("points", "pending", "reserved", "debt"), changes, strict=True))})

    assert [verdict(changes) for changes in allowed] == [True] * len(allowed)
    assert [verdict(changes) for changes in refused] == [False] * len(refused)
