"""The simulation's two shops: their settings as the oracle understands them, and how their owners change them."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from fractions import Fraction
from random import Random
from typing import Any

from cli.simulate import almanac
from cli.simulate.people import BLUE, GREEN

_REWARDS = [
    {"id": "r20", "pointsCost": 20, "rewardValue": 1},
    {"id": "r50", "pointsCost": 50, "rewardValue": 3},
    {"id": "r100", "pointsCost": 100, "rewardValue": 7},
]
_LIMITS = {
    "loyal_minOrders": 2,
    "vip_minLifetimeValue": 500,
    "vip_minOrders": 8,
    "vip_minAOV": 50,
    "highValue_minAOV": 75,
    "highValue_maxOrders": 5,
    "frequent_minOrders": 5,
    "frequent_maxAOV": 60,
    "slipping_minDays": 30,
    "atRisk_minDays": 60,
    "churned_minDays": 90,
    "new_maxDays": 30,
}
_TIERS = (("bronze", 0), ("silver", 200), ("gold", 500), ("platinum", 1000))
_NO_POLICY = {"windowMonths": None, "inactivityDays": None, "graceDays": 30, "noticeDays": 14, "lapse": "one_down"}
_REPRIEVE = timedelta(days=30)


@dataclass(slots=True)
class Shop:
    """`settings` as they were last accepted, in the dashboard's names; and since when they are so, where it matters.
    `resumptions`: the shop as it was each time it went on after a pause."""

    org_id: str
    settings: dict[str, Any]
    policy_since: datetime | None = None
    paused_at: datetime | None = None
    resumed_at: datetime | None = None
    changed_at: datetime | None = None
    resumptions: tuple["Shop", ...] = ()

    def change(self, change: dict[str, Any], at: datetime) -> None:
        """These settings were accepted at an instant."""
        before, self.settings = self.settings, {**self.settings, **change}
        if self.settings["tierPolicy"] != before["tierPolicy"]:
            self.policy_since = at
        if self.is_paused and not before["paused"]:
            self.paused_at = at
        if before["paused"] and not self.is_paused:
            self.resumed_at = at
            self.resumptions = (*self.resumptions, replace(self))
        self.changed_at = at

    @property
    def zone(self) -> str:
        """Where the shop's days begin."""
        return str(self.settings["timeZone"])

    @property
    def is_paused(self) -> bool:
        """Whether nothing is earned and nothing redeemed."""
        return bool(self.settings["paused"])

    @property
    def in_force_since(self) -> datetime | None:
        """Since when the present policy can cost anybody a tier."""
        return max((at for at in (self.policy_since, self.resumed_at) if at), default=None)

    @property
    def shows_debt(self) -> bool:
        """Whether who owes points sees a balance below nothing."""
        return bool(self.settings["clawback"] == "allow_negative")

    @property
    def rate(self) -> Fraction:
        """Points a dollar."""
        return Fraction(str(self.settings["pointsPerDollar"]))

    def earns_nothing(self, ordered_at: datetime) -> bool:
        """Whether an order that earns for the first time now earns nothing (yet), having been placed in a pause."""
        if self.is_paused:
            return self.paused_at is not None and ordered_at >= self.paused_at
        return self.settings["pausedOrders"] == "skip" and self.had_paused(ordered_at)

    def had_paused(self, ordered_at: datetime) -> bool:
        """Whether an order was placed in the last pause, which is over."""
        if self.paused_at is None or self.resumed_at is None:
            return False
        return self.paused_at <= ordered_at < self.resumed_at

    def made_up_by(self, ordered_at: datetime) -> "Shop | None":
        """The shop as it went on after the pause in which an order was placed, if it makes up for such orders."""
        found = (then for then in self.resumptions if then.had_paused(ordered_at))
        return next((then for then in found if then.settings["pausedOrders"] == "accrue_on_resume"), None)

    def release_at(self, ordered_at: datetime) -> datetime | None:
        """When points of an order can be spent, None for at once."""
        days = self.settings["pendingDays"]
        return almanac.end_of_day(ordered_at, days, self.zone) if days else None

    def expiry(self, spendable_at: datetime) -> datetime | None:
        """When points go bad that can be spent from then on."""
        months = self.settings["pointsExpireMonths"]
        if months is None:
            return None
        by_month = self.settings["expiryRounding"] == "month_end"
        return almanac.end_of_life(spendable_at, months, self.zone, by_month=by_month)

    def dates_of_late(self, placed_at: datetime) -> tuple[datetime | None, datetime | None]:
        """Of points that an order of a pause is given when the shop goes on, or when it is heard of if that is later:
        when they can be spent, and when they go bad. They live from the end of the pause."""
        release_at = self.release_at(placed_at)
        return release_at, self.expiry(max(at for at in (release_at, placed_at, self.resumed_at) if at))

    def gone_by(self, at: datetime) -> datetime | None:
        """What goes bad until then is gone at an instant; None while nothing goes bad."""
        reprieved = self.resumed_at is not None and at < self.resumed_at + _REPRIEVE
        return None if self.is_paused or reprieved else at


