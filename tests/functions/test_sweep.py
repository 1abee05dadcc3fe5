"""What nobody was told of, on the whole stack: a twentieth of the events never arrives, and by morning all is right."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import requests
from google.cloud.firestore import Client, FieldFilter

from emulator.client import StackClient
from emulator.stack import Stack
from lib.usecases.audit import audit
from tests.emulator.tasks.target import eventually

ORG = "org_night"
ORDERS = 160
_ANSWERED_SECONDS = 60


class Shop:
    """One org on a stack with everything: events, schedules and queues."""

    def __init__(self, stack: Stack, database: Client) -> None:
        self.stack = stack
        self.database = database
        self.client = StackClient(stack.project, stack.firestore, stack.functions)

    def write_orders(self) -> None:
        """Every order is placed and completed, and every eighth one refunded: each step by a write of its own."""
        for status, every in (("pending", 1), ("completed", 1), ("refunded", 8)):
            batch = self.database.batch()
            for number in range(0, ORDERS, every):
                order = {
                    "orgId": ORG,
                    "status": status,
                    "source": "alleaves",
                    "userId": str(number % 12),
                    "totals": {"total": 10.0},
                    "updatedAt": datetime.now(UTC),
                }
                batch.set(self.database.document("orders", f"o{number}"), order, merge=True)
            batch.commit()

    def run(self, schedule: str) -> None:
        """Calls a schedule now, as Cloud Scheduler does."""
        answer = requests.post(f"http://{self.stack.scheduler}/{schedule}:run", timeout=_ANSWERED_SECONDS)
        assert answer.ok, answer.text

    def points(self) -> int:
        customers = self.database.collection("customers").where(filter=FieldFilter("orgId", "==", ORG)).stream()
        return sum(customer.get("points") for customer in customers)

    def violations(self) -> set[str]:
        return {violation.invariant.value for violation in audit(ORG).violations}

    def findings(self, day: str) -> dict[str, Any]:
        return self.database.document("tenants", ORG, "audits", day).get().to_dict() or {}


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Shop]:
    monkeypatch.delenv("FIRESTORE_EMULATOR_HOST", raising=False)
    with Stack("demo-night", with_tasks=True, with_scheduler=True, log_folder=tmp_path) as stack:
        for name, value in stack.environment.items():
            monkeypatch.setenv(name, value)
        shop = Shop(stack, Client(project=stack.project))
        yield shop
        shop.client.close()
        shop.database.close()


def test_orders_whose_events_were_dropped_are_all_found(shop: Shop) -> None:
    shop.client.set_faults(seed=11, drop=0.05)
    shop.write_orders()
    assert shop.client.drain()["dropped"] > 0
    shop.client.clear_faults()
    assert shop.violations() == {"A6"}
    shop.run("sweep_orders")
    assert shop.violations() == set()
    assert shop.points() == (ORDERS - ORDERS / 8) * 10

    # An order is changed without anybody hearing of it, and with a date that no sweep looks back to. Then it is night.
    shop.client.set_faults(seed=1, drop=1)
    shop.database.document("orders", "o1").update(
        {"totals": {"total": 11.0}, "updatedAt": datetime.now(UTC) - timedelta(days=9)}
    )
    shop.client.drain()
    night = datetime.now(ZoneInfo("America/New_York")) + timedelta(days=1)
    night = night.replace(hour=3, minute=30)
    shop.stack.clock.set(night.astimezone(UTC))
    day = f"{night:%Y-%m-%d}"
    eventually(lambda: shop.findings(day).get("state") == "violated")
    found = shop.findings(day)
    assert (found["byInvariant"], found["healed"]) == ({"A6": 1}, 1)
    assert shop.violations() == set()
