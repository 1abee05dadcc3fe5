"""Putting one customer right: missed orders, overwritten documents, lost accounts, tampered ledgers."""

from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from google.cloud.firestore import DELETE_FIELD

from lib.domain.commands import Command
from lib.domain.errors import FailedPrecondition, InvariantBroken
from lib.domain.ids import fingerprint
from lib.domain.ledger import Actor
from lib.store import accruals, orders
from lib.usecases import customers, points
from lib.usecases.orders import record_order
from tests.usecases.counter import ANN, ORG, Counter, pos

_keys = count(1)


@pytest.fixture(autouse=True)
def _two_orders(counter: Counter) -> None:
    """Ann has bought twice."""
    for number, days in enumerate((20, 10)):
        placed_at = datetime.now(UTC) - timedelta(days=days)
        counter.sell(f"o{number}", createdAt=placed_at, **pos("77", email="ann@example.com", phone="2015550123"))


def command(function: str = "sync_customer") -> Command:
    """A request of its own."""
    key = f"key-{next(_keys)}"
    return Command(function, ORG, Actor("staff", "u1"), key, fingerprint([]), datetime.now(UTC))


def sync(customer_id: str = ANN) -> dict[str, Any]:
    return customers.sync(command(), customer_id)


def nothing_to_do(customer_id: str = ANN) -> dict[str, Any]:
    return {"ok": True, "customerId": customer_id, "ordersRecorded": 0, "ordersUndecided": 0, "repaired": []}


def test_a_customer_that_is_right_stays_as_it_is(counter: Counter) -> None:
    before = counter.client.document("customers", ANN).get().update_time
    assert sync() == nothing_to_do()
    assert counter.client.document("customers", ANN).get().update_time == before


