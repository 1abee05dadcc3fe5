"""A seeded stream of orders as the POS sync and the web shop write them, with all that goes wrong on the way.

The POS is seen through its sync, which rewrites recent orders every half hour, changed or not; the web shop writes at
checkout and the dashboard moves the order on. Orders are edited, cancelled, refunded, moved to another customer, left
anonymous or attached to a customer later. The same options give the same stream.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from random import Random
from typing import Any

from cli.demo.contacts import NO_CONTACT
from cli.demo.documents import OrderWrite, order_money, pos_order, pos_order_id, web_order
from cli.demo.shop import Channel, Person, basket, make_people, totals, visits

_SYNC_EVERY = timedelta(minutes=30)
_FIRST_POS_NUMBER = 700_001
_AUTO_ID_ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
_AUTO_ID_LENGTH = 20


@dataclass(frozen=True, slots=True)
class Options:
    """What to generate: `days` days of orders up to and with `last_day`; nothing is written after that day."""

    org_id: str
    last_day: date
    seed: int = 1
    customers: int = 400
    days: int = 120


def generate(options: Options) -> list[OrderWrite]:
    """Every write in time order; writes of one order keep their order."""
    rng = Random(options.seed)
    people = make_people(rng, options.customers)
    first_day = options.last_day - timedelta(days=options.days - 1)
    end = datetime.combine(options.last_day + timedelta(days=1), time(), UTC)
    ordered = sorted(
        ((at, channel, person) for person in people for at, channel in visits(rng, person, first_day, options.days)),
        key=lambda visit: (visit[0], visit[2].key),
    )
    writes: list[OrderWrite] = []
    for number, (at, channel, person) in enumerate(ordered, _FIRST_POS_NUMBER):
        if channel is Channel.POS:
            others = [other for other in people if other.channels == (Channel.POS,) and other is not person]
            writes += _PosOrder(rng, options.org_id, pos_order_id(str(number)), person, at).life(others)
        else:
            writes += _WebOrder(rng, options.org_id, _auto_id(rng), person, at).life()
    return sorted((write for write in writes if write.at < end), key=lambda write: write.at)


def _auto_id(rng: Random) -> str:
    return "".join(rng.choices(_AUTO_ID_ALPHABET, k=_AUTO_ID_LENGTH))


class _Order:
    """The state of one order's document; each write carries all that its writer would send at that moment."""

    def __init__(self, rng: Random, order_id: str, person: Person | None, fields: dict[str, Any]) -> None:
        self._rng = rng
        self._order_id = order_id
        self._person = person
        self._fields = fields
        self._lines = basket(rng)
        self._discount_percent = 10 if rng.random() < 0.1 else 0
        self._change_money()

    def _change_money(self) -> None:
        self._fields = self._fields | order_money(self._lines, totals(self._lines, self._discount_percent))

    def _edit(self) -> None:
        """Takes the last product off the bill, or puts one more piece of the only one on it."""
        if len(self._lines) > 1:
            self._lines = self._lines[:-1]
        else:
            (line,) = self._lines
            self._lines = [replace(line, quantity=line.quantity + 1)]
        self._change_money()

    def _write(self, at: datetime, **changes: Any) -> OrderWrite:
        self._fields = self._fields | changes | {"updatedAt": at}
        return OrderWrite(self._order_id, self._fields, at, self._person.key if self._person else None)


