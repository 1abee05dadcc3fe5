"""What the audit says of a ledger whose pending points, releases or expiries somebody has changed."""

from datetime import timedelta
from typing import Any

import pytest

from lib.domain.ledger import Account, EntryKind, Journal
from tests.domain.invariants.ledgers import CUSTOMER, LATE, NOON, ORG, SOON, StoredLedger, memo
from tests.domain.invariants.test_ledger import CUSTOMER_PATH, Break, forge, forge_lot, path

BEFORE = NOON - timedelta(days=1)


def waiting_and_released() -> StoredLedger:
    """1 earn 40 pending, 2 earn 10 into the same parcel, 3 earn 20 pending for longer, 4 clawback of 15 of the 20,
    5 earn 60 that has expired, 6 its expiry, 7 release of the 50."""
    journal = Journal(Account(ORG, CUSTOMER), NOON, NOON)
    for number, points, release_at in ((1, 40, BEFORE), (2, 10, BEFORE), (3, 20, SOON)):
        journal.credit_later(
            EntryKind.EARN, points, release_at, LATE, memo(f"order:o{number}", ("order", f"o{number}"))
        )
    journal.claw_back(15, memo("order:o3:2", ("order", "o3")), own_pending={"3": 20}, own_expiries=[LATE])
    journal.credit(EntryKind.EARN, 60, BEFORE, memo("order:o4", ("order", "o4")))
    journal.age("rules")
    return StoredLedger(journal)


def forge_parcel(seq: int, **fields: Any) -> Break:
    """Overwrites fields of an entry's parcel change and seals the chain anew."""

    def apply(ledger: StoredLedger) -> None:
        ledger.entry(seq)["parcels"][0].update(fields)
        ledger.reseal()

    return apply


def release_half(ledger: StoredLedger) -> None:
    ledger.entry(7)["parcels"][0]["points"] = -25
    ledger.entry(7).update(points=25, pending=-25, balances={"available": 25, "pending": 30, "reserved": 0, "debt": 0})
    ledger.entry(7)["lots"][0]["points"] = ledger.account["lots"][0]["points"] = 25
    ledger.account["balances"] = dict(ledger.entry(7)["balances"])
    ledger.reseal()


BROKEN_PARCELS: list[tuple[Break, list[tuple[str, str]]]] = [
    (forge_parcel(1, points=41), [("L12", path(1))]),
    (forge_parcel(1, id="9"), [("L12", path(1))]),
    (forge_parcel(2, releaseAt=SOON), [("L12", path(2))]),
    (forge_parcel(2, expiresAt=None), [("L12", path(2))]),
    (forge_parcel(4, points=-25), [("L12", path(4))]),
    (release_half, [("L12", path(7))]),
    (forge(4, parcels=None), [("L12", path(4))]),
    (forge(6, recordedAt=BEFORE - timedelta(seconds=1)), [("L13", path(6))]),
    (forge_lot(6, expiresAt=None), [("L13", path(6)), ("L14", path(6)), ("L6", path(6))]),
    (forge(7, recordedAt=BEFORE - timedelta(seconds=1)), [("L13", path(7))]),
    (lambda ledger: ledger.account["parcels"][0].update(points=4), [("L7", CUSTOMER_PATH)]),
    (lambda ledger: ledger.account.pop("parcels"), [("L7", CUSTOMER_PATH)]),
]


def test_what_the_journal_writes_has_no_violation() -> None:
    ledger = waiting_and_released()
    kinds = [(entry["kind"], entry["points"], entry["pending"]) for entry in ledger.entries]
    assert kinds[3:] == [("clawback", 0, -15), ("earn", 60, 0), ("expire", -60, 0), ("release", 50, -50)]
    assert ledger.violations() == []


@pytest.mark.parametrize(("break_it", "expected"), BROKEN_PARCELS)
def test_broken_parcels_are_found_where_they_are(break_it: Break, expected: list[tuple[str, str]]) -> None:
    ledger = waiting_and_released()
    break_it(ledger)
    found = [(violation.invariant.value, violation.path) for violation in ledger.violations()]
    assert sorted(set(found)) == expected
