"""What senders' vendors tell us of messages, in one form for all of them, and what follows from each thing they tell.

Events come twice, late and in any order. What follows is said in terms that do not mind: states of messages only rise
(lib/domain/messages.py), consent is the latest of each word (lib/domain/consent.py), dates of a customer only grow.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from lib.domain.consent import Channel, ConsentKind
from lib.domain.messages import State

SETTLED_WITHIN = timedelta(seconds=15)
"""How long it may take from a text's receipt until its message says under which id the vendor knows it."""


class Happened(StrEnum):
    """Stored with the event. OTHER: something that we do not know; it is kept for a person."""

    SENT = "sent"
    DELIVERED = "delivered"
    OPENED = "opened"
    CLICKED = "clicked"
    FAILED = "failed"
    BOUNCED = "bounced"
    COMPLAINED = "complained"
    UNSUBSCRIBED = "unsubscribed"
    REPLIED = "replied"
    OTHER = "other"


_STATES = {
    Happened.SENT: State.SENT,
    Happened.DELIVERED: State.DELIVERED,
    Happened.OPENED: State.OPENED,
    Happened.CLICKED: State.CLICKED,
    Happened.FAILED: State.FAILED,
    Happened.BOUNCED: State.BOUNCED,
}
_SEEN_FIELDS = {
    (Channel.EMAIL, Happened.OPENED): "lastEmailOpen",
    (Channel.EMAIL, Happened.CLICKED): "lastEmailClick",
    (Channel.SMS, Happened.CLICKED): "lastSmsClick",
}


@dataclass(frozen=True, slots=True)
class VendorEvent:
    """One event. `key` is the same for a repeated delivery; `name` is the vendor's own word.

    `message_id` is ours, `provider_id` theirs, "" for none. `address` is normalised, "" for none. `at`: UTC, no later
    than it was received. `permanent`: the address takes nothing any more. `text`: what somebody wrote back.
    """

    vendor: str
    key: str
    channel: Channel
    happened: Happened
    name: str
    at: datetime
    received_at: datetime
    message_id: str = ""
    provider_id: str = ""
    address: str = field(default="", repr=False)
    permanent: bool = False
    reason: str = ""
    text: str = field(default="", repr=False)

    @property
    def id(self) -> str:
        """The id of its inbox document."""
        return f"{self.vendor}:{self.key}"

    @property
    def state(self) -> State | None:
        """What has become of the message, None where the event says nothing of that."""
        return _STATES.get(self.happened)

    def may_be_early(self, now: datetime) -> bool:
        """Whether it may yet turn out which message it is about. Texts are known by the vendor's id alone, which is
        written down after the vendor has given it, and a receipt may overtake that; e-mails carry ours."""
        is_receipt = self.channel is Channel.SMS and self.state is not None and bool(self.provider_id)
        return is_receipt and now - self.received_at < SETTLED_WITHIN

    @property
    def consent_kind(self) -> ConsentKind | None:
        """What the event enters into the log of its address. A failed text is no word about the number: carriers fail
        for a day and for a filter."""
        if self.happened is Happened.COMPLAINED:
            return ConsentKind.COMPLAINED
        if self.happened is Happened.UNSUBSCRIBED:
            return ConsentKind.MARKETING_WITHDRAWN
        return ConsentKind.UNDELIVERABLE if self.permanent else None

    @property
    def seen_field(self) -> str | None:
        """The customer's date that the event moves, under the dashboard's name."""
        return _SEEN_FIELDS.get((self.channel, self.happened))
