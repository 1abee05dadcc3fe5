"""Recording orders on the local Firestore: effects, exactly once, and what they cost."""

import itertools
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

import pytest
from google.cloud.firestore import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from emulator.client import StackClient
from lib.domain.commands import Command
from lib.domain.ids import fingerprint
from lib.domain.ledger import Actor
from lib.store import directory
from lib.usecases import customers
from lib.usecases.audit import audit
from lib.usecases.orders import OrderChange, Outcome, record_order
from tests.usecases.counter import ORG, Counter, deliver, pos

ANN = f"{ORG}_77"


def cost(usage: StackClient, change: OrderChange) -> tuple[int, int]:
    """Reads and writes that recording this change is billed, deletes among the writes."""
    usage.reset_usage()
    record_order(change)
    used = usage.reset_usage()
    return used["reads"], used["writes"] + used["deletes"]


@pytest.fixture
def counter(firestore: Client) -> Iterator[Counter]:
    """A counter at which, whatever the test did there, every invariant holds in the end."""
    opened = Counter(firestore)
    yield opened
    for org_id in (ORG, "org_b"):
        violations = [str(violation) for violation in audit(org_id).violations]
        assert violations == []


@pytest.fixture
def warm(counter: Counter) -> Counter:
    """A counter whose org's settings are cached, and which knows Ann."""
    counter.sell("first", customerId=None, **pos("77", email="ann@example.com", phone="2015550123", name="Ann Lee"))
    return counter


class TestWhatItCosts:
    """The budgets of the design, billed by the local Firestore."""

    def test_a_new_order_of_a_known_named_customer(self, warm: Counter, usage: StackClient) -> None:
        assert cost(usage, warm.write("o1", customerId=ANN)) == (2, 5)

    def test_a_new_order_of_a_known_customer_whom_it_does_not_name(self, warm: Counter, usage: StackClient) -> None:
        change = warm.write("o1", **pos("77", email="ann@example.com", phone="2015550123"))
        assert cost(usage, change) == (2, 6)

    def test_a_known_customer_kept_under_an_id_of_others(self, counter: Counter, usage: StackClient) -> None:
        counter.client.document("customers/theirs").set({"orgId": ORG, "alleavesCustomerId": "cid_77"})
        counter.sell("first", **pos("77"))
        assert cost(usage, counter.write("o1", **pos("77"))) == (4, 6)

    def test_a_new_customer_with_three_identities(self, warm: Counter, usage: StackClient) -> None:
        change = warm.write("o1", **pos("78", email="bob@example.com", phone="2015550124"))
        assert cost(usage, change) == (10, 9)

    def test_a_duplicate(self, warm: Counter, usage: StackClient) -> None:
        change = warm.write("o1", **pos("77"))
        record_order(change)
        assert cost(usage, change) == (2, 0)

    def test_an_unchanged_rewrite(self, warm: Counter, usage: StackClient) -> None:
        assert cost(usage, warm.write("first", updatedAt=datetime.now(UTC), items=[{"qty": 1}])) == (0, 0)

    def test_a_step_before_the_sale(self, warm: Counter, usage: StackClient) -> None:
        assert cost(usage, warm.write("o1", status="pending")) == (0, 0)
        assert cost(usage, warm.write("o1", status="ready")) == (0, 0)

    def test_our_own_answer_to_an_order(self, warm: Counter, usage: StackClient) -> None:
        change = warm.write("o1", **pos("77"))
        record_order(change)
        assert cost(usage, replace(warm.told("o1"), before=change.after)) == (1, 0)

    def test_an_edit(self, warm: Counter, usage: StackClient) -> None:
        assert cost(usage, warm.write("first", totals={"total": 60.0})) == (2, 5)

    def test_a_refund_that_is_not_the_last_order(self, warm: Counter, usage: StackClient) -> None:
        ago = datetime.now(UTC) - timedelta(days=1)
        for order_id, days in (("o1", 3), ("o2", 2), ("o3", 1)):
            warm.sell(order_id, customerId=ANN, createdAt=ago - timedelta(days=days))
        # One of the three reads looks for rewards on the order.
        assert cost(usage, warm.write("o2", status="refunded")) == (3, 5)


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
            "duePointsAt": None,
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
        warm.client.document("orders", "o1").delete()
        assert record_order(change) is Outcome.RECORDED
        assert not warm.fields("orders", "o1")
        assert warm.customer(ANN)["points"] == 100


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


