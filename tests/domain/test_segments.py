"""Segments: the rules in their order, every boundary, and the instant at which time alone changes the answer."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from lib.domain.segments import Segment, SpendStats, classify, next_change_at
from lib.domain.settings import SegmentThresholds
from tests.domain import strategies
from tests.domain.strategies import NOW

DEFAULTS = SegmentThresholds()
DAY = timedelta(days=1)
MOMENT = timedelta(microseconds=1)


def bought(orders: int, total: float, *, last: float = 1, first: float = 200) -> SpendStats:
    """So many orders worth so many dollars in all; the last and the first so many days ago."""
    return SpendStats(orders, round(total * 100), NOW - first * DAY, NOW - last * DAY)


@pytest.mark.parametrize(
    ("stats", "segment"),
    [
        (SpendStats(), Segment.NEW),
        # Recency comes before everything else, in whole days.
        (bought(20, 5000, last=90), Segment.CHURNED),
        (bought(20, 5000, last=89.999), Segment.AT_RISK),
        (bought(20, 5000, last=60), Segment.AT_RISK),
        (bought(20, 5000, last=59.999), Segment.SLIPPING),
        (bought(20, 5000, last=30), Segment.SLIPPING),
        (bought(20, 5000, last=29.999), Segment.VIP),
        (bought(1, 5, last=30, first=30), Segment.SLIPPING),
        # New comes before value.
        (bought(3, 5000, first=29.999), Segment.NEW),
        (bought(3, 5000, first=30), Segment.VIP),
        # VIP by lifetime value, or by orders and average together.
        (bought(2, 500), Segment.VIP),
        (bought(8, 499.99), Segment.VIP),
        (bought(8, 400), Segment.VIP),
        (bought(8, 399.99), Segment.FREQUENT),
        (bought(7, 399.99), Segment.FREQUENT),
        # High value: a high average of few orders.
        (bought(4, 300), Segment.HIGH_VALUE),
        (bought(4, 299.99), Segment.LOYAL),
        (bought(5, 499.99), Segment.LOYAL),
        (bought(1, 75), Segment.HIGH_VALUE),
        # Frequent: many orders of a low average.
        (bought(5, 299.99), Segment.FREQUENT),
        (bought(5, 300), Segment.LOYAL),
        (bought(4, 100), Segment.LOYAL),
        (bought(2, 10), Segment.LOYAL),
        (bought(1, 10), Segment.NEW),
    ],
)
def test_the_rules_with_the_dashboards_numbers(stats: SpendStats, segment: Segment) -> None:
    assert classify(stats, DEFAULTS, NOW) is segment


@pytest.mark.parametrize(
    ("stats", "segment"),
    [
        (SpendStats(order_count=3, lifetime_cents=900_00), Segment.CHURNED),  # no date: 999 days
        (SpendStats(last_order_at=NOW - 40 * DAY), Segment.SLIPPING),
        (SpendStats(last_order_at=NOW), Segment.NEW),  # no orders average nothing
        (SpendStats(2, 10_00, None, NOW), Segment.LOYAL),
        (SpendStats(2, 10_00, NOW + DAY, NOW + DAY), Segment.NEW),  # a till's clock runs ahead
    ],
)
def test_incomplete_figures(stats: SpendStats, segment: Segment) -> None:
    assert classify(stats, DEFAULTS, NOW) is segment


@pytest.mark.parametrize(
    ("change", "stats", "segment"),
    [
        ({"loyal_min_orders": 3}, bought(2, 10), Segment.NEW),
        ({"vip_min_lifetime_cents": 1000_00}, bought(2, 500), Segment.HIGH_VALUE),
        ({"vip_min_orders": 6}, bought(6, 300), Segment.VIP),
        ({"vip_min_aov_cents": 20_00}, bought(8, 160), Segment.VIP),
        ({"high_value_min_aov_cents": 50_00}, bought(2, 100), Segment.HIGH_VALUE),
        ({"high_value_max_orders": 2}, bought(2, 200), Segment.LOYAL),
        ({"frequent_min_orders": 3}, bought(3, 30), Segment.FREQUENT),
        ({"frequent_max_aov_cents": 10_00}, bought(5, 50), Segment.LOYAL),
        ({"slipping_min_days": 10}, bought(2, 10, last=10), Segment.SLIPPING),
        ({"at_risk_min_days": 40}, bought(2, 10, last=40), Segment.AT_RISK),
        ({"churned_min_days": 70}, bought(2, 10, last=70), Segment.CHURNED),
        ({"new_max_days": 201}, bought(2, 10), Segment.NEW),
        ({"high_value_min_aov_cents": 0}, SpendStats(last_order_at=NOW), Segment.HIGH_VALUE),
    ],
)
def test_every_number_can_be_set(change: dict[str, int], stats: SpendStats, segment: Segment) -> None:
    thresholds = DEFAULTS.model_copy(update=change)

    assert classify(stats, thresholds, NOW) is segment
    assert classify(stats, DEFAULTS, NOW) is not segment


@pytest.mark.parametrize(
    ("stats", "days", "segment"),
    [
        (bought(3, 90, last=1), 29, Segment.SLIPPING),
        (bought(3, 90, last=31), 29, Segment.AT_RISK),
        (bought(3, 90, last=61), 29, Segment.CHURNED),
        (bought(3, 90, last=1, first=20), 10, Segment.LOYAL),
        (bought(1, 5, last=20, first=20), 10, Segment.SLIPPING),
    ],
)
def test_time_alone_changes_the_segment(stats: SpendStats, days: int, segment: Segment) -> None:
    assert next_change_at(stats, DEFAULTS, NOW) == NOW + days * DAY
    assert classify(stats, DEFAULTS, NOW + days * DAY) is segment


@pytest.mark.parametrize("stats", [SpendStats(), bought(3, 90, last=90), SpendStats(order_count=3)])
def test_some_segments_stay_for_good(stats: SpendStats) -> None:
    assert next_change_at(stats, DEFAULTS, NOW) is None


def test_the_end_of_the_calendar_is_no_obstacle() -> None:
    late = datetime.max.replace(tzinfo=NOW.tzinfo) - 10 * DAY

    assert next_change_at(SpendStats(1, 5_00, late, late), DEFAULTS, NOW) is None


@given(strategies.spend_stats(), strategies.thresholds(), strategies.ages(), st.floats(0, 1))
@example(bought(3, 90, last=29), DEFAULTS, 0 * DAY, 1.0)
def test_nothing_changes_before_the_due_date(
    stats: SpendStats, thresholds: SegmentThresholds, age: timedelta, part: float
) -> None:
    now = NOW + age
    present = classify(stats, thresholds, now)
    due = next_change_at(stats, thresholds, now)

    horizon = due - MOMENT if due else now + 1500 * DAY
    between = now + (horizon - now) * part
    assert classify(stats, thresholds, between) is present
    assert classify(stats, thresholds, horizon) is present
    if due:
        assert due > now
        assert classify(stats, thresholds, due) is not present


@given(strategies.spend_stats(), strategies.thresholds())
def test_following_the_due_dates_sees_every_change(stats: SpendStats, thresholds: SegmentThresholds) -> None:
    """A daily look at the segment, over the years, finds nothing that following the due dates has not found."""
    followed, instant = {NOW: classify(stats, thresholds, NOW)}, NOW
    while due := next_change_at(stats, thresholds, instant):
        followed[due], instant = classify(stats, thresholds, due), due

    for day in range(0, 1000, 7):
        now = NOW + day * DAY
        latest = max(at for at in followed if at <= now)
        assert classify(stats, thresholds, now) is followed[latest]
    assert len(followed) <= 5


@given(strategies.spend_stats(), strategies.thresholds())
def test_regular_is_only_read(stats: SpendStats, thresholds: SegmentThresholds) -> None:
    assert classify(stats, thresholds, NOW) is not Segment.REGULAR


@given(strategies.spend_stats())
def test_by_default_nobody_with_dates_is_left_over(stats: SpendStats) -> None:
    """Whoever is `new` by default is within 30 days of the first order, or never ordered: nobody is Casual."""
    if stats.order_count == 1 and stats.last_order_at:
        stats = replace(stats, first_order_at=stats.last_order_at)
    dated = stats.order_count > 0 and stats.first_order_at is not None and stats.last_order_at is not None
    if dated and classify(stats, DEFAULTS, NOW) is Segment.NEW:
        assert stats.first_order_at is not None
        assert NOW - stats.first_order_at < 30 * DAY
