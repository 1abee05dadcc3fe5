"""A visit to the till over the wire: look up, quote, hold, capture, and give back."""

from typing import Any

from tests.functions.conftest import Counter


def test_a_visit_to_the_till(counter: Counter) -> None:
    ann = counter.customer("ann", 300)
    assert counter.call("check_points", role="budtender", customerId=ann)["points"] == 300

    order = {"customerId": ann, "orderId": f"{counter.org_id}-1", "orderTotal": 20.01}
    quote = counter.call("quote_redemption", role="budtender", **order)
    assert quote["best"] == {"rewardTierId": "medium", "points": 250, "rewardValueCents": 1500, "rewardValue": 15.0}

    refused = counter.write("hold_redemption", role="budtender", **order, points=500)
    assert (refused["ok"], refused["reason"], refused["offer"]) == (False, "insufficient_points", quote["best"])

    held = counter.write("hold_redemption", role="budtender", **order, rewardTierId="medium")
    assert (held["ok"], held["redemption"]["state"], held["balances"]["reserved"]) == (True, "held", 250)

    redemption = {"redemptionId": held["redemption"]["id"]}
    captured = counter.write("capture_redemption", role="budtender", **redemption, points=100)
    assert captured["redemption"]["capturedValue"] == 6.0
    assert captured["balances"] == {"available": 200, "pending": 0, "reserved": 0, "debt": 0}

    returned = counter.write("reinstate_redemption", role="dispensary_staff", **redemption, reason="wrong strain")
    assert returned["balances"]["available"] == 300
    again = counter.write("void_redemption", role="budtender", **redemption)
    assert (again["ok"], again["reason"]) == (False, "already_captured")

    told = [entry["explanation"] for entry in counter.call("get_ledger", customerId=ann, limit=3)["entries"]]
    assert told == [
        "100 points of a reward came back (wrong strain)",
        f"Redeemed 100 points for a reward (spent on order {counter.org_id}-1); 150 points of the hold came back",
        f"Set 250 points aside for a reward (held for order {counter.org_id}-1)",
    ]


def test_times_are_as_javascript_reads_them(counter: Counter) -> None:
    ann = counter.customer("ann", 100)
    held = counter.write("hold_redemption", customerId=ann, orderId="o", orderTotal=50, points=100)["redemption"]
    assert len(held["heldAt"]) == len("2026-04-15T12:00:00.000Z")
    assert held["heldAt"].endswith("Z")
    assert held["heldAt"] < held["expiresAt"]
    assert held["capturedAt"] is None


def test_the_same_request_gets_the_same_answer(counter: Counter) -> None:
    ann = counter.customer("ann", 200)
    request: dict[str, Any] = {"customerId": ann, "orderId": "o", "orderTotal": 50, "points": 100}
    first, again = (counter.write("hold_redemption", **request, idempotencyKey="till-1:42") for _ in range(2))
    assert first == again
    assert counter.call("check_points", customerId=ann)["available"] == 100


def test_whole_numbers_may_come_as_floats(counter: Counter) -> None:
    ann = counter.customer("ann", 200)
    held = counter.write("hold_redemption", customerId=ann, orderId="o", orderTotal=50.0, points=100.0)
    assert held["redemption"]["points"] == 100
