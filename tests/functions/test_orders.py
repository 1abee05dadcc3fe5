"""The order trigger as it is deployed: documents written, events delivered over HTTP, customers kept up to date."""

from datetime import UTC, datetime
from typing import Any

import pytest
from google.cloud.firestore import Client

import main
from emulator.client import StackClient
from lib.usecases.audit import audit
from tests.functions.conftest import Counter


def sold(org_id: str, **fields: Any) -> dict[str, Any]:
    """A completed order of 50 dollars of the POS customer 77, placed now."""
    buyer = {
        "source": "alleaves",
        "userId": "77",
        "customer": {"name": "Ann Lee", "email": f"ann@{org_id}.example.com"},
    }
    order = {"status": "completed", "totals": {"total": 50.0}, "createdAt": datetime.now(UTC)}
    return {"orgId": org_id, **order, **buyer, **fields}


def test_failed_events_are_delivered_again() -> None:
    endpoint: Any = main.on_order_written.__firebase_endpoint__  # type: ignore[attr-defined]
    assert endpoint.eventTrigger["retry"] is True
    assert endpoint.eventTrigger["eventType"] == "google.cloud.firestore.document.v1.written"
    assert endpoint.eventTrigger["eventFilterPathPatterns"]["document"] == "orders/{orderId}"


def test_an_order_becomes_points(counter: Counter, stack: StackClient, firestore: Client) -> None:
    order = firestore.collection("orders").document()
    order.set(sold(counter.org_id, status="pending"))
    stack.drain()
    assert not firestore.document("customers", f"{counter.org_id}_77").get().exists
    order.update({"status": "completed"})
    stack.drain()
    answer = counter.call("check_points", customerId=f"{counter.org_id}_77")
    assert (answer["points"], answer["tier"]) == (50, "bronze")
    assert order.get().get("customerId") == f"{counter.org_id}_77"
    order.update({"status": "refunded"})
    stack.drain()
    assert counter.call("check_points", customerId=f"{counter.org_id}_77")["points"] == 0


@pytest.mark.parametrize("seed", [1, 2])
def test_disturbed_deliveries_end_the_same(counter: Counter, stack: StackClient, firestore: Client, seed: int) -> None:
    stack.set_faults(seed=seed, duplicate=0.5, reorder=0.5)
    for status in ("pending", "completed", "cancelled", "completed"):
        for number in range(8):
            # Every other order stays cancelled.
            order = firestore.document("orders", f"{counter.org_id}-{number}")
            known = order.get().to_dict() or {}
            if number % 2 == 0 or known.get("status") != "cancelled":
                order.set(sold(counter.org_id, status=status), merge=True)
    assert stack.drain()["duplicated"] > 0
    answer = counter.call("check_points", customerId=f"{counter.org_id}_77")
    assert answer["points"] == 4 * 50
    assert [str(violation) for violation in audit(counter.org_id).violations] == []


def test_a_malformed_order_ends_its_event_and_is_replayed(
    counter: Counter, stack: StackClient, firestore: Client
) -> None:
    order_id = f"{counter.org_id}-1"
    firestore.document("orders", order_id).set(sold(counter.org_id, totals={"total": "50"}))
    events = stack.drain()
    assert events["failed"] == 0
    inbox = firestore.document("tenants", counter.org_id, "inbox", f"order:{order_id}")
    assert inbox.get().get("reason") == "not_a_number"
    assert counter.write("replay_inbox", itemId=f"order:{order_id}")["reason"] == "not_a_number"
    firestore.document("orders", order_id).update({"totals": {"total": 50.0}})
    stack.drain()
    assert inbox.get().get("status") == "replayed"
    assert counter.call("check_points", customerId=f"{counter.org_id}_77")["points"] == 50


def test_a_customer_is_put_right_by_a_call(counter: Counter, stack: StackClient, firestore: Client) -> None:
    customer_id = f"{counter.org_id}_77"
    firestore.document("orders", f"{counter.org_id}-1").set(sold(counter.org_id))
    stack.drain()
    firestore.document("customers", customer_id).update({"points": 7, "tier": "Platinum"})
    answer = counter.write("sync_customer", customerId=customer_id)
    assert answer["repaired"] == ["points", "tier"]
    assert firestore.document("customers", customer_id).get().get("points") == 50
