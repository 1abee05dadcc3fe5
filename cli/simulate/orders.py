"""Orders as the till and the web shop write them, over and over: new, edited, returned, moved, malformed, unchanged."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from random import Random
from typing import Any, Self

from google.cloud.firestore import DocumentReference, DocumentSnapshot

from cli.simulate.books import Deserves, Phase
from cli.simulate.people import ORDER_AGE_DAYS_MAX, Person

_PHONE_FORMS = ("+1{0}", "1{0}", "{0}", "({1}) {2}-{3}")
_MALFORMED: tuple[dict[str, Any], ...] = (
    {"totals": {"total": float("nan")}},
    {"totals": {"total": "12.50"}},
    {"totals": {"total": -1}},
    {"totals": {"total": 10.0**12}},
    {"totals": {"total": 10.0}, "status": "teleported"},
)


@dataclass(slots=True)
class SimOrder:
    """One order: its state in the oracle's words, the fields as last written by others, and how it may go on.

    `redeemed`: a reward was asked for on it. Such an order stays returned once it was: whether its return was seen in
    between would decide about the reward, and the oracle knows no history. `moved`: it was somebody else's once.
    """

    id: str
    state: Deserves
    fields: dict[str, Any]
    redeemed: bool = False
    moved: bool = False
    named_by_staff: bool = False


@dataclass(frozen=True, slots=True)
class Paper:
    """One state of an order's document: its fields, and when it was created and last written (UTC)."""

    fields: dict[str, Any]
    created_at: datetime
    updated_at: datetime

    @classmethod
    def of(cls, document: DocumentSnapshot[DocumentReference]) -> Self:
        """What was read."""
        created_at, updated_at = document.create_time, document.update_time
        return cls(document.to_dict() or {}, created_at, updated_at)

    def with_fields(self, fields: dict[str, Any], at: datetime) -> Self:
        """What these fields make of it that were merged into it; of a map those that are new stay beside the others."""
        merged = {**self.fields}
        for name, value in fields.items():
            known = merged.get(name)
            merged[name] = {**known, **value} if isinstance(known, dict) and isinstance(value, dict) else value
        return replace(self, fields=merged, updated_at=at)


@dataclass(frozen=True, slots=True)
class Edit:
    """What to write over an order. `matters`: whether it changes anything but bookkeeping."""

    fields: dict[str, Any]
    state: Deserves
    matters: bool = True


def new_order(chance: Random, order_id: str, person: Person | None, org_id: str, now: datetime) -> SimOrder:
    """An order of this person, or of nobody who can be recognised; most are heard of within a day or two."""
    days = chance.choice((1, 1, 2, ORDER_AGE_DAYS_MAX))
    ordered_at = now.replace(second=0, microsecond=0) - timedelta(minutes=chance.randrange(days * 24 * 60))
    cents = chance.choice((0, 1, 99, 4_999, chance.randrange(100, 30_000)))
    by_till = person is None or (person.pos_id is not None and (not person.on_web or chance.random() < 0.5))
    fields: dict[str, Any] = {
        "createdAt": ordered_at,
        "items": [{"productId": "sku-1", "qty": 1, "price": cents / 100}],
        "totals": {"subtotal": cents / 100, "total": cents / 100},
        **({"source": "alleaves", "brandId": org_id} if by_till else {"retailerId": f"{org_id}_main"}),
        **_buyer(chance, person, by_till=by_till),
    }
    state = Deserves(Phase.OPEN, person.key if person else None, cents, ordered_at)
    order = SimOrder(order_id, state, fields)
    first = _paid(chance, order) if chance.random() < 0.6 else Edit({"status": "pending"}, state)
    order.fields |= first.fields
    order.state = first.state
    return order


