"""A counter where orders are written with the real client, and their changes handed on whenever a test likes."""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from google.cloud.firestore import Client

from emulator.client import StackClient
from lib.usecases.orders import OrderChange, Outcome, record_order

ORG = "org_a"
ANN = f"{ORG}_77"


class Counter:
    """Orders of one database. `write` returns the change that Firestore would tell; `sell` also delivers it."""

    def __init__(self, client: Client, org_id: str | None = ORG) -> None:
        self.client = client
        self.org_id = org_id

    def write(self, order_id: str, *, merge: bool = True, **fields: Any) -> OrderChange:
        """Merges the fields into the order; a new one is completed, of 50 dollars, and says whose it is."""
        reference = self.client.document("orders", order_id)
        before = reference.get()
        if not before.exists:
            org = {"orgId": self.org_id} if self.org_id else {}
            fields = {"status": "completed", "totals": {"total": 50.0}, **org, **fields}
        reference.set(fields, merge=merge and before.exists)
        return self._change(order_id, before.to_dict())

    def delete(self, order_id: str) -> OrderChange:
        """Deletes the order."""
        reference = self.client.document("orders", order_id)
        before = reference.get()
        reference.delete()
        return OrderChange(order_id, before.to_dict(), None, before.create_time, datetime.now(UTC))

    def sell(self, order_id: str, **fields: Any) -> Outcome:
        """Writes the order and records it, as when the event arrives at once."""
        return record_order(self.write(order_id, **fields))

    def told(self, order_id: str) -> OrderChange:
        """The change by which the order became what it is now, as if it were new."""
        return self._change(order_id, None)

    def fields(self, *path: str) -> dict[str, Any]:
        """A document's fields, empty when there is none."""
        return self.client.document(*path).get().to_dict() or {}

    def customer(self, customer_id: str) -> dict[str, Any]:
        return self.fields("customers", customer_id)

    def tenant(self, *path: str) -> dict[str, Any]:
        """A document below the org."""
        return self.fields("tenants", self.org_id or "", *path)

    def ledger(self, customer_id: str) -> list[tuple[str, int]]:
        """Kind and points of every entry."""
        entries = self.client.collection("customers", customer_id, "ledger").order_by("seq").stream()
        return [(entry.get("kind"), entry.get("points")) for entry in entries]

    def ids(self, *path: str) -> set[str]:
        """Ids of a collection's documents."""
        return {document.id for document in self.client.collection(*path).stream()}

    def _change(self, order_id: str, before: dict[str, Any] | None) -> OrderChange:
        after = self.client.document("orders", order_id).get()
        return OrderChange(order_id, before, after.to_dict(), after.create_time, after.update_time)


def pos(pos_id: str, **customer: Any) -> dict[str, Any]:
    """The fields of an order of this POS customer."""
    return {"source": "alleaves", "userId": pos_id, "customer": {"name": "Unknown", **customer}}


def deliver(changes: Iterable[OrderChange]) -> list[Outcome]:
    """Records the changes one after the other."""
    return [record_order(change) for change in changes]


def cost(usage: StackClient, change: OrderChange) -> tuple[int, int]:
    """Reads and writes that recording this change is billed, deletes among the writes."""
    usage.reset_usage()
    record_order(change)
    used = usage.reset_usage()
    return used["reads"], used["writes"] + used["deletes"]
