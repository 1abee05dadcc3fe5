"""Which tier a spend earns, how far the next one is, and when spend changes a customer's tier.

`spend_cents` is what qualifies for a tier: lifetime spend, or what `lib/domain/tier_policy.py` leaves of it. What time
alone does to a tier is said there too.
"""

from dataclasses import dataclass

from lib.domain.settings_model import LoyaltySettings, Tier


@dataclass(frozen=True, slots=True)
class TierProgress:
    """Way to the next tier: whole percent (100 at the top, and only there) and what is still to be spent."""

    next_tier: Tier | None
    percent: int
    cents_to_next: int


def tier_for(spend_cents: int, settings: LoyaltySettings) -> Tier:
    """The highest tier whose threshold the spend reaches, inclusive; the base tier below all others."""
    for tier in reversed(settings.tiers):
        if spend_cents >= tier.threshold_cents:
            return tier
    return settings.tiers[0]


def tier_named(stored: object, settings: LoyaltySettings) -> Tier | None:
    """The tier a customer document names: by name or id, in any letter case ("Gold" and "gold" are both stored)."""
    if not isinstance(stored, str):
        return None
    wanted = stored.strip().lower()
    return next((tier for tier in settings.tiers if wanted in (tier.key, tier.id.lower())), None)


def tier_below(tier: Tier, settings: LoyaltySettings) -> Tier:
    """The next lower tier; the base tier has none below it and is its own."""
    lower = (other for other in reversed(settings.tiers) if other.threshold_cents < tier.threshold_cents)
    return next(lower, tier)


def promoted(
    current: str | None, spend_cents: int, settings: LoyaltySettings, *, previous_spend_cents: int | None = None
) -> Tier:
    """The tier to hold now, given the one we gave before (None, or a name the settings no longer know, is no tier yet).

    `current` must come from where only we write: a held tier is kept, so whoever can set it can grant it.
    Promotion is at once. A tier is lowered only when spend was taken back (`spend_cents` below
    `previous_spend_cents`) and that crossed a threshold; never because a threshold was raised: settings touch later
    promotions only. Under unchanged settings the result is always tier_for(spend_cents).
    """
    earned = tier_for(spend_cents, settings)
    held = tier_named(current, settings)
    if held is None or held.threshold_cents <= earned.threshold_cents:
        return earned
    before = earned if previous_spend_cents is None else tier_for(previous_spend_cents, settings)
    return earned if before.threshold_cents > earned.threshold_cents else held


def progress(spend_cents: int, settings: LoyaltySettings, *, held: Tier | None = None) -> TierProgress:
    """Progress from the tier held (by default the one the spend earns) to the one above it."""
    current = held or tier_for(spend_cents, settings)
    above = next((tier for tier in settings.tiers if tier.threshold_cents > current.threshold_cents), None)
    if above is None:
        return TierProgress(None, 100, 0)
    span = above.threshold_cents - current.threshold_cents
    percent = (spend_cents - current.threshold_cents) * 100 // span
    return TierProgress(above, min(max(percent, 0), 99), max(above.threshold_cents - spend_cents, 0))
