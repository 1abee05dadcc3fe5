"""Every kind of entry in words."""

from dataclasses import replace
from datetime import timedelta

import pytest

from lib.domain import redemptions
from lib.domain.explain import explain
from lib.domain.ledger import Account, Entry, EntryKind, Journal, Memo, Source
from tests.domain.redeeming import NOW, TILL, act, held, journal_with

ORDER, DESK, OPENING = Source("order", "a17"), Source("adjustment", "k"), Source("opening", "cus")


def memo(source: Source = ORDER, reason: str = "order completed") -> Memo:
    return Memo(source, f"{source.type}:{source.id}", "f", "rules", reason, TILL, NOW)


def last_of(journal: Journal) -> Entry:
    return journal.entries[-1]


def credited(kind: EntryKind, points: int, source: Source, reason: str, days: int | None = None) -> Entry:
    journal = Journal(Account("org", "cus"), NOW)
    return journal.credit(kind, points, NOW + timedelta(days=days) if days else None, memo(source, reason))


def debited(kind: EntryKind, points: int, source: Source, reason: str) -> Entry:
    return journal_with(500).debit(kind, points, memo(source, reason))


def clawed_back(points: int) -> Entry:
    return journal_with(30).claw_back(points, memo(reason="order refunded"))


def debt_paid() -> Entry:
    journal = journal_with(30)
    journal.claw_back(50, memo())
    journal.credit(EntryKind.EARN, 49, None, memo(Source("order", "a18")))
    return last_of(journal)


def undone() -> Entry:
    journal = Journal(Account("org", "cus"), NOW, NOW)
    expired = journal.credit(EntryKind.EARN, 20, NOW - timedelta(days=1), memo()).lots
    journal.claw_back(50, replace(memo(reason="order refunded"), key="order:a17:2"), undone=expired)
    return journal.entries[-2]


def after_hold(step: str) -> Entry:
    journal = journal_with(100)
    hold = held(journal)
    if step == "void":
        redemptions.void(hold, journal, act(1))
    elif step == "time out":
        redemptions.close_timed_out([hold], journal, act(60))
    elif step != "hold":
        taken = redemptions.capture(hold, 60 if step == "capture part" else None, journal, act(1)).redemption
        if step == "reinstate":
            redemptions.reinstate(taken, journal, act(2), reason="order r1 cancelled")
    return last_of(journal)


@pytest.mark.parametrize(
    ("entry", "words"),
    [
        (
            credited(EntryKind.EARN, 49, ORDER, "$49.99, completed"),
            "Earned 49 points on order a17 ($49.99, completed)",
        ),
        (
            credited(EntryKind.EARN, 1, ORDER, "", days=30),
            "Earned 1 point on order a17, valid until 2026-05-15",
        ),
        (clawed_back(20), "Took back 20 points of order a17 (order refunded)"),
        (
            clawed_back(50),
            "Took back 50 points of order a17 (order refunded); 20 points had been spent already and are owed",
        ),
        (debt_paid(), "Paid 20 points owed since an earlier refund"),
        (after_hold("hold"), "Set 100 points aside for a reward (held for order order-r1)"),
        (after_hold("capture"), "Redeemed 100 points for a reward (spent on order order-r1)"),
        (
            after_hold("capture part"),
            "Redeemed 60 points for a reward (spent on order order-r1); 40 points of the hold came back",
        ),
        (after_hold("void"), "100 points set aside came back (hold released)"),
        (after_hold("time out"), "100 points set aside came back (hold timed out)"),
        (after_hold("reinstate"), "100 points of a reward came back (order r1 cancelled)"),
        (debited(EntryKind.EXPIRE, 5, Source("lot", "1"), ""), "5 points expired"),
        (undone(), "20 points that had expired came back (only to be taken back with order a17)"),
        (credited(EntryKind.ADJUST, 500, OPENING, "carried over"), "Started with 500 points (carried over)"),
        (credited(EntryKind.ADJUST, 5, DESK, "lost receipt"), "Added 5 points by hand (lost receipt)"),
        (debited(EntryKind.ADJUST, 5, DESK, "credited twice"), "Removed 5 points by hand (credited twice)"),
        (credited(EntryKind.BONUS, 50, Source("birthday", "2026"), "birthday"), "Bonus of 50 points (birthday)"),
        (credited(EntryKind.RECONCILE, 7, Source("sync", "s"), ""), "Balance corrected by +7 points"),
        (debited(EntryKind.RECONCILE, 7, Source("sync", "s"), ""), "Balance corrected by -7 points"),
        (
            credited(EntryKind.TRANSFER, 9, Source("merge", "m"), ""),
            "9 points moved from another profile of the customer",
        ),
        (
            debited(EntryKind.TRANSFER, 9, Source("merge", "m"), ""),
            "9 points moved to another profile of the customer",
        ),
    ],
    ids=lambda value: value.kind.value if isinstance(value, Entry) else None,
)  # fmt: skip
def test_in_words(entry: Entry, words: str) -> None:
    assert explain(entry) == words
