"""The record of what one order has granted: to whom, how much, at which rate, and into which lots."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from decimal import Decimal

from lib.domain.counting import Count
from lib.domain.ledger import Entry
from lib.domain.lots import Lot
from lib.domain.money import points_for
from lib.domain.orders import Money, Revision


@dataclass(frozen=True, slots=True)
class Rate:
    """What an order earns at, fixed when it first earns. `multiplier` is the tier's times the equity multiplier.

    Zero points per dollar and `paused` for an order that first earned while the programme was paused.
    """

    points_per_dollar: Decimal
    multiplier: Decimal
    base: str
    expires_at: datetime | None
    paused: bool = False

    def points(self, money: Money) -> int:
        """The points of an order worth `money`."""
        return points_for(money.base_cents(self.base), self.points_per_dollar, self.multiplier)


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
    lots: tuple[Lot, ...] = ()
    rate: Rate | None = None
    rule_version: str = ""
    seqs: tuple[int, ...] = ()
    reversals: int = 0
    created_at: datetime | None = None


def is_stale(accrual: Accrual | None, revision: Revision) -> bool:
    """Whether this or a later state of the order has been applied already."""
    return accrual is not None and revision.text <= accrual.revision


def added(lots: Iterable[Lot], entry: Entry) -> tuple[Lot, ...]:
    """The lots with what a credit's entry put into one of them."""
    credit = entry.lots[0]
    points = {lot.id: lot for lot in lots}
    known = points.get(credit.lot_id) or Lot(credit.lot_id, credit.expires_at, 0)
    points[credit.lot_id] = replace(known, points=known.points + credit.points)
    return tuple(points.values())


def trimmed(lots: Iterable[Lot], points: int) -> tuple[Lot, ...]:
    """The first `points` of the lots."""
    kept: list[Lot] = []
    for lot in lots:
        part = min(lot.points, points)
        points -= part
        if part:
            kept.append(replace(lot, points=part))
    return tuple(kept)


def expiry(ordered_at: datetime, months: int | None) -> datetime | None:
    """The end of the month (UTC) in which an order is `months` old: one lot a month, however many orders there are."""
    if months is None:
        return None
    years, month = divmod(ordered_at.year * 12 + ordered_at.month - 1 + months + 1, 12)
    return datetime(years, month + 1, 1, tzinfo=UTC)
