"""A customer under a tier policy, for tests: buys, returns and is looked at, as the use cases of the ledger do it."""

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from lib.domain import monthly_spend
from lib.domain.settings import DEFAULT_SETTINGS, LoyaltySettings
from lib.domain.settings_model import TierPolicy
from lib.domain.tier_holding import Holding, Lapse, Spend, qualifying_cents
from lib.domain.tier_policy import Judgement, ToKeep, aged, judged, to_keep

START = datetime(2026, 1, 10, 12, tzinfo=UTC)
TICK = timedelta(microseconds=1)


def with_policy(policy: TierPolicy, settings: LoyaltySettings = DEFAULT_SETTINGS) -> LoyaltySettings:
    """The settings with a tier policy."""
    return settings.model_copy(update={"tier_policy": policy})


@dataclass
class Shopper:
    """One customer; every act passes the instant, which must not be before the last one's."""

    settings: LoyaltySettings
    in_force_since: datetime | None = None
    holding: Holding = field(default_factory=Holding)
    spend: Spend = field(default_factory=Spend)
    orders: list[tuple[int, datetime]] = field(default_factory=list)
    lapses: list[Lapse] = field(default_factory=list)
    warnings: list[Lapse] = field(default_factory=list)
    last: Judgement | None = None

    @property
    def tier(self) -> str | None:
        """The key of the tier held."""
        return self.holding.tier

    @property
    def due_at(self) -> datetime | None:
        """When the due job comes by."""
        return self.last.due_at if self.last else None

    def buys(self, cents: int, at: datetime, *, heard_at: datetime | None = None) -> None:
        """An order placed at `at` of which the ledger hears at `heard_at`."""
        now = heard_at or at
        self._lapse_until(at)
        before, self.spend = self.spend, self._with(cents, at, now)
        self.orders.append((cents, at))
        self._judge(now, before)

    def returns(self, now: datetime, index: int = -1) -> None:
        """One of the orders goes back."""
        cents, spent_at = self.orders.pop(index)
        self._lapse_until(now)
        zone = self.settings.time_zone
        before, self.spend = (
            self.spend,
            Spend(
                self.spend.lifetime_cents - cents,
                monthly_spend.removed(self.spend.months, cents, spent_at, zone, now),
                max((at for _, at in self.orders), default=None),
            ),
        )
        self._judge(now, before)

    def looks(self, now: datetime) -> str | None:
        """Somebody looks, or the due job comes by. The tier held then."""
        self._judge(now, None)
        return self.tier

    def to_keep(self, now: datetime) -> ToKeep | None:
        """What it takes to keep the tier."""
        return to_keep(self.holding, self.spend, self.settings, now, in_force_since=self.in_force_since)

    def qualifying_cents(self, at: datetime) -> int:
        """What counts for a tier."""
        return qualifying_cents(self.holding, self.spend, self.settings, at)

    def copy(self) -> "Shopper":
        """Another one in the same situation."""
        return replace(self, orders=list(self.orders), lapses=list(self.lapses), warnings=list(self.warnings))

    def _with(self, cents: int, at: datetime, now: datetime) -> Spend:
        last_at = max(at, self.spend.last_order_at or at)
        months = monthly_spend.added(self.spend.months, cents, at, self.settings.time_zone, now)
        return Spend(self.spend.lifetime_cents + cents, months, last_at)

    def _lapse_until(self, at: datetime) -> None:
        self.holding, lapses = aged(self.holding, self.spend, self.settings, at, in_force_since=self.in_force_since)
        self.lapses += lapses

    def _judge(self, now: datetime, before: Spend | None) -> None:
        self.last = judged(
            self.holding, self.spend, self.settings, now, previous=before, in_force_since=self.in_force_since
        )
        self.holding = self.last.holding
        self.lapses += self.last.lapses
        self.warnings += [self.last.warning] if self.last.warning else []


def bought(policy: TierPolicy, *cents: int, at: datetime = START) -> Shopper:
    """Somebody who has bought so in one go."""
    shopper = Shopper(with_policy(policy))
    for amount in cents:
        shopper.buys(amount, at)
    return shopper
