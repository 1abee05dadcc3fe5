"""When points can be spent and until when: pending period, expiry and its warning, by the settings of the org.

The dates of an order's points are fixed when it first earns. Whether anything expires now is for the settings in force:
a paused programme lets nothing expire, nor for a while after, because nothing could be redeemed.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta

from lib.domain import dates, pauses
from lib.domain.ledger import Account
from lib.domain.lots import Lot
from lib.domain.settings import LoyaltySettings


def release_at(earned_at: datetime, settings: LoyaltySettings) -> datetime | None:
    """When points earned at this instant can be spent: when the last day of the pending period is over, where the shop
    is; one parcel a day. None for at once."""
    if not settings.pending_days:
        return None
    last_day = dates.local_day(earned_at, settings.time_zone) + timedelta(days=settings.pending_days)
    return dates.end_of_day(last_day, settings.time_zone)


def expires_at(spendable_at: datetime, settings: LoyaltySettings) -> datetime | None:
    """When points that can be spent from this instant on expire: at the end of the day or of the month, where the shop
    is, in which they are so many months old. None for never.

    Counted from when they can be spent: a long pending period must not eat their life up.
    """
    if settings.points_expire_months is None:
        return None
    first_day = dates.local_day(spendable_at, settings.time_zone)
    last_day = dates.months_later(first_day, settings.points_expire_months)
    end_of = dates.end_of_month if settings.expiry_rounding == "month_end" else dates.end_of_day
    return end_of(last_day, settings.time_zone)


def expired_to(settings: LoyaltySettings, now: datetime) -> datetime | None:
    """Points whose expiry is at or before this instant have expired at `now`; None where nothing expires."""
    kept_until = pauses.no_expiry_before(settings)
    return None if pauses.takes_nothing(settings) or (kept_until and now < kept_until) else now


def to_warn_of(
    account: Account, settings: LoyaltySettings, now: datetime, warned_to: datetime | None
) -> dict[datetime, int]:
    """The expiries of which the customer is to be told now, with the points each takes; the earliest first.

    `warned_to`: the latest expiry of which it has been told. Points that a hold keeps count: it may end before.
    """
    if not settings.expiry_warning_days or pauses.takes_nothing(settings):
        return {}
    ahead = now + timedelta(days=settings.expiry_warning_days)
    points: dict[datetime, int] = {}
    for lot in account.lots:
        expiry = _expiry(lot, settings)
        if expiry and now < expiry <= ahead and _is_news(expiry, warned_to):
            points[expiry] = points.get(expiry, 0) + lot.points
    return dict(sorted(points.items()))


def expiring_at(account: Account, settings: LoyaltySettings, at: datetime) -> int:
    """How many points expire at this instant by now, those that a hold keeps included."""
    return sum(lot.points for lot in account.lots if _expiry(lot, settings) == at)


def next_due(account: Account, settings: LoyaltySettings, now: datetime, warned_to: datetime | None) -> datetime | None:
    """When time alone next does something to the points: a release, an expiry or its warning; None for never.

    Points that a hold keeps expire when it ends, which is a change of its own.
    """
    instants = [parcel.release_at for parcel in account.parcels]
    if not pauses.takes_nothing(settings):
        instants += [expiry for lot in account.lots if lot.free and (expiry := _expiry(lot, settings))]
        instants += _warnings(account.lots, settings, now, warned_to)
    return min(instants, default=None)


def _warnings(
    lots: Iterable[Lot], settings: LoyaltySettings, now: datetime, warned_to: datetime | None
) -> list[datetime]:
    if not settings.expiry_warning_days:
        return []
    ahead = timedelta(days=settings.expiry_warning_days)
    expiries = (_expiry(lot, settings) for lot in lots)
    return [expiry - ahead for expiry in expiries if expiry and expiry > now and _is_news(expiry, warned_to)]


def _expiry(lot: Lot, settings: LoyaltySettings) -> datetime | None:
    """When the lot really expires: a pause may have put it off."""
    kept_until = pauses.no_expiry_before(settings)
    return max(lot.expires_at, kept_until) if lot.expires_at and kept_until else lot.expires_at


def _is_news(expiry: datetime, warned_to: datetime | None) -> bool:
    return warned_to is None or expiry > warned_to
