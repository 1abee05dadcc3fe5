"""Recording orders on the local Firestore: what is written, and that it is written exactly once."""

import itertools
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lib.usecases import menu
from lib.usecases.orders import OrderChange, Outcome, record_order
from tests.usecases.counter import ANN, ORG, Counter, deliver, pos


class TestTheProjection:
    def test_has_the_names_and_types_the_dashboard_reads(self, counter: Counter) -> None:
        placed_at = datetime(2026, 3, 1, 10, tzinfo=UTC)
        buyer = pos("77", email="Ann@Example.com", phone="(201) 555-0123", name="Ann Lee")
        counter.sell("o1", totals={"total": 249.99}, createdAt=placed_at, **buyer)
        found = counter.customer(ANN)
        told = {name: found[name] for name in found if not isinstance(found[name], datetime) and name != "loyalty"}
        days = told.pop("daysSinceLastOrder")
        assert told.pop("segment") in ("new", "slipping", "at_risk", "churned")
        assert told == {
            "id": ANN,
            "orgId": ORG,
            "email": "ann@example.com",
            "phone": "+12015550123",
            "phoneDigits": "12015550123",
            "phoneLast4": "0123",
            "firstName": "Ann",
            "firstNameLower": "ann",
            "lastName": "Lee",
            "displayName": "Ann Lee",
            "alleavesCustomerId": "cid_77",
            "points": 249,
            "loyaltyPoints": 249,
            "pointsFromOrders": 249,
            "totalSpent": 249.99,
            "lifetimeValue": 249.99,
            "avgOrderValue": 249.99,
            "orderCount": 1,
            "tier": "silver",
            "tierThreshold": 200.0,
            "tierProgress": 16,
            "tierSource": "calculated",
            "loyaltyEngine": 1,
            **({"dueSegmentAt": None} if found["dueSegmentAt"] is None else {}),
            "dueAt": found["dueSegmentAt"],
            "duePointsAt": None,
            "dueTierAt": None,
        }
        assert days == (datetime.now(UTC) - placed_at).days
        for name in ("points", "orderCount", "tierProgress"):
            assert type(found[name]) is int
        for name in ("totalSpent", "lifetimeValue", "avgOrderValue", "tierThreshold"):
            assert type(found[name]) is float
        assert found["firstOrderDate"] == found["lastOrderDate"] == placed_at
        times = ("createdAt", "updatedAt", "tierUpdatedAt", "loyaltyEnrolledAt", "pointsLastCalculated")
        assert all(isinstance(found[name], datetime) for name in times)

    def test_leaves_what_others_keep_in_the_document(self, counter: Counter) -> None:
        theirs = {"customTags": ["vip"], "notes": "likes tea", "emailConsent": True, "firstName": "Annie"}
        counter.client.document("customers", ANN).set({"orgId": ORG, "email": "annie@example.com", **theirs})
        counter.sell("o1", **pos("77", email="ann@example.com", name="Ann Lee", phone="2015550123"))
        found = counter.customer(ANN)
        assert {name: found[name] for name in theirs} == theirs
        assert (found["email"], found["phone"], found["points"]) == ("annie@example.com", "+12015550123", 50)
        assert "createdAt" not in found
        assert "lastName" not in found

    def test_a_legacy_balance_does_not_move(self, counter: Counter) -> None:
        last = datetime.now(UTC) - timedelta(days=9)
        legacy = {"points": 120, "totalSpent": 130.5, "orderCount": 3, "lastOrderDate": last, "tier": "Gold"}
        counter.client.document("customers", ANN).set({"orgId": ORG, **legacy})
        counter.sell("o1", **pos("77"))
        found = counter.customer(ANN)
        assert (found["points"], found["totalSpent"], found["orderCount"]) == (170, 180.5, 4)
        assert (found["tier"], found["loyalty"]["opening"]["points"]) == ("gold", 120)
        assert counter.ledger(ANN) == [("adjust", 120), ("earn", 50)]
        (row,) = counter.client.collection("customer_activities").stream()
        assert [row.get("metadata")[name] for name in ("previousPoints", "newPoints")] == [120, 170]

    def test_a_customer_without_an_address_gets_one_that_is_never_mailed(self, counter: Counter) -> None:
        counter.sell("o1", **pos("77"))
        assert counter.customer(ANN)["email"] == "customer_77@alleaves.local"
        assert counter.ids("tenants", ORG, "customer_spending") == {"cid_77"}

    def test_spending_moves_to_the_address_when_it_becomes_known(self, counter: Counter) -> None:
        counter.sell("o1", **pos("77"))
        counter.sell("o2", **pos("77", email="ann@example.com"))
        assert counter.ids("tenants", ORG, "customer_spending") == {"ann@example.com"}
        spending = counter.tenant("customer_spending", "ann@example.com")
        assert (spending["totalSpent"], spending["orderCount"], spending["avgOrderValue"]) == (100.0, 2, 50.0)
        assert counter.customer(ANN)["email"] == "ann@example.com"

    def test_the_order_is_told_whose_it_is_and_keeps_the_rest(self, counter: Counter) -> None:
        counter.client.document("organizations", ORG).set({"name": "A"})
        counter.org_id = None
        counter.sell("o1", brandId=ORG, retailerId="1000", notes="gift", **pos("77"))
        found = counter.fields("orders", "o1")
        assert (found["orgId"], found["customerId"]) == (ORG, ANN)
        assert (found["brandId"], found["retailerId"], found["notes"]) == (ORG, "1000", "gift")

    def test_promotion_and_segment_are_told_in_one_row_of_the_timeline(self, warm: Counter) -> None:
        for number in range(2, 6):
            warm.sell(f"o{number}", customerId=ANN, createdAt=datetime.now(UTC) - timedelta(days=31 - number))
        rows = [row.to_dict() or {} for row in warm.client.collection("customer_activities").stream()]
        assert {row["type"] for row in rows} == {"points_earned"}
        assert all(row["orgId"] == ORG and row["customerId"] == ANN for row in rows)
        silver = next(row for row in rows if "newTier" in row["metadata"])
        assert silver["metadata"]["newTier"] == "silver"
        assert len(rows) == 5


