"""The message that somebody answers, or has had enough of: the last one that their address was sent."""

from datetime import datetime

from lib.domain.consent import Channel
from lib.domain.messages import Message
from lib.store import messages, recent_messages
from lib.store.org import OrgStore
from lib.store.transaction import Transaction


def sent_to(
    transaction: Transaction, org: OrgStore, channel: Channel, address: str, before: datetime
) -> Message | None:
    """The last advertisement that went to this address until then, as far back as caps remember; None for none.

    A text that comes back names no message, nor does the link of a mail: it has to work when all else is gone. One or
    two reads.
    """
    recent = recent_messages.read(transaction, org, channel, address)
    sent = [(sending.at, message_id) for message_id, sending in recent.sendings.items() if sending.at <= before]
    return messages.find(transaction, org, max(sent)[1]) if sent else None
