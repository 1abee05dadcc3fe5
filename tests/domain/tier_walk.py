"""A second opinion on tiers, for tests: every instant at which anything can happen, walked through one after the other.

It shares with the product only the settings, which tier a spend earns and where months begin.
"""

from datetime import datetime, timedelta

from lib.domain import monthly_spend, tiers
from lib.domain.settings import LoyaltySettings
from lib.domain.settings_model import Tier


def walked(
    orders: list[tuple[int, datetime]], settings: LoyaltySettings, until: datetime
) -> list[tuple[datetime, str]]:
    """Every change of tier until an instant (when, to which), found by walking. Orders are in the order of time."""
    walk = _Walk(settings)
    for cents, at in orders:
        walk.on_to(at)
        walk.buy(cents, at)
    walk.on_to(until)
    return walk.changes


class _Walk:
    """Where the walk has come to."""

    def __init__(self, settings: LoyaltySettings) -> None:
        self._settings, self._policy = settings, settings.tier_policy
        self._tier = settings.tiers[0]
        self._orders: list[tuple[int, datetime]] = []
        self._written_off = 0
        self._active_at: datetime | None = None
        self._short_since: datetime | None = None
        self._now: datetime | None = None
        self.changes: list[tuple[datetime, str]] = []

    def buy(self, cents: int, at: datetime) -> None:
        self._orders.append((cents, at))
        self._active_at = self._now = at
        earned = tiers.tier_for(self._counting(at), self._settings)
        if earned.threshold_cents > self._tier.threshold_cents:
            self._change(at, earned)
        if self._counting(at) >= self._tier.threshold_cents:
            self._short_since = None

    def on_to(self, until: datetime) -> None:
        """One instant after the other: a month begins, then what was due at that instant lapses."""
        while self._now is not None:
            month = monthly_spend.next_month_start(self._settings.time_zone, self._now)
            lapses = [at for at in (self._idle_lapse(), self._window_lapse()) if at]
            at = min([month, *lapses])
            if at > until:
                return
            if at == month:
                self._now = month
                if self._policy.window_months and self._counting(at) < self._tier.threshold_cents:
                    self._short_since = self._short_since or at
            if at == self._window_lapse():
                self._fall(at, written_off=False)
            elif at == self._idle_lapse():
                self._fall(at, written_off=True)

    def _window_lapse(self) -> datetime | None:
        return self._short_since + timedelta(days=self._policy.grace_days) if self._short_since else None

    def _idle_lapse(self) -> datetime | None:
        days, by_window = (
            self._policy.inactivity_days,
            self._policy.window_months and self._policy.lapse == "by_balance",
        )
        if days is None or by_window or self._active_at is None or self._tier == self._settings.tiers[0]:
            return None
        return self._active_at + timedelta(days=days) + timedelta(days=self._policy.grace_days)

    def _fall(self, at: datetime, *, written_off: bool) -> None:
        rank = self._settings.tiers.index(self._tier)
        if self._policy.lapse == "one_down":
            lower = self._settings.tiers[rank - 1]
        elif self._policy.window_months:
            lower = tiers.tier_for(self._counting(at), self._settings)
        else:
            lower = self._settings.tiers[0]
        if written_off:
            self._written_off = max(self._written_off, sum(c for c, _ in self._orders) - lower.threshold_cents)
        self._change(at, lower)
        self._active_at = at

    def _change(self, at: datetime, tier: Tier) -> None:
        self._tier, self._short_since = tier, None
        self.changes.append((at, tier.key))

    def _counting(self, at: datetime) -> int:
        ever = sum(cents for cents, _ in self._orders) - self._written_off
        if self._policy.window_months is None:
            return ever
        first = monthly_spend.window_start(self._policy.window_months, self._settings.time_zone, at)
        return min(ever, sum(cents for cents, spent_at in self._orders if spent_at >= first))
