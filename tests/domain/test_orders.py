"""Reading orders: every writer's shape, every status path, and everything that can be wrong with a document."""

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lib.domain import orders
from lib.domain.identity import IdentityKey, IdentityKind
from lib.domain.orders import Flaw, MalformedOrder, Money, Order, Phase
from tests.domain.strategies import json_values

CREATED = datetime(2026, 4, 1, 9, tzinfo=UTC)


def order(**fields: Any) -> Order:
    """The order in a completed document of 50 dollars with these fields besides."""
    found = reading(**fields)
    assert isinstance(found, Order)
    return found


def reading(**fields: Any) -> Order | MalformedOrder:
    """Whatever is read in it."""
    return orders.read("o1", {"status": "completed", "totals": {"total": 50.0}, "orgId": "org", **fields}, CREATED)


@pytest.mark.parametrize(
    ("fields", "phase"),
    [
        ({"status": "completed"}, Phase.EARNING),
        ({"status": "delivered"}, Phase.EARNING),
        ({"status": "Completed "}, Phase.EARNING),
        ({"status": "pending", "paymentStatus": "paid"}, Phase.EARNING),
        ({"status": None, "paymentStatus": "paid"}, Phase.EARNING),
        ({"status": "completed", "paymentStatus": "pending"}, Phase.EARNING),
        ({"status": "pending"}, Phase.OPEN),
        ({"status": "Shipped"}, Phase.OPEN),
        ({"status": "ready", "paymentStatus": "pay_at_pickup"}, Phase.OPEN),
        ({"status": "cancelled"}, Phase.REVERSED),
        ({"status": "canceled", "paymentStatus": "paid"}, Phase.REVERSED),
        ({"status": "voided"}, Phase.REVERSED),
        ({"status": "returned"}, Phase.REVERSED),
        ({"status": "completed", "paymentStatus": "refunded"}, Phase.REVERSED),
        ({"status": "completed", "paymentStatus": "failed"}, Phase.REVERSED),
        ({"status": "anything", "paymentStatus": "voided"}, Phase.REVERSED),
        ({"status": "completed", "mode": "demo"}, Phase.OPEN),
        ({"status": "completed", "source": "pilot_test"}, Phase.OPEN),
        ({"status": "completed", "isTestAccount": True}, Phase.OPEN),
    ],
)
def test_what_a_status_deserves(fields: dict[str, Any], phase: Phase) -> None:
    assert order(**fields).phase is phase


@pytest.mark.parametrize("status", ["chargeback", "", None, 7, {"name": "completed"}])
def test_an_unknown_status_is_nobodys_to_decide(status: object) -> None:
    assert reading(status=status) == MalformedOrder(Flaw.UNKNOWN_STATUS, "/status", orders.OrgNames("org"))


def test_an_unknown_status_is_not_decided_by_a_payment_either() -> None:
    assert isinstance(reading(status="chargeback", paymentStatus="paid"), MalformedOrder)


@pytest.mark.parametrize(
    ("fields", "money"),
    [
        ({"totals": {"subtotal": 46, "tax": 4.0, "total": 49.99}}, Money(4999, 4600, 400)),
        ({"totals": None, "total": 12, "subtotal": 11.5, "tax": 0.5}, Money(1200, 1150, 50)),
        ({"totals": {"subtotal": 9.99}}, Money(999, 999, None)),
        ({"totals": {}, "amount": 0}, Money(0, None, None)),
        ({"totals": {"total": 3.0}, "total": 4.0}, Money(300, None, None)),
        ({"totals": {"total": 0.005}}, Money(1, None, None)),
    ],
)
def test_money_is_read_from_wherever_a_writer_puts_it(fields: dict[str, Any], money: Money) -> None:
    assert order(**fields).money == money


@pytest.mark.parametrize(
    ("fields", "flaw", "pointer"),
    [
        ({"totals": None}, Flaw.NO_TOTAL, "/totals/total"),
        ({"totals": {"tax": 1}}, Flaw.NO_TOTAL, "/totals/total"),
        ({"totals": {"total": "50.00"}}, Flaw.NOT_A_NUMBER, "/totals/total"),
        ({"totals": {"total": True}}, Flaw.NOT_A_NUMBER, "/totals/total"),
        ({"totals": {"total": float("nan")}}, Flaw.NOT_A_NUMBER, "/totals/total"),
        ({"totals": {"total": float("inf")}}, Flaw.TOO_LARGE, "/totals/total"),
        ({"totals": {"total": 1e12}}, Flaw.TOO_LARGE, "/totals/total"),
        ({"totals": {"total": -0.01}}, Flaw.NEGATIVE_AMOUNT, "/totals/total"),
        ({"totals": {"total": 50, "tax": "4"}}, Flaw.NOT_A_NUMBER, "/totals/tax"),
        ({"totals": None, "amount": []}, Flaw.NOT_A_NUMBER, "/amount"),
        ({"customerId": "a/b"}, Flaw.INVALID_CUSTOMER, "/customerId"),
        ({"customerId": ["c1"]}, Flaw.INVALID_CUSTOMER, "/customerId"),
        ({"orgId": "a/b"}, Flaw.INVALID_ORG, "/orgId"),
        ({"orgId": "x" * 129}, Flaw.INVALID_ORG, "/orgId"),
    ],
)
def test_what_can_be_wrong_with_an_order_that_earns(fields: dict[str, Any], flaw: Flaw, pointer: str) -> None:
    found = reading(**fields)
    assert isinstance(found, MalformedOrder)
    assert (found.flaw, found.pointer) == (flaw, pointer)