def plain_settings(org_id: str) -> dict[str, Any]:
    """One shop is careful and the other generous, so that both sides of every setting are exercised; in neither does
    time take anything, because it would matter then in which order several callers came."""
    common: dict[str, Any] = {
        "pointsExpireMonths": None,
        "expiryRounding": "month_end",
        "expiryWarningDays": 14,
        "pendingDays": 0,
        "paused": False,
        "pausedOrders": "skip",
        "holdMinutes": 30,
        "redemptionTiers": _REWARDS,
        "tierPolicy": _NO_POLICY,
        "tiers": tiers(1),
        "segmentThresholds": _LIMITS,
    }
    own: dict[str, dict[str, Any]] = {
        GREEN: {"pointsPerDollar": 1, "clawback": "within_balance", "redemptionMode": "exact"},
        BLUE: {"pointsPerDollar": 1.5, "clawback": "allow_negative", "redemptionMode": "pro_rata"},
    }
    zones = {GREEN: "America/New_York", BLUE: "America/Los_Angeles"}
    return {**common, **own[org_id], "timeZone": zones[org_id]}


def timed_settings(org_id: str, chance: Random) -> dict[str, Any]:
    """Settings under which time takes points and tiers, different ones for each seed."""
    green = org_id == GREEN
    return {
        **plain_settings(org_id),
        "pointsExpireMonths": chance.choice((1, 2, 3, 6)),
        "expiryRounding": "month_end" if green else "day_end",
        "expiryWarningDays": chance.choice((0, 7, 14)),
        "pendingDays": chance.choice((0, 1, 5)),
        "tierPolicy": {**policy(chance, by_window=green), "lapse": "one_down" if green else "by_balance"},
        "pausedOrders": "skip" if green else "accrue_on_resume",
        "timeZone": chance.choice(("America/New_York", "America/Phoenix", "America/Chicago"))
        if green
        else chance.choice(("America/Los_Angeles", "Pacific/Honolulu", "America/Adak")),
    }


def policy(chance: Random, *, by_window: bool) -> dict[str, Any]:
    """A tier policy: by the last months, perhaps by idleness too, or by idleness alone."""
    return {
        "windowMonths": chance.choice((1, 3, 6)) if by_window else None,
        "inactivityDays": chance.choice((None, 45, 120)) if by_window else chance.choice((20, 60, 90)),
        "graceDays": chance.choice((0, 10, 30)),
        "noticeDays": chance.choice((0, 7, 14)),
        "lapse": chance.choice(("one_down", "by_balance")),
    }


def tiers(factor: float) -> list[dict[str, Any]]:
    """The usual tiers at other thresholds."""
    return [{"name": name.capitalize(), "threshold": dollars * factor} for name, dollars in _TIERS]


@dataclass(slots=True)
class Owner:
    """What the owner of a shop thinks of next. `with_time`: also what concerns points and tiers that time takes."""

    chance: Random
    with_time: bool

    def next_change(self, shop: Shop) -> dict[str, Any]:
        """Settings to change; other points a dollar are what changes most."""
        chance, roll = self.chance, self.chance.random()
        rate = {"pointsPerDollar": chance.choice((0.5, 1, 1.25, 2))}
        if not self.with_time:
            return {**rate, "paused": roll < 0.2}
        if shop.is_paused or roll < 0.2:
            return {**rate, "paused": not shop.is_paused}
        if roll < 0.4:
            return {"pointsExpireMonths": chance.choice((1, 2, 3, None)), "pendingDays": chance.choice((0, 2, 9))}
        if roll < 0.55:
            return {"tierPolicy": policy(chance, by_window=chance.random() < 0.5)}
        if roll < 0.7:
            return {"tiers": tiers(chance.choice((0.5, 1, 1.5)))}
        if roll < 0.8:
            days = chance.choice((20, 30, 45))
            limits = {"slipping_minDays": days, "atRisk_minDays": days * 2, "churned_minDays": days * 3}
            return {"segmentThresholds": {**_LIMITS, **limits}}
        return rate
