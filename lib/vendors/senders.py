"""The two ways out of the house: a text to one telephone, e-mails to many; and what is known of each afterwards.

Whoever sends branches on an `Outcome` and never on an exception: of a batch, one message may be accepted, the next
refused, and a third may never be heard of again. Another vendor is another folder with one of these two methods.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final, Protocol

from lib.vendors.errors import Ambiguous, Malformed, Refused, SwitchedOff, Unavailable, VendorError


class Outcome(StrEnum):
    """What came of handing over one message.

    ACCEPTED: the vendor has it. REFUSED: it has not, and would refuse it again. RETRY: it has not, and may take it
    later. UNKNOWN: it may have it; to be recorded, never repeated by itself, and found out about from its webhooks.
    """

    ACCEPTED = "accepted"
    REFUSED = "refused"
    RETRY = "retry"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class SendResult:
    """`provider_id` is the vendor's id of an accepted message, "" where it gives none. `reason` is a word to count by,
    `code` the vendor's own error code, "" for none. `retry_after_seconds` comes with RETRY where somebody said it."""

    outcome: Outcome
    provider_id: str = ""
    reason: str = ""
    code: str = ""
    retry_after_seconds: float | None = None


@dataclass(frozen=True, slots=True)
class SmsMessage:
    """`to` is E.164; `body` is final (opt-out line included); `image_url` makes it an MMS."""

    to: str = field(repr=False)
    body: str = field(repr=False)
    image_url: str | None = None


@dataclass(frozen=True, slots=True)
class EmailAddress:
    email: str = field(repr=False)
    name: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class EmailMessage:
    """`message_id` is ours, at most 64 characters: it comes back with every event, and tells what has been sent when
    the answer was lost. `sender` None is the configured one. `campaign` groups messages in the vendor's own figures."""

    message_id: str
    to: EmailAddress
    subject: str = field(repr=False)
    html: str = field(repr=False)
    text: str = field(default="", repr=False)
    sender: EmailAddress | None = None
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    campaign: str = ""


class SmsSender(Protocol):
    """`name` is what `customer_communications.provider` holds."""

    name: str

    def send(self, message: SmsMessage) -> SendResult:
        """Hand over one text, once. Never raises a VendorError."""
        ...


class EmailSender(Protocol):
    """`batch_max` is how many messages one call takes."""

    name: str
    batch_max: int

    def send(self, messages: Sequence[EmailMessage]) -> tuple[SendResult, ...]:
        """Hand over messages, once; one result each, in their order. Never raises a VendorError.

        Raises ValueError for more than `batch_max` messages, and for two with the same id.
        """
        ...


# Refusals that are about our account or address and not about the message: it may go when that is mended.
_NOT_THE_MESSAGE: Final = frozenset({"credentials", "redirected", "foreign_404", "not_found"})


def result_of(error: VendorError) -> SendResult:
    """What an error means for the message that was to be sent."""
    reason = error.reason or "unknown"
    match error:
        case Unavailable():
            return SendResult(Outcome.RETRY, reason=reason, retry_after_seconds=error.retry_after_seconds)
        case Ambiguous():
            return SendResult(Outcome.UNKNOWN, reason=reason)
        case _ if reason in _NOT_THE_MESSAGE or isinstance(error, SwitchedOff):
            return SendResult(Outcome.RETRY, reason=reason)
        case Refused():
            return SendResult(Outcome.REFUSED, reason=reason, code=error.code)
        case Malformed() | _:
            return SendResult(Outcome.UNKNOWN, reason=reason)
