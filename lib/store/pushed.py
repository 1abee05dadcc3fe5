"""What there is to tell Alpine IQ about, read when it is told: an order as a sale, and whom it is about.

Plain reads, outside of any transaction.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from lib.domain import loose_fields
from lib.domain.errors import InvalidInput
from lib.domain.identity import normalise_email, normalise_phone
from lib.domain.money import cents_from_dollars
from lib.domain.orders import Order, Phase
from lib.store import lookup, orders
from lib.store.org import OrgStore

_LINES_MAX = 200
_US = "+1"


@dataclass(frozen=True, slots=True)
class Addressee:
    """A customer as Alpine IQ may know it: `phone` in ten digits, elsewhere with the country code; "" for no name."""

    contact_id: str | None
    email: str | None
    phone: str | None
    first_name: str
    last_name: str


@dataclass(frozen=True, slots=True)
class SoldLine:
    """One line; `price_cents` for one of `quantity`. A part of a unit is told as one, at its own price."""

    sku: str
    name: str
    category: str
    price_cents: int
    quantity: int


@dataclass(frozen=True, slots=True)
class Sold:
    """A completed sale. `pos_id`: the till's own number where it has one."""

    pos_id: str
    at: datetime
    total_cents: int
    lines: tuple[SoldLine, ...]
    location: str
    pos_type: str


def addressee(org: OrgStore, customer_id: str) -> Addressee | None:
    """The customer, or whom it was merged into; None when this org has none of this id. Two reads."""
    customer = lookup.by_id(org, customer_id)
    if customer is None:
        return None
    fields = org.customer(customer.id).get(field_paths=["alpine", "alpineUserId"]).to_dict() or {}
    link = fields.get("alpine")
    known = loose_fields.text(link.get("contactId")) if isinstance(link, Mapping) else None
    contact = customer.contact
    phone = normalise_phone(contact.phone)
    return Addressee(
        contact_id=known or loose_fields.text(fields.get("alpineUserId")),
        email=normalise_email(contact.email),
        phone=phone.removeprefix(_US if phone.startswith(_US) else "+") if phone else None,
        first_name=contact.first_name or "",
        last_name=contact.last_name or "",
    )


def sale(org: OrgStore, order_id: str) -> Sold | None:
    """The order as a sale; None when it is gone or does not earn any more. One read."""
    snapshot = orders.present(order_id)
    stored = orders.decode(snapshot) if snapshot else None
    order = stored.order if stored else None
    if stored is None or not isinstance(order, Order) or order.phase is not Phase.EARNING or order.money is None:
        return None
    items = stored.fields.get("items")
    lines = [_line(item) for item in items if isinstance(item, Mapping)] if isinstance(items, list) else []
    return Sold(
        pos_id=order_id.removeprefix("alleaves_") if order.from_pos else order_id,
        at=order.ordered_at,
        total_cents=order.money.total_cents,
        lines=tuple(lines[:_LINES_MAX]),
        location=loose_fields.text(stored.fields.get("retailerId")) or "",
        pos_type="alleaves" if order.from_pos else "online",
    )


def _line(item: Mapping[str, Any]) -> SoldLine:
    price_cents = _cents(item.get("price", item.get("unitPrice")))
    quantity = item.get("qty", item.get("quantity", 1))
    if isinstance(quantity, bool) or not isinstance(quantity, int | float):
        quantity = 1
    whole = float(quantity).is_integer()
    return SoldLine(
        sku=loose_fields.text(item.get("productId")) or "",
        name=loose_fields.text(item.get("name")) or "",
        category=loose_fields.text(item.get("category")) or "",
        price_cents=price_cents if whole else round(price_cents * Decimal(repr(quantity))),
        quantity=int(quantity) if whole else 1,
    )


def _cents(amount: object) -> int:
    try:
        return cents_from_dollars(amount)
    except InvalidInput:
        return 0
