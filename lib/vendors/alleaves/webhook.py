"""Reads what Alleaves' webhook brings: a hint, genuine and stored once, that a customer or an order has changed."""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from pydantic import Field
from pydantic_core import from_json

from lib.domain.errors import InvalidInput
from lib.vendors.alleaves.config import VENDOR
from lib.vendors.fields import Instant, Record, Text, object_in
from lib.vendors.webhooks import require_hex_signature

SIGNATURE_HEADER = "x-alleaves-signature"

_CHALLENGE = re.compile(r"[A-Za-z0-9._~-]{1,200}")


class Subject(StrEnum):
    """What an event is about, as far as we care."""

    CUSTOMER = "customer"
    ORDER = "order"
    OTHER = "other"


_SUBJECTS = {subject.value: subject for subject in Subject}


class EventData(Record):
    """What is known of the subject. Everything else about it is asked for, since only asking is dependable."""

    subject_id: Text = Field(None, validation_alias="id")
    org_id: Text = Field(None, validation_alias="orgId")
    location_id: Text = Field(None, validation_alias="locationId")


class _Body(Record):
    event: Text = None
    timestamp: Instant = None


@dataclass(frozen=True, slots=True)
class Event:
    """A genuine event. `key` is the same for the same body, so a repeated delivery is known again; they give no id.

    `raw` is the object as received, for the inbox.
    """

    key: str
    name: str
    subject: Subject
    data: EventData
    at: Instant
    raw: Mapping[str, Any]


def read_event(body: bytes, signature: str | None, secret: str | None) -> Event:
    """The event in a request's raw body. The signature is checked before anything is read.

    Raises SwitchedOff without a secret, Unauthenticated for a signature that is not right, InvalidInput for a body that
    is signed and makes no event.
    """
    require_hex_signature(VENDOR, secret, body, signature)
    try:
        raw = from_json(body, allow_inf_nan=False)
        envelope, data = _Body.read(raw), EventData.read(object_in(raw.get("data")))
    except (ValueError, AttributeError):
        raise InvalidInput("must be a JSON object", reason="not_an_event") from None
    if envelope.event is None:
        raise InvalidInput("must name the event", pointer="/event", reason="not_an_event")
    subject = _SUBJECTS.get(envelope.event.partition(".")[0].lower(), Subject.OTHER)
    return Event(hashlib.sha256(body).hexdigest(), envelope.event, subject, data, envelope.timestamp, raw)


def challenge_answer(challenge: str) -> str:
    """What a GET with `?challenge=` is answered with, as plain text: the same.

    Raises InvalidInput for what is no token: anybody may ask, and markup would come back too.
    """
    if not _CHALLENGE.fullmatch(challenge):
        raise InvalidInput("must be a token", pointer="/challenge", reason="not_a_challenge")
    return challenge
