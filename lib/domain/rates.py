"""The rate of an order by the settings of the moment: what it earns at when it first earns, or when it is re-rated."""

from dataclasses import replace
from datetime import datetime
from decimal import Decimal

from lib.domain import expiry, pauses, tiers
from lib.domain.customers import Customer
from lib.domain.grants import Rate
from lib.domain.settings import LoyaltySettings


def multiplier(customer: Customer, settings: LoyaltySettings) -> Decimal:
    """Of the tier that the customer holds, times the equity multiplier where that applies."""
    tier = tiers.tier_named(customer.tier, settings) or tiers.tier_for(customer.stats.lifetime_cents, settings)
    return tier.multiplier * (settings.equity_multiplier if customer.equity else 1)


def first_rate(customer: Customer, ordered_at: datetime, settings: LoyaltySettings) -> Rate:
    """What an order placed at this instant earns at when it earns for the first time: nothing if it was placed during a
    pause that is not to be made up for (yet); as the resume would have given it if it was made up for unheard of."""
    if pauses.earns_nothing(ordered_at, settings):
        return replace(_rate(customer, ordered_at, ordered_at, settings), points_per_dollar=Decimal(0), paused=True)
    if pauses.was_placed_in_last(ordered_at, settings):
        return resumed_rate(customer, ordered_at, settings)
    return _rate(customer, ordered_at, ordered_at, settings)


def resumed_rate(customer: Customer, ordered_at: datetime, rates: LoyaltySettings) -> Rate:
    """What an order from a pause earns at, by the settings with which the programme has gone on: its points could not
    be spent before that, so they live from then."""
    spendable_at = max(ordered_at, rates.resumed_at or ordered_at)
    return _rate(customer, ordered_at, spendable_at, rates)


def _rate(customer: Customer, ordered_at: datetime, spendable_at: datetime, settings: LoyaltySettings) -> Rate:
    release_at = expiry.release_at(ordered_at, settings)
    return Rate(
        points_per_dollar=settings.points_per_dollar,
        multiplier=multiplier(customer, settings),
        base=settings.earn_base,
        expires_at=expiry.expires_at(max(release_at or spendable_at, spendable_at), settings),
        release_at=release_at,
    )
