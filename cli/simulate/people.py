"""Who buys in the simulation: two orgs whose customers have the same numbers and addresses, known in different ways."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

GREEN, BLUE = "org_green", "org_blue"
ORGS = (GREEN, BLUE)
# Orders of the simulation are younger than this; what legacy customers brought along is older.
ORDER_AGE_DAYS_MAX = 200


@dataclass(frozen=True, slots=True)
class Opening:
    """What a customer had before the ledger: points, spend in cents, orders, and their first and last date."""

    points: int = 0
    spend_cents: int = 0
    order_count: int = 0
    first_at: datetime | None = None
    last_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who buys. The product is told of `pos_id`, `uid`, `email` and `phone`, in any combination that leads to
    the same person; `on_web`: also without the till. `key` is the truth that it is never told."""

    key: str
    org_id: str
    number: int
    pos_id: str | None
    uid: str | None
    on_web: bool
    email: str | None
    phone: str | None
    equity: bool = False
    opening: Opening | None = None


def make_people(chance: Random, count: int) -> list[Person]:
    """Four fifths buy at one org. Half are known at the till only, a quarter on the web only, a quarter at both."""
    return [_person(chance, GREEN if place % 5 else BLUE, place // 5 * 4 + place % 5) for place in range(count)]


def _person(chance: Random, org_id: str, number: int) -> Person:
    kind = chance.random()
    at_till, on_web = kind < 0.75, kind >= 0.5
    # Whoever is known in both places gives both the same address; others may keep it to themselves.
    email = f"buyer{number}@example.com" if on_web or chance.random() < 0.8 else None
    phone = f"{201 + number // 100 % 700}55501{number % 100:02d}" if on_web or chance.random() < 0.7 else None
    return Person(
        key=f"{org_id}/{number}",
        org_id=org_id,
        number=number,
        pos_id=str(1000 + number) if at_till else None,
        on_web=on_web,
        # Who buys at both is a guest of the web shop: an account of its own would be a customer of its own.
        uid=f"uid{number}" if on_web and not at_till else None,
        email=email,
        phone=phone,
        equity=at_till and chance.random() < 0.1,
        opening=_opening(chance) if at_till and chance.random() < 0.1 else None,
    )


def _opening(chance: Random) -> Opening:
    first_at = datetime(2024, 1, 1, tzinfo=UTC) + timedelta(days=chance.randrange(100))
    return Opening(
        chance.choice((0, 40, 500)), chance.randrange(1_000, 40_000), 2, first_at, first_at + timedelta(days=9)
    )


def document_before(person: Person) -> tuple[str, dict[str, Any]] | None:
    """Path and fields of the customer document that others made of a person before the ledger; None for most."""
    if not person.equity and person.opening is None:
        return None
    fields: dict[str, Any] = {"orgId": person.org_id, "alleavesCustomerId": f"cid_{person.pos_id}"}
    if person.equity:
        fields["equityStatus"] = True
    if person.email:
        fields["email"] = person.email
    if person.opening:
        opening = person.opening
        fields |= {
            "points": opening.points,
            "totalSpent": opening.spend_cents / 100,
            "orderCount": opening.order_count,
            "firstOrderDate": opening.first_at,
            "lastOrderDate": opening.last_at,
        }
    # The dashboard has several schemes of ids; this one says nothing of whom it is.
    return f"customers/legacy_{person.org_id}_{person.number}", fields