def test_no_part_of_an_order_earns_more_than_its_total(counter: Counter) -> None:
    counter.client.document("tenants", ORG, "settings", "loyalty").set({"earnBase": "subtotal"})
    menu.publish(ORG)
    counter.sell("o1", totals={"subtotal": 100_000.0, "total": 5.0}, **pos("77"))
    assert counter.customer(ANN)["points"] == 5


histories = st.lists(
    st.fixed_dictionaries(
        {
            "status": st.sampled_from(["pending", "completed", "completed", "refunded"]),
            "totals": st.sampled_from([{"total": 20.0}, {"total": 45.5}]),
        }
    ),
    min_size=2,
    max_size=4,
)


class TestExactlyOnce:
    @settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(steps=histories, seed=st.integers(0, 1000))
    def test_any_delivery_ends_the_same(self, warm: Counter, steps: list[dict[str, Any]], seed: int) -> None:
        order_id = f"o{next(_numbers)}"
        before = warm.customer(ANN)["points"]
        changes = [warm.write(order_id, customerId=ANN, **step) for step in steps]
        delivery = changes + changes[:1]
        Random(seed).shuffle(delivery)
        deliver(delivery)
        earned = int(steps[-1]["totals"]["total"]) if steps[-1]["status"] == "completed" else 0
        assert warm.customer(ANN)["points"] == before + earned

    @pytest.mark.parametrize("same_identity", ["pos", "email", "phone"])
    def test_first_orders_of_one_new_customer_at_once(self, counter: Counter, same_identity: str) -> None:
        buyers = {
            "pos": pos("77"),
            "email": {"customer": {"email": "ann@example.com"}},
            "phone": {"customer": {"phone": "+12015550123"}},
        }
        changes = [counter.write(f"o{number}", **buyers[same_identity]) for number in range(6)]
        assert set(_at_once(changes)) == {Outcome.RECORDED}
        (customer_id,) = counter.ids("customers")
        assert counter.customer(customer_id)["points"] == 300
        assert len(counter.ids("tenants", ORG, "identities")) == 1
        assert counter.ledger(customer_id) == [("earn", 50)] * 6

    def test_one_event_delivered_many_times_at_once(self, warm: Counter) -> None:
        change = warm.write("o1", customerId=ANN)
        outcomes = _at_once([change] * 6)
        assert sorted(outcomes) == ["recorded"] + ["unchanged"] * 5
        assert warm.customer(ANN)["points"] == 100

    @pytest.mark.parametrize(("later", "named"), [({"notes": "x"}, ANN), ({"customerId": f"{ORG}_78"}, f"{ORG}_78")])
    def test_an_order_that_has_changed_since_keeps_what_it_says(
        self, warm: Counter, later: dict[str, Any], named: str
    ) -> None:
        warm.sell("o0", **pos("78"))
        first = warm.write("o1", **pos("77"))
        second = warm.write("o1", **later)
        assert record_order(first) is Outcome.RECORDED
        assert warm.fields("orders", "o1")["customerId"] == named
        record_order(second)
        assert warm.tenant("accruals", "o1")["customerId"] == named

    def test_an_order_that_is_gone_since_is_recorded_and_stays_gone(self, warm: Counter) -> None:
        change = warm.write("o1", **pos("77"))
        gone = warm.delete("o1")
        assert record_order(change) is Outcome.RECORDED
        assert not warm.fields("orders", "o1")
        assert warm.customer(ANN)["points"] == 100
        assert record_order(gone) is Outcome.KEPT


