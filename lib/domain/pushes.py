"""What a shop tells Alpine IQ of: sales, adjustments and opt-outs, each once as far as that can be known.

QUEUED ─▶ SENDING ─▶ SENT | REFUSED | UNKNOWN. What is certain not to have been done goes back to QUEUED. What may or
may not have been done is UNKNOWN and stays so: told twice, a sale or an adjustment counts twice there, and the next
sync shows what became of it. Only an opt-out, which is the same twice as once, is told again.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from lib.domain.ids import derived_id

QUEUE = "pushalpine"
"""The task function that pushes."""

LEASE = timedelta(minutes=10)
"""Longer than a task may run: who has been sending for so long has died."""

_GIVEN_UP_AFTER = timedelta(hours=72)


class PushKind(StrEnum):
    """Of what."""

    SALE = "sale"
    ADJUSTMENT = "adjustment"
    OPT_OUT = "opt_out"


class PushState(StrEnum):
    """Stored. REFUSED: certainly not done, and never will be."""

    QUEUED = "queued"
    SENDING = "sending"
    SENT = "sent"
    REFUSED = "refused"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Push:
    """One thing to tell. `subject`: the order, the adjustment or the channel (sms, email); `points` of an adjustment.

    Nothing personal is in it: whom it is about is looked up when it is sent. `updated_at`: when the state last changed.
    """

    id: str
    org_id: str
    kind: PushKind
    customer_id: str
    subject: str
    created_at: datetime
    updated_at: datetime
    points: int = 0
    state: PushState = PushState.QUEUED
    reason: str | None = None
    attempts: int = 0

    @property
    def work(self) -> tuple[str, ...]:
        """What its task is called."""
        return ("push", self.org_id, self.id)


def push_id(kind: PushKind, subject: str) -> str:
    """The id of the one push of this kind about this."""
    return derived_id("alpine_push", kind, subject)


def is_news(ordered_at: datetime, now: datetime) -> bool:
    """Whether a sale is young enough to be told. One that is recorded much later is of a past that they may know."""
    return now - ordered_at <= _GIVEN_UP_AFTER


def sale(org_id: str, order_id: str, customer_id: str, now: datetime) -> Push:
    """The sale that an order is; an order is one sale however often it is edited, undone or completed again."""
    return Push(push_id(PushKind.SALE, order_id), org_id, PushKind.SALE, customer_id, order_id, now, now)


def adjustment(org_id: str, adjustment_id: str, customer_id: str, points: int, now: datetime) -> Push:
    """Points that were added or, negative, taken by hand. `adjustment_id` is different for each."""
    identity = push_id(PushKind.ADJUSTMENT, adjustment_id)
    return Push(identity, org_id, PushKind.ADJUSTMENT, customer_id, adjustment_id, now, now, points)


def opt_out(org_id: str, customer_id: str, channel: str, occasion: str, now: datetime) -> Push:
    """That a customer wants no more messages by a channel. `occasion` tells one opt-out from a later one."""
    identity = derived_id("alpine_push", PushKind.OPT_OUT, customer_id, channel, occasion)
    return Push(identity, org_id, PushKind.OPT_OUT, customer_id, channel, now, now)


def claimed(push: Push, now: datetime) -> Push | None:
    """The push as whoever works it has to write it down first: SENDING, to be sent now; or in a last state, when it
    must not be sent. None when there is nothing to do, or somebody is at it."""
    if push.state is PushState.SENDING and now - push.updated_at >= LEASE:
        if push.kind is not PushKind.OPT_OUT:
            return replace(push, state=PushState.UNKNOWN, reason="interrupted", updated_at=now)
    elif push.state is not PushState.QUEUED:
        return None
    if now - push.created_at > _GIVEN_UP_AFTER:
        return replace(push, state=PushState.REFUSED, reason="too_late", updated_at=now)
    return replace(push, state=PushState.SENDING, reason=None, attempts=push.attempts + 1, updated_at=now)


def settled(push: Push, state: PushState, reason: str | None, now: datetime) -> Push:
    """What came of sending it. Raises ValueError for a push that is not being sent."""
    if push.state is not PushState.SENDING or state is PushState.SENDING:
        raise ValueError(f"a push that is {push.state} cannot become {state}")
    return replace(push, state=state, reason=reason, updated_at=now)
