"""Whom a message is for: what a customer document says of how to reach somebody and what to say."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from lib.domain.consent import Channel, Recipient
from lib.domain.contacts import normalise_email, normalise_phone
from lib.domain.countries import CountryCode
from lib.domain.errors import InvalidInput
from lib.domain.loose_fields import instant, text
from lib.domain.message_variables import CustomerFacts
from lib.domain.money import cents_from_dollars
from lib.store.org import OrgStore
from lib.store.transaction import Snapshot

_DAY = timedelta(days=1)
# Also keeps out what is no number (NaN, infinity).
_FIGURE_MAX = 10**12


@dataclass(frozen=True, slots=True)
class Reader:
    """A customer as a message sees it. `profile` are the document's fields, for what they say of consent."""

    recipient: Recipient
    facts: CustomerFacts
    profile: Mapping[str, Any] = field(repr=False)


def decode(org: OrgStore, snapshot: Snapshot, channel: Channel, country: CountryCode, now: datetime) -> Reader | None:
    """The reader of a message on this channel; None when there is no such customer of this org.

    The figures are those that the dashboard shows. Never raises: what cannot be read is left out.
    """
    fields = snapshot.to_dict() or {}
    if not snapshot.exists or not org.owns(fields):
        return None
    address = (
        normalise_phone(fields.get("phone"), country)
        if channel is Channel.SMS
        else normalise_email(fields.get("email"))
    )
    recipient = Recipient(address, fields.get("archived") is True, fields.get("isTestAccount") is True)
    last_order_at = instant(fields.get("lastOrderDate"))
    facts = CustomerFacts(
        first_name=text(fields.get("firstName")),
        last_name=text(fields.get("lastName")),
        segment=text(fields.get("segment")),
        tier=text(fields.get("tier")),
        total_spent_cents=_cents(fields.get("totalSpent")),
        order_count=_whole(fields.get("orderCount")),
        days_since_last_visit=max(0, (now - last_order_at) // _DAY) if last_order_at else None,
        loyalty_points=_whole(fields.get("points")),
    )
    return Reader(recipient, facts, fields)


def _whole(value: object) -> int | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return int(value) if abs(value) < _FIGURE_MAX else None


def _cents(value: object) -> int | None:
    try:
        return max(0, cents_from_dollars(value))
    except InvalidInput:
        return None
