"""Callable that works an order again which could not be decided when it was written."""

from functions import edge
from functions.edge import Call, DocumentId, Json, WriteInput
from lib.domain.access import Action
from lib.usecases import inbox


class ReplayInput(WriteInput):
    """`itemId`: the id of the document in `tenants/{org}/inbox`."""

    item_id: DocumentId


@edge.on_call(Action.REPLAY_INBOX, ReplayInput)
def replay_inbox(call: Call[ReplayInput]) -> Json:
    """Reads the order of an inbox document again and records it."""
    return inbox.replay(call.command(), call.data.item_id)
