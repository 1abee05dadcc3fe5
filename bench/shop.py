"""A shop to measure on: settings, orders as the POS sync writes them, events delivered in this process."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

from google.cloud.firestore import Client

from bench import local_stack
from emulator.client import StackClient
from emulator.stack import Stack
from lib.domain.commands import Command
from lib.domain.ids import fingerprint
from lib.domain.ledger import Actor
from lib.store.client import database
from lib.usecases import settings
from lib.usecases.orders import OrderChange, record_order

ORG = "org_bench"


class Shop:
    """Orders of one org. `write` is what the POS does; `sell` also records the order, as the function would."""

    def __init__(self, client: Client) -> None:
        self.client = client

    def open(self) -> None:
        """Gives the org its settings."""
        command = Command("bench", ORG, Actor("staff", "bench"), "open", fingerprint({}), datetime.now(UTC))
        settings.update(command, {"pointsPerDollar": 2, "pointsExpireMonths": 12})

    def put(self, order_id: str, number: int) -> None:
        """Writes a new order of POS customer `number`, completed and of 50 dollars."""
        self.client.document("orders", order_id).set(_new_order(number), merge=True)

    def write(self, order_id: str, number: int, **fields: Any) -> OrderChange:
        """Merges the fields into an order, which is a new one if there is none yet; the change to deliver."""
        reference = self.client.document("orders", order_id)
        before = reference.get()
        reference.set(fields if before.exists else {**_new_order(number), **fields}, merge=True)
        after = reference.get()
        return OrderChange(order_id, before.to_dict(), after.to_dict(), after.create_time, after.update_time)

    def sell(self, order_id: str, number: int, **fields: Any) -> None:
        """Writes the order and records it."""
        record_order(self.write(order_id, number, **fields))


def _new_order(number: int) -> dict[str, Any]:
    return {
        "orgId": ORG,
        "source": "alleaves",
        "userId": str(number),
        "status": "completed",
        "customer": {"name": f"Buyer {number}", "email": f"buyer{number}@example.com"},
        "items": [{"productId": f"sku-{line}", "name": "Something", "qty": 1, "price": 10.0} for line in range(5)],
        "totals": {"subtotal": 50.0, "total": 50.0},
        "createdAt": datetime.now(UTC) - timedelta(days=number % 100),
    }


@contextmanager
def running(*, with_functions: bool) -> Iterator[tuple[Shop, Stack, StackClient]]:
    """An open shop on a stack of its own; the environment points there meanwhile."""
    with local_stack.running(with_functions=with_functions, with_tasks=with_functions) as (stack, api):
        shop = Shop(database())
        shop.open()
        yield shop, stack, api
