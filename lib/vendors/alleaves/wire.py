"""Alleaves' JSON: customers and orders as its lists hold them, in any of the shapes they come in."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from pydantic import AliasChoices, Field

from lib.vendors.fields import Cents, Instant, Number, Points, Record, Text


class Status(StrEnum):
    """The states of an order that are known. Any other is neither revenue nor a reversal: somebody has to look."""

    PROCESSING = "processing"
    READY = "ready"
    COMPLETED = "completed"
    DELIVERED = "delivered"
    VOIDED = "voided"
    CANCELLED = "cancelled"
    REFUNDED = "refunded"


_STATUSES = {status.value: status for status in Status}


class Customer(Record):
    """A customer at the till. `email` may be a placeholder of theirs, which identifies nobody."""

    customer_id: Text = Field(None, validation_alias="id_customer")
    first_name: Text = Field(None, validation_alias="name_first")
    last_name: Text = Field(None, validation_alias="name_last")
    full_name: Text = None
    email: Text = None
    phone: Text = None
    phone2: Text = None
    date_of_birth: Text = None
    loyalty_points: Points = None
    total_spent_cents: Cents = Field(None, validation_alias="total_spent")
    order_count: Points = None
    last_order_date: Instant = None
    customer_since: Instant = None
    alpine_user_code: Text = None
    credit_balance_cents: Cents = Field(None, validation_alias="credit_balance")


class Item(Record):
    """A line of an order; `price_cents` as they give it, for one."""

    item_id: Text = Field(None, validation_alias="id_item")
    name: Text = Field(None, validation_alias="item")
    category: Text = None
    quantity: Number = Field(None, validation_alias=AliasChoices("quantity", "qty"))
    price_cents: Cents = Field(None, validation_alias="price")


class Order(Record):
    """An order at the till."""

    order_id: Text = Field(None, validation_alias=AliasChoices("id", "id_order"))
    customer_id: Text = Field(None, validation_alias="id_customer")
    location_id: Text = Field(None, validation_alias="id_location")
    created_at: Instant = Field(None, validation_alias="date_created")
    updated_at: Instant = Field(None, validation_alias="date_updated")
    first_name: Text = Field(None, validation_alias="name_first")
    last_name: Text = Field(None, validation_alias="name_last")
    email: Text = None
    phone: Text = None
    status: Text = None
    """As they write it."""
    subtotal_cents: Cents = Field(None, validation_alias="subtotal")
    tax_cents: Cents = Field(None, validation_alias="tax")
    discount_cents: Cents = Field(None, validation_alias="discount")
    total_cents: Cents = Field(None, validation_alias=AliasChoices("total", "amount"))
    points_earned: Points = None
    items: tuple[Item, ...] | None = None

    @property
    def known_status(self) -> Status | None:
        """Its state, None for one that is unknown or missing."""
        return _STATUSES.get((self.status or "").lower())


def list_in(body: object, *names: str) -> list[Any] | None:
    """The list an answer holds: itself, under one of the names, or as an object with the keys "0", "1" and so on.

    None where there is none; an object without any key is no empty list either.
    """
    if isinstance(body, list):
        return body
    if not isinstance(body, Mapping):
        return None
    for name in names:
        if isinstance(body.get(name), list):
            found: list[Any] = body[name]
            return found
    numbered = [key for key in body if key.isascii() and key.isdecimal()]
    return [body[key] for key in sorted(numbered, key=int)] if numbered else None
