"""Order documents as the POS sync and the web checkout write them, and the stream both sources of orders yield."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from cli.demo.contacts import POS_PLACEHOLDER_EMAIL, Contact, format_phone

# The POS knows its shop by this number; the web checkout names the location document.
POS_STORE_ID = "1000"
POS_UNKNOWN_CUSTOMER = "alleaves_customer"


def location_id(org_id: str) -> str:
    """Id of the org's only `locations` document."""
    return f"{org_id}_main"


@dataclass(frozen=True, slots=True)
class OrderWrite:
    """One merge-write of `orders/{order_id}` at a moment (UTC).

    `person` is the truth the product is not told: who really bought, None for someone who stays unknown. It is never
    written; the oracle groups by it.
    """

    order_id: str
    fields: dict[str, Any]
    at: datetime
    person: str | None


@dataclass(frozen=True, slots=True)
class Line:
    """One line of an order as its `items[]` carry it; the price is dollars a piece."""

    product_id: str
    name: str
    quantity: int
    price_dollars: float
    category: str | None = None

    def item(self) -> dict[str, Any]:
        """The line as a map, without a category when there is none."""
        item = {"productId": self.product_id, "name": self.name, "qty": self.quantity, "price": self.price_dollars}
        return item | ({"category": self.category} if self.category else {})


@dataclass(frozen=True, slots=True)
class Totals:
    """An order's money in cents."""

    subtotal_cents: int
    tax_cents: int = 0
    discount_cents: int = 0

    @property
    def total_cents(self) -> int:
        return self.subtotal_cents - self.discount_cents + self.tax_cents

    def map(self) -> dict[str, float]:
        """The `totals` map: dollars as floats, as every writer of the dashboard stores them."""
        totals = {"subtotal": self.subtotal_cents / 100, "tax": self.tax_cents / 100, "total": self.total_cents / 100}
        return totals | ({"discount": self.discount_cents / 100} if self.discount_cents else {})


def order_money(lines: Sequence[Line], totals: Totals) -> dict[str, Any]:
    """The fields that an edit of what was bought rewrites."""
    return {"items": [line.item() for line in lines], "totals": totals.map()}


def pos_order_id(number: str) -> str:
    """The document id the POS sync gives an order of the POS."""
    return f"alleaves_{number}"


def pos_order(
    org_id: str, order_id: str, pos_customer_id: str | None, contact: Contact, *, phone_style: int, at: datetime
) -> dict[str, Any]:
    """A POS order without its money and status: placeholders where the POS knows nothing of the customer."""
    customer = {"name": contact.name, "email": contact.email or POS_PLACEHOLDER_EMAIL}
    if contact.phone_digits:
        customer["phone"] = format_phone(contact.phone_digits, phone_style)
    return {
        "id": order_id,
        "brandId": org_id,
        "retailerId": POS_STORE_ID,
        "userId": pos_customer_id or POS_UNKNOWN_CUSTOMER,
        "customer": customer,
        "phoneLast4": contact.phone_digits[-4:] if contact.phone_digits else None,
        "mode": "live",
        "source": "alleaves",
        "createdAt": at,
        "updatedAt": at,
    }


def web_order(
    org_id: str, uid: str | None, contact: Contact, *, phone_style: int, names_org: bool, at: datetime
) -> dict[str, Any]:
    """A web checkout's order without its money and status; guests have no uid.

    With `names_org` the product brand happens to be the org; else only the location says whose order it is.
    """
    customer = {"name": contact.name, "email": contact.email}
    if contact.phone_digits:
        customer["phone"] = format_phone(contact.phone_digits, phone_style)
    order = {
        "brandId": org_id if names_org else None,
        "retailerId": location_id(org_id),
        "customer": customer,
        "phoneLast4": contact.phone_digits[-4:] if contact.phone_digits else None,
        "mode": "live",
        "purchaseModel": "local_pickup",
        "fulfillmentType": "pickup",
        "createdAt": at,
        "updatedAt": at,
    }
    return order | ({"userId": uid} if uid else {})
