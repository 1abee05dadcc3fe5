"""Pulls of a till: what is written, what it costs, and that nothing is lost when one fails."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from emulator.client import StackClient
from lib.usecases import pos
from lib.usecases.pos import pulling
from tests.usecases.pos.shop import MAIN, NOW, ORG, Shop

UNCHANGED = (4, 3)
"""Reads and writes of a pull that finds nothing new: the location, the till's state twice, events that wait; the lease,
the state, what the dashboard reads."""


def spent(usage: StackClient) -> tuple[int, int]:
    """Reads and writes billed since the last time."""
    used = usage.reset_usage()
    return used["reads"], used["writes"] + used["deletes"]


class TestOrders:
    def test_are_written_as_the_dashboards_own_sync_writes_them(self, shop: Shop) -> None:
        item = {"id_item": 5, "item": "Sour Gummies", "category": "Edibles", "quantity": "2", "price": "12.50"}
        person: dict[str, Any] = {
            "name_first": "Ann",
            "name_last": "Lee",
            "email": "Ann@Example.com",
            "phone": "(201) 555-0123",
        }
        shop.sell(1, subtotal="45.00", tax=5, discount="0", total="50.00", items=[item], id_location=3, **person)
        assert shop.pull()
        assert shop.order(1) == {
            "id": "alleaves_1",
            "orgId": ORG,
            "brandId": ORG,
            "retailerId": "3",
            "userId": "77",
            "status": "completed",
            "posStatus": "completed",
            "customer": {"name": "Ann Lee", "email": "ann@example.com", "phone": "(201) 555-0123"},
            "phoneLast4": "0123",
            "items": [
                {"productId": "5", "name": "Sour Gummies", "qty": 2, "price": 12.5, "category": "Edibles"},
            ],
            "totals": {"subtotal": 45.0, "tax": 5.0, "discount": 0.0, "total": 50.0},
            "mode": "live",
            "source": "alleaves",
            "createdAt": NOW,
            "updatedAt": NOW,
            "posUpdatedAt": NOW,
        }

    def test_are_recorded_like_any_other(self, shop: Shop) -> None:
        shop.sell(1)
        shop.pull()
        shop.record(1)
        assert shop.ledger() == [("earn", 50)]
        assert shop.customer(f"{ORG}_77")["totalSpent"] == 50.0

    @pytest.mark.parametrize("status", ["voided", "cancelled", "refunded", "VOIDED"])
    def test_that_are_undone_late_are_no_revenue(self, shop: Shop, status: str) -> None:
        shop.sell(1, days_ago=13)
        shop.pull()
        shop.record(1)
        shop.change(1, status=status, date_updated=NOW.isoformat())
        assert shop.pull()
        assert (shop.order(1)["status"], shop.order(1)["posStatus"]) == ("cancelled", status)
        shop.record(1)
        assert shop.ledger() == [("earn", 50), ("clawback", -50)]
        assert shop.customer(f"{ORG}_77")["totalSpent"] == 0.0

    def test_of_an_unknown_status_wait_for_a_person_and_are_told_of_once(self, shop: Shop) -> None:
        shop.sell(1, status="Layaway")
        shop.sell(2, status="pending")
        assert shop.pull()
        assert (shop.order(1)["status"], shop.order(2)["status"]) == ("pos_layaway", "pos_pending")
        shop.record(1, 2)
        assert {item["reason"] for item in shop.inbox().values()} == {"unknown_status"}
        assert shop.ledger() == []
        assert shop.alerts() == {"pos_orders_unreadable": {"unknown status": 2}}
        shop.pull()
        assert "unknown_status" not in shop.state()["counts"]

    def test_whose_money_cannot_be_read_are_kept_once_and_written_when_it_can(
        self, shop: Shop, usage: StackClient
    ) -> None:
        shop.sell(1, total={"amount": 50})
        shop.pull()
        assert shop.order(1) == {}
        (kept,) = shop.inbox().values()
        assert (kept["reason"], kept["fields"], kept["status"]) == ("unreadable", ["total"], "open")
        usage.reset_usage()
        shop.pull()
        assert spent(usage) == UNCHANGED
        shop.change(1, total="49.99")
        shop.pull()
        assert shop.order(1)["totals"] == {"total": 49.99}
        assert [item["status"] for item in shop.inbox().values()] == ["replayed"]

    def test_that_earn_and_have_no_total_do_not_earn_by_their_subtotal(self, shop: Shop) -> None:
        shop.sell(1, total=None, subtotal=45)
        shop.pull()
        assert shop.order(1) == {}

    def test_keep_what_others_have_added(self, shop: Shop) -> None:
        shop.sell(1, name_first="Ann")
        shop.pull()
        added = {"notes": "Likes tea", "retailerId": "main", "customer": {"uid": "u1", "name": "A", "email": "x@y.z"}}
        shop.client.document("orders", "alleaves_1").update(added)
        shop.change(1, total=60)
        shop.pull()
        order = shop.order(1)
        assert (order["notes"], order["retailerId"], order["totals"]) == ("Likes tea", "main", {"total": 60.0})
        assert order["customer"] == {"uid": "u1", "name": "Ann", "email": "no-email@alleaves.local"}

    def test_of_another_shop_by_the_same_number_are_left_alone(self, shop: Shop) -> None:
        theirs = {"brandId": "org_b", "status": "completed", "totals": {"total": 9.0}}
        shop.client.document("orders", "alleaves_1").set(theirs)
        shop.sell(1)
        assert shop.pull()
        assert shop.order(1) == theirs
        assert shop.alerts() == {"pos_orders_unreadable": {"of another shop": 1}}

    def test_are_not_taken_back_to_a_state_before(self, shop: Shop) -> None:
        shop.sell(1, date_updated=(NOW - timedelta(hours=1)).isoformat())
        later = {"orgId": ORG, "status": "cancelled", "posUpdatedAt": NOW}
        shop.client.document("orders", "alleaves_1").set(later)
        shop.pull()
        assert shop.order(1) == later


class TestCosts:
    @pytest.mark.parametrize("orders", [1, 350])
    def test_an_unchanged_shop_costs_the_same_whatever_its_size(
        self, shop: Shop, usage: StackClient, orders: int
    ) -> None:
        for number in range(1, orders + 1, 50):
            at = (NOW - timedelta(days=number % 14)).isoformat()
            batch = range(number, min(number + 50, orders + 1))
            sold = [{"id": n, "date_created": at, "status": "completed", "total": n} for n in batch]
            shop.sandbox.put(shop.username, "orders", sold)
            shop.sandbox.put(shop.username, "customers", [{"id_customer": n, "name_first": "A"} for n in batch])
        shop.pull()
        assert shop.state()["counts"]["orders_written"] == orders
        usage.reset_usage()
        assert shop.pull()
        assert spent(usage) == UNCHANGED
        assert shop.state()["counts"]["orders"] == orders

    def test_one_changed_order_costs_itself_and_the_marks_of_its_day(self, shop: Shop, usage: StackClient) -> None:
        for number in range(1, 6):
            shop.sell(number)
        shop.pull()
        shop.change(3, total=60)
        usage.reset_usage()
        shop.pull()
        assert spent(usage) == (UNCHANGED[0] + 2, UNCHANGED[1] + 2)

    def test_without_its_document_everything_is_compared_anew(self, shop: Shop) -> None:
        for number in (1, 2):
            shop.sell(number)
        shop.pull()
        before = shop.client.document("orders", "alleaves_1").get().update_time
        shop.client.document("orders", "alleaves_2").update({"status": "pending"})
        shop.pull()
        assert shop.order(2)["status"] == "pending"
        shop.client.document("tenants", ORG, "pos_pulls", MAIN).delete()
        shop.pull()
        assert shop.order(2)["status"] == "completed"
        assert shop.client.document("orders", "alleaves_1").get().update_time == before

    def test_the_token_is_fetched_once(self, shop: Shop) -> None:
        before = shop.asked("POST /auth")
        shop.pull()
        shop.pull()
        assert shop.asked("POST /auth") - before == 1


class TestTheCursor:
    def test_moves_when_everything_has_been_listed(self, shop: Shop) -> None:
        assert shop.pull()
        assert shop.told()["lastSyncAt"] == shop.state()["lastSyncAt"]
        assert abs(shop.told()["lastSyncAt"] - datetime.now(UTC)) < timedelta(minutes=1)

    @pytest.mark.parametrize(
        "fault",
        [
            {"kind": "status", "status": 500, "times": None},
            {"kind": "half_page", "times": None},
            {"kind": "html", "times": None},
            {"kind": "success_false", "times": None},
            {"kind": "cut_json", "times": None},
        ],
    )
    @pytest.mark.parametrize("path", ["/order", "/customer/search"])
    def test_stays_when_a_list_does_not_end(self, shop: Shop, path: str, fault: dict[str, Any]) -> None:
        shop.sell(1)
        shop.enrol(77)
        shop.pull()
        cursor = shop.state()["lastSyncAt"]
        for number in range(2, 5):
            shop.sell(number)
            shop.enrol(number)
        shop.sandbox.fail(path=path, **fault)
        assert not shop.pull()
        assert (shop.state()["state"], shop.state()["failures"]) == ("failed", 1)
        assert (shop.state()["lastSyncAt"], shop.told()["lastSyncAt"]) == (cursor, cursor)
        assert shop.told()["lastSyncStatus"] == "error"
        shop.sandbox.heal()
        assert shop.pull()
        assert (shop.state()["state"], shop.state()["failures"]) == ("done", 0)
        assert all(shop.order(number) for number in range(1, 5))

    def test_pulls_that_fail_three_times_in_a_row_are_told_of(self, shop: Shop) -> None:
        shop.sandbox.fail("status", status=403, path="/order", times=None)
        for _ in range(2):
            shop.pull()
        assert shop.alerts() == {}
        shop.pull()
        assert shop.alerts() == {"pos_pull_failing": {"failures": 3}}
        assert shop.state()["reason"] == "credentials"

    def test_a_cursor_that_stands_still_is_told_of_even_if_nothing_says_why(self, shop: Shop) -> None:
        shop.pull()
        dead = {"lastSyncAt": NOW - timedelta(hours=7), "leaseUntil": NOW - timedelta(minutes=1)}
        shop.client.document("tenants", ORG, "pos_pulls", MAIN).update(dead)
        shop.pull()
        assert shop.alerts() == {"pos_pull_failing": {"hours behind": 7}}

    def test_an_outage_longer_than_the_window_loses_nothing(self, shop: Shop) -> None:
        shop.pull()
        shop.client.document("tenants", ORG, "pos_pulls", MAIN).update({"lastSyncAt": NOW - timedelta(days=40)})
        shop.sell(1, days_ago=35)
        assert shop.pull()
        assert shop.order(1)

    def test_a_long_pull_goes_on_in_another_task(self, shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
        for days_ago in (1, 80):
            shop.sell(days_ago, days_ago=days_ago)
        monkeypatch.setattr(pulling, "_BUDGET_SECONDS", 0)
        tasks = 1
        while not shop.pull():
            tasks += 1
            assert shop.state()["window"] is not None
            assert "lastSyncAt" not in shop.state()
        assert tasks == 7
        assert len(shop.enqueued.of("pulllocation")) == tasks - 1
        assert shop.order(1)
        assert shop.order(80)
        assert shop.state()["counts"]["orders_written"] == 2


class TestWhoIsPulled:
    def test_one_task_for_each_account(self, shop: Shop) -> None:
        shop.locate("north")
        shop.locate("south", username="other")
        shop.locate("closed", username="closed", status="inactive")
        shop.locate("theirs", org_id="org_b")
        shop.client.document("locations", "jane").set({"orgId": ORG, "posConfig": {"provider": "jane"}})
        assert pos.plan_pulls() == pos.plan_pulls() == 3
        planned = {(task["orgId"], task["locationId"]) for task in shop.enqueued.of("pulllocation")}
        assert planned == {(ORG, "main"), (ORG, "south"), ("org_b", "theirs")}

    def test_without_credentials_it_is_off_and_says_why(self, shop: Shop) -> None:
        shop.locate(MAIN, pin="")
        assert not shop.pull()
        assert (shop.state()["state"], shop.state()["reason"]) == ("off", "missing_pin")
        assert shop.alerts() == {}
        shop.locate(MAIN)
        assert shop.pull()

    def test_the_location_of_another_shop_is_not_ours_to_pull(self, shop: Shop) -> None:
        shop.locate("theirs", org_id="org_b")
        shop.sell(1)
        assert not shop.pull("theirs")
        assert shop.order(1) == {}

    @pytest.mark.parametrize("minutes", [5, pytest.param(10.5, id="given by an instance whose clock is ahead")])
    def test_while_one_is_pulled_another_task_leaves(self, shop: Shop, minutes: float) -> None:
        lease = datetime.now(UTC) + timedelta(minutes=minutes)
        shop.client.document("tenants", ORG, "pos_pulls", MAIN).set({"leaseUntil": lease, "leaseBy": "other"})
        asked = shop.sandbox.requests()["total"]
        assert not shop.pull()
        assert shop.sandbox.requests()["total"] == asked

    def test_the_oldest_cursor_of_an_orgs_tills_is_what_the_dashboard_reads(self, shop: Shop) -> None:
        shop.locate("south", username="wrong")
        shop.pull()
        shop.client.document("tenants", ORG, "pos_pulls", "south").set({"lastSyncAt": NOW - timedelta(days=2)})
        shop.pull()
        assert shop.told()["lastSyncAt"] == NOW - timedelta(days=2)