def test_what_only_time_has_changed_is_put_forward_and_was_not_wrong(
    counter: Counter, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock_file = tmp_path / "clock.json"
    clock_file.write_text(f'{{"offsetSeconds": {timedelta(days=25).total_seconds()}}}')
    monkeypatch.setenv("PERENNIAL_CLOCK_FILE", str(clock_file))
    assert sync() == nothing_to_do()
    assert counter.customer(ANN)["segment"] == "slipping"
    counter.client.document("customers", ANN).update({"points": 4000})
    clock_file.write_text(f'{{"offsetSeconds": {timedelta(days=100).total_seconds()}}}')
    assert sync()["repaired"] == ["points"]
    assert counter.customer(ANN)["segment"] == "churned"


def test_what_a_nightly_job_wrote_over_it_is_put_right(counter: Counter) -> None:
    right = counter.customer(ANN)
    wrong = {"points": 4000, "loyaltyPoints": DELETE_FIELD, "tier": "Platinum", "totalSpent": 12.0, "segment": "vip"}
    counter.client.document("customers", ANN).update({**wrong, "notes": "likes tea"})
    assert sync()["repaired"] == ["loyaltyPoints", "points", "segment", "tier", "totalSpent"]
    now = counter.customer(ANN)
    changing = {"updatedAt", "pointsLastCalculated", "notes"}
    assert {name: now[name] for name in now if name not in changing} == {
        name: right[name] for name in right if name not in changing
    }
    assert now["notes"] == "likes tea"
    assert sync() == nothing_to_do()


def test_orders_that_were_missed_are_recorded_oldest_first(counter: Counter) -> None:
    for number in (3, 2):
        placed_at = datetime.now(UTC) - timedelta(days=number)
        counter.write(f"missed{number}", createdAt=placed_at, totals={"total": 10.0 * number}, **pos("77"))
    counter.write("cart", status="pending", **pos("77"))
    counter.write("o1", status="refunded")
    answer = sync()
    assert (answer["ordersRecorded"], answer["ordersUndecided"]) == (3, 0)
    assert counter.ledger(ANN) == [("earn", 50), ("earn", 50), ("clawback", -50), ("earn", 30), ("earn", 20)]
    assert counter.customer(ANN)["orderCount"] == 3
    assert counter.fields("orders", "missed2")["customerId"] == ANN
    assert sync() == nothing_to_do()


def test_an_order_of_another_org_is_left_alone(counter: Counter) -> None:
    counter.write("elsewhere", **{**pos("77"), "orgId": "org_b"})
    assert sync() == nothing_to_do()
    assert not counter.ids("tenants", "org_b", "accruals")
    record_order(counter.told("elsewhere"))


def test_a_legacy_customer_is_not_paid_twice_for_orders_its_figures_contain(counter: Counter) -> None:
    last = datetime.now(UTC) - timedelta(days=5)
    legacy = {"orgId": ORG, "alleavesCustomerId": "cid_90", "points": 120, "totalSpent": 120.0, "orderCount": 2}
    counter.client.document("customers/old").set({**legacy, "firstOrderDate": last, "lastOrderDate": last})
    for number in (6, 5):
        placed_at = last - timedelta(days=number - 5)
        counter.write(f"old{number}", createdAt=placed_at, totals={"total": 10.0 * number}, **pos("90"))
    answer = sync("old")
    assert answer["ordersRecorded"] == 2
    found = counter.customer("old")
    assert (found["points"], found["totalSpent"], found["orderCount"]) == (120, 120.0, 2)
    assert found["pointsFromOrders"] == 110


@pytest.mark.parametrize("as_stored", [datetime.isoformat, lambda date: date.timestamp() * 1000])
def test_a_legacy_date_counts_in_whatever_type_it_was_stored(counter: Counter, as_stored: Any) -> None:
    last = datetime.now(UTC) - timedelta(days=5)
    legacy = {"orgId": ORG, "alleavesCustomerId": "cid_90", "points": 120, "totalSpent": 120.0, "orderCount": 2}
    counter.client.document("customers/old").set({**legacy, "lastOrderDate": as_stored(last)})
    counter.sell("old6", createdAt=last - timedelta(days=1), totals={"total": 60.0}, **pos("90"))
    found = counter.customer("old")
    assert (found["points"], found["totalSpent"], found["orderCount"]) == (120, 120.0, 2)
    assert isinstance(found["lastOrderDate"], datetime)


def test_orders_are_not_searched_by_what_many_customers_share(
    counter: Counter, monkeypatch: pytest.MonkeyPatch
) -> None:
    counter.sell("o3", **pos("90", email="no-email@alleaves.local"))
    counter.client.document("customers", f"{ORG}_90").update({"email": "no-email@alleaves.local"})
    changes = [counter.write(f"b{number}", **{**pos("90"), "orgId": "org_b"}) for number in range(4)]
    changes.append(counter.write("o4", **pos("91", email="no-email@alleaves.local")))
    counter.write("o5", orgId=None, brandId=ORG, **pos("90"))
    counter.client.document("brands", ORG).set({"name": "A"})
    monkeypatch.setattr(orders, "OF_CUSTOMER_MAX", 2)
    assert sync(f"{ORG}_90")["ordersRecorded"] == 1
    assert counter.customer(f"{ORG}_90")["points"] == 100
    for change in changes:
        record_order(change)


def test_more_records_than_one_transaction_takes_are_not_added_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(accruals, "OF_CUSTOMER_MAX", 1)
    with pytest.raises(FailedPrecondition):
        sync()


def test_a_lost_account_is_restored_from_its_entries(counter: Counter) -> None:
    points.adjust(command("adjust_points"), ANN, 7, "sorry")
    right = counter.customer(ANN)["loyalty"]
    counter.client.document("customers", ANN).set({"orgId": ORG, "email": "ann@example.com", "points": 999})
    assert "loyalty" in sync()["repaired"]
    found = counter.customer(ANN)
    assert (found["points"], found["orderCount"], found["totalSpent"]) == (107, 2, 100.0)
    same = ("seq", "headHash", "balances", "lots", "spendCents", "orderPoints")
    assert {name: found["loyalty"][name] for name in same} == {name: right[name] for name in same}
    assert set(found["loyalty"]["identities"]) == set(right["identities"])
    counter.sell("next", customerId=ANN)
    assert counter.customer(ANN)["points"] == 157


def test_a_spending_document_that_somebody_shrank_is_put_right(counter: Counter) -> None:
    spending = counter.client.document("tenants", ORG, "customer_spending", "ann@example.com")
    spending.update({"totalSpent": 1.0, "orderCount": 1})
    assert sync()["repaired"] == ["customer_spending"]
    assert counter.tenant("customer_spending", "ann@example.com")["totalSpent"] == 100.0


def test_a_ledger_that_was_tampered_with_is_not_built_upon(counter: Counter) -> None:
    entry = counter.client.document("customers", ANN, "ledger", "0000000001")
    entry.update({"points": 500})
    counter.client.document("customers", ANN).update({"points": 1})
    with pytest.raises(InvariantBroken):
        sync()
    assert counter.customer(ANN)["points"] == 1
    entry.update({"points": 50})
    assert sync()["repaired"] == ["points"]


@pytest.mark.parametrize("customer_id", ["nobody", "theirs"])
def test_customers_of_nobody_or_others_are_unknown(counter: Counter, customer_id: str) -> None:
    counter.client.document("customers/theirs").set({"orgId": "org_b", "points": 5})
    assert sync(customer_id) == {"ok": False, "reason": "unknown_customer"}


def test_a_legacy_customer_without_orders_is_left_alone(counter: Counter) -> None:
    counter.client.document("customers/old").set({"orgId": ORG, "points": 5})
    assert sync("old") == nothing_to_do("old")
    assert counter.customer("old") == {"orgId": ORG, "points": 5}
