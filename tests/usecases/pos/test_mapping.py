"""Alleaves' documented records as documents, field by field, and what is not taken for something it is not."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from lib.domain import orders
from lib.domain.orders import MalformedOrder, Order, Phase
from lib.domain.pos import PosCustomer, PosOrder, UnreadableOrder
from lib.usecases.pos.mapping import customer_of, order_of
from lib.vendors.alleaves.wire import Customer
from lib.vendors.alleaves.wire import Order as Record
from tests.usecases.pos.shop import NOW

FIXTURES = Path(__file__).parents[2] / "vendors" / "alleaves" / "fixtures"
USUAL = {"id": 1, "id_customer": 77, "status": "completed", "total": 50, "date_created": "2026-11-20T10:00:00Z"}


def listed(kind: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads((FIXTURES / f"{kind}.json").read_bytes())[kind]
    return found


def mapped(**fields: Any) -> PosOrder:
    order = order_of(Record.read({**USUAL, **fields}), "green", "1000")
    assert isinstance(order, PosOrder)
    return order


def read(order: PosOrder) -> Order | MalformedOrder:
    """As `on_order_written` reads the document."""
    return orders.read(order.id, order.fields, NOW)


def test_a_documented_order() -> None:
    record, voided, on_hold = (order_of(Record.read(raw), "green", "1000") for raw in listed("orders"))
    assert isinstance(record, PosOrder)
    assert isinstance(voided, PosOrder)
    assert isinstance(on_hold, PosOrder)
    assert record.fields["totals"] == {"subtotal": 40.0, "tax": 5.2, "discount": 4.0, "total": 41.2}
    assert (record.fields["userId"], record.fields["retailerId"], record.bucket) == ("501", "3", "orders-2026-11-20")
    assert (voided.id, voided.fields["status"], voided.fields["totals"]) == (
        "alleaves_9002",
        "cancelled",
        {"total": 15.0},
    )
    assert voided.fields["items"] == [
        {"productId": "78", "name": "Flower", "qty": 3.5, "price": 4.28, "category": "Flower"}
    ]
    assert (on_hold.fields["status"], on_hold.unknown_status) == ("pos_on hold", True)
    assert (on_hold.fields["userId"], on_hold.bucket) == ("alleaves_customer", "orders-undated")
    assert "createdAt" not in on_hold.fields


@pytest.mark.parametrize(
    ("status", "stored", "phase"),
    [
        ("processing", "preparing", Phase.OPEN),
        ("ready", "ready", Phase.OPEN),
        ("completed", "completed", Phase.EARNING),
        ("Completed", "completed", Phase.EARNING),
        ("delivered", "completed", Phase.EARNING),
        ("voided", "cancelled", Phase.REVERSED),
        ("cancelled", "cancelled", Phase.REVERSED),
        ("refunded", "cancelled", Phase.REVERSED),
        ("paid", "pos_paid", None),
        ("returned", "pos_returned", None),
        ("pending", "pos_pending", None),
        ("pos_completed", "pos_pos_completed", None),
        (None, "pos_unknown", None),
        ("", "pos_unknown", None),
    ],
)
def test_statuses(status: str | None, stored: str, phase: Phase | None) -> None:
    order = mapped(status=status)
    assert (order.fields["status"], order.unknown_status) == (stored, phase is None)
    found = read(order)
    assert (found.phase if isinstance(found, Order) else None) == phase


@pytest.mark.parametrize(
    ("total", "cents"), [(49.99, 4999), ("49.99", 4999), ("50", 5000), (50, 5000), (0, 0), ("0.00", 0), (0.1, 10)]
)
def test_money_as_number_or_text(total: object, cents: int) -> None:
    found = read(mapped(total=total))
    assert isinstance(found, Order)
    assert found.money
    assert found.money.total_cents == cents


@pytest.mark.parametrize(
    ("fields", "wrong"),
    [
        ({"total": "fifty"}, ("total",)),
        ({"total": [50], "amount": 50}, ("total",)),
        ({"total": None}, ("total",)),
        ({"tax": {}}, ("tax",)),
        ({"status": ["completed"]}, ("status",)),
        ({"id_customer": {"id": 7}}, ("id_customer",)),
        ({"date_created": "yesterday"}, ("date_created",)),
    ],
)
def test_what_decides_and_cannot_be_read_is_not_guessed(fields: dict[str, Any], wrong: tuple[str, ...]) -> None:
    order = order_of(Record.read({**USUAL, **fields}), "green", "1000")
    assert isinstance(order, UnreadableOrder)
    assert order.wrong == wrong


def test_an_order_that_does_not_earn_needs_no_total() -> None:
    assert mapped(status="voided", total=None).fields["totals"] == {}


def test_without_an_id_it_is_none() -> None:
    assert order_of(Record.read({"status": "completed", "total": 5}), "green", "1000") is None
    assert customer_of(Customer.read({"email": "a@example.com"})) is None


@pytest.mark.parametrize("email", ["no-email@alleaves.local", "customer_7@alleaves.local", "x@unknown.local", "", None])
def test_a_placeholder_is_no_address(email: str | None) -> None:
    order = mapped(email=email)
    assert order.fields["customer"] == {"name": "Unknown", "email": "no-email@alleaves.local"}


@pytest.mark.parametrize("customer_id", [0, "0", "", None])
def test_customer_nobody(customer_id: object) -> None:
    assert mapped(id_customer=customer_id).fields["userId"] == "alleaves_customer"


def test_items_that_cannot_be_read_are_left_as_they_are() -> None:
    assert "items" not in mapped(items=["gummies"]).fields
    assert mapped(items=None).fields["items"] == []


def test_marks_tell_what_is_taken_over_and_nothing_else() -> None:
    usual = mapped()
    assert usual.mark == mapped(loyalty={"a": 1}, points_earned=5, total="50.00").mark
    assert len({usual.mark, mapped(total=51).mark, mapped(status="voided").mark, mapped(phone="1").mark}) == 4
    known = customer_of(Customer.read({"id_customer": 7}))
    richer = customer_of(Customer.read({"id_customer": 7, "total_spent": 99, "order_count": 3, "loyalty_points": 5}))
    assert known == richer


def test_a_documented_customer() -> None:
    ada, other = (customer_of(Customer.read(raw)) for raw in listed("customers"))
    assert isinstance(ada, PosCustomer)
    assert (ada.name, ada.phone, ada.birth_date, ada.alpine_user_id) == (
        "Ada Park",
        "(415) 555-0101",
        "1990-05-17",
        "0b5c7f0e2a",
    )
    assert isinstance(other, PosCustomer)
    assert (other.id, other.name, other.phone) == ("502", None, None)
