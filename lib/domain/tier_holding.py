"""The tier a customer holds, what has to be remembered of it, and the spend that counts for a tier."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from lib.domain import monthly_spend
from lib.domain.settings_model import LoyaltySettings, Tier


@dataclass(frozen=True, slots=True)
class Spend:
    """What a tier is judged by: counted orders in cents, in all and by month, and when the last was placed (UTC)."""

    lifetime_cents: int = 0
    months: Mapping[str, int] = field(default_factory=dict)
    last_order_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Holding:
    """The tier a customer holds and what has to be remembered of how it came to be. Instants are UTC.

    tier: name or id, None for none yet. claim_cents: its threshold when it was given; a threshold raised since does not
    count against its holder. lapsed_cents: lifetime spend that no longer qualifies. lapsed_at: the last lapse.
    short_from: the month's start from which the window does not earn the tier unless more is bought, often still to
    come; None without a window. warned_of: the lapse that has been announced.
    """

    tier: str | None = None
    claim_cents: int | None = None
    lapsed_cents: int = 0
    lapsed_at: datetime | None = None
    short_from: datetime | None = None
    warned_of: datetime | None = None


class Cause(StrEnum):
    """Why a tier lapses."""

    WINDOW = "window"
    INACTIVITY = "inactivity"


@dataclass(frozen=True, slots=True)
class Lapse:
    """A tier lost at an instant (UTC), or to be lost unless something is bought, and the lower one held from then."""

    at: datetime
    tier: Tier
    to_tier: Tier
    cause: Cause


def qualifying_cents(holding: Holding, spend: Spend, settings: LoyaltySettings, at: datetime) -> int:
    """What counts for a tier at an instant: lifetime spend less what has lapsed, and no more than the window has."""
    standing = spend.lifetime_cents - holding.lapsed_cents
    window = settings.tier_policy.window_months
    if window is None:
        return standing
    return min(standing, monthly_spend.window_cents(spend.months, window, settings.time_zone, at))


def cents_to_hold(holding: Holding, tier: Tier) -> int:
    """What the holder has to spend to keep the tier: the threshold when it was given, or today's if that is lower."""
    return tier.threshold_cents if holding.claim_cents is None else min(holding.claim_cents, tier.threshold_cents)
