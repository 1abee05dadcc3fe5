"""What an order document deserves, read a second time, and whether that is what its accrual record has given."""

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum
from typing import Any

from lib.domain.invariants.accruals import points_of
from lib.domain.invariants.violations import Document, Fact, Fields, Invariant, Violation, differing

_CENTS_MAX = 10_000_000_000
_TOTALS = (("totals", "total"), ("total",), ("amount",), ("totals", "subtotal"))
_OPEN = (
    "pending",
    "submitted",
    "confirmed",
    "preparing",
    "processing",
    "packed",
    "ready",
    "shipped",
    "out_for_delivery",
)
_RETURNED = ("cancelled", "canceled", "voided", "refunded", "returned")


class State(StrEnum):
    """EARNING: counts. NOTHING: does not, or not yet. RETURNED: does not, and rewards on it go back. UNCLEAR: nobody
    can say, so a person must."""

    EARNING = "earning"
    NOTHING = "nothing"
    RETURNED = "returned"
    UNCLEAR = "unclear"


@dataclass(frozen=True, slots=True)
class Claim:
    """What an order deserves; `cents` only of one that earns."""

    state: State
    cents: int = 0


def claim_of(order: Fields) -> Claim:
    """Reads status, payment and total of an order as any of its writers stores them."""
    if order.get("mode") == "demo" or order.get("source") == "pilot_test" or order.get("isTestAccount") is True:
        return Claim(State.NOTHING)
    status, payment = (_word(order.get(name)) for name in ("status", "paymentStatus"))
    if status in _RETURNED or payment in ("refunded", "voided", "failed"):
        return Claim(State.RETURNED)
    if status in ("completed", "delivered") or (payment == "paid" and status in ("", *_OPEN)):
        cents = _total_cents(order)
        return Claim(State.UNCLEAR) if cents is None else Claim(State.EARNING, cents)
    return Claim(State.NOTHING if status in _OPEN else State.UNCLEAR)


def check_due(org_id: str, order: Document, accrual: Document | None) -> Iterator[Violation]:
    """An order whose events have all been worked, against its accrual record of the declared shape, if it has one.

    Orders that cannot be decided are not compared: what they had been given stays until somebody has looked.
    """
    claim = claim_of(order.fields)
    path = f"tenants/{org_id}/accruals/{order.id}"
    if claim.state is State.UNCLEAR:
        return
    if accrual is None:
        if claim.state is State.EARNING:
            wanted = f"the accrual of {order.path}, which earns {claim.cents} cents of spend"
            yield Violation(Invariant.ACCRUAL_DUE, path, wanted, "none")
        return
    earns, rate = claim.state is State.EARNING, accrual.fields["rate"]
    facts: list[Fact] = [
        ("counted", earns, accrual.fields["counted"]),
        ("spendCents", claim.cents, accrual.fields["spendCents"]),
    ]
    if earns and order.fields.get("customerId"):
        facts.append(("customerId", order.fields["customerId"], accrual.fields["customerId"]))
    # Points on the total are priced with the record itself; other bases are known from the order only.
    base_cents = _base_cents(order.fields, claim.cents, rate["base"]) if earns and rate else None
    if base_cents is not None and rate["base"] != "total":
        facts.append(("points", points_of(base_cents, rate), accrual.fields["points"]))
    yield from differing(Invariant.ACCRUAL_DUE, path, facts)


def check_order_of(org_id: str, accrual: Document, order: Document | None) -> Iterator[Violation]:
    """A record that counts, and the order it is of: none when that is gone."""
    if order is None:
        yield Violation(Invariant.ACCRUAL_ORPHANED, accrual.path, f"orders/{accrual.id}", "none")
    elif order.fields.get("orgId") not in (None, "", org_id):
        yield Violation(Invariant.ACCRUAL_ORPHANED, accrual.path, f"orgId {org_id} of {order.path}", "another org's")


def check_version(order: Document, accrual: Document) -> Iterator[Violation]:
    """An accrual record cannot have applied a state of the order that is newer than the order."""
    if order.updated_at is not None:
        newest = f"{order.updated_at:%Y-%m-%dT%H:%M:%S.%f}999Z"
        if accrual.fields["orderVersion"] > newest:
            wanted = f"orderVersion at most that of {order.path}, {newest}"
            yield Violation(Invariant.ACCRUAL_VERSION, accrual.path, wanted, accrual.fields["orderVersion"])


def _base_cents(order: Fields, total_cents: int, base: str) -> int | None:
    """What points were earned on; None where a part of the money cannot be read."""
    if base == "total":
        return total_cents
    subtotal, tax = (_first(order, (("totals", name), (name,))) for name in ("subtotal", "tax"))
    tax_cents = 0 if tax is None else _cents(tax)
    if base == "subtotal" and subtotal is not None:
        subtotal_cents = _cents(subtotal)
        return None if subtotal_cents is None else min(subtotal_cents, total_cents)
    return None if tax_cents is None else max(0, total_cents - tax_cents)


def _total_cents(order: Fields) -> int | None:
    """The total, None when it or a part of the money beside it cannot be read."""
    parts = (_first(order, (("totals", name), (name,))) for name in ("subtotal", "tax"))
    if any(part is not None and _cents(part) is None for part in parts):
        return None
    return _cents(_first(order, _TOTALS))


def _cents(value: Any) -> int | None:
    """Cents of a plain number of dollars from 0 to a hundred million; None for anything else."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value) or value < 0:
        return None
    cents = int((Decimal(str(value)) * 100).quantize(Decimal(1), rounding=ROUND_HALF_UP))
    return cents if cents <= _CENTS_MAX else None


def _word(value: object) -> str:
    return value.strip().lower() if isinstance(value, str) else ""


def _first(order: Fields, paths: Iterable[tuple[str, ...]]) -> Any:
    """The first of these fields that is present."""
    return next((found for path in paths if (found := _at(order, path)) is not None), None)


def _at(fields: Any, path: tuple[str, ...]) -> Any:
    for name in path:
        fields = fields.get(name) if isinstance(fields, dict) else None
    return fields
