"""The trigger behind everything: an order was written, by whomever; and the schedule that finds what it missed."""

from functions import edge
from functions.edge import DocumentChange, on_document_written
from lib.usecases import orders, sweep
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


@edge.on_schedule("7 * * * *")
def sweep_orders() -> None:
    """Records the orders whose events were lost."""
    sweep.sweep_orders(orders.record_present)
