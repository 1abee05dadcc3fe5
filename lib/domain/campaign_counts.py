"""What has become of a campaign so far, in numbers, and the rates that the dashboard shows of them."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from lib.domain.lift import Sums


@dataclass(frozen=True, slots=True)
class Counts:
    """Numbers of messages, one for each customer and channel, but where it says otherwise.

    recipients: those that are written, or to be written. sent: left for the vendor, whatever came of it. delivered:
    known to have arrived, also from being opened or clicked. failed: never left, or were refused. converted: messages
    that claim an order (lib/domain/attribution.py), at most one a customer. orders, revenue_cents: what is claimed.
    treated, holdout: what the groups that are compared add up to.
    """

    recipients: int = 0
    sent: int = 0
    delivered: int = 0
    opened: int = 0
    clicked: int = 0
    bounced: int = 0
    failed: int = 0
    unsubscribed: int = 0
    converted: int = 0
    orders: int = 0
    revenue_cents: int = 0
    treated: Sums = field(default_factory=Sums)
    holdout: Sums = field(default_factory=Sums)

    @property
    def rates(self) -> Mapping[str, float]:
        """Of what was sent, in PERCENT (0 to 100, two decimals), under the dashboard's names; 0 where nothing was."""
        return {
            "openRate": self._percent(self.opened),
            "clickRate": self._percent(self.clicked),
            "bounceRate": self._percent(self.bounced),
            "conversionRate": self._percent(self.converted),
        }

    def _percent(self, part: int) -> float:
        return round(100 * part / self.sent, 2) if self.sent else 0.0
