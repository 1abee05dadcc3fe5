"""The comparison finds every kind of difference and nothing in documents that are as expected."""

from dataclasses import replace
from typing import Any

import pytest

from cli.demo.compare import Stored, StoredCustomer, differences
from cli.demo.expected import Figures

ANN = StoredCustomer(
    points=40, pending=0, reserved=10, debt=0, spend_cents=15_050, order_count=2, tier="bronze", segment="loyal"
)
BEN = StoredCustomer(
    points=0, pending=0, reserved=0, debt=5, spend_cents=9_500, order_count=1, tier="bronze", segment="new"
)
STORED = Stored({"c1": ANN, "c2": BEN}, {"o1": "c1", "o2": "c1", "o3": "c2"}, {})
EXPECTED = {"ann": Figures(15_050, 2, 150, "bronze"), "ben": Figures(9_500, 1, 95, "bronze")}
BUYERS = {"o1": "ann", "o2": "ann", "o3": "ben"}
REDEEMED = {"c1": 100, "c2": 100}


def _found(stored: Stored) -> list[str]:
    return list(differences(stored, EXPECTED, BUYERS, REDEEMED))


def test_documents_as_expected_have_no_differences() -> None:
    assert _found(STORED) == []


def test_a_customer_without_orders_that_count_may_exist_with_nothing() -> None:
    empty = replace(BEN, debt=0, spend_cents=0, order_count=0)
    assert _found(replace(STORED, customers={**STORED.customers, "c3": empty})) == []


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"points": 41}, "points and what is gone of them 151, expected 150"),
        ({"reserved": 0}, "points and what is gone of them 140, expected 150"),
        ({"debt": 1}, "points and what is gone of them 149, expected 150"),
        ({"spend_cents": 15_049}, "spend in cents 15049, expected 15050"),
        ({"order_count": 3}, "orders 3, expected 2"),
        ({"tier": "silver"}, "tier silver, expected bronze"),
    ],
)
def test_a_wrong_figure_is_named(change: dict[str, Any], says: str) -> None:
    assert _found(replace(STORED, customers={"c1": replace(ANN, **change), "c2": BEN})) == [f"customer c1: {says}"]


@pytest.mark.parametrize(
    ("owners", "says"),
    [
        ({"o1": "c1", "o2": "c2", "o3": "c2"}, "person ann: has 2 customers instead of one (c1, c2)"),
        ({"o1": "c1", "o2": "c1", "o3": "c1"}, "customer c1: holds the orders of ann, ben"),
        ({"o1": "c1", "o2": "c1"}, "person ben: has 0 customers instead of one ()"),
        ({**STORED.owners, "o4": "c1"}, "order o4: counts for c1, and nobody bought it"),
        ({**STORED.owners, "o3": "c9"}, "customer c9: has no document"),
    ],
)
def test_orders_with_the_wrong_customer_are_named(owners: dict[str, str], says: str) -> None:
    assert says in _found(replace(STORED, owners=owners))


def test_a_customer_that_nobody_is_must_be_empty() -> None:
    stored = replace(STORED, customers={**STORED.customers, "c3": ANN})
    assert "customer c3: spend in cents 15050, expected 0" in _found(stored)
