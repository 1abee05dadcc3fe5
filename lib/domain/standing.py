"""The standing of a customer as the dashboard reads it, worked out anew with every change and when time brings one.

What has just become worth telling is worked out with it, from the same comparison with what was stored before.
"""

from dataclasses import replace
from datetime import datetime

from lib.domain import expiry, segments, tiers
from lib.domain.customers import Customer, Standing
from lib.domain.ledger import Account
from lib.domain.notices import Addressee, Notice
from lib.domain.settings import LoyaltySettings
from lib.domain.settings_model import Tier


def refreshed(
    customer: Customer, settings: LoyaltySettings, now: datetime, *, before: Customer | None = None
) -> Customer:
    """The customer with the standing that follows from the account, the orders and the settings at `now`.

    before: as stored, None for one who is not. Spend taken back since can lower a tier; and only a customer whose
    standing we have given before is told of another one.
    """
    spend_cents = customer.stats.lifetime_cents
    spent_cents = before.stats.lifetime_cents if before else None
    tier = tiers.promoted(customer.tier, spend_cents, settings, previous_spend_cents=spent_cents)
    same_tier = tiers.tier_named(customer.tier, settings) == tier
    expiring = expiry.to_warn_of(customer.account, settings, now, customer.expiry_warned_to)
    warned_to = max(expiring, default=customer.expiry_warned_to)
    segment = segments.classify(customer.stats, settings.segment_thresholds, now)
    addressee = Addressee(customer.org_id, customer.id, now)
    warnings = tuple(addressee.points_expiring(points, at) for at, points in expiring.items())
    standing = Standing(
        points=shown_points(customer.account, settings),
        tier=tier.key,
        tier_threshold_cents=tier.threshold_cents,
        tier_progress_percent=tiers.progress(spend_cents, settings, held=tier).percent,
        tier_updated_at=customer.tier_updated_at if same_tier and customer.tier_updated_at else now,
        segment=segment.value,
        segment_due_at=segments.next_change_at(customer.stats, settings.segment_thresholds, now),
        points_due_at=expiry.next_due(customer.account, settings, now, warned_to),
        notices=(*_moves(before, tier, segment.value, settings, addressee), *warnings),
    )
    return replace(customer, standing=standing, expiry_warned_to=warned_to)


def shown_points(account: Account, settings: LoyaltySettings) -> int:
    """The balance as shown: what can be spent, less a debt where the org chose to show one as a negative balance."""
    debt = account.balances.debt if settings.clawback == "allow_negative" else 0
    return account.balances.available - debt


def _moves(
    before: Customer | None, tier: Tier, segment: str, settings: LoyaltySettings, addressee: Addressee
) -> tuple[Notice, ...]:
    """Another tier, another segment. Nothing for a customer that we have not placed before: it would be told of what it
    has had all along."""
    if before is None or not before.opened:
        return ()
    found: list[Notice] = []
    held = tiers.tier_named(before.tier, settings)
    if held and held != tier:
        is_higher = tier.threshold_cents > held.threshold_cents
        found.append(addressee.tier_changed(held.key, tier.key, is_higher=is_higher))
    if before.segment and before.segment != segment:
        found.append(addressee.segment_entered(before.segment, segment))
    return tuple(found)
