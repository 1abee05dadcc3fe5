"""Random values of the domain for property tests: settings that satisfy every rule, what customers bought, instants."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from hypothesis import strategies as st

from lib.domain.countries import COUNTRIES
from lib.domain.segments import SpendStats
from lib.domain.settings import (
    DiscountProgram,
    LoyaltySettings,
    MenuDisplay,
    RedemptionTier,
    SegmentThresholds,
    Tier,
)

NOW = datetime(2026, 4, 15, 12, 0, tzinfo=UTC)

cents = st.integers(0, 2_000_00)
names = st.text(st.characters(codec="utf-8", exclude_categories=("Cs", "Cc", "Z")), min_size=1, max_size=12)
texts = st.text(st.characters(codec="utf-8", exclude_categories=("Cs", "Cc", "Z")), max_size=20)


def decimals(least: str, most: str, places: int) -> st.SearchStrategy[Decimal]:
    """Exact decimals between two bounds."""
    return st.decimals(least, most, places=places, allow_nan=False, allow_infinity=False)


@st.composite
def thresholds(draw: st.DrawFn) -> SegmentThresholds:
    """Any thresholds whose days of inactivity grow."""
    slipping, at_risk, churned = sorted(draw(st.sets(st.integers(0, 400), min_size=3, max_size=3)))
    counts = st.integers(0, 12)
    return SegmentThresholds(
        loyal_min_orders=draw(counts),
        vip_min_lifetime_cents=draw(cents),
        vip_min_orders=draw(counts),
        vip_min_aov_cents=draw(cents),
        high_value_min_aov_cents=draw(cents),
        high_value_max_orders=draw(counts),
        frequent_min_orders=draw(counts),
        frequent_max_aov_cents=draw(cents),
        slipping_min_days=slipping,
        at_risk_min_days=at_risk,
        churned_min_days=churned,
        new_max_days=draw(st.integers(0, 400)),
    )


@st.composite
def tier_ladders(draw: st.DrawFn) -> tuple[Tier, ...]:
    """A base tier and any tiers above it."""
    steps = [0, *sorted(draw(st.sets(st.integers(1, 5_000_00), max_size=5)))]
    labels = draw(
        st.lists(names, min_size=len(steps), max_size=len(steps), unique_by=lambda name: name.strip().lower())
    )
    return tuple(
        Tier(
            id=f"#{index}",
            name=label,
            threshold_cents=step,
            benefits=tuple(draw(st.lists(texts, max_size=2))),
            multiplier=draw(decimals("1", "10", 2)),
        )
        for index, (step, label) in enumerate(zip(steps, labels, strict=True))
    )


@st.composite
def redemption_tiers(draw: st.DrawFn) -> tuple[RedemptionTier, ...]:
    """At least one reward; costs differ."""
    costs = draw(st.sets(st.integers(1, 10_000), min_size=1, max_size=4))
    return tuple(
        RedemptionTier(id=f"r{cost}", points_cost=cost, reward_value_cents=draw(st.integers(100, 1_000_00)))
        for cost in costs
    )


@st.composite
def settings(draw: st.DrawFn) -> LoyaltySettings:
    """Any settings an org could have."""
    country = draw(st.sampled_from(sorted(COUNTRIES)))
    programs = draw(st.integers(0, 3))
    return LoyaltySettings(
        points_per_dollar=draw(decimals("0", "1000", 6)),
        equity_multiplier=draw(decimals("1", "5", 4)),
        enable_gamification=draw(st.booleans()),
        earn_base=draw(st.sampled_from(("total", "subtotal", "total_before_tax"))),
        clawback=draw(st.sampled_from(("within_balance", "allow_negative"))),
        redemption_mode=draw(st.sampled_from(("exact", "pro_rata"))),
        points_expire_months=draw(st.none() | st.integers(1, 120)),
        hold_minutes=draw(st.integers(1, 1440)),
        paused=draw(st.booleans()),
        tiers=draw(tier_ladders()),
        redemption_tiers=draw(redemption_tiers()),
        segment_thresholds=draw(thresholds()),
        discount_programs=tuple(
            DiscountProgram(id=f"p{index}", name=draw(names), enabled=draw(st.booleans()), description=draw(texts))
            for index in range(programs)
        ),
        menu_display=MenuDisplay(
            show_bar=draw(st.booleans()),
            loyalty_tagline=draw(texts),
            show_discount_programs=draw(st.booleans()),
            show_delivery_info=draw(st.booleans()),
            delivery_fee_cents=draw(cents),
            delivery_radius=draw(decimals("0", "1000", 2)),
        ),
        country=country,
        currency=draw(st.sampled_from(("USD", "NGN"))),
        time_zone=draw(st.sampled_from(sorted(COUNTRIES[country].time_zones))),
    )


@st.composite
def spend_stats(draw: st.DrawFn) -> SpendStats:
    """What a customer may have bought by NOW, also with dates missing, as old documents have them."""
    last = draw(st.none() | ages())
    first = draw(st.none() | ages(at_least=last or timedelta(0)))
    return SpendStats(
        order_count=draw(st.integers(0, 15)),
        lifetime_cents=draw(st.integers(0, 3_000_00)),
        first_order_at=None if first is None else NOW - first,
        last_order_at=None if last is None else NOW - last,
    )


def ages(at_least: timedelta = timedelta(0)) -> st.SearchStrategy[timedelta]:
    """Times ago, often whole days, where the rules' boundaries are."""
    days = st.integers(0, 500).map(lambda count: at_least + timedelta(days=count))
    return days | st.timedeltas(at_least, at_least + timedelta(days=500))


json_values: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers(-10, 10**12) | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=8,
)
