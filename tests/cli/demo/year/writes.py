"""Writes of orders for the tests of a year: who, when, how much."""

from datetime import datetime
from typing import Any

from cli.demo.documents import OrderWrite


def order(
    order_id: str, at: datetime, person: str | None, dollars: float, *, created_at: datetime | None = None, **state: Any
) -> OrderWrite:
    """A completed order, unless `state` says otherwise."""
    fields = {"status": "completed", "totals": {"total": dollars}, "createdAt": created_at or at} | state
    return OrderWrite(order_id, fields, at, person)
