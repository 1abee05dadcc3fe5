"""Messages to customers: what each is about, the states it goes through, and which of them may follow which.

A message is sent at most once. It is claimed before it is handed over, and what became of a claim that nobody has heard
of again is unknown for ever, unless the vendor's own events say it: a text that may have arrived must not come twice.

    queued -> sending -> sent -> delivered -> opened -> clicked, bounced or failed at any point after sending
    queued -> skipped (nobody may or need be written to), failed (it cannot be written)
    sending -> queued (clearly not sent, to be tried again), failed (refused), unknown (it may have been sent)

E-mails go out many in a request, so that a worker that dies takes many claims with it. Whether that request was made is
written down before it is (`batch_id`), and those of one that was not are queued again.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum

from lib.domain.consent import Channel, Purpose
from lib.domain.errors import InvariantBroken
from lib.domain.frequency import MessageType
from lib.domain.ids import derived_id

LEASE = timedelta(minutes=3)
"""How long a worker may take from the claim to the vendor's answer; more than a request and its tries can take."""

ATTEMPTS_MAX = 12
"""After so many clear refusals for now, over about nine hours, a message is given up."""

PREVIEW_LENGTH = 200
"""The dashboard's; `customer_communications.preview` holds no more."""

_BACKOFF = timedelta(seconds=30)
_BACKOFF_MAX = timedelta(hours=1)


class State(StrEnum):
    """Stored as `customer_communications.state`. From SENT on in the order in which the later one replaces the earlier:
    events of vendors come in any order, and more than once."""

    QUEUED = "queued"
    SENDING = "sending"
    SKIPPED = "skipped"
    UNKNOWN = "unknown"
    SENT = "sent"
    DELIVERED = "delivered"
    FAILED = "failed"
    BOUNCED = "bounced"
    OPENED = "opened"
    CLICKED = "clicked"

    @property
    def status(self) -> str:
        """The dashboard's word for it (`customer_communications.status`)."""
        return _STATUS.get(self, self.value)


_STATUS = {
    State.QUEUED: "scheduled",
    State.SENDING: "scheduled",
    State.SKIPPED: "failed",
    State.UNKNOWN: "failed",
}
_REPORTED = (State.SENT, State.DELIVERED, State.FAILED, State.BOUNCED, State.OPENED, State.CLICKED)
_RANK = {state: rank for rank, state in enumerate(_REPORTED, start=1)}


@dataclass(frozen=True, slots=True)
class Cause:
    """What a message is about: ("campaign", "{id}:{step}"), ("notice", id), ("birthday", "2027"). One message for each
    cause, customer and channel, whatever happens."""

    type: str
    id: str


@dataclass(frozen=True, slots=True)
class Draft:
    """A message as it is handed over: to whom, and what it says. `subject` and `html` are "" for a text, `image_url`
    for whatever has no picture beside it."""

    address: str = field(repr=False)
    body: str = field(repr=False)
    subject: str = field(default="", repr=False)
    html: str = field(default="", repr=False)
    image_url: str = ""
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)

    @property
    def preview(self) -> str:
        """The first words, on one line."""
        return " ".join(self.body.split())[:PREVIEW_LENGTH]


@dataclass(frozen=True, slots=True)
class Message:
    """One message to one customer. Times are aware, UTC.

    template_id: the words (lib/store/message_templates.py), which never change. variables: what the occasion adds to
    the customer's own values at the time of sending. link_url: where the variable `link` leads, "" for nowhere.
    send_after: not before that. good_until: not after that. address: E.164 or e-mail; until it is sent, as last known.
    attempts: how often it was claimed; tells one claim from the next. batch_id: the request it goes out in, "" for one
    of its own. reason: why it is not sent, "" for no reason. unsubscribed_at: when its reader had enough because of it.
    """

    org_id: str
    customer_id: str
    channel: Channel
    cause: Cause
    kind: MessageType
    template_id: str
    created_at: datetime
    send_after: datetime
    good_until: datetime
    variables: Mapping[str, str | int | None] = field(default_factory=dict)
    link_url: str = ""
    campaign_id: str = ""
    address: str = ""
    state: State = State.QUEUED
    reason: str = ""
    attempts: int = 0
    lease_until: datetime | None = None
    batch_id: str = ""
    provider: str = ""
    provider_id: str = ""
    subject: str = ""
    preview: str = ""
    body: str = ""
    claimed_at: datetime | None = None
    sent_at: datetime | None = None
    reported: Mapping[State, datetime] = field(default_factory=dict)
    unsubscribed_at: datetime | None = None

    @property
    def id(self) -> str:
        """Derived from what makes it one message; also the dashboard's `dedupeKey`."""
        return message_id(self.org_id, self.cause, self.customer_id, self.channel)

    @property
    def purpose(self) -> Purpose:
        return self.kind.purpose


