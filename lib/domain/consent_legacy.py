"""What the dashboard's documents say of consent, as entries of the log: flags of profiles, unsubscribes, suppressions.

Its check-in only ever switches a flag on, and its unsubscribe switches it off on the first profile found. So a flag
that is on is somebody's claim, one that is off is nothing by itself, and an unsubscribe is an objection for good.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from lib.domain.consent import Channel, ConsentEvent, ConsentKind, ConsentSource, ConsentState, applied
from lib.domain.identity import is_self_made
from lib.domain.loose_fields import instant, word

_FLAGS = {Channel.EMAIL: ("emailConsent", "emailUnsubscribedAt"), Channel.SMS: ("smsConsent", "smsUnsubscribedAt")}
_BOUNCES = frozenset({"bounce", "hard_bounce", "undeliverable", "permanent"})


def of_profile(
    customer_id: str, fields: Mapping[str, Any], channel: Channel, read_at: datetime
) -> tuple[ConsentEvent, ...]:
    """The entries of a `customers` document for one of its addresses.

    A profile its owner can write all of ({uid}) claims nothing: the address in it need not be theirs. What it objects
    to counts all the same.
    """
    flag, withdrawn = _FLAGS[channel]
    withdrawn_at = instant(fields.get(withdrawn))
    events = []
    if fields.get(flag) is True and not is_self_made(customer_id):
        granted_at = instant(fields.get("createdAt")) or read_at
        events.append(ConsentEvent(ConsentKind.MARKETING_GRANTED, ConsentSource.DASHBOARD, granted_at, read_at))
    if withdrawn_at is not None:
        events.append(ConsentEvent(ConsentKind.MARKETING_WITHDRAWN, ConsentSource.LEGACY_LINK, withdrawn_at, read_at))
    return tuple(events)


def with_profile(
    state: ConsentState, customer_id: str, fields: Mapping[str, Any], channel: Channel, read_at: datetime
) -> ConsentState:
    """The state as it concerns one profile, by the strictest of log and document.

    Who has agreed somewhere and whose flag is off all the same has switched it off: shoppers and the dashboard write
    the flag directly, without a date, and switching it off is an objection. Where nobody agreed it means nothing.
    """
    for event in of_profile(customer_id, fields, channel, read_at):
        state = applied(state, event)
    if state.is_granted and fields.get(_FLAGS[channel][0]) is False:
        switched_off = ConsentKind.MARKETING_WITHDRAWN, ConsentSource.DASHBOARD
        state = applied(state, ConsentEvent(*switched_off, read_at, read_at))
    return state


def of_unsubscribe(row: Mapping[str, Any], read_at: datetime) -> ConsentEvent:
    """The entry of a `customer_unsubscribes` row; one without a readable date counts from now."""
    at = instant(row.get("unsubscribedAt")) or read_at
    return ConsentEvent(ConsentKind.MARKETING_WITHDRAWN, ConsentSource.LEGACY_LINK, at, read_at)


def of_suppression(row: Mapping[str, Any], read_at: datetime) -> ConsentEvent:
    """The entry of an `email_suppressions` document: a bounce if it says so, else a complaint, whatever it says."""
    kind = ConsentKind.UNDELIVERABLE if word(row.get("reason")) in _BOUNCES else ConsentKind.COMPLAINED
    return ConsentEvent(kind, ConsentSource.VENDOR, instant(row.get("suppressedAt")) or read_at, read_at)
