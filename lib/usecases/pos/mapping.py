"""Alleaves' records as the dashboard's own sync stores them, field by field.

Where that sync was wrong we are not: it made a voided order `pending`, which counts as revenue. A status that nobody
knows becomes `pos_` and that word, which neither we nor the dashboard count. An order whose money cannot be read is not
stored.
"""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

from lib.domain import pulls
from lib.domain.contacts import normalise_email
from lib.domain.money import dollars
from lib.domain.pos import NO_CUSTOMER, NO_EMAIL, PosCustomer, PosOrder, UnreadableOrder, order_document_id
from lib.vendors.alleaves.wire import Customer, Item, Order, Status

# Part of every mark: a change of this file that changes documents makes every order of the window news.
_VERSION: Final = 1

STATUSES: Final[Mapping[Status, str]] = {
    Status.PROCESSING: "preparing",
    Status.READY: "ready",
    Status.COMPLETED: "completed",
    Status.DELIVERED: "completed",
    Status.VOIDED: "cancelled",
    Status.CANCELLED: "cancelled",
    Status.REFUNDED: "cancelled",
}
"""The till's status as the dashboard's, which has no other word for a sale that is undone; `posStatus` has theirs."""

_EARNING: Final = frozenset({Status.COMPLETED, Status.DELIVERED})
# Whose, what state, how much, when: what is there and cannot be read must not be guessed at.
_DECISIVE: Final = frozenset(
    {"id", "id_order", "id_customer", "status", "total", "amount", "subtotal", "tax", "discount", "date_created"}
)
_STATUS_LENGTH_MAX: Final = 60
_PHONE_TAIL: Final = 4
_UNSAID: Final = "unknown"


def order_of(record: Order, org_id: str, retailer_id: str) -> PosOrder | UnreadableOrder | None:
    """The order to store; None for a record without an id. `retailer_id`: the location, where the record names none."""
    if record.order_id is None:
        return None
    document_id = order_document_id(record.order_id)
    bucket = pulls.order_bucket(record.created_at)
    content = record.model_dump(mode="json", exclude={"points_earned"})
    told = [_VERSION, content, sorted(record.unreadable)]
    wrong = set(record.unreadable & _DECISIVE)
    if record.total_cents is None and record.known_status in _EARNING:
        wrong.add("total")
    if wrong:
        return UnreadableOrder(document_id, pulls.mark_of_unreadable(told), bucket, tuple(sorted(wrong)))
    return PosOrder(
        id=document_id,
        mark=pulls.mark(told),
        bucket=bucket,
        fields=_order_fields(record, document_id, org_id, retailer_id),
        updated_at=record.updated_at,
        unknown_status=record.known_status is None,
    )


def customer_of(record: Customer) -> PosCustomer | None:
    """The customer to store; None for a record without an id. What the till adds up of them is not taken over."""
    if record.customer_id is None:
        return None
    told: dict[str, Any] = {
        "email": record.email,
        "phone": record.phone or record.phone2,
        "first_name": record.first_name,
        "last_name": record.last_name,
        "full_name": record.full_name,
        "birth_date": record.date_of_birth,
        "since": record.customer_since.isoformat() if record.customer_since else None,
        "alpine_user_id": record.alpine_user_code,
    }
    mark = pulls.mark([_VERSION, told])
    return PosCustomer(record.customer_id, mark, pulls.customer_bucket(record.customer_id), **told)


def _order_fields(record: Order, document_id: str, org_id: str, retailer_id: str) -> dict[str, Any]:
    fields: dict[str, Any] = {
        "id": document_id,
        "orgId": org_id,
        "brandId": org_id,
        "retailerId": record.location_id or retailer_id,
        "userId": _customer_id(record) or NO_CUSTOMER,
        "status": _status(record),
        "posStatus": (record.status or "")[:_STATUS_LENGTH_MAX],
        "customer": _buyer(record),
        "phoneLast4": _last_digits(record.phone),
        "totals": _totals(record),
        "mode": "live",
        "source": "alleaves",
    }
    if "items" not in record.unreadable:
        fields["items"] = [_item(item) for item in record.items or ()]
    return fields | _dates(record.created_at, record.updated_at)


def _status(record: Order) -> str:
    known = record.known_status
    # Also a word that means something elsewhere: here nobody knows what.
    return STATUSES[known] if known else f"pos_{(record.status or _UNSAID).lower()[:_STATUS_LENGTH_MAX]}"


def _customer_id(record: Order) -> str | None:
    # Tills number nobody 0.
    return None if record.customer_id == "0" else record.customer_id


def _buyer(record: Order) -> dict[str, str]:
    name = " ".join(part for part in (record.first_name, record.last_name) if part)
    buyer = {"name": name or "Unknown", "email": normalise_email(record.email) or NO_EMAIL}
    return buyer | ({"phone": record.phone} if record.phone else {})


def _last_digits(phone: str | None) -> str | None:
    digits = "".join(character for character in phone or "" if character.isascii() and character.isdigit())
    return digits[-_PHONE_TAIL:] if len(digits) >= _PHONE_TAIL else None


def _totals(record: Order) -> dict[str, float]:
    cents = {
        "subtotal": record.subtotal_cents,
        "tax": record.tax_cents,
        "discount": record.discount_cents,
        "total": record.total_cents,
    }
    return {name: dollars(value) for name, value in cents.items() if value is not None}


def _dates(created_at: datetime | None, updated_at: datetime | None) -> dict[str, datetime]:
    found = {"createdAt": created_at, "updatedAt": updated_at or created_at, "posUpdatedAt": updated_at}
    return {name: value for name, value in found.items() if value}


def _item(item: Item) -> dict[str, Any]:
    line: dict[str, Any] = {
        "productId": item.item_id or _UNSAID,
        "name": item.name or "Unknown",
        "qty": _plain(Decimal(1) if item.quantity is None else item.quantity),
        "price": dollars(item.price_cents or 0),
    }
    return line | ({"category": item.category} if item.category else {})


def _plain(quantity: Decimal) -> int | float:
    return int(quantity) if quantity == quantity.to_integral_value() else float(quantity)