def message_id(org_id: str, cause: Cause, customer_id: str, channel: Channel) -> str:
    """The id of the one message of this cause to this customer on this channel."""
    return derived_id("message", org_id, cause.type, cause.id, customer_id, channel)


def claimed(message: Message, draft: Draft, provider: str, now: datetime, batch_id: str = "") -> Message:
    """About to be handed over, by whoever commits this first."""
    _check(message, State.QUEUED)
    return replace(
        message,
        state=State.SENDING,
        reason="",
        attempts=message.attempts + 1,
        lease_until=now + LEASE,
        batch_id=batch_id,
        claimed_at=now,
        provider=provider,
        address=draft.address,
        subject=draft.subject,
        preview=draft.preview,
        body=draft.body,
    )


def waiting(message: Message, until: datetime, reason: str) -> Message:
    """Not now: to be looked at again then."""
    _check(message, State.QUEUED)
    return replace(message, send_after=until, reason=reason)


def skipped(message: Message, reason: str) -> Message:
    """Nobody is to be written to."""
    _check(message, State.QUEUED)
    return replace(message, state=State.SKIPPED, reason=reason)


def unwritable(message: Message, reason: str) -> Message:
    """There is no text for this customer, which is a mistake of the template's author."""
    _check(message, State.QUEUED)
    return replace(message, state=State.FAILED, reason=reason)


def accepted(message: Message, provider_id: str, now: datetime) -> Message:
    """The vendor has it. Also says so of a message whose lease ran out meanwhile; what events have said stays."""
    state = State.SENT if message.state in (State.SENDING, State.UNKNOWN) else message.state
    return replace(
        message,
        state=state,
        reason="" if state is State.SENT else message.reason,
        lease_until=None,
        provider_id=provider_id or message.provider_id,
        sent_at=message.sent_at or now,
    )


def refused(message: Message, reason: str) -> Message:
    """The vendor has it not, and never will. What events have said stays."""
    if message.state not in (State.SENDING, State.UNKNOWN):
        return message
    return replace(message, state=State.FAILED, reason=reason, lease_until=None)


def unknown(message: Message, reason: str) -> Message:
    """The vendor may have it: never to be sent again, unless it turns out from events that it was."""
    if message.state is not State.SENDING:
        return message
    return replace(message, state=State.UNKNOWN, reason=reason, lease_until=None)


def deferred(message: Message, reason: str, now: datetime, retry_after: timedelta = timedelta(0)) -> Message:
    """The vendor has it not, but may take it later; after `ATTEMPTS_MAX` times it is given up."""
    if message.state is not State.SENDING:
        # Its lease ran out, and it was called unknown; now it is known, but it may be seen to by now.
        return message
    if message.attempts >= ATTEMPTS_MAX:
        return refused(message, reason)
    pause = max(backoff(message), retry_after)
    return replace(message, state=State.QUEUED, reason=reason, lease_until=None, send_after=now + pause)


def returned(message: Message, reason: str, now: datetime) -> Message:
    """Its worker died before the request was made: it is due again, unless that has happened too often."""
    _check(message, State.SENDING)
    if message.attempts >= ATTEMPTS_MAX:
        return refused(message, reason)
    return replace(message, state=State.QUEUED, reason=reason, lease_until=None, send_after=now)


def backoff(message: Message) -> timedelta:
    """How long to leave a message alone: doubling, and up to a quarter longer, so that those that were refused together
    do not come back together."""
    pause = min(_BACKOFF * (1 << max(0, message.attempts - 1)), _BACKOFF_MAX)
    return pause * (1 + int(message.id[:4], 16) / 0x10000 / 4)


def reported(message: Message, state: State, at: datetime, reason: str = "") -> Message:
    """A message of which its vendor says that this has happened to it, at a time of its own.

    Events say the same in whatever order, and however often, they come: the highest state stands, with the first time
    of each. They also settle what is unknown, and keep a message from being sent again that was thought to be refused.
    One that was never handed over stays as it is.
    """
    if message.attempts == 0 or message.state is State.SKIPPED:
        return message
    known = message.reported.get(state)
    times = {**message.reported, state: min(at, known) if known else at}
    if _RANK[state] <= _RANK.get(message.state, 0):
        return replace(message, reported=times)
    return replace(
        message,
        state=state,
        reason=reason if state in (State.FAILED, State.BOUNCED) else "",
        reported=times,
        lease_until=None,
        sent_at=message.sent_at or message.claimed_at,
    )


def unsubscribed(message: Message, at: datetime) -> Message:
    """A message whose reader has opted out by its link, or in answer to it; the first time stands."""
    return replace(message, unsubscribed_at=min(at, message.unsubscribed_at or at))


def is_abandoned(message: Message, now: datetime) -> bool:
    """Whether whoever claimed it is gone."""
    return message.state is State.SENDING and message.lease_until is not None and message.lease_until <= now


def _check(message: Message, state: State) -> None:
    if message.state is not state:
        raise InvariantBroken(f"a message that is {message.state} cannot be treated as {state}")
