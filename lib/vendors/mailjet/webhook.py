"""Reads what Mailjet's event webhook brings: what became of e-mails, one event or a group of up to a hundred.

They sign nothing. Who is calling is told by a secret in the path and by Basic credentials in the registered URL.
Anything but 200 is repeated for a day, so an event that is not understood is kept as OTHER and never refused.
"""

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from pydantic import AliasChoices, Field
from pydantic_core import from_json

from lib.domain.contacts import normalise_email
from lib.domain.errors import InvalidInput
from lib.domain.ids import derived_id
from lib.vendors.fields import Flag, Instant, Record, Text
from lib.vendors.mailjet.config import VENDOR
from lib.vendors.webhooks import require_shared_secret

# They promise a hundred; a group above this is not theirs.
_EVENTS_MAX = 1000


class EventKind(StrEnum):
    """SENT: the receiving server took it. BOUNCED: it said no. BLOCKED: Mailjet did not try (a pre-blocked address)."""

    SENT = "sent"
    OPENED = "open"
    CLICKED = "click"
    BOUNCED = "bounce"
    BLOCKED = "blocked"
    COMPLAINED = "spam"
    UNSUBSCRIBED = "unsub"
    OTHER = "other"


_KINDS = {kind.value: kind for kind in EventKind}


class _Body(Record):
    event: Text = None
    time: Instant = None
    message_id: Text = Field(None, validation_alias=AliasChoices("MessageID", "mj_message_id"))
    message_guid: Text = Field(None, validation_alias="Message_GUID")
    email: Text = None
    custom_id: Text = Field(None, validation_alias="CustomID")
    campaign: Text = Field(None, validation_alias="customcampaign")
    url: Text = None
    hard_bounce: Flag = None
    error: Text = None
    error_related_to: Text = None


@dataclass(frozen=True, slots=True)
class Event:
    """`key` names it in the inbox; a repeated delivery has the same. `message_id` is ours (CustomID), `provider_id`
    theirs. `email` is normalised, None if it is no address.

    `permanent`: the address will not take anything: a hard bounce, or an address they have blocked for one.
    `error` is what went wrong in their words ("recipient: user unknown"). `name` is the event as they wrote it.
    """

    key: str
    kind: EventKind
    name: str
    at: datetime | None
    message_id: str | None
    provider_id: str | None
    email: str | None = field(repr=False)
    url: str | None
    permanent: bool
    error: str | None
    campaign: str | None
    raw: Mapping[str, Any] = field(repr=False)


def read_events(body: bytes, *, given: str | None, secret: str | None) -> tuple[Event, ...]:
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
    return tuple(_event(item) for item in items)


def basic_password(authorization: str | None) -> str | None:
    """The password in an Authorization header of Basic credentials, whose user name means nothing; None if none."""
    scheme, _, encoded = (authorization or "").partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        _, mark, password = base64.b64decode(encoded.strip(), validate=True).decode().partition(":")
    except (binascii.Error, ValueError):
        return None
    return password if mark else None


def _event(raw: Mapping[str, Any]) -> Event:
    fields = _Body.read(raw)
    name = (fields.event or "").lower()
    kind = _KINDS.get(name, EventKind.OTHER)
    said = [text for text in (fields.error_related_to, fields.error) if text]
    hard = fields.hard_bounce is True
    # "preblocked" is Mailjet's word for an address that it gave up on after hard bounces.
    preblocked = kind is EventKind.BLOCKED and fields.error == "preblocked"
    return Event(
        key=_key(fields, raw),
        kind=kind,
        name=name,
        at=fields.time,
        message_id=fields.custom_id,
        provider_id=fields.message_id,
        email=normalise_email(fields.email),
        url=fields.url,
        permanent=kind in (EventKind.BOUNCED, EventKind.BLOCKED) and (hard or preblocked),
        error=": ".join(said) or None,
        campaign=fields.campaign,
        raw=raw,
    )


def _key(fields: _Body, raw: Mapping[str, Any]) -> str:
    """The same event delivered again has the same fields; the same kind of event at another second, or of another link,
    is another one. Without a time or a message the whole object is the key."""
    if fields.time is None or not (fields.message_id or fields.message_guid):
        return derived_id(VENDOR, repr(sorted(raw.items(), key=lambda item: item[0])))
    parts = (fields.event, fields.message_id, fields.message_guid, fields.email, fields.url)
    return derived_id(VENDOR, fields.time.isoformat(), *(part or "" for part in parts))
