"""Points over the wire: a balance, its history, an adjustment, and one customer put right."""

from typing import Any

from google.cloud.firestore import Client

from tests.functions.conftest import Counter


def write_order(counter: Counter, firestore: Client, **fields: Any) -> str:
    """A completed order of the org, delivered to the functions."""
    order_id = f"{counter.org_id}-order"
    order = {"orgId": counter.org_id, "status": "completed", "totals": {"total": 49.99}, "source": "alleaves"}
    firestore.document("orders", order_id).set({**order, **fields})
    counter.stack.drain()
    return order_id


def test_an_order_can_be_looked_up_by_telephone_and_explained(counter: Counter, firestore: Client) -> None:
    order_id = write_order(counter, firestore, userId="17", customer={"email": "ann@shop.com", "phone": "415-555-2671"})
    by_phone = counter.call("check_points", role="budtender", phone="(415) 555-2671")
    assert (by_phone["customerId"], by_phone["points"]) == (f"{counter.org_id}_17", 49)
    assert counter.call("check_points", email="Ann@Shop.com")["customerId"] == by_phone["customerId"]
    (entry,) = counter.call("get_ledger", phone="+14155552671")["entries"]
    assert entry["explanation"] == f"Earned 49 points on order {order_id} ($49.99, completed)"
    assert (entry["source"], entry["balances"]["available"]) == ({"type": "order", "id": order_id}, 49)


def test_nothing_a_customer_can_read_tells_of_the_equity_multiplier(counter: Counter, firestore: Client) -> None:
    customer_id = f"{counter.org_id}_17"
    firestore.document("customers", customer_id).set({"orgId": counter.org_id, "equityStatus": True})
    counter.write("update_loyalty_settings", settings={"equityMultiplier": 1.75})
    write_order(counter, firestore, userId="17", customerId=customer_id)
    answers = [counter.call(name, customerId=customer_id) for name in ("check_points", "get_ledger")]
    assert answers[0]["points"] == 87
    told = repr(answers).lower()
    assert not any(word in told for word in ("equity", "multiplier", "1.75", "rate"))


def test_points_move_by_hand(counter: Counter) -> None:
    ann = counter.customer("ann", 10)
    answer = counter.write("adjust_points", customerId=ann, points=-4, reason="counted twice")
    assert (answer["points"], answer["entry"]["kind"], answer["entry"]["points"]) == (6, "adjust", -4)
    refused = counter.write("adjust_points", customerId=ann, points=-7, reason="counted twice")
    assert (refused["ok"], refused["reason"], refused["balances"]["available"]) == (False, "insufficient_points", 6)


def test_a_customer_is_put_right(counter: Counter, firestore: Client) -> None:
    write_order(counter, firestore, userId="17")
    customer_id = f"{counter.org_id}_17"
    firestore.document("customers", customer_id).update({"points": 5_000, "tier": "Platinum"})
    answer = counter.write("sync_customer", role="dispensary_staff", customerId=customer_id)
    assert answer["ok"]
    assert {"points", "tier"} <= set(answer["repaired"])
    assert firestore.document("customers", customer_id).get().get("points") == 49


def test_an_order_that_could_not_be_decided_is_worked_again(counter: Counter, firestore: Client) -> None:
    order_id = write_order(counter, firestore, orgId=None, brandId=counter.org_id, userId="17")
    replay = {"orgId": "_unassigned", "itemId": f"order:{order_id}"}
    unknown = counter.write("replay_inbox", role="super_user", **replay)
    assert (unknown["ok"], unknown["reason"]) == (False, "unknown_org")
    firestore.document("organizations", counter.org_id).set({"name": "Green"})
    answer = counter.write("replay_inbox", role="super_user", **replay)
    assert answer == {"ok": True, "orderId": order_id, "recorded": True, "points": 49}
    assert counter.call("check_points", customerId=f"{counter.org_id}_17")["points"] == 49
