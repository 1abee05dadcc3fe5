"""Reads an order document as its many writers store it: what it deserves, whose it is, and what it is worth.

A document is either an `Order` or `MalformedOrder`; reading never raises. Only what decides anything is read, so two
documents that differ elsewhere (items, notes, `updatedAt`) are equal orders.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

from lib.domain import loose_fields
from lib.domain.countries import CountryCode
from lib.domain.errors import InvalidInput
from lib.domain.identity import IdentityKey, IdentityKind, normalise_email, normalise_phone, normalise_pos_id
from lib.domain.ids import check_id, check_org_id
from lib.domain.money import cents_from_dollars

_EARNING_STATUSES = frozenset({"completed", "delivered"})
_REVERSED_STATUSES = frozenset({"cancelled", "canceled", "voided", "refunded", "returned"})
_OPEN_STATUSES = frozenset(
    {"pending", "submitted", "confirmed", "preparing", "processing", "packed", "ready", "shipped", "out_for_delivery"}
)
_REVERSED_PAYMENTS = frozenset({"refunded", "voided", "failed"})
# A reader's order of preference; the first one present counts, even if it is wrong.
_TOTAL_FIELDS = (("totals", "total"), ("total",), ("amount",), ("totals", "subtotal"))
ORG_FIELDS = ("orgId", "brandId", "organizationId", "dispensaryId", "retailerId")
"""The fields that may say whose order it is, strongest first."""
FIELDS = (
    *ORG_FIELDS,
    *("status", "paymentStatus", "mode", "source", "isTestAccount", "createdAt", "completedAt"),
    *("totals", "total", "subtotal", "tax", "amount"),
    *("customerId", "userId", "customer", "customerEmail", "customerPhone"),
)
"""Every field that `read` looks at: a document without its others, such as its lines, is the same order."""
_UNKNOWN_NAMES = frozenset({"unknown", "guest", "walk-in", "walk in"})


class Phase(StrEnum):
    """What an order deserves. OPEN: nothing, it may still earn. EARNING: points. REVERSED: nothing, and what it had
    been given goes back."""

    OPEN = "open"
    EARNING = "earning"
    REVERSED = "reversed"


class Flaw(StrEnum):
    """Why an order cannot be decided, in the order in which it is looked for; the first one found is kept.

    The first seven are seen in the document alone, the next three when it is compared with what is stored. REFUSED: one
    of our own invariants would have broken, or a document of ours is damaged.
    """

    UNKNOWN_STATUS = "unknown_status"
    INVALID_ORG = "invalid_org"
    INVALID_CUSTOMER = "invalid_customer"
    NO_TOTAL = "no_total"
    NOT_A_NUMBER = "not_a_number"
    TOO_LARGE = "too_large"
    NEGATIVE_AMOUNT = "negative_amount"
    UNKNOWN_ORG = "unknown_org"
    NO_CUSTOMER = "no_customer"
    CUSTOMER_OF_OTHER_ORG = "customer_of_other_org"
    ORDER_DELETED = "order_deleted"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class OrgNames:
    """The fields that may say whose order it is, strongest first; None when absent or no id."""

    org_id: str | None = None
    brand_id: str | None = None
    organization_id: str | None = None
    dispensary_id: str | None = None
    retailer_id: str | None = None


@dataclass(frozen=True, slots=True)
class MalformedOrder:
    """An order for somebody to look at: why and, where it is one field's fault, the JSON pointer of that field."""

    flaw: Flaw
    pointer: str = ""
    org: OrgNames = OrgNames()


@dataclass(frozen=True, slots=True)
class Buyer:
    """What the order says of its customer, as stored: `keys` normalises it. `user_id` is the POS customer id on POS
    orders and a Firebase uid on others."""

    customer_id: str | None = None
    user_id: str | None = None
    email: str | None = None
    phone: str | None = None
    name: str | None = field(default=None, compare=False)

    def keys(self, *, from_pos: bool, region: CountryCode) -> tuple[IdentityKey, ...]:
        """What the customer can be recognised by, strongest first. `region`: of numbers without a country code.

        Of a web order it is one thing: who was signed in, else the address, else the number. Nobody has checked what a
        shopper types: it may say whose points these are, but must not tie two identities together.
        """
        found = (
            (IdentityKind.POS, normalise_pos_id(self.user_id) if from_pos else None),
            (IdentityKind.UID, None if from_pos else self.user_id),
            (IdentityKind.EMAIL, normalise_email(self.email)),
            (IdentityKind.PHONE, normalise_phone(self.phone, region)),
        )
        keys = tuple(IdentityKey(kind, value) for kind, value in found if value)
        return keys if from_pos else keys[:1]


@dataclass(frozen=True, slots=True)
class Money:
    """Cents. Only the total is always known."""

    total_cents: int
    subtotal_cents: int | None = None
    tax_cents: int | None = None

    def base_cents(self, base: str) -> int:
        """What points are earned on, by the setting `earn_base`. An order without a subtotal has it from the total.

        Never more than the total: staff see that when they complete an order, and the buyer may have written the rest.
        """
        before_tax = max(0, self.total_cents - (self.tax_cents or 0))
        if base == "subtotal":
            return before_tax if self.subtotal_cents is None else min(self.subtotal_cents, self.total_cents)
        return before_tax if base == "total_before_tax" else self.total_cents


@dataclass(frozen=True, slots=True)
class Order:
    """An order as far as it matters: equal orders deserve the same. `status` is the word for it, for people.

    `money` is read only of orders that earn, None otherwise. `ordered_at` is the order's own date or, when it has none
    that makes sense, the document's.
    """

    id: str
    phase: Phase
    status: str = field(compare=False)
    org: OrgNames
    buyer: Buyer
    from_pos: bool
    ordered_at: datetime
    money: Money | None = None


