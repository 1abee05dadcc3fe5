"""The decision at the last moment: send a message, look at it again later, or never send it.

Made from what is true in the transaction that claims the message, in a fixed order of reasons. A reason is stored on
the message and is a word to count by.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TypeAlias

from lib.domain.consent import ConsentState, Purpose, Recipient, refusal
from lib.domain.frequency import Cap, Verdict, timing
from lib.domain.messages import Message
from lib.domain.quiet_hours import Place
from lib.domain.recent_messages import RecentMessages

PAUSED_FOR = timedelta(minutes=30)
"""When to look again whether a pause is over."""


class Reason(StrEnum):
    """Why a message is not sent (yet), besides the refusals of consent, `capped` and `stale`."""

    CHANNEL_OFF = "channel_off"
    VENDOR_OFF = "vendor_off"
    NO_LINK_KEYS = "no_link_keys"
    UNKNOWN_CUSTOMER = "unknown_customer"
    UNKNOWN_TEMPLATE = "unknown_template"
    SAME_ADDRESS = "same_address"
    CANCELLED = "cancelled"
    AUTOMATION_OFF = "automation_off"
    NO_LONGER_SO = "no_longer_so"
    PAUSED = "paused"
    WAITS = "waits"


@dataclass(frozen=True, slots=True)
class Situation:
    """What counts for one message now.

    off: why nothing can be sent on this channel, "" if it can. paused, cancelled: the org or the message's campaign.
    over: why what it is about is over, "" if it is not. place, quiet: where and whether quiet hours count. recent,
    caps: what this address was sent, and how much it may be.
    """

    now: datetime
    recipient: Recipient
    consent: ConsentState
    recent: RecentMessages
    caps: Sequence[Cap]
    place: Place
    quiet: bool
    off: str = ""
    paused: bool = False
    cancelled: bool = False
    over: str = ""


@dataclass(frozen=True, slots=True)
class Send:
    """Now."""


@dataclass(frozen=True, slots=True)
class Wait:
    """Not before `until`."""

    until: datetime
    reason: str


@dataclass(frozen=True, slots=True)
class Skip:
    """Never."""

    reason: str


Decision: TypeAlias = Send | Wait | Skip


def decide(message: Message, situation: Situation) -> Decision:
    """What to do with a queued message, for the first reason there is."""
    if situation.off:
        return Skip(situation.off)
    if situation.cancelled:
        return Skip(Reason.CANCELLED)
    if situation.over:
        return Skip(situation.over)
    no = refusal(situation.recipient, situation.consent, message.purpose)
    if no:
        return Skip(no)
    if message.purpose is Purpose.MARKETING and situation.recent.has_cause_of(message):
        return Skip(Reason.SAME_ADDRESS)
    when = timing(
        situation.now,
        message.kind,
        until=message.good_until,
        sent_at=situation.recent.times(message),
        caps=situation.caps,
        place=situation.place,
        quiet=situation.quiet,
    )
    if when.verdict in (Verdict.STALE, Verdict.CAPPED):
        return Skip(when.verdict)
    if situation.paused:
        return Wait(max(when.at, situation.now + PAUSED_FOR), Reason.PAUSED)
    return Send() if when.verdict is Verdict.SEND else Wait(when.at, Reason.WAITS)
