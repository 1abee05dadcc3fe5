"""The ledger: whatever happens to an account, its balances, lots and hash chain hold together."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, invariant, precondition, rule

from lib.domain.errors import InvariantBroken
from lib.domain.ledger import (
    Account,
    Actor,
    Balances,
    Entry,
    EntryKind,
    Journal,
    Memo,
    Source,
    check_account,
    entry_hash,
    folded,
)
from lib.domain.lots import Lot, LotChange

NOW = datetime(2026, 4, 15, 12, tzinfo=UTC)
amounts = st.integers(1, 500)


def memo(key: str = "key") -> Memo:
    """A memo whose only meaning is its key."""
    return Memo(Source("order", "o1"), key, "f" * 64, "rules", "because", Actor("system", "test"), NOW)


def journal(points: int = 0) -> Journal:
    """A journal whose account has so many points that never expire."""
    opened = Journal(Account("org", "customer"), NOW)
    if points:
        opened.credit(EntryKind.EARN, points, None, memo("start"))
    return opened


class TestOneEntryAtATime:
    def test_a_credit_opens_a_lot_named_after_its_entry(self) -> None:
        written = journal(100)
        assert written.account.lots == (Lot("1", None, 100),)
        assert written.account.balances == Balances(available=100)

    def test_what_a_clawback_cannot_collect_is_debt(self) -> None:
        written = journal(30)
        entry = written.claw_back(50, memo())
        assert (entry.points, entry.debt) == (-30, 20)
        assert written.account.balances == Balances(debt=20)

    def test_a_credit_pays_the_debt_first_by_an_entry_of_its_own(self) -> None:
        written = journal(30)
        written.claw_back(50, memo("refund"))
        written.credit(EntryKind.EARN, 25, None, memo("next"))
        assert written.account.balances == Balances(available=5)
        assert [(entry.kind, entry.points, entry.debt, entry.memo.key) for entry in written.entries[-2:]] == [
            (EntryKind.EARN, 25, 0, "next"),
            (EntryKind.CLAWBACK, -20, -20, "next:debt"),
        ]

    def test_a_hold_keeps_its_points_through_a_clawback(self) -> None:
        written = journal(100)
        held = written.hold(60, memo("hold"))
        written.claw_back(100, memo("refund"))
        assert written.account.balances == Balances(reserved=60, debt=60)
        written.void(held.lots, memo("void"))
        assert written.account.balances == Balances()

    def test_a_part_capture_returns_the_rest(self) -> None:
        written = journal(100)
        held = written.hold(60, memo("hold"))
        captured = written.capture(held.lots, 45, memo("capture"))
        assert (captured.points, captured.reserved) == (15, -60)
        assert written.account.balances == Balances(available=55)

    def test_reinstated_points_are_on_their_old_lot_with_its_old_expiry(self) -> None:
        written = journal()
        soon = NOW + timedelta(days=30)
        written.credit(EntryKind.EARN, 40, soon, memo("earn"))
        held = written.hold(40, memo("hold"))
        written.capture(held.lots, 40, memo("capture"))
        assert written.account.balances == Balances()
        written.reinstate([LotChange("1", soon, points=40)], memo("reinstate"))
        assert written.account.lots == (Lot("1", soon, 40),)

    @pytest.mark.parametrize("points", [0, -5])
    def test_an_entry_moves_a_positive_number_of_points(self, points: int) -> None:
        written = journal(10)
        for move in (written.claw_back, written.hold):
            with pytest.raises(InvariantBroken):
                move(points, memo())
        with pytest.raises(InvariantBroken):
            written.credit(EntryKind.EARN, points, None, memo())

    def test_more_than_available_cannot_be_held_and_nothing_is_appended(self) -> None:
        written = journal(10)
        with pytest.raises(InvariantBroken):
            written.hold(11, memo())
        assert len(written.entries) == 1


@pytest.mark.parametrize(
    ("balances", "lots"),
    [
        (Balances(available=-1), ()),
        (Balances(available=5), (Lot("1", None, 4),)),
        (Balances(available=3, reserved=1), (Lot("1", None, 4),)),
    ],
    ids=["negative", "points without a lot", "reserved points without a lot"],
)
def test_an_account_that_does_not_add_up_is_refused(balances: Balances, lots: tuple[Lot, ...]) -> None:
    with pytest.raises(InvariantBroken):
        check_account(balances, lots)


class AnyLedger(RuleBasedStateMachine):
    """Any sequence of movements, checked against an oracle that only knows what went in and out."""

    holds: Any = Bundle("holds")
    captures: Any = Bundle("captures")

    def __init__(self) -> None:
        super().__init__()
        self.journal = journal()
        self.net = 0

    @rule(points=amounts, days=st.none() | st.integers(1, 90))
    def credit(self, points: int, days: int | None) -> None:
        expires_at = None if days is None else NOW + timedelta(days=days)
        self.journal.credit(EntryKind.EARN, points, expires_at, self._memo())
        self.net += points

    @rule(points=amounts)
    def claw_back(self, points: int) -> None:
        self.journal.claw_back(
            points, self._memo(), own_expiries=[lot.expires_at for lot in self.journal.account.lots[-1:]]
        )
        self.net -= points

    @precondition(lambda self: self.journal.account.balances.available)
    @rule(data=st.data())
    def debit(self, data: st.DataObject) -> None:
        points = data.draw(st.integers(1, self.journal.account.balances.available))
        self.journal.debit(EntryKind.EXPIRE, points, self._memo())
        self.net -= points

    @precondition(lambda self: self.journal.account.balances.available)
    @rule(target=holds, data=st.data())
    def hold(self, data: st.DataObject) -> Entry:
        points = data.draw(st.integers(1, self.journal.account.balances.available))
        return self.journal.hold(points, self._memo())

    @rule(held=consumes(holds))
    def void(self, held: Entry) -> None:
        self.journal.void(held.lots, self._memo())

    @rule(target=captures, held=consumes(holds), data=st.data())
    def capture(self, held: Entry, data: st.DataObject) -> list[LotChange]:
        points = data.draw(st.integers(1, held.reserved))
        entry = self.journal.capture(held.lots, points, self._memo())
        self.net -= points
        return [replace(part, points=-part.points, reserved=0) for part in entry.lots if part.points]

    @rule(spent=consumes(captures))
    def reinstate(self, spent: list[LotChange]) -> None:
        self.journal.reinstate(spent, self._memo())
        self.net += sum(part.points for part in spent)

    @invariant()
    def adds_up(self) -> None:
        account = self.journal.account
        balances = account.balances
        check_account(balances, account.lots)
        assert balances.available + balances.reserved - balances.debt == self.net
        assert not (balances.debt and balances.available)
        assert len({lot.expires_at for lot in account.lots}) == len(account.lots) or self._reopened()

    @invariant()
    def follows_from_its_entries(self) -> None:
        assert folded("org", "customer", self.journal.entries) == self.journal.account

    def _reopened(self) -> bool:
        # A reopened lot can stand beside one that was opened for the same expiry in between.
        return any(entry.kind is EntryKind.REINSTATE for entry in self.journal.entries)

    def _memo(self) -> Memo:
        return memo(f"step {len(self.journal.entries)}")


AnyLedger.TestCase.settings = hypothesis_settings(max_examples=60, stateful_step_count=30, deadline=None)
TestAnyLedger = AnyLedger.TestCase


TAMPERINGS: dict[str, Any] = {
    "points": lambda entry: replace(entry, points=entry.points + 1),
    "balances": lambda entry: replace(entry, balances=replace(entry.balances, debt=1)),
    "kind": lambda entry: replace(entry, kind=EntryKind.BONUS),
    "reason": lambda entry: replace(entry, memo=replace(entry.memo, reason="another")),
    "actor": lambda entry: replace(entry, memo=replace(entry.memo, actor=Actor("staff", "somebody"))),
    "time": lambda entry: replace(entry, memo=replace(entry.memo, occurred_at=NOW + timedelta(seconds=1))),
    "lots": lambda entry: replace(entry, lots=(*entry.lots, LotChange("9", None))),
    "resealed": lambda entry: replace(
        changed := replace(entry, memo=replace(entry.memo, reason="another")), hash=entry_hash(changed)
    ),
}


@given(position=st.integers(0, 3), tampering=st.sampled_from(sorted(TAMPERINGS)))
def test_a_tampered_ledger_does_not_fold(position: int, tampering: str) -> None:
    written = journal(100)
    held = written.hold(20, memo("hold"))
    written.capture(held.lots, 20, memo("capture"))
    written.claw_back(5, memo("refund"))
    written.credit(EntryKind.EARN, 7, None, memo("last"))
    entries = list(written.entries)
    entries[position] = TAMPERINGS[tampering](entries[position])
    with pytest.raises(InvariantBroken):
        folded("org", "customer", entries)


@pytest.mark.parametrize("position", range(4))
def test_a_ledger_with_a_missing_or_repeated_entry_does_not_fold(position: int) -> None:
    written = journal(10)
    for number in range(4):
        written.credit(EntryKind.EARN, 10 + number, None, memo(str(number)))
    entries = written.entries
    for broken in (entries[:position] + entries[position + 1 :], entries[: position + 1] + entries[position:]):
        with pytest.raises(InvariantBroken):
            folded("org", "customer", broken)


def test_the_hash_says_the_same_in_every_time_zone() -> None:
    entry = journal(10).entries[0]
    elsewhere = replace(entry, recorded_at=entry.recorded_at.astimezone(datetime.now().astimezone().tzinfo))
    assert entry_hash(elsewhere) == entry_hash(entry)


class TestExpiry:
    """Of free points when their time has come; of those in a hold when it ends."""

    SOON, LATE = NOW + timedelta(days=30), NOW + timedelta(days=60)

    def earned(self) -> Journal:
        written = journal()
        written.credit(EntryKind.EARN, 100, self.SOON, memo("one"))
        written.credit(EntryKind.EARN, 50, self.LATE, memo("two"))
        return written

    def later(self, account: Account, at: datetime) -> Journal:
        following = Journal(account, at, at)
        following.age("rules")
        return following

    def test_comes_on_the_moment_lot_by_lot_and_once(self) -> None:
        account = self.earned().account
        assert self.later(account, self.SOON - timedelta(microseconds=1)).entries == []
        expired = self.later(account, self.SOON)
        assert [(entry.kind, entry.points, entry.lots[0].lot_id) for entry in expired.entries] == [
            (EntryKind.EXPIRE, -100, "1")
        ]
        assert expired.account.lots == (Lot("2", self.LATE, 50),)
        assert self.later(expired.account, self.SOON).entries == []
        assert len(self.later(account, self.LATE).entries) == 2

    def test_does_not_come_where_nothing_expires(self) -> None:
        paused = Journal(self.earned().account, self.LATE, None)
        paused.age("rules")
        assert paused.entries == []

    def test_leaves_what_is_held_until_the_hold_ends(self) -> None:
        written = self.earned()
        held = written.hold(60, memo("hold"))
        expired = self.later(written.account, self.SOON)
        assert [entry.points for entry in expired.entries] == [-40]
        assert expired.account.balances == Balances(available=50, reserved=60)
        expired.void(held.lots, memo("void"))
        assert [entry.kind for entry in expired.entries[1:]] == [EntryKind.VOID, EntryKind.EXPIRE]
        assert expired.account.balances == Balances(available=50)
        assert len({entry.memo.key for entry in expired.entries}) == 3

    def test_does_not_touch_a_capture_but_its_rest(self) -> None:
        written = self.earned()
        held = written.hold(60, memo("hold"))
        expired = self.later(written.account, self.SOON)
        captured = expired.capture(held.lots, 45, memo("capture"))
        assert (captured.points, captured.reserved) == (15, -60)
        assert (expired.entries[-1].kind, expired.entries[-1].points) == (EntryKind.EXPIRE, -15)

    def test_follows_at_once_when_points_come_back_to_an_expired_lot(self) -> None:
        written = self.earned()
        held = written.hold(100, memo("hold"))
        spent = written.capture(held.lots, 100, memo("capture"))
        following = self.later(written.account, self.SOON)
        following.reinstate([replace(part, points=-part.points, reserved=0) for part in spent.lots], memo("back"))
        assert [entry.kind for entry in following.entries] == [EntryKind.REINSTATE, EntryKind.EXPIRE]
        assert following.account.balances == Balances(available=50)

    def test_of_points_that_come_back_pays_a_debt_before(self) -> None:
        written = self.earned()
        held = written.hold(100, memo("hold"))
        written.claw_back(80, memo("refund"))
        assert written.account.balances == Balances(reserved=100, debt=30)
        following = self.later(written.account, self.LATE)
        following.void(held.lots, memo("void"))
        assert [(entry.kind, entry.points) for entry in following.entries] == [
            (EntryKind.VOID, 100),
            (EntryKind.CLAWBACK, -30),
            (EntryKind.EXPIRE, -70),
        ]
        assert following.account.balances == Balances()
