"""The standing of a customer as the dashboard reads it, worked out anew with every change and when time brings one.

What has just become worth telling is worked out with it, from the same comparison with what was stored before.
"""

from dataclasses import replace
from datetime import datetime

from lib.domain import expiry, monthly_spend, segments, tier_holding, tier_policy, tiers
from lib.domain.customers import Customer, Standing
from lib.domain.ledger import Account
from lib.domain.notices import OLD_AFTER, Addressee, Because, Notice
from lib.domain.segments import Segment
from lib.domain.settings import LoyaltySettings
from lib.domain.settings_model import Tier
from lib.domain.tier_holding import Holding, Lapse


def prepared(customer: Customer, settings: LoyaltySettings, now: datetime, until: datetime) -> Customer:
    """The customer before anything else is decided: with its spend by month, also where nobody has kept it so far, and
    without the tiers that had lapsed by `until`, which is not after `now`."""
    months = customer.monthly_spend
    if months is None:
        months = monthly_spend.opened(customer.stats, settings.time_zone, now)
    customer = replace(customer, monthly_spend=months)
    since = settings.in_force_since
    holding, _ = tier_policy.aged(_holding(customer), customer.spend, settings, until, in_force_since=since)
    return replace(customer, holding=holding, tier=holding.tier)


def refreshed(
    customer: Customer,
    settings: LoyaltySettings,
    now: datetime,
    *,
    before: Customer | None = None,
    ordered_at: datetime | None = None,
) -> Customer:
    """The customer with the standing that follows from the account, the orders and the settings at `now`.

    before: as stored, None for one who is not. Spend taken back since can lower a tier; and only a customer whose
    standing we have given before is told of another one. ordered_at: of the order that has changed it, if one has.
    """
    if customer.monthly_spend is None:
        customer = prepared(customer, settings, now, now)
    spent = before.spend if before and before.monthly_spend is not None else None
    judgement = tier_policy.judged(
        _holding(customer), customer.spend, settings, now, previous=spent, in_force_since=settings.in_force_since
    )
    tier, holding = judgement.tier, judgement.holding
    same_tier = tiers.tier_named(before.tier if before else customer.tier, settings) == tier
    qualifying_cents = tier_holding.qualifying_cents(holding, customer.spend, settings, now)
    expiring = expiry.to_warn_of(customer.account, settings, now, customer.expiry_warned_to)
    warned_to = max(expiring, default=customer.expiry_warned_to)
    segment = segments.classify(customer.stats, settings.segment_thresholds, now)
    addressee = Addressee(customer.org_id, customer.id, now)
    standing = Standing(
        points=shown_points(customer.account, settings),
        tier=tier.key,
        qualifying_cents=qualifying_cents,
        tier_threshold_cents=tier.threshold_cents,
        tier_progress_percent=tiers.progress(qualifying_cents, settings, held=tier).percent,
        tier_updated_at=customer.tier_updated_at if same_tier and customer.tier_updated_at else now,
        segment=segment.value,
        segment_due_at=segments.next_change_at(customer.stats, settings.segment_thresholds, now),
        points_due_at=expiry.next_due(customer.account, settings, now, warned_to),
        tier_due_at=judgement.due_at,
        notices=(
            *_moves(before, tier, segment, settings, addressee, ordered_at),
            *(addressee.points_expiring(points, at) for at, points in expiring.items()),
            *_lapsing(judgement.warning, addressee),
        ),
    )
    due_at = standing.segment_due_at
    return replace(customer, standing=standing, holding=holding, segment_due_at=due_at, expiry_warned_to=warned_to)


def shown_points(account: Account, settings: LoyaltySettings) -> int:
    """The balance as shown: what can be spent, less a debt where the org chose to show one as a negative balance."""
    debt = account.balances.debt if settings.clawback == "allow_negative" else 0
    return account.balances.available - debt


def _holding(customer: Customer) -> Holding:
    """The document's tier is the one held: of a customer that the ledger has not taken over it is all there is."""
    return replace(customer.holding, tier=customer.tier)


def _lapsing(warning: Lapse | None, addressee: Addressee) -> tuple[Notice, ...]:
    return (addressee.tier_lapsing(warning.tier.key, warning.at, warning.to_tier.key),) if warning else ()


def _moves(
    before: Customer | None,
    tier: Tier,
    segment: Segment,
    settings: LoyaltySettings,
    addressee: Addressee,
    ordered_at: datetime | None,
) -> tuple[Notice, ...]:
    """Another tier, another segment. Nothing for a customer that we have not placed before: it would be told of what it
    has had all along."""
    if before is None or not before.opened:
        return ()
    found: list[Notice] = []
    now = addressee.now
    old = Because.HISTORY if ordered_at and now - ordered_at > OLD_AFTER else None
    held = tiers.tier_named(before.tier, settings)
    if held and held != tier:
        because = old or (Because.SETTINGS if _was_due(before, tier, settings, now) else None)
        is_higher = tier.threshold_cents > held.threshold_cents
        found.append(addressee.tier_changed(held.key, tier.key, is_higher=is_higher, because=because))
    if before.segment and before.segment != segment.value:
        because = old or (Because.SETTINGS if _was_sorted_into(before, segment, settings, now) else None)
        found.append(addressee.segment_entered(before.segment, segment.value, because))
    return tuple(found)


def _was_due(before: Customer, tier: Tier, settings: LoyaltySettings, now: datetime) -> bool:
    """Whether what had been bought before earns this higher tier by the settings in force: time alone lifts nobody."""
    since = settings.in_force_since
    judgement = tier_policy.judged(_holding(before), before.spend, settings, now, in_force_since=since)
    return judgement.tier == tier and not judgement.lapses


def _was_sorted_into(before: Customer, segment: Segment, settings: LoyaltySettings, now: datetime) -> bool:
    """Whether the segment follows from what was known before, although time had nothing to change in it yet."""
    is_early = before.segment_due_at is None or before.segment_due_at > now
    return is_early and segments.classify(before.stats, settings.segment_thresholds, now) is segment
