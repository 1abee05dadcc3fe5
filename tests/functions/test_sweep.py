"""Lost events on the whole stack: a twentieth of them never arrives, and the sweep finds every one."""

from datetime import UTC, datetime

from google.cloud.firestore import Client, FieldFilter

from emulator.client import StackClient
from lib.usecases import sweep
from lib.usecases.audit import audit
from lib.usecases.orders import record_present
from tests.functions.conftest import Counter

ORDERS = 160


def write_orders(firestore: Client, org_id: str) -> None:
    """Every order is placed and completed, and every eighth one refunded: each step by a write of its own."""
    for status, every in (("pending", 1), ("completed", 1), ("refunded", 8)):
        batch = firestore.batch()
        for number in range(0, ORDERS, every):
            order = {
                "orgId": org_id,
                "status": status,
                "source": "alleaves",
                "userId": str(number % 12),
                "totals": {"total": 10.0},
                "updatedAt": datetime.now(UTC),
            }
            batch.set(firestore.document("orders", f"{org_id}-{number}"), order, merge=True)
        batch.commit()


def test_orders_whose_events_were_dropped_are_all_found(
    counter: Counter, stack: StackClient, firestore: Client
) -> None:
    stack.set_faults(seed=11, drop=0.05)
    write_orders(firestore, counter.org_id)
    assert stack.drain()["dropped"] > 0
    stack.clear_faults()
    assert {violation.invariant for violation in audit(counter.org_id).violations} == {"A6"}
    assert sweep.sweep_orders(record_present)
    assert [str(violation) for violation in audit(counter.org_id).violations] == []
    customers = firestore.collection("customers").where(filter=FieldFilter("orgId", "==", counter.org_id)).stream()
    assert sum(customer.get("points") for customer in customers) == (ORDERS - ORDERS / 8) * 10
