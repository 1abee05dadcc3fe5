"""A shop whose till is the sandboxed Alleaves: what stands there, pulls of it, and what they leave behind."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from google.cloud.firestore import Client

from emulator.vendors.client import SandboxClient
from lib.usecases import pos
from lib.usecases.orders import record_present

ORG = "org_a"
MAIN = "main"
NOW = datetime.now(UTC).replace(microsecond=0)


class Enqueued:
    """Tasks by queue, each name once, as Cloud Tasks takes them."""

    def __init__(self) -> None:
        self.tasks: dict[tuple[str, ...], Mapping[str, Any]] = {}

    def enqueue(self, queue: str, work: Sequence[str], payload: Mapping[str, Any], at: datetime | None = None) -> None:
        self.tasks.setdefault((queue, *work), payload)

    def of(self, queue: str) -> list[Mapping[str, Any]]:
        return [payload for (name, *_), payload in self.tasks.items() if name == queue]


class Shop:
    """One location and its account with the till."""

    def __init__(self, client: Client, sandbox: SandboxClient, enqueued: Enqueued) -> None:
        self.client = client
        self.sandbox = sandbox
        self.enqueued = enqueued
        self.username = f"till-{uuid.uuid4().hex}"
        sandbox.put_account(self.username, password="pa55", pin="4711")
        client.document("tenants", ORG).set({"name": "Green"})
        self.locate(MAIN)

    def locate(self, location_id: str, org_id: str = ORG, **config: Any) -> None:
        """Puts a location there, with this account unless told otherwise."""
        known = {"provider": "alleaves", "username": self.username, "password": "pa55", "pin": "4711"}
        location = {"orgId": org_id, "posConfig": {**known, "storeId": "1000", "status": "active", **config}}
        self.client.document("locations", location_id).set(location)

    def sell(self, number: int, *, days_ago: float = 0, **fields: Any) -> None:
        """An order at the till: completed, of 50 dollars, by customer 77, unless told otherwise; or changes one."""
        at = (NOW - timedelta(days=days_ago)).isoformat()
        usual = {"id": number, "date_created": at, "date_updated": at, "status": "completed", "total": 50.0}
        self.sandbox.put(self.username, "orders", [{**usual, "id_customer": 77, **fields}])

    def change(self, number: int, **fields: Any) -> None:
        """Changes an order at the till."""
        self.sandbox.put(self.username, "orders", [{"id": number, **fields}])

    def enrol(self, number: int, **fields: Any) -> None:
        """A customer at the till, or changes of one."""
        self.sandbox.put(self.username, "customers", [{"id_customer": number, **fields}])

    def pull(self, location_id: str = MAIN) -> bool:
        return pos.pull(ORG, location_id)

    def record(self, *numbers: int) -> None:
        """Delivers what writing these orders has told."""
        for number in numbers:
            record_present(f"alleaves_{number}")

    def fields(self, *path: str) -> dict[str, Any]:
        return self.client.document(*path).get().to_dict() or {}

    def order(self, number: int) -> dict[str, Any]:
        return self.fields("orders", f"alleaves_{number}")

    def customer(self, customer_id: str) -> dict[str, Any]:
        return self.fields("customers", customer_id)

    def customer_ids(self) -> set[str]:
        return {found.id for found in self.client.collection("customers").stream()}

    def state(self, location_id: str = MAIN) -> dict[str, Any]:
        """How far the pulls have come."""
        return self.fields("tenants", ORG, "pos_pulls", location_id)

    def told(self) -> dict[str, Any]:
        """What the dashboard reads of it."""
        return self.fields("tenants", ORG, "integrations", "pos")

    def inbox(self) -> dict[str, dict[str, Any]]:
        found = self.client.collection("tenants", ORG, "inbox").stream()
        return {item.id: item.to_dict() or {} for item in found}

    def alerts(self) -> dict[str, dict[str, int]]:
        """Facts of the alerts that have been raised, by kind."""
        found = self.client.collection("tenants", ORG, "alerts").stream()
        return {alert.get("kind"): alert.get("facts") for alert in found}

    def ledger(self, customer_id: str = f"{ORG}_77") -> list[tuple[str, int]]:
        entries = self.client.collection("customers", customer_id, "ledger").order_by("seq").stream()
        return [(entry.get("kind"), entry.get("points")) for entry in entries]

    def asked(self, route: str) -> int:
        count: int = self.sandbox.requests()["byRoute"].get(route, 0)
        return count
