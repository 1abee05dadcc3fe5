"""The terms under which a shop of the simulation compares, in a second telling."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random
from typing import Any

OVERRIDE, WINS = "override_above_threshold", "alpine_wins"
OVERRIDING = (OVERRIDE, WINS)
POLICIES = (OVERRIDE, OVERRIDE, WINS, "calculated_wins", "alert_only")

_MOMENT = timedelta(seconds=1)


@dataclass(slots=True)
class ShopTerms:
    """`percent`: how much of Alpine IQ's figure a difference may be."""

    policy: str = OVERRIDE
    percent: int = 10
    lag_hours: int = 6
    freshness_hours: int = 48

    def change(self, chance: Random) -> None:
        """Somebody thinks of other terms."""
        self.policy = chance.choice(POLICIES)
        self.percent = chance.choice((0, 5, 10, 50))
        self.lag_hours, self.freshness_hours = chance.choice((0, 2, 6)), chance.choice((6, 48))

    def document(self, account_id: str) -> dict[str, Any]:
        """The connection as staff write it."""
        return {
            "accountId": account_id,
            "policy": self.policy,
            "thresholdRatio": self.percent / 100,
            "lagHours": self.lag_hours,
            "freshnessHours": self.freshness_hours,
        }

    def is_above(self, difference: int, figure: int) -> bool:
        """Whether a difference is too much to be called agreement."""
        return abs(difference) * 100 > figure * self.percent if figure else difference != 0

    def differs(self, difference: int, figure: int) -> bool:
        """Whether something has to follow from a difference."""
        return difference != 0 if self.policy == WINS else self.is_above(difference, figure)

    def is_due(self, last: Mapping[str, Any] | None, told_at: datetime, now: datetime) -> bool:
        """Whether a figure that was told then may be held against our last entry."""
        if last is None:
            return True
        had_time = told_at >= last["occurredAt"] + timedelta(hours=self.lag_hours) - _MOMENT
        return had_time or not self.is_waited_for(last, now - _MOMENT)

    def is_waited_for(self, last: Mapping[str, Any], now: datetime) -> bool:
        """Whether a figure that may not show our last entry is still waited for."""
        patience = timedelta(hours=self.freshness_hours)
        return bool(now < last["occurredAt"] + patience + _MOMENT)