class _PosOrder(_Order):
    """An order of the till, seen at the sync's half hours."""

    def __init__(self, rng: Random, org_id: str, order_id: str, person: Person, at: datetime) -> None:
        self._org_id, self._at, self._buyer = org_id, at, person
        self._phone_style = rng.randrange(4)
        anonymous = rng.random() < 0.03
        super().__init__(rng, order_id, None if anonymous else person, {})
        self._fields = self._fields | self._reference(None if anonymous else person)

    def _reference(self, person: Person | None) -> dict[str, Any]:
        """The document as the POS names this customer; now and then the till leaves the contact out."""
        contact = person.pos_contact if person else NO_CONTACT
        if person and person.channels == (Channel.POS,) and self._rng.random() < 0.15:
            contact = NO_CONTACT
        return pos_order(
            self._org_id,
            self._order_id,
            person.pos_id if person else None,
            contact,
            phone_style=self._phone_style,
            at=self._at,
        )

    def life(self, others: list[Person]) -> Iterator[OrderWrite]:
        """Every sync that saw it: on its way, completed or voided, unchanged again, then perhaps changed later."""
        rng, tick = self._rng, _next_sync(self._at)
        for status in rng.choices(((), ("preparing",), ("pending", "preparing")), (75, 15, 10))[0]:
            yield self._write(tick, status=status)
            tick += _SYNC_EVERY
        if rng.random() < 0.03:
            yield self._write(tick, status="cancelled")
            return
        yield self._write(tick, status="completed")
        for _ in range(rng.choices(range(5), (35, 25, 20, 12, 8))[0]):
            tick += _SYNC_EVERY
            yield self._write(tick)
        tick += rng.randint(1, 200) * _SYNC_EVERY
        yield from self._aftermath(tick, others)

    def _aftermath(self, at: datetime, others: list[Person]) -> Iterator[OrderWrite]:
        what = self._rng.random()
        if self._person is None:
            if what < 0.5:
                self._person = self._buyer
                yield self._write(at, **self._reference(self._buyer))
        elif what < 0.05:
            self._edit()
            yield self._write(at)
        elif what < 0.08:
            yield self._write(at, paymentStatus="refunded")
            yield self._write(at + _SYNC_EVERY)
        elif what < 0.10:
            yield self._write(at, status="cancelled")
        elif what < 0.11 and others:
            self._person = self._rng.choice(others)
            yield self._write(at, **self._reference(self._person))


class _WebOrder(_Order):
    """An order of the web shop: written at checkout, moved on by the dashboard until it is picked up."""

    def __init__(self, rng: Random, org_id: str, order_id: str, person: Person, at: datetime) -> None:
        self._at = at
        contact = person.contact
        if contact.email and rng.random() < 0.2:
            contact = replace(contact, email=contact.email.title())
        fields = web_order(
            org_id, person.uid, contact, phone_style=rng.randrange(4), names_org=rng.random() < 0.7, at=at
        )
        if rng.random() < 0.01:
            fields["mode"] = "demo"
        super().__init__(rng, order_id, person, fields)

    def life(self) -> Iterator[OrderWrite]:
        """Checkout, payment by card or at pick-up, the dashboard's steps, perhaps an edit, a cancellation, a refund."""
        rng, at = self._rng, self._at
        card = rng.random() < 0.4
        method, payment = ("credit_card", "pending") if card else ("dispensary_direct", "pending_pickup")
        yield self._write(at, status="pending", paymentMethod=method, paymentStatus=payment)
        if card:
            at += timedelta(seconds=rng.randint(2, 90))
            yield self._write(at, status="submitted", paymentStatus="paid")
        steps = ("confirmed", "preparing", "ready", "completed") if card else ("submitted", "ready", "completed")
        cancelled_before = rng.choice(steps) if rng.random() < 0.06 else None
        edited_before = rng.choice(steps) if rng.random() < 0.05 else None
        for step in steps:
            at += timedelta(minutes=rng.randint(2, 40))
            if step == cancelled_before:
                yield self._write(at, status="cancelled", cancelledAt=at, cancelledBy="dispensary")
                return
            if step == edited_before:
                self._edit()
            yield self._write(at, status=step)
        if rng.random() < 0.04:
            at += timedelta(hours=rng.randint(5, 240))
            yield self._write(at, paymentStatus="refunded")


def _next_sync(at: datetime) -> datetime:
    """The half hour after this moment."""
    half_hours = (at - datetime.min.replace(tzinfo=UTC)) // _SYNC_EVERY + 1
    return datetime.min.replace(tzinfo=UTC) + half_hours * _SYNC_EVERY
