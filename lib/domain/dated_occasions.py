"""Which dated occasion a customer has on given days: birthday, anniversary of sign-up, long absence, or a beginning.

Decided anew from the customer document when the customer is visited, so that whoever was found by an old key, has
ordered since or was archived is left in peace. Field names are those of customer documents.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from lib.domain import day_keys
from lib.domain.automations import Search, on_day
from lib.domain.dates import local_day
from lib.domain.day_keys import Span
from lib.domain.frequency import MessageType, good_until
from lib.domain.loose_fields import instant, word
from lib.domain.messages import Cause
from lib.domain.messaging import Automation
from lib.domain.occasions import Occasion
from lib.domain.settings_model import LoyaltySettings

# A first order that is recorded hours after it was placed makes nobody an old customer.
_RECORDED_WITHIN = timedelta(days=2)
# Written by whoever brings customers in by the thousand.
_IMPORTS = ("import", "migrat")
_TILL_SYNC = "alleaves_sync"


def occasion_of(
    search: Search, fields: Mapping[str, Any], automation: Automation, settings: LoyaltySettings
) -> Occasion | None:
    """The occasion that is searched for, of the customer with this document; None if it has none on these days.

    `automation`, `settings`: the org's. Raises ValueError for a kind of occasion that has no date.
    """
    time_zone, bonus = settings.time_zone, automation.bonus_points
    match search.kind:
        case MessageType.BIRTHDAY:
            born_on = day_keys.birthday(fields, settings.country, search.span.last)
            day = day_keys.celebrated(born_on, search.span)
            return on_day(search.kind, day, str(day.year), time_zone, bonusPoints=bonus) if day else None
        case MessageType.ANNIVERSARY:
            return _anniversary(search, fields, time_zone, bonus)
        case MessageType.WINBACK:
            return _absence(search, fields, automation, time_zone)
        case MessageType.WELCOME:
            return _welcome(search, fields, time_zone, bonus)
    raise ValueError(f"{search.kind} is no occasion with a date")


def orders_of_absent(search: Search, automation: Automation) -> Span:
    """On which days the last order of customers was who are to be won back now."""
    ago = timedelta(days=automation.after_days)
    return Span(search.span.first - ago, search.span.last - ago)


def is_new(fields: Mapping[str, Any], time_zone: str) -> bool:
    """Whether a customer has just come: was not imported, taken over or brought along by an old order.

    Who the till's sync has met is new if the till says since when it knows them, or by their first order: the first
    sync of a till brings everybody it has ever had.
    """
    created_at = instant(fields.get("createdAt"))
    source = word(fields.get("source"))
    if created_at is None or any(mark in source for mark in _IMPORTS) or _has_brought_orders(fields):
        return False
    first_order_at = instant(fields.get("firstOrderDate"))
    if first_order_at and first_order_at < created_at - _RECORDED_WITHIN:
        return False
    if source == _TILL_SYNC and first_order_at is None and not fields.get("alleavesCustomerSince"):
        return False
    signed_up = day_keys.signed_up_on(fields, time_zone)
    return signed_up is None or signed_up >= local_day(created_at - _RECORDED_WITHIN, time_zone)


def _anniversary(search: Search, fields: Mapping[str, Any], time_zone: str, bonus: int) -> Occasion | None:
    signed_up = day_keys.signed_up_on(fields, time_zone)
    day = day_keys.celebrated(f"{signed_up:%m-%d}", search.span) if signed_up else None
    if signed_up is None or day is None or day.year <= signed_up.year:
        return None
    years = day.year - signed_up.year
    return on_day(search.kind, day, str(day.year), time_zone, bonusPoints=bonus, years=years)


def _absence(search: Search, fields: Mapping[str, Any], automation: Automation, time_zone: str) -> Occasion | None:
    last_order_at = instant(fields.get("lastOrderDate"))
    last_day = local_day(last_order_at, time_zone) if last_order_at else None
    if last_day is None or last_day not in orders_of_absent(search, automation):
        return None
    day = last_day + timedelta(days=automation.after_days)
    return on_day(search.kind, day, last_day.isoformat(), time_zone, bonusPoints=automation.bonus_points)


def _welcome(search: Search, fields: Mapping[str, Any], time_zone: str, bonus: int) -> Occasion | None:
    created_at: datetime | None = instant(fields.get("createdAt"))
    if created_at is None or created_at < search.since or not is_new(fields, time_zone):
        return None
    if local_day(created_at, time_zone) not in search.span:
        return None
    until = good_until(search.kind, created_at)
    return Occasion(search.kind, Cause(search.kind, "once"), created_at, until, {"bonusPoints": bonus})


def _has_brought_orders(fields: Mapping[str, Any]) -> bool:
    loyalty = fields.get("loyalty")
    opening = loyalty.get("opening") if isinstance(loyalty, Mapping) else None
    return isinstance(opening, Mapping) and bool(opening.get("points") or opening.get("orderCount"))