@dataclass(frozen=True, slots=True)
class Revision:
    """Which state of an order's document: its update time, as `text` in nanoseconds, whose order is that of time."""

    text: str
    at: datetime


def read(order_id: str, fields: Mapping[str, Any], created_at: datetime) -> Order | MalformedOrder:
    """The order in a document that was created at `created_at`."""
    org = OrgNames(*(loose_fields.id_of(fields.get(name), check_org_id) for name in ORG_FIELDS))
    try:
        phase = _phase(fields)
        if fields.get("orgId") and org.org_id is None:
            raise _Malformed(Flaw.INVALID_ORG, "/orgId")
        return Order(
            id=order_id,
            phase=phase,
            status=loose_fields.word(fields.get("status")) or loose_fields.word(fields.get("paymentStatus")),
            org=org,
            buyer=_buyer(fields),
            from_pos=loose_fields.word(fields.get("source")).startswith("alleaves"),
            money=_money(fields) if phase is Phase.EARNING else None,
            ordered_at=loose_fields.instant(fields.get("createdAt"))
            or loose_fields.instant(fields.get("completedAt"))
            or created_at,
        )
    except _Malformed as malformed:
        return MalformedOrder(malformed.flaw, malformed.pointer, org)


def matters(before: Order | MalformedOrder | None, after: Order) -> bool:
    """Whether this change of an order can change what anybody has. If not, nothing needs to be read.

    A malformed order before may hide one that earned.
    """
    if before == after:
        return False
    earned = isinstance(before, MalformedOrder) or (before is not None and before.phase is Phase.EARNING)
    was_reversed = isinstance(before, Order) and before.phase is Phase.REVERSED
    return earned or after.phase is Phase.EARNING or (after.phase is Phase.REVERSED and not was_reversed)


def only_named(before: Order | MalformedOrder | None, after: Order) -> bool:
    """Whether the order was told its org or its customer, which it did not name before, and nothing else changed.

    That is what we do ourselves after recording an order.
    """
    if not isinstance(before, Order):
        return False
    org = replace(after.org, org_id=None) if before.org.org_id is None else after.org
    buyer = replace(after.buyer, customer_id=None) if before.buyer.customer_id is None else after.buyer
    return before != after and before == replace(after, org=org, buyer=buyer)


class _Malformed(Exception):
    def __init__(self, flaw: Flaw, pointer: str) -> None:
        super().__init__(flaw)
        self.flaw = flaw
        self.pointer = pointer


def _phase(fields: Mapping[str, Any]) -> Phase:
    if fields.get("mode") == "demo" or fields.get("source") == "pilot_test" or fields.get("isTestAccount") is True:
        return Phase.OPEN
    status, payment = loose_fields.word(fields.get("status")), loose_fields.word(fields.get("paymentStatus"))
    if status in _REVERSED_STATUSES or payment in _REVERSED_PAYMENTS:
        return Phase.REVERSED
    if status in _EARNING_STATUSES or (payment == "paid" and (status in _OPEN_STATUSES or not status)):
        return Phase.EARNING
    if status not in _OPEN_STATUSES:
        raise _Malformed(Flaw.UNKNOWN_STATUS, "/status")
    return Phase.OPEN


def _buyer(fields: Mapping[str, Any]) -> Buyer:
    customer = fields.get("customer")
    customer = customer if isinstance(customer, Mapping) else {}
    name = loose_fields.text(customer.get("name"))
    customer_id = loose_fields.id_of(fields.get("customerId"), check_id)
    if fields.get("customerId") and customer_id is None:
        raise _Malformed(Flaw.INVALID_CUSTOMER, "/customerId")
    return Buyer(
        customer_id=customer_id,
        user_id=loose_fields.text(fields.get("userId")) or loose_fields.text(customer.get("uid")),
        email=loose_fields.text(customer.get("email")) or loose_fields.text(fields.get("customerEmail")),
        phone=loose_fields.text(customer.get("phone")) or loose_fields.text(fields.get("customerPhone")),
        name=None if name is None or name.lower() in _UNKNOWN_NAMES else name,
    )


def _money(fields: Mapping[str, Any]) -> Money:
    for path in _TOTAL_FIELDS:
        total_cents = _amount(fields, *path)
        if total_cents is not None:
            break
    else:
        raise _Malformed(Flaw.NO_TOTAL, "/totals/total")
    subtotal_cents = _amount(fields, "totals", "subtotal")
    tax_cents = _amount(fields, "totals", "tax")
    return Money(
        total_cents=total_cents,
        subtotal_cents=_amount(fields, "subtotal") if subtotal_cents is None else subtotal_cents,
        tax_cents=_amount(fields, "tax") if tax_cents is None else tax_cents,
    )


def _amount(fields: Mapping[str, Any], *path: str) -> int | None:
    """Cents of the amount at `path`, None when there is none."""
    value: Any = fields
    for name in path:
        value = value.get(name) if isinstance(value, Mapping) else None
    if value is None:
        return None
    pointer = "/" + "/".join(path)
    try:
        cents = cents_from_dollars(value, pointer=pointer)
    except InvalidInput as error:
        flaw = Flaw.TOO_LARGE if error.reason == "too_large" else Flaw.NOT_A_NUMBER
        raise _Malformed(flaw, pointer) from error
    if cents < 0:
        raise _Malformed(Flaw.NEGATIVE_AMOUNT, pointer)
    return cents
