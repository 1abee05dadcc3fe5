"""Document ids beyond ASCII reach the functions as they are."""

from collections.abc import Callable
from typing import Any

from emulator.client import StackClient


def test_an_order_id_with_an_accent_is_recorded_under_its_own_name(
    stack: StackClient, firestore: Any, fresh_id: Callable[[str], str]
) -> None:
    org_id = fresh_id("org")
    order_id = f"café_№7_{org_id}"
    firestore.document(f"tenants/{org_id}").set({"name": "Shop"})
    firestore.document(f"orders/{order_id}").set(
        {
            "orgId": org_id,
            "status": "completed",
            "source": "alleaves",
            "userId": "17",
            "customer": {"name": "Ada", "email": "ada@example.com"},
            "totals": {"total": 49.99},
        }
    )
    stack.drain()
    accrual = firestore.document(f"tenants/{org_id}/accruals/{order_id}").get()
    assert accrual.exists
    assert accrual.get("points") == 49
