"""Points that have been earned and cannot be spent yet: joined, released, taken back, and what they owe."""

from datetime import UTC, datetime, timedelta

import pytest

from lib.domain import pending
from lib.domain.errors import InvariantBroken
from lib.domain.ledger import Account, Balances, EntryKind, Journal
from lib.domain.lots import Lot
from lib.domain.pending import Parcel, ParcelChange
from tests.domain.test_ledger import memo

NOW = datetime(2026, 4, 15, 12, tzinfo=UTC)
DAY = timedelta(days=1)
SOON, LATE = NOW + 7 * DAY, NOW + 90 * DAY


def waiting(*points: int, available: int = 0, release_at: datetime = SOON) -> Journal:
    """A journal with one parcel, to which so many credits were added one after the other."""
    journal = Journal(Account("org", "c1"), NOW, NOW)
    if available:
        journal.credit(EntryKind.EARN, available, None, memo("start"))
    for number, count in enumerate(points):
        journal.credit_later(EntryKind.EARN, count, release_at, LATE, memo(f"earn {number}"))
    return journal


def later(journal: Journal, at: datetime) -> Journal:
    """The same account some time later, aged."""
    following = Journal(journal.account, at, at)
    following.age("rules")
    return following


class TestParcels:
    def test_credits_of_one_day_and_expiry_are_one_parcel(self) -> None:
        account = waiting(40, 10).account
        assert account.parcels == (Parcel("1", SOON, LATE, 50),)
        assert account.balances == Balances(pending=50)

    def test_another_expiry_or_day_is_another_parcel(self) -> None:
        parcels = waiting(40).account.parcels
        for release_at, expires_at in ((SOON + DAY, LATE), (SOON, None)):
            assert pending.joining(parcels, 5, release_at, expires_at, "9").parcel_id == "9"

    @pytest.mark.parametrize(
        "change",
        [
            ParcelChange("1", SOON, LATE, -41),
            ParcelChange("1", SOON + DAY, LATE, 1),
            ParcelChange("1", SOON, None, 1),
            ParcelChange("2", SOON, LATE, -1),
        ],
        ids=["overdrawn", "another day", "another expiry", "unknown"],
    )
    def test_no_parcel_is_overdrawn_or_changes_its_dates(self, change: ParcelChange) -> None:
        with pytest.raises(InvariantBroken):
            pending.apply(waiting(40).account.parcels, [change])

    def test_a_parcel_can_be_taken_from_by_its_owners_only(self) -> None:
        parcels = waiting(40, 10).account.parcels
        assert pending.taking(parcels, 30, {"1": 10}) == [ParcelChange("1", SOON, LATE, -10)]
        assert pending.taking(parcels, 30, {"7": 30}) == []


class TestReleases:
    def test_happen_when_the_day_has_come_and_once(self) -> None:
        journal = waiting(40, 10)
        assert later(journal, SOON - timedelta(microseconds=1)).entries == []
        released = later(journal, SOON)
        assert [(entry.kind, entry.points, entry.pending) for entry in released.entries] == [
            (EntryKind.RELEASE, 50, -50)
        ]
        assert released.account.lots == (Lot("3", LATE, 50),)
        assert released.entries[0].memo.occurred_at == SOON
        assert later(released, SOON + DAY).entries == []

    def test_join_the_lot_with_their_expiry(self) -> None:
        journal = waiting(40)
        journal.credit(EntryKind.EARN, 5, LATE, memo("at once"))
        assert later(journal, SOON).account.lots == (Lot("2", LATE, 45),)

    def test_pay_debts_which_pending_points_do_not(self) -> None:
        journal = waiting(40)
        journal.claw_back(30, memo("refund of spent points"))
        assert journal.account.balances == Balances(pending=40, debt=30)
        released = later(journal, SOON)
        assert [(entry.kind, entry.points, entry.debt) for entry in released.entries] == [
            (EntryKind.RELEASE, 40, 0),
            (EntryKind.CLAWBACK, -30, -30),
        ]
        assert released.account.balances == Balances(available=10)

    def test_come_before_expiries_of_the_same_moment(self) -> None:
        released = later(waiting(40), LATE)
        assert [entry.kind for entry in released.entries] == [EntryKind.RELEASE, EntryKind.EXPIRE]
        assert released.account.balances == Balances()


class TestClawbacks:
    def test_take_the_orders_own_pending_points_first(self) -> None:
        journal = waiting(40, 10, available=100)
        entry = journal.claw_back(40, memo("refund"), own_pending={"2": 40})
        assert (entry.points, entry.pending, entry.debt) == (0, -40, 0)
        assert journal.account.balances == Balances(available=100, pending=10)

    def test_then_what_is_available_then_become_debt(self) -> None:
        journal = waiting(40, available=5)
        entry = journal.claw_back(60, memo("refund"), own_pending={"2": 40})
        assert (entry.points, entry.pending, entry.debt) == (-5, -40, 15)

    def test_never_take_what_others_have_pending(self) -> None:
        journal = waiting(40, 10)
        entry = journal.claw_back(15, memo("refund"), own_pending={"1": 10})
        assert (entry.pending, entry.debt) == (-10, 5)

    def test_after_the_release_prefer_the_own_expiry(self) -> None:
        journal = waiting(40)
        journal.credit(EntryKind.EARN, 50, NOW + 30 * DAY, memo("expires before"))
        released = later(journal, SOON)
        released.claw_back(40, memo("refund"), own_pending={"1": 40}, own_expiries=[LATE])
        assert released.account.lots == (Lot("2", NOW + 30 * DAY, 50),)
