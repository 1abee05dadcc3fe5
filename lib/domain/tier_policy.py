"""Which tier a customer holds, when it lapses by the org's tier policy, and what the customer is told before.

Spend gives tiers and, taken back, lowers them (`tiers.promoted`); here is what time does. Every instant follows from
what was bought and from the settings, none from when somebody looked: two looks end where the later one would have.

A window takes the spend of a month away when the month leaves it, so a lapse by window begins when a month begins.
What lapses without spend having left a window (nothing was bought for too long) is written off in `lapsed_cents`: the
customer stands exactly at the threshold of the tier it fell to. As time only ever lowers what qualifies, nobody goes up
again without buying.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from lib.domain import monthly_spend, pauses, tiers
from lib.domain.settings_model import LoyaltySettings, Tier
from lib.domain.tier_holding import Cause, Holding, Lapse, Spend, cents_to_hold, qualifying_cents


@dataclass(frozen=True, slots=True)
class Judgement:
    """What is so at an instant. lapses: those that took effect, in order. warning: a coming one that is to be announced
    now. due_at: when time next does something, a warning or a lapse, if nothing is bought; None for never."""

    holding: Holding
    tier: Tier
    lapses: tuple[Lapse, ...] = ()
    warning: Lapse | None = None
    due_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class ToKeep:
    """What it takes to keep a tier: so many cents, spent before `until` and not before `counts_from` (UTC), which a
    window may not reach yet; 0 cents: any order at all. `to_tier` is what is held afterwards otherwise."""

    tier: Tier
    cents: int
    counts_from: datetime
    until: datetime
    to_tier: Tier


def judged(
    holding: Holding,
    spend: Spend,
    settings: LoyaltySettings,
    now: datetime,
    *,
    previous: Spend | None = None,
    in_force_since: datetime | None = None,
) -> Judgement:
    """The holding after what spend and time have done to it until `now`.

    `previous` is the spend before, where it has just changed: first call `aged` with it, up to when the order was
    placed, or up to now for spend taken back. `in_force_since`: when the policy was last changed or a paused programme
    went on, whichever is later; every lapse leaves the days of grace and of notice from then on. `now` must not be
    before the last judgement's.
    """
    court = _Court(spend, settings, in_force_since)
    holding, lapses = court.lapsed(court.settled(holding, previous, now), now)
    tier = tiers.tier_named(holding.tier, settings) or settings.tiers[0]
    coming = court.next_lapse(holding)
    if coming is None:
        return Judgement(holding, tier, lapses)
    warn_at = coming.at - timedelta(days=settings.tier_policy.notice_days)
    if now < warn_at < coming.at:
        return Judgement(holding, tier, lapses, due_at=warn_at)
    if warn_at == coming.at or holding.warned_of == coming.at:
        return Judgement(holding, tier, lapses, due_at=coming.at)
    return Judgement(replace(holding, warned_of=coming.at), tier, lapses, coming, due_at=coming.at)


def aged(
    holding: Holding,
    spend: Spend,
    settings: LoyaltySettings,
    until: datetime,
    *,
    in_force_since: datetime | None = None,
) -> tuple[Holding, tuple[Lapse, ...]]:
    """The holding after the lapses until an instant, which may be before the last judgement: nothing happens then."""
    return _Court(spend, settings, in_force_since).lapsed(holding, until)


def to_keep(
    holding: Holding,
    spend: Spend,
    settings: LoyaltySettings,
    now: datetime,
    *,
    in_force_since: datetime | None = None,
) -> ToKeep | None:
    """What keeps the tier that lapses next; None when nothing will lapse. The holding is one judged at `now`.

    Spending it may earn a higher tier for a while, which then has dates of its own.
    """
    court = _Court(spend, settings, in_force_since)
    coming, window = court.next_lapse(holding), settings.tier_policy.window_months
    if coming is None:
        return None
    if coming.cause is Cause.INACTIVITY or window is None or holding.short_from is None:
        return ToKeep(coming.tier, 0, now, coming.at, coming.to_tier)
    short_at = max(now, holding.short_from)
    missing = cents_to_hold(holding, coming.tier) - qualifying_cents(holding, spend, settings, short_at)
    counts_from = monthly_spend.window_start(window, settings.time_zone, short_at)
    return ToKeep(coming.tier, missing, max(now, counts_from), coming.at, coming.to_tier)


@dataclass(frozen=True, slots=True)
class _Court:
    """The rules applied to one customer's spend, which does not change meanwhile."""

    spend: Spend
    settings: LoyaltySettings
    in_force_since: datetime | None

    def settled(self, holding: Holding, previous: Spend | None, now: datetime) -> Holding:
        """The holding after spend has changed, or settings: the tier given, or kept with a new look at the window."""
        before = qualifying_cents(holding, previous, self.settings, now) if previous else None
        # Spend that has lapsed and is taken back after all must not be missing from later orders too.
        holding = replace(holding, lapsed_cents=min(holding.lapsed_cents, self.spend.lifetime_cents))
        held = tiers.tier_named(holding.tier, self.settings)
        tier = tiers.promoted(holding.tier, self._qualifying(holding, now), self.settings, previous_spend_cents=before)
        if tier != held:
            return self._given(holding, tier, now)
        claim_cents = tier.threshold_cents if holding.claim_cents is None else holding.claim_cents
        holding = replace(holding, tier=tier.key, claim_cents=claim_cents)
        return replace(holding, short_from=self._short_from(holding, tier, now))

    def lapsed(self, holding: Holding, until: datetime) -> tuple[Holding, tuple[Lapse, ...]]:
        """The holding after every lapse until an instant. Each leads to a lower tier, so there are fewer than tiers."""
        lapses: list[Lapse] = []
        while (lapse := self.next_lapse(holding)) and lapse.at <= until:
            lapses.append(lapse)
            holding = self._after(holding, lapse)
        return holding, tuple(lapses)

    def next_lapse(self, holding: Holding) -> Lapse | None:
        """The lapse that comes first if nothing is bought. A paused programme takes nothing away."""
        tier = tiers.tier_named(holding.tier, self.settings)
        if tier is None or tier == self.settings.tiers[0] or pauses.takes_nothing(self.settings):
            return None
        found = (self._by_window(holding, tier), self._by_inactivity(holding, tier))
        return min((lapse for lapse in found if lapse), key=lambda lapse: lapse.at, default=None)

    def _by_window(self, holding: Holding, tier: Tier) -> Lapse | None:
        if self.settings.tier_policy.window_months is None or holding.short_from is None:
            return None
        at = self._effective(holding.short_from)
        qualifying = self._qualifying(holding, at)
        if qualifying >= cents_to_hold(holding, tier):
            return None  # The claim has become lower since; the next judgement looks again from when on it is missed.
        one_down = self.settings.tier_policy.lapse == "one_down"
        below = tiers.tier_below(tier, self.settings) if one_down else tiers.tier_for(qualifying, self.settings)
        return Lapse(at, tier, below, Cause.WINDOW)

    def _by_inactivity(self, holding: Holding, tier: Tier) -> Lapse | None:
        """By balance, a window decides alone: being idle costs what leaves the window and nothing else."""
        policy = self.settings.tier_policy
        one_down = policy.lapse == "one_down"
        idle_since = max((at for at in (self.spend.last_order_at, holding.lapsed_at) if at), default=None)
        if policy.inactivity_days is None or idle_since is None or (policy.window_months and not one_down):
            return None
        below = tiers.tier_below(tier, self.settings) if one_down else self.settings.tiers[0]
        at = self._effective(idle_since + timedelta(days=policy.inactivity_days))
        return Lapse(at, tier, below, Cause.INACTIVITY)

    def _effective(self, began_at: datetime) -> datetime:
        policy = self.settings.tier_policy
        at = began_at + timedelta(days=policy.grace_days)
        if self.in_force_since is None:
            return at
        return max(at, self.in_force_since + timedelta(days=max(policy.grace_days, policy.notice_days)))

    def _after(self, holding: Holding, lapse: Lapse) -> Holding:
        lapsed_cents = holding.lapsed_cents
        if lapse.cause is Cause.INACTIVITY:
            lapsed_cents = max(lapsed_cents, self.spend.lifetime_cents - lapse.to_tier.threshold_cents)
        fallen = replace(holding, lapsed_cents=lapsed_cents, lapsed_at=lapse.at)
        return self._given(fallen, lapse.to_tier, lapse.at)

    def _given(self, holding: Holding, tier: Tier, at: datetime) -> Holding:
        given = replace(holding, tier=tier.key, claim_cents=tier.threshold_cents, short_from=None, warned_of=None)
        return replace(given, short_from=self._first_short(given, tier, at))

    def _short_from(self, holding: Holding, tier: Tier, now: datetime) -> datetime | None:
        """The month's start that is known already, unless enough has been bought since, or an earlier one to come."""
        known = holding.short_from
        needed = cents_to_hold(holding, tier)
        if known is None:
            # A policy that is new to this customer looks from when it came into force, whenever that is noticed.
            return self._first_short(holding, tier, min(now, self.in_force_since or now))
        first = self._first_short(holding, tier, now)
        if first is None or self._qualifying(holding, max(known, now)) >= needed:
            return first
        return min(known, first)

    def _first_short(self, holding: Holding, tier: Tier, after: datetime) -> datetime | None:
        """The first start of a month after an instant at which the window does not earn the tier; None for never."""
        window, zone = self.settings.tier_policy.window_months, self.settings.time_zone
        needed = cents_to_hold(holding, tier)
        if window is None:
            return None
        if self._qualifying(holding, after) < needed:
            return monthly_spend.next_month_start(zone, after)
        losses = monthly_spend.losses(self.spend.months, window, zone, after)
        return next((loss.at for loss in losses if loss.cents_left < needed), None)

    def _qualifying(self, holding: Holding, at: datetime) -> int:
        return qualifying_cents(holding, self.spend, self.settings, at)