def test_the_money_of_an_order_that_does_not_earn_is_nobodys_business() -> None:
    assert order(status="cancelled", totals={"total": "-50"}).money is None


@pytest.mark.parametrize(
    ("base", "money", "cents"),
    [
        ("total", Money(5400, 5000, 400), 5400),
        ("subtotal", Money(5400, 5000, 400), 5000),
        ("total_before_tax", Money(4400, 5000, 400), 4000),
        ("subtotal", Money(5400, None, 400), 5000),
        ("subtotal", Money(5400), 5400),
        ("total_before_tax", Money(300, None, 400), 0),
    ],
)
def test_the_base_that_points_are_earned_on(base: str, money: Money, cents: int) -> None:
    assert money.base_cents(base) == cents


@pytest.mark.parametrize(
    ("fields", "keys"),
    [
        ({"source": "alleaves", "userId": "42"}, [("pos", "42")]),
        ({"source": "alleaves", "userId": 42}, [("pos", "42")]),
        ({"source": "alleaves", "userId": "alleaves_customer"}, []),
        ({"source": "alleaves", "userId": "42", "customer": {"email": "no-email@alleaves.local"}}, [("pos", "42")]),
        ({"userId": "u1"}, [("uid", "u1")]),
        ({"customer": {"uid": "u1", "email": " Jo@Example.com "}}, [("uid", "u1")]),
        ({"customer": {"phone": "(415) 555-2671"}}, [("phone", "+14155552671")]),
        ({"customerEmail": "jo@example.com", "customerPhone": "4155552671"}, [("email", "jo@example.com")]),
        (
            {"source": "alleaves", "customerEmail": "jo@example.com", "customerPhone": "4155552671"},
            [("email", "jo@example.com"), ("phone", "+14155552671")],
        ),
        ({"customer": "Jo"}, []),
        ({"customer": {"email": 5, "phone": "none", "name": []}}, []),
    ],
)
def test_whom_an_order_can_be_recognised_as(fields: dict[str, Any], keys: list[tuple[str, str]]) -> None:
    found = order(**fields)
    assert found.buyer.keys(from_pos=found.from_pos, region="US") == tuple(
        IdentityKey(IdentityKind(kind), value) for kind, value in keys
    )


@pytest.mark.parametrize(
    "created_at",
    [
        datetime(2026, 3, 5, 10, tzinfo=UTC),
        "2026-03-05T10:00:00Z",
        "2026-03-05T12:00:00+02:00",
        1772704800000,
        {"_seconds": 1772704800, "_nanoseconds": 0},
        {"seconds": 1772704800},
    ],
)
def test_every_way_to_store_a_date(created_at: object) -> None:
    assert order(createdAt=created_at).ordered_at == datetime(2026, 3, 5, 10, tzinfo=UTC)


@pytest.mark.parametrize("created_at", [None, "yesterday", float("nan"), 1e300, -1, {"_seconds": "x"}, [], True])
def test_without_a_date_that_makes_sense_the_documents_counts(created_at: object) -> None:
    assert order(createdAt=created_at).ordered_at == CREATED


class TestWhatMatters:
    def test_an_unchanged_rewrite_does_not(self) -> None:
        assert not orders.matters(order(updatedAt=1, items=[1]), order(updatedAt=2, items=[2], notes="x"))

    def test_another_word_for_the_same_does_not(self) -> None:
        assert not orders.matters(order(status="completed"), order(status="delivered"))

    def test_steps_before_the_sale_do_not(self) -> None:
        assert not orders.matters(None, order(status="pending"))
        assert not orders.matters(order(status="pending"), order(status="confirmed"))

    def test_earning_and_ceasing_to_earn_do(self) -> None:
        assert orders.matters(None, order())
        assert orders.matters(order(status="ready"), order())
        assert orders.matters(order(), order(status="pending"))
        assert orders.matters(order(), order(status="refunded"))

    def test_another_total_customer_or_org_does(self) -> None:
        for other in ({"totals": {"total": 51.0}}, {"customerId": "c1"}, {"orgId": "other"}):
            assert orders.matters(order(), order(**other))

    def test_a_cancellation_does_even_before_the_sale_is_known(self) -> None:
        assert orders.matters(order(status="pending"), order(status="cancelled"))
        assert orders.matters(None, order(status="cancelled"))
        assert not orders.matters(order(status="cancelled"), order(status="refunded"))

    def test_a_malformed_order_may_hide_one_that_earned(self) -> None:
        assert orders.matters(reading(totals=None), order(status="pending"))


def test_being_told_its_owner_is_recognised_as_that_and_nothing_else() -> None:
    plain = order(orgId=None, brandId="org")
    assert orders.only_named(plain, order(brandId="org", customerId="c1"))
    assert orders.only_named(order(), order(customerId="c1"))
    assert not orders.only_named(plain, order(brandId="org", customerId="c1", totals={"total": 51.0}))
    assert not orders.only_named(order(customerId="c1"), order(customerId="c2"))
    assert not orders.only_named(plain, plain)
    assert not orders.only_named(None, plain)


@given(st.dictionaries(st.sampled_from(["status", "totals", "customer", "createdAt", "orgId", "userId"]), json_values))
def test_reading_never_raises(fields: dict[str, Any]) -> None:
    assert isinstance(orders.read("o1", fields, CREATED), Order | MalformedOrder)
    assert isinstance(reading(**{**fields, "status": "completed"}), Order | MalformedOrder)
