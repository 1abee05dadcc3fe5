"""Callable that puts one customer right."""

from functions import edge
from functions.edge import Call, DocumentId, Json, WriteInput
from lib.domain.access import Action
from lib.usecases import customers


class SyncInput(WriteInput):
    customer_id: DocumentId


@edge.on_call(Action.SYNC_CUSTOMER, SyncInput)
def sync_customer(call: Call[SyncInput]) -> Json:
    """Recomputes one customer from its orders and repairs what others have written over its document."""
    return customers.sync(call.command(), call.data.customer_id)
