"""Taking over a shop by its callables: a preview, then the runs, worked by real queues while orders come in."""

import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from google.cloud.firestore import Client

from emulator.client import StackClient
from emulator.stack import Stack
from lib.usecases.audit import audit

ORG = "org_a"
CUSTOMERS = 30


@pytest.fixture
def stack(firestore_emulator: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stack]:
    project = f"demo-{uuid.uuid4().hex[:12]}"
    monkeypatch.delenv("TASKS_SERVICE_ACCOUNT", raising=False)
    with Stack(project, firestore=firestore_emulator, with_tasks=True, log_folder=tmp_path) as stack:
        for name, value in stack.environment.items():
            monkeypatch.setenv(name, value)
        yield stack


def at_till(number: int, total: float) -> dict[str, Any]:
    """A completed order of this customer of the till."""
    names = {"brandId": ORG, "source": "alleaves", "userId": str(number)}
    return {**names, "status": "completed", "totals": {"total": total}}


def eventually(found: Callable[[], Any]) -> Any:
    """What `found` returns once it is true of anything."""
    deadline = time.monotonic() + 60
    while not (value := found()):
        assert time.monotonic() < deadline, "not within a minute"
        time.sleep(0.05)
    return value


def test_a_shop_is_taken_over_while_it_is_open(stack: Stack) -> None:
    client, api = Client(project=stack.project), StackClient(stack.project, stack.firestore, stack.functions)
    # The shop is from before: nobody has heard of its orders.
    api.set_faults(seed=1, drop=1.0)
    batch = client.batch()
    batch.set(client.document("brands", ORG), {"name": "A shop"})
    for number in range(CUSTOMERS):
        profile = {"orgId": ORG, "alleavesCustomerId": f"cid_{number}", "points": number}
        batch.set(client.document("customers", f"{ORG}_{number}"), profile)
        batch.set(client.document("orders", f"old{number}"), at_till(number, 10.0))
    batch.commit()
    api.drain()
    api.clear_faults()

    def call(name: str, **data: Any) -> Any:
        return api.call(name, {"orgId": ORG, **data}, token=api.token(ORG, "owner"))

    def ended() -> bool:
        answer = call("start_migration", balances="keep", idempotencyKey="first")
        return (answer["step"], answer["run"]["state"]) == ("orders", "done")

    foreseen = call("preview_migration", limit=100)
    assert foreseen["counts"] == {"opened": CUSTOMERS, "orders": CUSTOMERS, "compensated": CUSTOMERS * 10} | {
        name: sum(range(CUSTOMERS)) for name in ("pointsBefore", "pointsAfter")
    }
    call("start_migration", balances="keep", idempotencyKey="first")
    client.document("orders", "new").set(at_till(7, 5.0))
    client.document("orders", "old18").update({"status": "refunded"})
    eventually(ended)
    api.drain()

    found = {number: client.document("customers", f"{ORG}_{number}").get().get("points") for number in range(CUSTOMERS)}
    assert found == {number: number for number in range(CUSTOMERS)} | {7: 12, 18: 8}
    assert [str(violation) for violation in audit(ORG).violations] == []
