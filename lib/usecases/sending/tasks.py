"""The tasks of messages: one for each, named after it, so that enqueueing it again is harmless."""

from collections.abc import Iterable
from datetime import datetime

from lib.domain.consent import Channel
from lib.domain.errors import Unavailable
from lib.domain.messages import Message
from lib.platform import clock, logs, tasks

QUEUES = {Channel.SMS: "sendsms", Channel.EMAIL: "sendemail"}
"""The task function of each channel, which is also its queue."""


def enqueue(messages: Iterable[Message]) -> None:
    """Have these messages sent when it is their time; to be called after the commit that queued them.

    Never raises: a message whose task cannot be made, or is further ahead than a queue takes, is found by the sweep.
    """
    for message in messages:
        enqueue_one(message.org_id, message.id, message.channel, message.attempts, message.send_after)


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
