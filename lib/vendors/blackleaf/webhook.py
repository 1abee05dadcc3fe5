"""Reads what Blackleaf's webhook brings: receipts of texts, clicks, and what people write back.

The vendor documents no payload, so every name seen anywhere is accepted, and an event that is not understood is kept as
OTHER. A secret in the path is the only thing that says who is calling.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from pydantic import AliasChoices, Field
from pydantic_core import from_json

from lib.domain.contacts import normalise_phone
from lib.domain.countries import CountryCode
from lib.domain.errors import InvalidInput
from lib.domain.ids import derived_id
from lib.vendors.blackleaf.config import VENDOR
from lib.vendors.fields import Instant, Record, Text
from lib.vendors.webhooks import require_shared_secret

_EVENTS_MAX = 1000
_TEXT_LENGTH_MAX = 2000


class EventKind(StrEnum):
    """What happened to a text, or that somebody wrote one (REPLIED)."""

    SENT = "sent"
    DELIVERED = "delivered"
    FAILED = "failed"
    CLICKED = "clicked"
    REPLIED = "replied"
    OTHER = "other"


_KINDS = {kind.value: kind for kind in EventKind} | {
    "undelivered": EventKind.FAILED,
    "error": EventKind.FAILED,
    "rejected": EventKind.FAILED,
    "click": EventKind.CLICKED,
    "reply": EventKind.REPLIED,
    "received": EventKind.REPLIED,
    "inbound": EventKind.REPLIED,
    "success": EventKind.SENT,
    "queued": EventKind.SENT,
}


class _Body(Record):
    message_id: Text = Field(None, validation_alias=AliasChoices("message-id", "messageId", "message_id", "id"))
    status: Text = Field(None, validation_alias=AliasChoices("status", "event", "type"))
    sender: Text = Field(None, validation_alias=AliasChoices("from", "From"))
    to: Text = Field(None, validation_alias=AliasChoices("to", "To"))
    url: Text = None
    timestamp: Instant = None


@dataclass(frozen=True, slots=True)
class Event:
    """`key` names it in the inbox; a repeated delivery has the same. Telephone numbers are E.164, None for no number.

    For a REPLIED, `customer_phone` wrote `text`. `name` is the status as they wrote it; `raw` the object as received.
    """

    key: str
    kind: EventKind
    name: str
    message_id: str | None
    customer_phone: str | None = field(repr=False)
    text: str | None = field(repr=False)
    url: str | None
    at: datetime | None
    raw: Mapping[str, Any] = field(repr=False)


def read_events(
    body: bytes, *, given: str | None, secret: str | None, received_at: datetime, region: CountryCode = "US"
) -> tuple[Event, ...]:
    """The events in a request's raw body, one object or an array; the secret is checked before anything is read.

    Raises SwitchedOff without a configured secret, Unauthenticated for another one, InvalidInput for what is no event.
    """
    require_shared_secret(VENDOR, secret, given)
    try:
        read = from_json(body, allow_inf_nan=False)
    except ValueError:
        raise InvalidInput("must be JSON", reason="not_an_event") from None
    items = read if isinstance(read, list) else [read]
    if not items or len(items) > _EVENTS_MAX or not all(isinstance(item, Mapping) for item in items):
        raise InvalidInput("must be an object or an array of objects", reason="not_an_event")
    return tuple(_event(item, received_at, region) for item in items)


def _event(raw: Mapping[str, Any], received_at: datetime, region: CountryCode) -> Event:
    fields = _Body.read(raw)
    text = next((raw[name] for name in ("body", "text", "message") if isinstance(raw.get(name), str)), None)
    name = (fields.status or "").lower()
    kind = _KINDS.get(name, EventKind.OTHER)
    if not name and fields.sender and text is not None:
        # A message from somebody, without any status, can only be one that came in.
        kind = EventKind.REPLIED
    whose = fields.sender if kind is EventKind.REPLIED else fields.to
    return Event(
        key=_key(fields, text, received_at),
        kind=kind,
        name=name,
        message_id=fields.message_id,
        customer_phone=normalise_phone(whose, region),
        text=text[:_TEXT_LENGTH_MAX] if text is not None else None,
        url=fields.url,
        at=fields.timestamp,
        raw=raw,
    )


def _key(fields: _Body, text: str | None, received_at: datetime) -> str:
    """Without an id or a time of theirs, the same words on the same day are one event: somebody who writes STOP again
    next year is heard, a delivery that is repeated within minutes is not."""
    when = fields.timestamp.isoformat() if fields.timestamp else "" if fields.message_id else f"{received_at:%Y-%m-%d}"
    parts = (fields.message_id, fields.status, fields.sender, fields.to, text, fields.url)
    return derived_id(VENDOR, when, *(part or "" for part in parts))
