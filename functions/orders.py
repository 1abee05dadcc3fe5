"""The trigger behind everything: an order was written, by whomever."""

from functions.edge import DocumentChange, on_document_written
from lib.usecases import orders
from lib.usecases.orders import OrderChange


@on_document_written("orders/{orderId}")
def on_order_written(change: DocumentChange) -> None:
    """Records the order: customer, ledger, tier, segment."""
    orders.record_order(
        OrderChange(
            order_id=change.params["orderId"],
            before=change.before,
            after=change.after,
            created_at=change.created_at,
            updated_at=change.at,
        )
    )
