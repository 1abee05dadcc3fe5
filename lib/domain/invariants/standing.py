"""Segment and tier of a customer by the published rules, worked out a second time for the audit."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from lib.domain.invariants.violations import Fields
from lib.domain.settings_model import LoyaltySettings, SegmentThresholds, Tier

_DAY = timedelta(days=1)


def earned_tier(spend_cents: int, settings: LoyaltySettings) -> Tier:
    """The tier with the highest threshold that the spend reaches, inclusive."""
    return max(
        (tier for tier in settings.tiers if tier.threshold_cents <= max(spend_cents, 0)),
        key=lambda tier: tier.threshold_cents,
    )


def month_of(moment: datetime, time_zone: str, months_before: int = 0) -> str:
    """The name ("2026-04") of the calendar month of an instant where the shop is, or of one so many months before."""
    local = moment.astimezone(ZoneInfo(time_zone))
    months = local.year * 12 + local.month - 1 - months_before
    return f"{months // 12:04}-{months % 12 + 1:02}"


def qualifying_cents(account: Fields, settings: LoyaltySettings, at: datetime) -> int:
    """The spend that counts for a tier: what has not lapsed, and of that no more than the window holds."""
    left = max(0, account["spendCents"] - (account.get("lapsedCents") or 0))
    window = settings.tier_policy.window_months
    if window is None:
        return int(left)
    first = month_of(at, settings.time_zone, window - 1)
    return int(min(left, sum(cents for month, cents in (account.get("monthlySpend") or {}).items() if month >= first)))


def segment_at(account: Fields, limits: SegmentThresholds, at: datetime) -> str:
    """The segment at `at` of the figures spendCents, orderCount, firstOrderAt, lastOrderAt; first rule that holds."""
    count, cents = account["orderCount"], account["spendCents"]
    first, last = account["firstOrderAt"], account["lastOrderAt"]
    idle_days = (at - last) // _DAY if last else 999
    known_days = (at - first) // _DAY if first else limits.new_max_days

    def average_reaches(limit_cents: int) -> bool:
        return bool(cents >= limit_cents * count) if count else limit_cents <= 0

    rules = [
        ("new", count == 0 and last is None),
        ("churned", idle_days >= limits.churned_min_days),
        ("at_risk", idle_days >= limits.at_risk_min_days),
        ("slipping", idle_days >= limits.slipping_min_days),
        ("new", known_days < limits.new_max_days),
        ("vip", cents >= limits.vip_min_lifetime_cents),
        ("vip", count >= limits.vip_min_orders and average_reaches(limits.vip_min_aov_cents)),
        ("high_value", count < limits.high_value_max_orders and average_reaches(limits.high_value_min_aov_cents)),
        ("frequent", count >= limits.frequent_min_orders and not average_reaches(limits.frequent_max_aov_cents)),
        ("loyal", count >= limits.loyal_min_orders),
    ]
    return next((name for name, holds in rules if holds), "new")


def segment_instants(account: Fields, limits: SegmentThresholds) -> list[datetime]:
    """Every instant at which the mere passing of time could move these figures to another segment, in order."""
    idle = (limits.slipping_min_days, limits.at_risk_min_days, limits.churned_min_days)
    instants = [account["lastOrderAt"] + days * _DAY for days in idle] if account["lastOrderAt"] else []
    if account["firstOrderAt"]:
        instants.append(account["firstOrderAt"] + limits.new_max_days * _DAY)
    return sorted(instants)
