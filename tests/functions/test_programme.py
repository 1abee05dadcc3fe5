"""A programme that changes, on the whole stack: triggers start runs, queues work them, owners watch and confirm."""

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from emulator.client import CallFailed
from lib.usecases.audit import audit
from tests.functions.conftest import Counter


def eventually(found: Callable[[], Any]) -> Any:
    """What `found` returns once it is true of anything."""
    deadline = time.monotonic() + 60
    while not (value := found()):
        assert time.monotonic() < deadline, "not within a minute"
        time.sleep(0.05)
    return value


def customer(counter: Counter, customer_id: str) -> dict[str, Any]:
    return counter.client.document("customers", customer_id).get().to_dict() or {}


def sell(counter: Counter, customer_id: str, dollars: float, order_id: str = "order", **fields: Any) -> None:
    """A completed order, recorded by its event."""
    order = {"orgId": counter.org_id, "customerId": customer_id, "status": "completed", "totals": {"total": dollars}}
    counter.client.document("orders", f"{counter.org_id}_{order_id}").set({**order, **fields})
    counter.stack.drain()


def assert_sound(counter: Counter) -> None:
    counter.stack.drain()
    assert [str(violation) for violation in audit(counter.org_id).violations] == []


@pytest.mark.parametrize("path", ["tenants/{}/settings/loyalty", "loyalty_settings/{}"])
def test_what_the_dashboard_writes_reaches_everybody(counter: Counter, path: str) -> None:
    ann = counter.customer("ann", 0)
    sell(counter, ann, 50)
    assert customer(counter, ann)["tier"] == "bronze"
    tiers = [{"name": "Bronze", "threshold": 0}, {"name": "Silver", "threshold": 40}]
    counter.client.document(path.format(counter.org_id)).set({"tiers": tiers})
    eventually(lambda: customer(counter, ann)["tier"] == "silver")
    menu = counter.client.document("tenants", counter.org_id, "public", "menu")
    eventually(lambda: [tier["name"] for tier in menu.get().get("tiers")] == ["Bronze", "Silver"])
    run = counter.write("recalculate_customers")["run"]
    assert run["job"] == "recalculation"
    assert_sound(counter)


def test_a_pause_is_made_up_for(counter: Counter) -> None:
    ann = counter.customer("ann", 0)
    counter.write("update_loyalty_settings", settings={"paused": True, "pausedOrders": "accrue_on_resume"})
    sell(counter, ann, 50)
    assert customer(counter, ann)["points"] == 0
    counter.client.document("tenants", counter.org_id, "settings", "loyalty").update({"paused": False})
    eventually(lambda: customer(counter, ann)["points"] == 50)
    assert_sound(counter)


def test_history_is_priced_anew_after_a_preview(counter: Counter) -> None:
    ann = counter.customer("ann", 0)
    placed_at = datetime.now(UTC) - timedelta(days=10)
    sell(counter, ann, 50, createdAt=placed_at)
    counter.write("update_loyalty_settings", settings={"pointsPerDollar": 3})
    asked = {"since": (placed_at - timedelta(days=2)).date().isoformat(), "idempotencyKey": "preview"}

    told = eventually(lambda: (answer := counter.call("preview_rerating", **asked))["token"] and answer)
    assert told["run"]["totals"]["gainedPoints"] == 100
    assert customer(counter, ann)["points"] == 50
    with pytest.raises(CallFailed) as refusal:
        counter.write("confirm_rerating", previewId=told["run"]["id"], token="of something else")
    assert (refusal.value.details or {})["reason"] == "wrong_token"

    counter.write("confirm_rerating", previewId=told["run"]["id"], token=told["token"])
    eventually(lambda: customer(counter, ann)["points"] == 150)
    again = counter.write("confirm_rerating", previewId=told["run"]["id"], token=told["token"])
    assert again["run"]["totals"] is not None
    assert_sound(counter)
    with pytest.raises(CallFailed):
        counter.call("preview_rerating", since="yesterday", idempotencyKey="nonsense")