_numbers = itertools.count(100)


def _at_once(changes: list[OrderChange]) -> list[Outcome]:
    """Records the changes in as many threads, let loose together."""
    barrier = threading.Barrier(len(changes))

    def work(change: OrderChange) -> Outcome:
        barrier.wait()
        return record_order(change)

    with ThreadPoolExecutor(len(changes)) as pool:
        return list(pool.map(work, changes))


class TestMoving:
    def test_to_another_customer(self, warm: Counter) -> None:
        warm.sell("o2", **pos("78"))
        warm.sell("first", customerId=f"{ORG}_78")
        assert (warm.customer(ANN)["points"], warm.customer(f"{ORG}_78")["points"]) == (0, 100)
        assert warm.customer(ANN)["lastOrderDate"] is None
        assert warm.tenant("accruals", "first")["customerId"] == f"{ORG}_78"

    def test_a_customer_named_by_staff_stays_when_the_order_is_edited(self, warm: Counter) -> None:
        warm.sell("o2", **pos("78"))
        warm.sell("first", customerId=f"{ORG}_78")
        warm.sell("first", totals={"total": 80.0})
        assert (warm.customer(ANN)["points"], warm.customer(f"{ORG}_78")["points"]) == (0, 130)

    def test_a_till_that_corrects_whose_sale_it_was(self, warm: Counter) -> None:
        warm.sell("first", userId="78", customer={"name": "Unknown", "email": "no-email@alleaves.local"})
        assert (warm.customer(ANN)["points"], warm.customer(f"{ORG}_78")["points"]) == (0, 50)
        assert warm.fields("orders", "first")["customerId"] == f"{ORG}_78"
        warm.sell("next", **pos("78"))
        assert warm.customer(f"{ORG}_78")["points"] == 100

    @pytest.mark.parametrize("delivery", [[0, 1, 2, 3], [2, 0, 1, 3], [1, 0, 2, 3], [3, 2, 1, 0]])
    def test_a_correction_holds_though_the_order_changes_again_before_it_is_told(
        self, warm: Counter, delivery: list[int]
    ) -> None:
        bob = f"{ORG}_78"
        warm.sell("o2", **pos("78"))
        changes = [
            warm.write("first", userId="78", customer={"name": "Unknown", "email": "no-email@alleaves.local"}),
            warm.write("first", totals={"total": 80.0}),
            warm.write("first", status="refunded"),
            warm.write("first", status="completed"),
        ]
        deliver(changes[number] for number in delivery)
        assert (warm.customer(ANN)["points"], warm.customer(bob)["points"]) == (0, 130)
        assert warm.fields("orders", "first")["customerId"] == bob
        record_order(replace(warm.told("first"), before=changes[-1].after))
        warm.sell("first", customerId=ANN)
        assert (warm.customer(ANN)["points"], warm.customer(bob)["points"]) == (80, 50)

    @pytest.mark.parametrize("in_order", [True, False])
    def test_to_another_org(self, counter: Counter, in_order: bool) -> None:
        sold = counter.write("o1", **pos("77"))
        moved = counter.write("o1", orgId="org_b")
        outcomes = deliver([sold, moved] if in_order else [moved, sold])
        assert outcomes == [Outcome.RECORDED, Outcome.RECORDED if in_order else Outcome.UNCHANGED]
        assert counter.customer("org_b_77")["points"] == 50
        assert counter.customer(ANN).get("points", 0) == 0
        assert counter.tenant("accruals", "o1")["counted"] is False
        assert counter.fields("tenants", "org_b", "accruals", "o1")["counted"] is True

    def test_does_not_give_the_new_customer_the_old_ones_address(self, warm: Counter) -> None:
        warm.sell("o2", **pos("78"))
        warm.sell("first", customerId=f"{ORG}_78")
        assert warm.customer(f"{ORG}_78")["email"] == "customer_78@alleaves.local"
        assert "phone" not in warm.customer(f"{ORG}_78")

    def test_the_last_order_gives_its_date_back(self, counter: Counter) -> None:
        dates = [datetime(2026, 1, day, tzinfo=UTC) for day in (1, 2, 3)]
        for number, date in enumerate(dates):
            counter.sell(f"o{number}", createdAt=date, **pos("77"))
        counter.sell("o2", status="cancelled")
        counter.sell("o0", status="voided")
        found = counter.customer(ANN)
        assert found["firstOrderDate"] == found["lastOrderDate"] == dates[1]
        assert (found["orderCount"], found["totalSpent"], found["points"]) == (1, 50.0, 50)
