"""The record of what one order has granted: to whom, how much, at which rate, and into which lots."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal

from lib.domain.counting import Count
from lib.domain.ledger import Entry
from lib.domain.money import points_for
from lib.domain.orders import Money, Revision


@dataclass(frozen=True, slots=True)
class Rate:
    """What an order earns at, fixed when it first earns. `multiplier` is the tier's times the equity multiplier.

    Zero points per dollar and `paused` for an order that was placed during a pause, until or unless it is re-rated when
    the programme goes on. `release_at` is when the points can first be spent, None for at once.
    """

    points_per_dollar: Decimal
    multiplier: Decimal
    base: str
    expires_at: datetime | None
    paused: bool = False
    release_at: datetime | None = None

    def points(self, money: Money) -> int:
        """The points of an order worth `money`."""
        return points_for(money.base_cents(self.base), self.points_per_dollar, self.multiplier)


@dataclass(frozen=True, slots=True)
class Share:
    """Points of an order by where they went: into lot `id` or, with `release_at`, into parcel `id`."""

    id: str
    expires_at: datetime | None
    points: int
    release_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Accrual:
    """What one order has granted so far, and to whom.

    revision: of the order document last applied. user_id: the buyer as the order named it by an id of its own when it
    was granted. overruled_id: the customer whom the order still names although that id has changed since. count: how it
    stands in the customer's spend, None when it does not. points: net granted; `carried_points` of them came
    out of the opening balance and have no entry. lots: where the granted points went, adding up to `points`. seqs:
    its entries in this customer's ledger. reversals: how often it stopped counting.
    """

    order_id: str
    revision: str = ""
    customer_id: str | None = None
    user_id: str | None = None
    overruled_id: str | None = None
    count: Count | None = None
    points: int = 0
    carried_points: int = 0
    lots: tuple[Share, ...] = ()
    rate: Rate | None = None
    rule_version: str = ""
    seqs: tuple[int, ...] = ()
    reversals: int = 0
    created_at: datetime | None = None


def is_stale(accrual: Accrual | None, revision: Revision) -> bool:
    """Whether this or a later state of the order has been applied already."""
    return accrual is not None and revision.text <= accrual.revision


def added(lots: Iterable[Share], entry: Entry) -> tuple[Share, ...]:
    """The shares with what a credit's entry put into one lot or parcel."""
    if entry.parcels:
        parcel = entry.parcels[0]
        share = Share(parcel.parcel_id, parcel.expires_at, parcel.points, parcel.release_at)
    else:
        lot = entry.lots[0]
        share = Share(lot.lot_id, lot.expires_at, lot.points)
    shares = {(known.id, known.release_at): known for known in lots}
    known = shares.get((share.id, share.release_at))
    shares[share.id, share.release_at] = replace(share, points=share.points + known.points) if known else share
    return tuple(shares.values())


def trimmed(lots: Iterable[Share], points: int) -> tuple[Share, ...]:
    """The first `points` of the shares."""
    kept: list[Share] = []
    for lot in lots:
        part = min(lot.points, points)
        points -= part
        if part:
            kept.append(replace(lot, points=part))
    return tuple(kept)


def shed(lots: Iterable[Share], points: int) -> dict[datetime, int]:
    """Points by expiry of what `trimmed` to so many lets go, but for those that never expire."""
    lots = tuple(lots)
    lost: Counter[datetime] = Counter()
    for share in lots:
        if share.expires_at:
            lost[share.expires_at] += share.points
    for share in trimmed(lots, points):
        if share.expires_at:
            lost[share.expires_at] -= share.points
    return dict(+lost)


def pending_of(lots: Iterable[Share]) -> dict[str, int]:
    """Points by the id of the parcel that they went into; it may have been released since."""
    return {lot.id: lot.points for lot in lots if lot.release_at}
