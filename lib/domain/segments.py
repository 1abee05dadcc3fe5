"""Which segment a customer is in, by one ordered list of rules, and when that changes if nothing happens.

The order and the meaning of every rule are the dashboard's `calculateSegment`; the numbers come from the settings.
Days are whole periods of 24 hours since an instant, as the dashboard counts them, not calendar days.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from lib.domain.settings_model import SegmentThresholds

# What the dashboard takes for "days since the last order" when there are orders and no date.
_UNKNOWN_DAYS = 999
_DAY = timedelta(days=1)


class Segment(StrEnum):
    """The nine values of `customers.segment`.

    REGULAR is what people call Casual: active, no longer new, too few orders for loyal. No rule gives it: whoever is
    left over in the end is `new`, as data, campaigns and counts of the dashboard have it. It is a member because old
    documents hold it. With the default thresholds nobody is left over: a customer with fewer than two orders is either
    within 30 days of the first (new) or past 30 days since the last (slipping).
    """

    VIP = "vip"
    LOYAL = "loyal"
    HIGH_VALUE = "high_value"
    FREQUENT = "frequent"
    SLIPPING = "slipping"
    AT_RISK = "at_risk"
    CHURNED = "churned"
    NEW = "new"
    REGULAR = "regular"


@dataclass(frozen=True, slots=True)
class SpendStats:
    """What a customer has bought so far: counted orders, their sum in cents, first and last order (UTC, aware)."""

    order_count: int = 0
    lifetime_cents: int = 0
    first_order_at: datetime | None = None
    last_order_at: datetime | None = None


def classify(stats: SpendStats, thresholds: SegmentThresholds, now: datetime) -> Segment:
    """The segment at `now`. First match wins; recency comes before value: an absent big spender is at risk, not VIP."""
    if stats.order_count == 0 and stats.last_order_at is None:
        return Segment.NEW
    days = _UNKNOWN_DAYS if stats.last_order_at is None else _whole_days(stats.last_order_at, now)
    if days >= thresholds.churned_min_days:
        return Segment.CHURNED
    if days >= thresholds.at_risk_min_days:
        return Segment.AT_RISK
    if days >= thresholds.slipping_min_days:
        return Segment.SLIPPING
    if stats.first_order_at is not None and _whole_days(stats.first_order_at, now) < thresholds.new_max_days:
        return Segment.NEW
    return _by_value(stats, thresholds)


def next_change_at(stats: SpendStats, thresholds: SegmentThresholds, now: datetime) -> datetime | None:
    """The earliest instant after `now` at which classify gives another segment; None when it never will.

    Time enters classify only by comparing whole days with four thresholds, so nothing can change in between.
    """
    present = classify(stats, thresholds, now)
    since_last = (thresholds.slipping_min_days, thresholds.at_risk_min_days, thresholds.churned_min_days)
    instants = [_after(stats.last_order_at, days) for days in since_last]
    instants.append(_after(stats.first_order_at, thresholds.new_max_days))
    for instant in sorted(instant for instant in instants if instant is not None and instant > now):
        if classify(stats, thresholds, instant) is not present:
            return instant
    return None


def _by_value(stats: SpendStats, thresholds: SegmentThresholds) -> Segment:
    frequent_vip = stats.order_count >= thresholds.vip_min_orders and _average_reaches(
        stats, thresholds.vip_min_aov_cents
    )
    if stats.lifetime_cents >= thresholds.vip_min_lifetime_cents or frequent_vip:
        return Segment.VIP
    few_orders = stats.order_count < thresholds.high_value_max_orders
    if few_orders and _average_reaches(stats, thresholds.high_value_min_aov_cents):
        return Segment.HIGH_VALUE
    many_orders = stats.order_count >= thresholds.frequent_min_orders
    if many_orders and not _average_reaches(stats, thresholds.frequent_max_aov_cents):
        return Segment.FREQUENT
    return Segment.LOYAL if stats.order_count >= thresholds.loyal_min_orders else Segment.NEW


def _average_reaches(stats: SpendStats, cents: int) -> bool:
    """Whether the average order is at least `cents`, without dividing; no orders average nothing."""
    return stats.lifetime_cents >= cents * stats.order_count if stats.order_count else cents <= 0


def _whole_days(since: datetime, now: datetime) -> int:
    return (now - since) // _DAY


def _after(since: datetime | None, days: int) -> datetime | None:
    if since is None:
        return None
    try:
        return since + days * _DAY
    except OverflowError:
        return None
