"""What a customer's counted orders add up to, kept by differences: one order comes, goes or changes at a time."""

from dataclasses import dataclass, replace
from datetime import datetime

from lib.domain.customers import Opening
from lib.domain.errors import InvariantBroken
from lib.domain.segments import SpendStats


@dataclass(frozen=True, slots=True)
class Count:
    """One order as counted: what was spent (cents) and when it was placed."""

    spend_cents: int
    ordered_at: datetime


@dataclass(frozen=True, slots=True)
class Extremes:
    """The first and the last of a customer's counted orders other than the one at hand; None when there is no other."""

    first_at: datetime | None = None
    last_at: datetime | None = None


def is_extreme(stats: SpendStats, count: Count) -> bool:
    """Whether taking this order out may move the first or the last date, so that `recounted` needs the `Extremes`."""
    return count.ordered_at in (stats.first_order_at, stats.last_order_at)


def recounted(
    stats: SpendStats, old: Count | None, new: Count | None, opening: Opening, others: Extremes | None
) -> SpendStats:
    """The figures with `old` replaced by `new`; either is None for an order that comes or goes.

    `others` is needed when `old` was the first or the last order and is given up. Orders of the opening have no
    records: their dates count as long as some of them are left.
    """
    if old and not (new and new.ordered_at == old.ordered_at) and is_extreme(stats, old):
        if others is None:
            raise InvariantBroken("the first and last of the other orders are needed")
        left = opening.stats if opening.stats.order_count else SpendStats()
        stats = replace(
            stats,
            first_order_at=_earliest(others.first_at, left.first_order_at),
            last_order_at=_latest(others.last_at, left.last_order_at),
        )
    result = SpendStats(
        order_count=stats.order_count + (new is not None) - (old is not None),
        lifetime_cents=stats.lifetime_cents + (new.spend_cents if new else 0) - (old.spend_cents if old else 0),
        first_order_at=_earliest(stats.first_order_at, new.ordered_at if new else None),
        last_order_at=_latest(stats.last_order_at, new.ordered_at if new else None),
    )
    if result.order_count < 0 or result.lifetime_cents < 0:
        raise InvariantBroken("a customer would have bought less than nothing")
    return result


def covers(opening: Opening, count: Count) -> bool:
    """Whether an order without a record is among those the opening figures already contain."""
    last_at = opening.stats.last_order_at
    return opening.stats.order_count > 0 and last_at is not None and count.ordered_at <= last_at


def itemised(stats: SpendStats, opening: Opening, count: Count) -> tuple[SpendStats, Opening]:
    """Figures and opening with this order's share taken out of both, so that counting it leaves the sums unchanged."""
    share = replace(
        opening.stats,
        order_count=opening.stats.order_count - 1,
        lifetime_cents=max(0, opening.stats.lifetime_cents - count.spend_cents),
    )
    taken_cents = opening.stats.lifetime_cents - share.lifetime_cents
    rest = replace(stats, order_count=stats.order_count - 1, lifetime_cents=stats.lifetime_cents - taken_cents)
    return rest, replace(opening, stats=share)


def _earliest(*moments: datetime | None) -> datetime | None:
    return min((moment for moment in moments if moment), default=None)


def _latest(*moments: datetime | None) -> datetime | None:
    return max((moment for moment in moments if moment), default=None)
