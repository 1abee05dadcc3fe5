"""What a demo itself knows of the orders it has written: who bought each, and those that earn at the moment."""

from dataclasses import dataclass, field

from cli.demo.documents import OrderWrite
from cli.demo.expected import counts
from cli.demo.till import Sale


@dataclass(slots=True)
class Seen:
    """`buyers` by order, `sales` the orders that earn."""

    orders: set[str] = field(default_factory=set)
    buyers: dict[str, str] = field(default_factory=dict)
    sales: dict[str, Sale] = field(default_factory=dict)

    def add(self, write: OrderWrite) -> None:
        """Takes a write down."""
        self.orders.add(write.order_id)
        if write.person is not None:
            self.buyers[write.order_id] = write.person
        if counts(write.fields):
            self.sales[write.order_id] = Sale(write.order_id, round(write.fields["totals"]["total"] * 100))
        else:
            self.sales.pop(write.order_id, None)
