"""What a till says of an order or a customer, under the names of the dashboard's documents."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from lib.domain.ids import id_part, is_id

NO_CUSTOMER = "alleaves_customer"
"""`userId` of an order whose customer the till does not say."""

NO_EMAIL = "no-email@alleaves.local"
"""`customer.email` of an order without a real address: the dashboard's own placeholder."""


def order_document_id(pos_order_id: str) -> str:
    """`alleaves_{id}`, as the dashboard's sync names order documents."""
    return f"alleaves_{pos_order_id if is_id(pos_order_id) else id_part(pos_order_id)}"


@dataclass(frozen=True, slots=True)
class PosOrder:
    """An order as its document is to say. `updated_at`: the till's own date of this state, by which an older one that
    arrives later is known; `unknown_status`: its status is none we know, and in the document it is a word for that."""

    id: str
    mark: str
    bucket: str
    fields: Mapping[str, Any]
    updated_at: datetime | None
    unknown_status: bool = False


@dataclass(frozen=True, slots=True)
class UnreadableOrder:
    """An order that must not be written because of the fields named: neither zero nor nothing may stand in for them."""

    id: str
    mark: str
    bucket: str
    wrong: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PosCustomer:
    """Somebody the till knows, by its own id. `email` and `phone` as it has them; `since` is ISO 8601 text."""

    id: str
    mark: str
    bucket: str
    email: str | None = None
    phone: str | None = None
    first_name: str | None = None
    last_name: str | None = None
    full_name: str | None = None
    birth_date: str | None = None
    since: str | None = None
    alpine_user_id: str | None = None

    @property
    def name(self) -> str | None:
        """How it is called, as one text."""
        parts = " ".join(part for part in (self.first_name, self.last_name) if part)
        return parts or self.full_name
