"""A programme in which points and tiers do not last, and its dates worked out apart from the product.

Points can be spent three days after an order and expire at the end of the sixth month after; a tier is lost, one step
at a time, by who buys nothing for ninety days and two weeks of grace.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from fractions import Fraction
from typing import Any
from zoneinfo import ZoneInfo


@dataclass(frozen=True, slots=True)
class Rules:
    """Tiers are (id, threshold in cents), the lowest first. Days of a tier are 24 hours, others the shop's."""

    points_per_dollar: Fraction
    tiers: Sequence[tuple[str, int]]
    time_zone: str
    expire_months: int
    pending_days: int
    inactivity_days: int
    grace_days: int

    def settings(self) -> dict[str, Any]:
        """What the settings document has beside points and tiers."""
        return {
            "timeZone": self.time_zone,
            "pointsExpireMonths": self.expire_months,
            "expiryRounding": "month_end",
            "pendingDays": self.pending_days,
            "tierPolicy": {
                "inactivityDays": self.inactivity_days,
                "graceDays": self.grace_days,
                "noticeDays": 14,
                "lapse": "one_down",
            },
        }

    def points(self, cents: int) -> int:
        """What an order of so much earns, floored."""
        return int(cents * self.points_per_dollar // 100)

    def spendable_at(self, ordered_at: datetime) -> datetime:
        """The midnight that ends the last day of waiting."""
        if not self.pending_days:
            return ordered_at
        day = ordered_at.astimezone(ZoneInfo(self.time_zone)).date() + timedelta(days=self.pending_days + 1)
        return self._midnight(day)

    def expires_at(self, spendable_at: datetime) -> datetime:
        """The midnight that ends the month so many months after the one in which points can first be spent."""
        day = spendable_at.astimezone(ZoneInfo(self.time_zone)).date()
        months = day.year * 12 + day.month - 1 + self.expire_months + 1
        return self._midnight(date(months // 12, months % 12 + 1, 1))

    def tier_of(self, cents: int) -> int:
        """The place of the highest tier that this much earns."""
        return max(place for place, (_, threshold) in enumerate(self.tiers) if threshold <= max(cents, 0))

    @property
    def lapse_after(self) -> timedelta:
        return timedelta(days=self.inactivity_days + self.grace_days)

    def _midnight(self, day: date) -> datetime:
        return datetime(day.year, day.month, day.day, tzinfo=ZoneInfo(self.time_zone))


def segment(orders: Sequence[tuple[datetime, int]], now: datetime) -> str:
    """The dashboard's segment of somebody with these orders, (when, cents) each, by its own numbers."""
    if not orders:
        return "new"
    first, last = min(orders)[0], max(orders)[0]
    spent, count, idle = sum(cents for _, cents in orders), len(orders), (now - last).days
    average = Fraction(spent, count)
    for days, name in ((90, "churned"), (60, "at_risk"), (30, "slipping")):
        if idle >= days:
            return name
    if (now - first).days < 30:
        return "new"
    if spent >= 500_00 or (count >= 8 and average >= 50_00):
        return "vip"
    if count < 5 and average >= 75_00:
        return "high_value"
    if count >= 5 and average < 60_00:
        return "frequent"
    return "loyal" if count >= 2 else "new"
