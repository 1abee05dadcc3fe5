"""Holding and quoting: who gets which refusal, in which order, and that a quote is what a hold would answer."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lib.domain import checkout, redemptions
from lib.domain.checkout import Checkout, Wish
from lib.domain.ledger import Journal
from lib.domain.redemptions import Redemption, Refusal, State
from lib.domain.rewards import Reward
from lib.domain.settings import LoyaltySettings
from tests.domain.redeeming import NOW, act, held, journal_with

EXACT = LoyaltySettings()
PRO_RATA = LoyaltySettings(redemption_mode="pro_rata")
PAUSED = LoyaltySettings(paused=True)


def other_hold(**changes: object) -> Redemption:
    """Another customer's open hold on the order."""
    return replace(held(journal_with(100, customer_id="other"), redemption_id="r0"), **changes)  # type: ignore[arg-type]


class TestHold:
    def test_sets_points_aside_for_the_minutes_the_settings_give(self) -> None:
        journal = journal_with(600)
        held_now = held(journal, 500, settings=LoyaltySettings(hold_minutes=5))
        assert held_now.state is State.HELD
        assert held_now.reward == Reward("large", 500, 35_00)
        assert held_now.expires_at == act(5).at
        assert held_now.seqs == (2,)
        assert (journal.account.balances.available, journal.account.balances.reserved) == (100, 500)

    def test_reserves_what_expires_first(self) -> None:
        journal = journal_with(50, lots=((80, 30), (70, 10)))
        taken = [(part.expires_at, part.reserved) for part in held(journal, 100).allocation]
        assert [(days and (days - NOW).days, points) for days, points in taken] == [(10, 70), (30, 30)]

    @pytest.mark.parametrize(
        ("settings", "wish", "points", "at_checkout", "refusal", "offer"),
        [
            (PAUSED, Wish(100), None, Checkout("o", 0, True, (other_hold(),)), Refusal.PAUSED, None),
            (EXACT, Wish(77), None, Checkout("o", 0, True, (other_hold(),)), Refusal.ORDER_RETURNED, None),
            (EXACT, Wish(77), None, Checkout("o", 0, False, (other_hold(),)), Refusal.ORDER_ALREADY_HAS_HOLD, None),
            (EXACT, Wish(77), None, Checkout("o", 0), Refusal.UNKNOWN_CUSTOMER, None),
            (EXACT, Wish(77), 10, Checkout("o", 0), Refusal.NOT_A_TIER, None),
            (EXACT, Wish(77), 260, Checkout("o", 50_00), Refusal.NOT_A_TIER, Reward("medium", 250, 15_00)),
            (EXACT, Wish(tier_id="huge"), 100, Checkout("o", 50_00), Refusal.NOT_A_TIER, Reward("small", 100, 5_00)),
            (PRO_RATA, Wish(99), 600, Checkout("o", 6_00), Refusal.BELOW_MINIMUM, Reward("small", 120, 6_00)),
            (PRO_RATA, Wish(tier_id="huge"), 0, Checkout("o", 50_00), Refusal.NOT_A_TIER, None),
            (EXACT, Wish(100), 99, Checkout("o", 0), Refusal.INSUFFICIENT_POINTS, None),
            (EXACT, Wish(250), 249, Checkout("o", 50_00), Refusal.INSUFFICIENT_POINTS, Reward("small", 100, 5_00)),
            (EXACT, Wish(500), 500, Checkout("o", 34_99), Refusal.EXCEEDS_ORDER_TOTAL, Reward("medium", 250, 15_00)),
            (PRO_RATA, Wish(500), 500, Checkout("o", 34_99), Refusal.EXCEEDS_ORDER_TOTAL, Reward("medium", 499, 29_94)),
        ],
    )
    def test_refusals_in_order_of_precedence(
        self,
        settings: LoyaltySettings,
        wish: Wish,
        points: int | None,
        at_checkout: Checkout,
        refusal: Refusal,
        offer: Reward | None,
    ) -> None:
        journal = None if points is None else journal_with(points)
        outcome = checkout.hold("r1", wish, at_checkout, journal, settings, act())
        assert (outcome.refusal, outcome.offer, outcome.changed) == (refusal, offer, ())

    def test_a_reward_may_be_worth_exactly_the_order(self) -> None:
        outcome = checkout.hold("r1", Wish(500), Checkout("o", 35_00), journal_with(500), EXACT, act())
        assert outcome.refusal is None

    def test_captured_rewards_of_the_order_use_up_its_room(self) -> None:
        journal = journal_with(1000)
        first = redemptions.capture(held(journal, 500), None, journal, act(1)).redemption
        crowded = Checkout("o", 69_99, redemptions=(first,))
        assert crowded.room_cents == 34_99
        assert checkout.hold("r2", Wish(500), crowded, journal, EXACT, act(2)).refusal is Refusal.EXCEEDS_ORDER_TOTAL
        returned = redemptions.reinstate(first, journal, act(3)).redemption
        assert Checkout("o", 69_99, redemptions=(returned,)).room_cents == 69_99

    def test_a_timed_out_hold_of_the_same_customer_is_closed_on_the_way(self) -> None:
        journal = journal_with(100)
        old = held(journal)
        late = act(EXACT.hold_minutes)
        outcome = checkout.hold("r2", Wish(100), Checkout("o", 50_00, held=(old,)), journal, EXACT, late)
        assert [(changed.id, changed.state) for changed in outcome.changed] == [
            ("r1", State.EXPIRED),
            ("r2", State.HELD),
        ]
        assert journal.account.balances.reserved == 100

    def test_a_timed_out_hold_of_another_customer_is_left_to_its_owner(self) -> None:
        stale = other_hold(expires_at=NOW)
        outcome = checkout.hold("r1", Wish(100), Checkout("o", 50_00, False, (stale,)), journal_with(100), EXACT, act())
        assert [changed.id for changed in outcome.changed] == ["r1"]