def dated(chance: Random, now: datetime) -> dict[str, Any]:
    """When an order is written, as its writers say it: a timestamp, text as of JavaScript, or milliseconds. An order
    that no date leads to would not be found by the sweep, should its event be lost."""
    millis = now.replace(microsecond=now.microsecond // 1000 * 1000)
    text = f"{millis:%Y-%m-%dT%H:%M:%S}.{millis.microsecond // 1000:03}Z"
    return {"updatedAt": chance.choice((now, text, millis.timestamp() * 1000))}


def next_edit(chance: Random, order: SimOrder, other: tuple[Person, str] | None) -> Edit:
    """What happens to the order next. `other` is a person it may move to, with the id of that person's customer."""
    state, roll = order.state, chance.random()
    if roll < 0.25:
        return Edit({"note": f"n{chance.randrange(1000)}"}, state, matters=False)
    if state.phase is Phase.RETURNED and order.redeemed:
        return Edit({"items": []}, state, matters=False)
    if state.phase is not Phase.EARNING:
        if state.phase is Phase.OPEN and roll < 0.4:
            return _returned(chance, order)
        return _paid(chance, order)
    if roll < 0.45:
        return _repriced(chance, order)
    if roll < 0.6:
        return _returned(chance, order)
    if roll < 0.7 and other:
        return _moved(chance, order, *other)
    if roll < 0.75:
        return Edit({"status": "preparing", "paymentStatus": "pending"}, replace(state, phase=Phase.OPEN))
    if roll < 0.8:
        return Edit(chance.choice(_MALFORMED), replace(state, phase=Phase.UNCLEAR))
    return _repriced(chance, order)


def matters(before: Deserves | None, edit: Edit) -> bool:
    """Whether the product must act on the event of this edit: one that changes nothing, or that turns one order that
    earns nothing into another, may be left alone. `before` is None for a new order."""
    if before is not None and not edit.matters:
        return False
    earned = before is not None and before.phase in (Phase.EARNING, Phase.UNCLEAR)
    newly_returned = edit.state.phase is Phase.RETURNED and (before is None or before.phase is not Phase.RETURNED)
    return earned or newly_returned or edit.state.phase is Phase.EARNING


def _paid(chance: Random, order: SimOrder) -> Edit:
    status, payment = chance.choice((("completed", "paid"), ("delivered", "pending"), ("ready", "paid")))
    money = {"totals": {"subtotal": order.state.cents / 100, "total": order.state.cents / 100}}
    return Edit({"status": status, "paymentStatus": payment, **money}, replace(order.state, phase=Phase.EARNING))


def _returned(chance: Random, order: SimOrder) -> Edit:
    fields: dict[str, Any] = chance.choice(
        ({"status": "cancelled"}, {"status": "returned"}, {"paymentStatus": "refunded"})
    )
    return Edit(fields, replace(order.state, phase=Phase.RETURNED))


def _moved(chance: Random, order: SimOrder, person: Person, customer_id: str) -> Edit:
    """Staff name another customer; or the till corrects whose sale it was, which leaves what we wrote there as it is.

    The till does not overrule staff: which of the two came last could not be told from the order alone.
    """
    by_till = "source" in order.fields
    fields = _buyer(chance, person, by_till=by_till)
    if not (by_till and person.pos_id and not order.named_by_staff and chance.random() < 0.5):
        fields["customerId"], order.named_by_staff = customer_id, True
    order.moved = True
    return Edit(fields, replace(order.state, person=person.key))


def _repriced(chance: Random, order: SimOrder) -> Edit:
    cents = chance.randrange(0, 40_000)
    fields = {"totals": {"subtotal": cents / 100, "total": cents / 100}}
    return Edit(fields, replace(order.state, cents=cents))


def _buyer(chance: Random, person: Person | None, *, by_till: bool) -> dict[str, Any]:
    """What an order says of its buyer: numbers and addresses in any form in use."""
    if person is None:
        return {"userId": "alleaves_customer", "customer": {"name": "Unknown", "email": "no-email@alleaves.local"}}
    customer: dict[str, Any] = {"name": f"Buyer {person.number}", "email": None, "phone": None}
    if person.email:
        customer["email"] = person.email.upper() if chance.random() < 0.2 else person.email
    if person.phone:
        digits = person.phone
        customer["phone"] = chance.choice(_PHONE_FORMS).format(digits, digits[:3], digits[3:6], digits[6:])
    # A web order of somebody without an account has no user; the till writes a name of its own for nobody.
    user_id = (person.pos_id or "alleaves_customer") if by_till else person.uid
    return {"userId": user_id, "customer": customer}
