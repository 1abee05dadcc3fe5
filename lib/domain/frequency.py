"""How often a customer hears from a shop, and what becomes of a message that would be one too many.

The caps are courtesy and law: Florida and Oklahoma allow three advertising calls or texts in 24 hours (Fla. Stat.
§ 501.616(6)(b), Okla. Stat. tit. 15 § 775C.4), and people leave long before that.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from types import MappingProxyType

from lib.domain.consent import Channel, Purpose
from lib.domain.quiet_hours import Place, next_allowed


@dataclass(frozen=True, slots=True)
class Cap:
    """At most `count` marketing messages in any stretch of `window`."""

    count: int
    window: timedelta

    def __post_init__(self) -> None:
        if self.count < 1 or self.window <= timedelta(0):
            raise ValueError("a cap allows at least one message in a positive window")


DEFAULT_CAPS: Mapping[Channel, tuple[Cap, ...]] = MappingProxyType(
    {
        Channel.SMS: (Cap(1, timedelta(hours=24)), Cap(3, timedelta(days=7)), Cap(8, timedelta(days=30))),
        Channel.EMAIL: (Cap(1, timedelta(hours=20)), Cap(4, timedelta(days=7))),
    }
)


class MessageType(StrEnum):
    """The dashboard's values of `customer_communications.type`, and the occasions of ours."""

    CAMPAIGN = "campaign"
    TRANSACTIONAL = "transactional"
    WELCOME = "welcome"
    WINBACK = "winback"
    BIRTHDAY = "birthday"
    ANNIVERSARY = "anniversary"
    ORDER_UPDATE = "order_update"
    LOYALTY = "loyalty"
    TIER_GAINED = "tier_gained"
    TIER_LAPSING = "tier_lapsing"
    POINTS_EXPIRING = "points_expiring"
    SEGMENT_ENTERED = "segment_entered"
    MANUAL = "manual"
    STRATEGY = "strategy"

    @property
    def purpose(self) -> Purpose:
        """Only what answers the customer's own doing is transactional; the rest needs consent to marketing."""
        return Purpose.TRANSACTIONAL if self in _TRANSACTIONAL else Purpose.MARKETING


_TRANSACTIONAL = frozenset({MessageType.TRANSACTIONAL, MessageType.ORDER_UPDATE})

# How long after its occasion a message still makes sense, where its cause names no date of its own (points that expire
# on Friday are worth a word until Friday).
_STALE_AFTER: Mapping[MessageType, timedelta] = MappingProxyType(
    {
        MessageType.ORDER_UPDATE: timedelta(hours=12),
        MessageType.TRANSACTIONAL: timedelta(days=1),
        MessageType.MANUAL: timedelta(days=1),
        MessageType.BIRTHDAY: timedelta(days=2),
        MessageType.ANNIVERSARY: timedelta(days=3),
        MessageType.CAMPAIGN: timedelta(days=2),
        MessageType.STRATEGY: timedelta(days=2),
        MessageType.WELCOME: timedelta(days=4),
        MessageType.TIER_GAINED: timedelta(days=7),
        MessageType.LOYALTY: timedelta(days=7),
        MessageType.TIER_LAPSING: timedelta(days=7),
        MessageType.POINTS_EXPIRING: timedelta(days=7),
        MessageType.WINBACK: timedelta(days=7),
        MessageType.SEGMENT_ENTERED: timedelta(days=7),
    }
)


class WhenCapped(StrEnum):
    """WAIT: until the caps let it through or it is stale. DROP: another message took its place."""

    WAIT = "wait"
    DROP = "drop"


def good_until(kind: MessageType, occasion_at: datetime, deadline: datetime | None = None) -> datetime:
    """Until when a message makes sense. `deadline` is that of its cause; an offer or warning past it is a lie."""
    stale_at = occasion_at + _STALE_AFTER[kind]
    return stale_at if deadline is None else min(stale_at, deadline)


def when_capped(kind: MessageType) -> WhenCapped:
    """Campaigns and strategies are dropped: the shop will have a next one. What happened to a customer happens once."""
    return WhenCapped.DROP if kind in (MessageType.CAMPAIGN, MessageType.STRATEGY) else WhenCapped.WAIT


def free_at(now: datetime, sent_at: Sequence[datetime], caps: Sequence[Cap]) -> datetime:
    """`now` if one more message keeps every cap, else the first moment at which it does.

    `sent_at`: when earlier marketing messages of this channel went to the same address, unsorted; those whose outcome
    is unknown count. All times aware.
    """
    earlier = sorted(moment for moment in sent_at if moment <= now)
    moment = now
    for cap in caps:
        if len(earlier) >= cap.count:
            moment = max(moment, earlier[-cap.count] + cap.window)
    return moment


class Verdict(StrEnum):
    """What to do with a message that may be sent as far as consent goes. CAPPED and STALE end it; stored as reasons."""

    SEND = "send"
    WAIT = "wait"
    CAPPED = "capped"
    STALE = "stale"


@dataclass(frozen=True, slots=True)
class Timing:
    """`at` is when to send (SEND: now) or to look again (WAIT); it means nothing otherwise."""

    verdict: Verdict
    at: datetime


def timing(
    now: datetime,
    kind: MessageType,
    *,
    until: datetime,
    sent_at: Sequence[datetime],
    caps: Sequence[Cap],
    place: Place,
    quiet: bool = True,
) -> Timing:
    """Send now, wait, or give up: caps, quiet hours and the message's own end taken together.

    A transactional message has neither caps nor quiet hours, only an end (`until`, see good_until). `quiet` is False
    where hours do not matter (e-mail, if the org says so). To be asked again right before the message goes: waiting
    messages free their place in no order, and others may have gone first.
    """
    if now > until:
        return Timing(Verdict.STALE, now)
    if kind.purpose is Purpose.TRANSACTIONAL:
        return Timing(Verdict.SEND, now)
    free = free_at(now, sent_at, caps)
    if free > now and when_capped(kind) is WhenCapped.DROP:
        return Timing(Verdict.CAPPED, now)
    at = next_allowed(free, place) if quiet else free
    if at > until:
        return Timing(Verdict.CAPPED if free > until else Verdict.STALE, now)
    return Timing(Verdict.SEND if at == now else Verdict.WAIT, at)
