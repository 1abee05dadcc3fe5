"""The tasks of messages: one for each, named after it, so that enqueueing it again is harmless."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from lib.domain.consent import Channel, Purpose
from lib.domain.errors import Unavailable
from lib.domain.messages import Message, State
from lib.platform import clock, logs, tasks

# Workers of a mailing that begin at neighbours would claim the same batch; and a batch has to come together first.
_MAILING_SPREAD = timedelta(seconds=20)
_DELAY_SECONDS = 60
_DELAY_SECONDS_MAX = 1800

QUEUES = {Channel.SMS: "sendsms", Channel.EMAIL: "sendemail"}
"""The task function of each channel, which is also its queue."""


def enqueue(messages: Iterable[Message]) -> None:
    """Have these messages sent when it is their time; to be called after the commit that queued them.

    Never raises: a message whose task cannot be made, or is further ahead than a queue takes, is found by the sweep.
    """
    for message in messages:
        at = message.send_after + _spread(message)
        enqueue_one(message.org_id, message.id, message.channel, message.attempts, at)


def again(message: Message) -> None:
    """Have a message that is queued still looked at again when its time has come."""
    if message.state is State.QUEUED:
        enqueue_one(message.org_id, message.id, message.channel, message.attempts, message.send_after, turn="again")


def enqueue_one(
    org_id: str, message_id: str, channel: Channel, attempts: int, at: datetime, *, turn: str = "", delays: int = 0
) -> None:
    """Have one message looked at at a time (UTC). Its task is named after its attempt and that time; `turn` makes
    another task for the same. `delays`: how often it has been put off for want of room."""
    now = clock.now()
    if at > now + tasks.SCHEDULE_AHEAD_MAX:
        return
    work = ("send", org_id, message_id, str(attempts), at.isoformat(), turn)
    payload = {"orgId": org_id, "messageId": message_id, "delays": delays}
    try:
        tasks.enqueue(QUEUES[channel], work, payload, at if at > now else None)
    except Unavailable as error:
        logs.message_not_enqueued(org_id, error)


def put_off(message: Message, now: datetime, room_in_seconds: float, delays: int) -> None:
    """Have a message looked at again when its account may have room: never before it has, and the later the more often
    it was put off, at a moment that is the message's own, so that a queue of thousands does not come back as one."""
    spread = timedelta(seconds=min(_DELAY_SECONDS << min(delays, 5), _DELAY_SECONDS_MAX)) * _share(message)
    at = now + timedelta(seconds=room_in_seconds) + spread
    turn = f"delay {delays}"
    enqueue_one(message.org_id, message.id, message.channel, message.attempts, at, turn=turn, delays=delays + 1)


def _spread(message: Message) -> timedelta:
    is_mailing = message.channel is Channel.EMAIL and message.purpose is Purpose.MARKETING
    return _MAILING_SPREAD * _share(message) if is_mailing else timedelta(0)


def _share(message: Message) -> float:
    """A number from 0 to 1 that is the message's own."""
    return int(message.id[-4:], 16) / 0x10000
