"""One customer's tier and segment as the oracle sees them, from what was bought and the rules of the shop.

A second telling of the published rules (docs/decisions/0018): a shortfall begins when a month does, idleness ends a
tier days after the last order, and nothing comes back by itself.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from typing import Any

from cli.simulate import almanac
from cli.simulate.shops import Shop

# Longer than any window: who is not short in so many months never will be.
_MONTHS_AHEAD = 40
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Bought:
    """What counts for a customer: (when placed, cents) of each order, what was bought before there were orders, and
    the totals of both."""

    orders: tuple[tuple[datetime, int], ...] = ()
    cents: int = 0
    count: int = 0
    first_at: datetime | None = None
    last_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class _Fall:
    at: datetime
    to: int
    by_idleness: bool


@dataclass(slots=True)
class Ladder:
    """`rung`: the tier held, 0 is the lowest, None for none yet. `price`: its threshold in cents when it was given.
    `written_off`: cents that lapsed with a tier. `short_from`: when a month begins in which the window is too poor."""

    rung: int | None = None
    price: int = 0
    written_off: int = 0
    fell_at: datetime | None = None
    short_from: datetime | None = None

    def look(self, shop: Shop, bought: Bought, at: datetime, before: Bought) -> None:
        """Somebody looks at an instant, when so much has been bought; `before`: at the last look."""
        was = _highest(shop, self._worth(shop, before, at))
        self.written_off = min(self.written_off, bought.cents)
        earned = _highest(shop, self._worth(shop, bought, at))
        if self.rung is None or earned > self.rung or was > earned < self.rung:
            self._step(shop, bought, earned, at)
        else:
            self.short_from = self._still_short_from(shop, bought, at)
        self.fall(shop, bought, at)

    def fall(self, shop: Shop, bought: Bought, until: datetime) -> None:
        """Every tier is lost that time takes until an instant."""
        while (fall := self._next_fall(shop, bought)) and fall.at <= until:
            if fall.by_idleness:
                self.written_off = max(self.written_off, bought.cents - _prices(shop)[fall.to])
            self.fell_at = fall.at
            self._step(shop, bought, fall.to, fall.at)

    def name(self, shop: Shop) -> str:
        """The tier as the dashboard has it."""
        return str(shop.settings["tiers"][self.rung or 0]["name"]).lower()

    def _step(self, shop: Shop, bought: Bought, rung: int, at: datetime) -> None:
        self.rung, self.price = rung, _prices(shop)[rung]
        self.short_from = self._first_short(shop, bought, at)

    def _next_fall(self, shop: Shop, bought: Bought) -> _Fall | None:
        if not self.rung or shop.is_paused:
            return None
        policy = shop.settings["tierPolicy"]
        is_one_down, falls = policy["lapse"] == "one_down", []
        if policy["windowMonths"] and self.short_from:
            at = _in_effect(shop, self.short_from)
            worth = self._worth(shop, bought, at)
            if worth < self._needed(shop):
                falls.append(_Fall(at, self.rung - 1 if is_one_down else _highest(shop, worth), by_idleness=False))
        decides = policy["inactivityDays"] and (is_one_down or not policy["windowMonths"])
        idle_since = max((at for at in (bought.last_at, self.fell_at) if at), default=None)
        if decides and idle_since:
            at = _in_effect(shop, idle_since + policy["inactivityDays"] * _DAY)
            falls.append(_Fall(at, self.rung - 1 if is_one_down else 0, by_idleness=True))
        return min(falls, key=lambda fall: fall.at, default=None)

    def _still_short_from(self, shop: Shop, bought: Bought, at: datetime) -> datetime | None:
        if self.short_from is None:
            return self._first_short(shop, bought, min(at, shop.in_force_since or at))
        first = self._first_short(shop, bought, at)
        is_made_up_for = self._worth(shop, bought, max(self.short_from, at)) >= self._needed(shop)
        return first if first is None or is_made_up_for else min(first, self.short_from)

    def _first_short(self, shop: Shop, bought: Bought, after: datetime) -> datetime | None:
        """When the first month begins that finds the window too poor, if nothing more is bought."""
        if not shop.settings["tierPolicy"]["windowMonths"]:
            return None
        starts = islice(almanac.month_starts(after, shop.zone), _MONTHS_AHEAD)
        return next((at for at in starts if self._worth(shop, bought, at) < self._needed(shop)), None)

    def _worth(self, shop: Shop, bought: Bought, at: datetime) -> int:
        """The cents that count for a tier at an instant."""
        standing = bought.cents - self.written_off
        window = shop.settings["tierPolicy"]["windowMonths"]
        if not window:
            return standing
        first = almanac.months_before(almanac.month_of(at, shop.zone), window - 1)
        return min(standing, sum(cents for when, cents in bought.orders if almanac.month_of(when, shop.zone) >= first))

    def _needed(self, shop: Shop) -> int:
        return min(self.price, _prices(shop)[self.rung or 0])


def segment(shop: Shop, bought: Bought, at: datetime) -> str:
    """The segment at an instant: how long ago comes before how much."""
    limits: Mapping[str, Any] = shop.settings["segmentThresholds"]
    if bought.last_at is None:
        return "new"
    idle = at - bought.last_at
    for name, limit in (
        ("churned", "churned_minDays"),
        ("at_risk", "atRisk_minDays"),
        ("slipping", "slipping_minDays"),
    ):
        if idle >= limits[limit] * _DAY:
            return name
    if bought.first_at and at - bought.first_at < limits["new_maxDays"] * _DAY:
        return "new"
    average = bought.cents / 100 / bought.count if bought.count else 0.0
    if bought.cents >= limits["vip_minLifetimeValue"] * 100:
        return "vip"
    if bought.count >= limits["vip_minOrders"] and average >= limits["vip_minAOV"]:
        return "vip"
    if bought.count < limits["highValue_maxOrders"] and average >= limits["highValue_minAOV"]:
        return "high_value"
    if bought.count >= limits["frequent_minOrders"] and average < limits["frequent_maxAOV"]:
        return "frequent"
    return "loyal" if bought.count >= limits["loyal_minOrders"] else "new"


def _in_effect(shop: Shop, began_at: datetime) -> datetime:
    """Days of grace later; and who is new to the rules has those of grace and of notice from their beginning."""
    policy: dict[str, int] = shop.settings["tierPolicy"]
    at = began_at + policy["graceDays"] * _DAY
    if shop.in_force_since is None:
        return at
    return max(at, shop.in_force_since + max(policy["graceDays"], policy["noticeDays"]) * _DAY)


def _prices(shop: Shop) -> list[int]:
    return [round(tier["threshold"] * 100) for tier in shop.settings["tiers"]]


def _highest(shop: Shop, cents: int) -> int:
    return max((rung for rung, price in enumerate(_prices(shop)) if cents >= price), default=0)