class TestWhatCannotBeDecided:
    @pytest.mark.parametrize(
        ("fields", "reason"),
        [
            ({"totals": {}}, "no_total"),
            ({"totals": {"total": "50"}}, "not_a_number"),
            ({"totals": {"total": float("nan")}}, "not_a_number"),
            ({"totals": {"total": -1}}, "negative_amount"),
            ({"totals": {"total": 1e15}}, "too_large"),
            ({"status": "chargeback"}, "unknown_status"),
            ({"userId": "alleaves_customer"}, "no_customer"),
            ({"userId": None, "customerId": "nobody"}, "no_customer"),
            ({"customerId": "org_b_9"}, "customer_of_other_org"),
            ({"customerId": "a/b"}, "invalid_customer"),
        ],
    )
    def test_is_kept_with_its_reason(self, counter: Counter, fields: dict[str, Any], reason: str) -> None:
        counter.client.document("customers", "org_b_9").set({"orgId": "org_b", "points": 7})
        change = counter.write("o1", **{**pos("77"), **fields})
        assert deliver([change, change]) == [Outcome.KEPT, Outcome.UNCHANGED]
        kept = counter.tenant("inbox", "order:o1")
        assert (kept["reason"], kept["status"], kept["orderId"]) == (reason, "open", "o1")
        assert "customer" not in kept["payload"]
        assert counter.ids("customers") == {"org_b_9"}
        assert counter.customer("org_b_9")["points"] == 7
        assert not counter.ids("tenants", ORG, "accruals")

    def test_of_no_known_org_is_kept_apart(self, counter: Counter) -> None:
        counter.org_id = None
        assert counter.sell("o1", brandId="some_brand", **pos("77")) is Outcome.KEPT
        assert counter.fields("tenants", "_unassigned", "inbox", "order:o1")["reason"] == "unknown_org"

    def test_a_rewrite_of_it_costs_nothing(self, warm: Counter, usage: StackClient) -> None:
        warm.sell("o1", totals={"total": "50"}, **pos("77"))
        assert cost(usage, warm.write("o1", updatedAt=1)) == (0, 0)

    def test_is_closed_when_it_is_put_right(self, counter: Counter) -> None:
        broken = counter.write("o1", totals={"total": "50"}, **pos("77"))
        mended = counter.write("o1", totals={"total": 50.0})
        assert deliver([broken, mended, broken]) == [Outcome.KEPT, Outcome.RECORDED, Outcome.UNCHANGED]
        assert counter.tenant("inbox", "order:o1")["status"] == "replayed"
        assert counter.customer(ANN)["points"] == 50

    def test_a_deleted_sale_leaves_the_ledger_alone(self, warm: Counter) -> None:
        assert record_order(warm.delete("first")) is Outcome.KEPT
        assert warm.tenant("inbox", "order:first")["reason"] == "order_deleted"
        assert warm.customer(ANN)["points"] == 50
        warm.write("cart", status="pending")
        assert record_order(warm.delete("cart")) is Outcome.UNCHANGED

    def test_a_customer_document_without_its_account_is_not_built_upon(self, warm: Counter) -> None:
        warm.client.document("customers", ANN).set({"orgId": ORG, "email": "ann@example.com", "points": 999})
        assert warm.sell("o1", customerId=ANN) is Outcome.KEPT
        assert warm.tenant("inbox", "order:o1")["reason"] == "refused"
        assert warm.ledger(ANN) == [("earn", 50)]
        command = Command("sync_customer", ORG, Actor("staff", "u1"), "key", fingerprint([]), datetime.now(UTC))
        assert customers.sync(command, ANN)["ok"]
        assert warm.customer(ANN)["points"] == 100
        assert warm.tenant("inbox", "order:o1")["status"] == "replayed"


class TestWhoseItIs:
    def test_org_by_every_name_an_order_may_have_for_it(self, counter: Counter) -> None:
        counter.client.document("tenants", ORG).set({"name": "A"})
        counter.client.document("locations", "loc1").set({"orgId": ORG, "posConfig": {"storeId": "1000"}})
        counter.client.document("locations", "loc2").set({"orgId": ORG, "posConfig": {"locationId": "2000"}})
        counter.org_id = None
        names: tuple[dict[str, Any], ...] = (
            *({"brandId": ORG}, {"brandId": "some_brand", "organizationId": ORG}, {"dispensaryId": ORG}),
            *({"brandId": None, "retailerId": "loc1"}, {"retailerId": "1000"}, {"retailerId": "2000"}),
        )
        for number, name in enumerate(names):
            assert counter.sell(f"o{number}", **pos("77"), **name) is Outcome.RECORDED
        assert counter.customer(ANN)["orderCount"] == len(names)

    def test_a_store_number_of_two_orgs_leads_nowhere(self, counter: Counter) -> None:
        for org_id in (ORG, "org_b"):
            counter.client.document("locations", f"loc_{org_id}").set(
                {"orgId": org_id, "posConfig": {"storeId": "1000"}}
            )
        counter.org_id = None
        assert counter.sell("o1", retailerId="1000", **pos("77")) is Outcome.KEPT
        counter.client.document("locations", "loc_org_b").delete()
        assert counter.sell("o1", retailerId="1000", totals={"total": 51.0}) is Outcome.RECORDED

    def test_a_name_that_leads_somewhere_is_remembered(self, counter: Counter, usage: StackClient) -> None:
        counter.client.document("brands", ORG).set({"name": "A"})
        counter.org_id = None
        counter.sell("o1", brandId=ORG, **pos("77"))
        assert cost(usage, counter.write("o2", brandId=ORG, **pos("77"))) == (2, 6)
        assert directory.CACHE_SECONDS == 60.0


