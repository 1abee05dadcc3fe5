"""An order on which points are earned on something else than the total is priced from the order itself."""

from typing import Any

import pytest

from lib.domain.invariants.orders import check_due
from lib.domain.invariants.violations import Document

TOTALS = {"total": 11.5, "subtotal": 10, "tax": 1.5}


def due(base: str, points: int, order: dict[str, Any]) -> list[str]:
    accrual = {
        "counted": True,
        "spendCents": 1150,
        "customerId": "c1",
        "points": points,
        "rate": {"base": base, "pointsPerDollar": "2", "multiplier": "1.5"},
    }
    found = check_due("org_a", Document("orders/o1", order), Document("tenants/org_a/accruals/o1", accrual))
    return [violation.expected for violation in found]


@pytest.mark.parametrize(
    ("base", "fields", "points"),
    [
        ("subtotal", {"totals": TOTALS}, 30),
        ("subtotal", {"total": 11.5, "subtotal": 10}, 30),
        ("subtotal", {"totals": {"total": 11.5, "tax": 1.5}}, 30),
        ("subtotal", {"totals": {"total": 11.5}}, 34),
        ("total_before_tax", {"totals": TOTALS}, 30),
        ("total_before_tax", {"total": 11.5, "tax": 20}, 0),
        ("total_before_tax", {"totals": {"total": 11.5}}, 34),
    ],
)
def test_points_are_those_of_the_base(base: str, fields: dict[str, Any], points: int) -> None:
    order = {"status": "completed", **fields}
    assert due(base, points, order) == []
    assert due(base, points + 1, order) == [f"points {points}"]


def test_points_on_the_total_are_priced_with_the_record() -> None:
    assert due("total", 999, {"status": "completed", "totals": TOTALS}) == []
