"""What a pause of the programme means for orders and for points, by when it began and when it ended.

While it lasts nothing is earned or redeemed, and nothing expires, lapses or times out. What had no chance to be
redeemed meanwhile gets one: nothing expires for thirty days after the programme goes on.

Of an order placed during the pause `paused_orders` says what becomes of it. When it was placed counts, not when we hear
of it; only the last pause is known. The dates are kept by `lib/domain/settings_dates.py`.
"""

from datetime import datetime, timedelta

from lib.domain.settings_model import LoyaltySettings

REPRIEVE = timedelta(days=30)
"""How long after the programme goes on nothing expires."""


def open_since(settings: LoyaltySettings) -> datetime | None:
    """When the pause began that has not ended, as far as is noted; None where none is noted."""
    began_at, ended_at = settings.paused_at, settings.resumed_at
    return began_at if began_at and (ended_at is None or ended_at < began_at) else None


def takes_nothing(settings: LoyaltySettings) -> bool:
    """Whether the programme is paused, or goes on so recently that nobody has noted since when: the dashboard writes
    settings too, and their `resumed_at` follows a moment later."""
    return settings.paused or open_since(settings) is not None


def no_expiry_before(settings: LoyaltySettings) -> datetime | None:
    """Until when the last pause keeps points that would have expired; None where there was none."""
    return settings.resumed_at + REPRIEVE if settings.resumed_at else None


def provisionally_dated(settings: LoyaltySettings, written_at: datetime) -> LoyaltySettings:
    """The settings by which an order is decided before it has been noted when the programme was paused, or went on: at
    their last write (UTC), until then. That is the date if nothing else has been written since, and else too late."""
    began_at = open_since(settings)
    if settings.paused and began_at is None:
        return settings.model_copy(update={"paused_at": written_at})
    if not settings.paused and began_at is not None:
        return settings.model_copy(update={"resumed_at": written_at})
    return settings


def earns_nothing(ordered_at: datetime, settings: LoyaltySettings) -> bool:
    """Whether an order that first earns now is to earn nothing, for good or until the programme goes on, because it
    was placed during a pause. One from before the pause earns, however late it is heard of."""
    if settings.paused:
        # Without any date it counts as older than any order, until `provisionally_dated` settings are at hand.
        began_at = open_since(settings)
        return began_at is None or ordered_at >= began_at
    return settings.paused_orders == "skip" and was_placed_in_last(ordered_at, settings)


def was_placed_in_last(ordered_at: datetime, settings: LoyaltySettings) -> bool:
    """Whether an order was placed during the last pause, which is over."""
    began_at, ended_at = settings.paused_at, settings.resumed_at
    return began_at is not None and began_at <= ordered_at and (ended_at is None or ordered_at < ended_at)
