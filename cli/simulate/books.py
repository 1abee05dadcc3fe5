"""What the oracle keeps: states of orders, rewards, one account a customer, and what follows for a document."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from fractions import Fraction

from cli.simulate.ladder import Bought, Ladder
from cli.simulate.people import Opening, Person
from cli.simulate.purse import Expiry, Purse


class Phase(StrEnum):
    """What an order deserves: points; nothing; nothing, and its rewards go back; nobody can say."""

    EARNING = "earning"
    OPEN = "open"
    RETURNED = "returned"
    UNCLEAR = "unclear"


@dataclass(frozen=True, slots=True)
class Deserves:
    """One state of an order: what it deserves, whose it is, and how much it is worth."""

    phase: Phase
    person: str | None
    cents: int
    ordered_at: datetime


@dataclass(frozen=True, slots=True)
class Expected:
    """What a customer's document must say. `lots`: points by the day they expire; `parcels`: those that wait, by when
    they can be spent and when they expire."""

    available: int
    pending: int
    reserved: int
    debt: int
    spend_cents: int
    order_count: int
    first_at: datetime | None
    last_at: datetime | None
    tier: str
    segment: str
    lots: Mapping[Expiry, int]
    parcels: Mapping[tuple[datetime, Expiry], int]


@dataclass(slots=True)
class Order:
    """An order as far as it has been worked: `points` it has given its `owner`, by the terms it first earned at, and
    when it was first heard of. `is_unpaid`: placed in a pause, and given nothing so far."""

    version: int = -1
    state: Deserves | None = None
    owner: str | None = None
    points: int = 0
    heard_at: datetime | None = None
    rate: Fraction | None = None
    is_unpaid: bool = False
    release_at: datetime | None = None
    expiry: Expiry = None


@dataclass(slots=True)
class Reward:
    """Points set aside for an order, to be spent before `ends_at`."""

    person: str
    order_id: str
    ends_at: datetime


@dataclass(slots=True)
class Account:
    """A customer: `orders` that count, by id, as (when placed, cents); `before`: what was bought at the last look."""

    person: Person
    purse: Purse
    ladder: Ladder = field(default_factory=Ladder)
    orders: dict[str, tuple[datetime, int]] = field(default_factory=dict)
    bought: Bought = field(default_factory=Bought)
    segment: str = ""
    tier: str = ""

    def recount(self) -> Bought:
        """Adds up what counts; what was bought before."""
        before, opening = self.bought, self.person.opening or Opening()
        brought = ((opening.last_at, opening.spend_cents),) if opening.last_at else ()
        orders = (*self.orders.values(), *brought)
        dates = [at for at, _ in orders] + ([opening.first_at] if opening.first_at else [])
        self.bought = Bought(
            orders=orders,
            cents=sum(cents for _, cents in orders),
            count=len(self.orders) + opening.order_count,
            first_at=min(dates, default=None),
            last_at=max(dates, default=None),
        )
        return before


def said(account: Account) -> Expected:
    """What the customer's document must say."""
    purse, bought = account.purse, account.bought
    parcels: dict[tuple[datetime, Expiry], int] = {}
    for heap in purse.waiting.values():
        dates = (heap.release_at, heap.expiry)
        parcels[dates] = parcels.get(dates, 0) + heap.points
    return Expected(
        available=purse.available,
        pending=purse.pending,
        reserved=purse.reserved,
        debt=purse.debt,
        spend_cents=bought.cents,
        order_count=bought.count,
        first_at=bought.first_at,
        last_at=bought.last_at,
        tier=account.tier,
        segment=account.segment,
        lots=purse.by_expiry(),
        parcels=parcels,
    )