class TestWhoItIs:
    @pytest.mark.parametrize("pos_first", [True, False])
    def test_identities_arrive_in_either_order(self, counter: Counter, pos_first: bool) -> None:
        at_the_counter, web = pos("77", phone="2015550123"), {"customer": {"phone": "(201) 555-0123"}}
        for number, buyer in enumerate((at_the_counter, web) if pos_first else (web, at_the_counter)):
            counter.sell(f"o{number}", **buyer)
        (customer_id,) = counter.ids("customers")
        found = counter.customer(customer_id)
        assert (found["points"], found["alleavesCustomerId"]) == (100, "cid_77")
        counter.sell("o2", **pos("77"))
        assert counter.ids("customers") == {customer_id}

    def test_a_household_shares_a_telephone_and_nothing_else(self, counter: Counter) -> None:
        for pos_id in ("77", "78", "77", "78"):
            counter.sell(f"o{len(counter.ids('orders'))}", **pos(pos_id, phone="2015550123"))
        assert {number: counter.customer(f"{ORG}_{number}")["points"] for number in ("77", "78")} == {
            "77": 100,
            "78": 100,
        }

    @pytest.mark.parametrize(
        ("document_id", "fields"),
        [
            (ANN, {"orgId": ORG}),
            (ANN, {"points": 5}),
            (f"{ORG}_alleaves_77", {"orgId": ORG}),
            (f"{ORG}_phone_2015550123", {"orgId": ORG, "phone": "201-555-0123"}),
            (f"{ORG}_phone_12015550123", {"orgId": ORG}),
            ("auto1", {"orgId": ORG, "alleavesCustomerId": "cid_77"}),
            ("auto2", {"orgId": ORG, "email": "ann@example.com"}),
            ("auto3", {"orgId": ORG, "phone": "12015550123"}),
        ],
    )
    def test_customers_that_others_created_are_found(
        self, counter: Counter, document_id: str, fields: dict[str, Any]
    ) -> None:
        counter.client.document("customers", document_id).set(fields)
        for number in range(2):
            counter.sell(f"o{number}", **pos("77", email="ann@example.com", phone="2015550123"))
        assert counter.ids("customers") == {document_id}
        found = counter.customer(document_id)
        assert (found["orgId"], found["points"]) == (ORG, 100 + fields.get("points", 0))

    @pytest.mark.parametrize("owner", ["org_b", None])
    def test_customers_of_other_orgs_are_not(self, counter: Counter, owner: str | None) -> None:
        shared = {"email": "ann@example.com", "phone": "+12015550123", "alleavesCustomerId": "cid_77"}
        counter.client.document("customers/theirs").set({**shared, **({"orgId": owner} if owner else {})})
        counter.sell("o1", **pos("77", email="ann@example.com", phone="2015550123"))
        assert counter.ids("customers") == {"theirs", ANN}
        assert "points" not in counter.customer("theirs")

    def test_a_merged_customer_is_followed(self, counter: Counter) -> None:
        counter.client.document("customers/winner").set({"orgId": ORG, "email": "ann@example.com"})
        counter.client.document("customers", ANN).set({"orgId": ORG, "archived": True, "mergedInto": "winner"})
        counter.sell("o1", customerId=ANN)
        counter.sell("o2", **pos("77"))
        assert counter.customer("winner")["points"] == 100
        assert counter.fields("orders", "o1")["customerId"] == "winner"
        assert "points" not in counter.customer(ANN)

    def test_a_web_customer_is_named_after_the_uid(self, counter: Counter) -> None:
        counter.sell("o1", userId="uid9", customer={"email": "ann@example.com", "name": "Ann"})
        counter.sell("o2", customer={"uid": "uid9", "email": "ann@example.com"})
        assert counter.ids("customers") == {f"{ORG}_uid9"}
        assert counter.customer(f"{ORG}_uid9")["points"] == 100

    def test_a_catch_all_customer_collects_only_so_many_identities(self, counter: Counter, usage: StackClient) -> None:
        for number in range(22):
            counter.sell(f"o{number}", **pos("77", phone=f"20155501{number:02d}"))
        assert len(counter.ids("tenants", ORG, "identities")) == 20
        assert cost(usage, counter.write("more", **pos("77", phone="2015550199"))) == (2, 6)