class TestQuote:
    def test_says_of_each_tier_whether_it_can_be_had(self) -> None:
        quote = checkout.quote(Checkout("o", 14_00), journal_with(300), EXACT, act())
        assert quote.available_points == 300
        assert [(option.reward.tier_id, option.refusal) for option in quote.options] == [
            ("small", None),
            ("medium", Refusal.EXCEEDS_ORDER_TOTAL),
            ("large", Refusal.INSUFFICIENT_POINTS),
        ]
        assert quote.best == Reward("small", 100, 5_00)

    def test_without_an_order_every_reward_has_room(self) -> None:
        assert checkout.quote(Checkout(), journal_with(500), EXACT, act()).best == Reward("large", 500, 35_00)

    @pytest.mark.parametrize(
        ("settings", "journal", "refusal"),
        [(PAUSED, journal_with(1), Refusal.PAUSED), (EXACT, None, Refusal.UNKNOWN_CUSTOMER)],
    )
    def test_says_when_nothing_can_be_redeemed(
        self, settings: LoyaltySettings, journal: Journal | None, refusal: Refusal
    ) -> None:
        assert checkout.quote(Checkout("o", 50_00), journal, settings, act()) == checkout.Quote(refusal=refusal)

    @given(
        mode=st.sampled_from([EXACT, PRO_RATA]),
        points=st.integers(0, 700),
        total_cents=st.integers(0, 50_00),
    )
    def test_is_what_a_hold_would_answer(self, mode: LoyaltySettings, points: int, total_cents: int) -> None:
        at_checkout = Checkout("o", total_cents)
        quote = checkout.quote(at_checkout, journal_with(points), mode, act())
        for option in quote.options:
            wish = Wish(tier_id=option.reward.tier_id)
            answer = checkout.hold("r1", wish, at_checkout, journal_with(points), mode, act())
            assert answer.refusal is option.refusal
            assert answer.offer == (quote.best if answer.refusal else None)
        if quote.best:
            best = Wish(quote.best.points)
            granted = checkout.hold("r1", best, at_checkout, journal_with(points), mode, act())
            assert granted.redemption.reward == quote.best
