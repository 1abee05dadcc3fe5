"""The life of a redemption: every step once, every point accounted for."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lib.domain import redemptions
from lib.domain.errors import InvariantBroken
from lib.domain.ledger import EntryKind, Journal, check_account
from lib.domain.lots import Lot
from lib.domain.redemptions import Outcome, Redemption, Refusal, State
from lib.domain.rewards import Reward
from tests.domain.redeeming import NOW, act, held, journal_with

HOLD_MINUTES = 30


def captured(journal: Journal, points: int | None = None) -> Redemption:
    return redemptions.capture(held(journal), points, journal, act(1)).redemption


def voided(journal: Journal) -> Redemption:
    return redemptions.void(held(journal), journal, act(1)).redemption


def expired(journal: Journal) -> Redemption:
    return redemptions.capture(held(journal), None, journal, act(HOLD_MINUTES)).changed[0]


def reinstated(journal: Journal) -> Redemption:
    return redemptions.reinstate(captured(journal), journal, act(2)).redemption


class TestCapture:
    def test_spends_the_whole_hold(self) -> None:
        journal = journal_with(150)
        spent = captured(journal)
        assert (spent.state, spent.captured, spent.captured_at) == (
            State.CAPTURED,
            Reward("small", 100, 5_00),
            act(1).at,
        )
        assert (journal.account.balances.available, journal.account.balances.reserved) == (50, 0)
        assert spent.seqs == (2, 3)

    def test_spends_a_part_worth_its_share_and_gives_the_rest_back(self) -> None:
        journal = journal_with(100)
        spent = captured(journal, 33)
        assert spent.captured == Reward("small", 33, 1_65)
        assert journal.account.balances.available == 67

    def test_a_part_spends_what_expires_first(self) -> None:
        journal = journal_with(0, lots=((60, 10), (60, 20)))
        captured(journal, 70)
        assert journal.account.lots == (Lot("2", NOW + timedelta(days=20), 50),)

    @pytest.mark.parametrize(("points", "refusal"), [(101, Refusal.EXCEEDS_HOLD), (0, Refusal.BELOW_MINIMUM)])
    def test_refuses_more_than_is_held_and_what_is_worth_nothing(self, points: int, refusal: Refusal) -> None:
        journal = journal_with(100)
        hold = held(journal)
        assert redemptions.capture(hold, points, journal, act(1)) == Outcome(refusal=refusal)

    def test_a_hold_whose_time_is_over_is_closed_and_refused(self) -> None:
        journal = journal_with(100)
        hold = held(journal)
        outcome = redemptions.capture(hold, None, journal, act(HOLD_MINUTES))
        assert outcome.refusal is Refusal.HOLD_EXPIRED
        assert outcome.changed[0].state is State.EXPIRED
        assert journal.account.balances.available == 100
        assert (journal.entries[-1].kind, journal.entries[-1].memo.reason) == (EntryKind.VOID, "hold timed out")

    def test_the_last_moment_counts(self) -> None:
        journal = journal_with(100)
        hold = held(journal)
        last = replace(act(), at=hold.expires_at - timedelta(microseconds=1))
        assert redemptions.capture(hold, None, journal, last).refusal is None


@pytest.mark.parametrize(
    ("past", "capture", "void", "reinstate"),
    [
        (held, None, None, Refusal.NOT_CAPTURED),
        (captured, Refusal.ALREADY_CAPTURED, Refusal.ALREADY_CAPTURED, None),
        (voided, Refusal.ALREADY_VOIDED, Refusal.ALREADY_VOIDED, Refusal.NOT_CAPTURED),
        (expired, Refusal.HOLD_EXPIRED, Refusal.HOLD_EXPIRED, Refusal.NOT_CAPTURED),
        (reinstated, Refusal.ALREADY_CAPTURED, Refusal.ALREADY_CAPTURED, Refusal.ALREADY_REINSTATED),
    ],
)
def test_what_each_state_allows(
    past: Callable[[Journal], Redemption],
    capture: Refusal | None,
    void: Refusal | None,
    reinstate: Refusal | None,
) -> None:
    steps: tuple[Callable[[Redemption, Journal], Outcome], ...] = (
        lambda redemption, journal: redemptions.capture(redemption, None, journal, act(3)),
        lambda redemption, journal: redemptions.void(redemption, journal, act(3)),
        lambda redemption, journal: redemptions.reinstate(redemption, journal, act(3)),
    )
    for step, refusal in zip(steps, (capture, void, reinstate), strict=True):
        journal = journal_with(100)
        redemption = past(journal)
        entries = len(journal.entries)
        outcome = step(redemption, journal)
        assert outcome.refusal is refusal
        assert (len(journal.entries) > entries) is (refusal is None)


class TestReinstate:
    def test_puts_points_back_on_their_lots_with_their_old_expiry(self) -> None:
        journal = journal_with(0, lots=((60, 10), (60, 20)))
        before = journal.account.lots
        reinstated(journal)
        assert journal.account.lots == before

    def test_gives_back_only_the_part_that_was_spent(self) -> None:
        journal = journal_with(100)
        redemptions.reinstate(captured(journal, 40), journal, act(2))
        assert journal.account.balances.available == 100


class TestGiveBack:
    def test_voids_a_hold_reinstates_a_capture_and_then_does_nothing_more(self) -> None:
        for past, kind in ((held, EntryKind.VOID), (captured, EntryKind.REINSTATE)):
            journal = journal_with(100)
            once = redemptions.give_back(past(journal), journal, act(5), reason="order cancelled")
            assert journal.entries[-1].kind is kind
            assert journal.entries[-1].memo.reason == "order cancelled"
            assert journal.account.balances.available == 100
            twice = redemptions.give_back(once.redemption, journal, act(6), reason="order cancelled")
            assert twice.changed == ()


def test_a_refused_outcome_has_no_redemption() -> None:
    with pytest.raises(InvariantBroken):
        _ = Outcome(refusal=Refusal.PAUSED).redemption


STEPS = st.lists(
    st.tuples(st.sampled_from(["hold", "capture", "void", "reinstate", "give_back"]), st.integers(0, 40)),
    max_size=25,
)


def take(
    step: str, pick: int, known: list[Redemption], journal: Journal, minute: int
) -> tuple[int, tuple[Redemption, ...]]:
    """Tries one step; returns which redemption it was about and what it changed."""
    now, index = act(minute), pick % max(1, len(known))
    if step == "hold":
        if journal.account.balances.available < 100:
            return 0, ()
        reward, redemption_id = Reward("small", 100, 5_00), f"r{len(known)}"
        new = redemptions.open_hold(redemption_id, "o", reward, journal, now, minutes=HOLD_MINUTES)
        known.append(new)
        return len(known) - 1, (new,)
    if not known:
        return 0, ()
    target = known[index]
    if step == "capture":
        return index, redemptions.capture(target, pick + 1 if pick % 2 else None, journal, now).changed
    if step == "void":
        return index, redemptions.void(target, journal, now).changed
    if step == "reinstate":
        return index, redemptions.reinstate(target, journal, now).changed
    return index, redemptions.give_back(target, journal, now, reason="order cancelled").changed


@given(steps=STEPS)
def test_no_order_of_steps_makes_or_loses_points(steps: list[tuple[str, int]]) -> None:
    """Whatever is tried in whatever order: points are available, reserved, or spent by a capture that stands."""
    journal = journal_with(150, lots=((100, 5), (250, 50)))
    known: list[Redemption] = []
    for number, (step, pick) in enumerate(steps):
        index, changed = take(step, pick, known, journal, number * 7)
        known[index : index + len(changed)] = changed
        spent = sum(found.captured.points for found in known if found.captured and not found.reinstated_at)
        set_aside = sum(found.reward.points for found in known if found.state is State.HELD)
        balances = journal.account.balances
        check_account(balances, journal.account.lots)
        assert (balances.reserved, balances.available + balances.reserved + spent) == (set_aside, 500)
