"""The audit's own readings of the rules agree with the product's on whatever orders and figures there may be."""

from typing import Any

import hypothesis
from hypothesis import given
from hypothesis import strategies as st

from lib.domain import orders, segments, tiers
from lib.domain.invariants.orders import Claim, State, claim_of
from lib.domain.invariants.standing import earned_tier, segment_at, segment_instants
from lib.domain.orders import MalformedOrder, Order, Phase
from lib.domain.segments import SpendStats
from lib.domain.settings import LoyaltySettings, SegmentThresholds
from tests.domain.strategies import NOW, cents, settings, spend_stats, thresholds


def account(stats: SpendStats) -> dict[str, Any]:
    return {
        "orderCount": stats.order_count,
        "spendCents": stats.lifetime_cents,
        "firstOrderAt": stats.first_order_at,
        "lastOrderAt": stats.last_order_at,
    }


@given(spend_stats(), thresholds())
def test_segments(stats: SpendStats, limits: SegmentThresholds) -> None:
    assert segment_at(account(stats), limits, NOW) == segments.classify(stats, limits, NOW)


@given(spend_stats(), thresholds())
def test_segment_changes(stats: SpendStats, limits: SegmentThresholds) -> None:
    present, due = segments.classify(stats, limits, NOW), segments.next_change_at(stats, limits, NOW)
    later = [instant for instant in segment_instants(account(stats), limits) if instant > NOW]
    changed = [instant for instant in later if segment_at(account(stats), limits, instant) != present]
    assert due == next(iter(changed), None)


@given(cents, settings())
def test_tiers(spend_cents: int, programme: LoyaltySettings) -> None:
    assert earned_tier(spend_cents, programme) == tiers.tier_for(spend_cents, programme)


AMOUNTS = st.sampled_from([0, 10, 49.99, 0.005, 1.005, -1, "10", None, True, float("nan"), float("inf"), 1e12])
ORDERS = st.fixed_dictionaries(
    {},
    optional={
        "status": st.sampled_from(["pending", "Completed", "delivered", "cancelled", "returned", "lost", "", None, 5]),
        "paymentStatus": st.sampled_from(["paid", "refunded", "failed", "pending_pickup", None]),
        "mode": st.sampled_from(["demo", "live"]),
        "source": st.sampled_from(["alleaves", "pilot_test"]),
        "isTestAccount": st.booleans(),
        "totals": st.fixed_dictionaries({}, optional={"total": AMOUNTS, "subtotal": AMOUNTS}) | st.just("none"),
        "total": AMOUNTS,
        "amount": AMOUNTS,
        "subtotal": AMOUNTS,
        "tax": AMOUNTS,
    },
)


@hypothesis.settings(max_examples=1_000)
@given(ORDERS)
def test_orders(fields: dict[str, Any]) -> None:
    assert claim_of(fields) == product_claim(orders.read("o1", fields, NOW))


def product_claim(order: Order | MalformedOrder) -> Claim:
    if isinstance(order, MalformedOrder):
        return Claim(State.UNCLEAR)
    state = {Phase.OPEN: State.NOTHING, Phase.REVERSED: State.RETURNED, Phase.EARNING: State.EARNING}[order.phase]
    return Claim(state, order.money.total_cents if order.money else 0)
