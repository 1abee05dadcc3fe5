"""Rebuilds what a customer document says from the records it is derived from: ledger entries and accrual records."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from lib.domain import monthly_spend
from lib.domain.counting import Count
from lib.domain.customers import Customer, Opening
from lib.domain.grants import Accrual
from lib.domain.ledger import Entry, folded
from lib.domain.monthly_spend import MonthlySpend
from lib.domain.segments import SpendStats


def rebuilt(
    customer: Customer, entries: Sequence[Entry], accruals: Sequence[Accrual], time_zone: str, now: datetime
) -> Customer:
    """The customer as its whole ledger (first entry to last) and all its accrual records have it.

    A customer whose account was lost gets it back; what its opening held besides points is lost with it. Raises
    InvariantBroken when the ledger itself does not hold together: no figure can be trusted then.
    """
    if not customer.opened and not entries:
        return customer
    opening = customer.opening if customer.opened else _opening(entries, accruals)
    counts = [accrual.count for accrual in accruals if accrual.count]
    carried = opening.stats if opening.stats.order_count else SpendStats()
    dates = [count.ordered_at for count in counts]
    dates += [date for date in (carried.first_order_at, carried.last_order_at) if date]
    return replace(
        customer,
        account=folded(customer.org_id, customer.id, entries),
        opened=True,
        opening=opening,
        stats=SpendStats(
            order_count=len(counts) + opening.stats.order_count,
            lifetime_cents=sum(count.spend_cents for count in counts) + opening.stats.lifetime_cents,
            first_order_at=min(dates, default=None),
            last_order_at=max(dates, default=None),
        ),
        monthly_spend=_months(customer, opening, counts, time_zone, now),
        order_points=sum(accrual.points for accrual in accruals),
    )


def _months(
    customer: Customer, opening: Opening, counts: Sequence[Count], time_zone: str, now: datetime
) -> MonthlySpend:
    """Spend by month, as stored if that is right: months too old to matter go with the next order, not before."""
    months = monthly_spend.opened(opening.stats, time_zone, now)
    for count in counts:
        months = monthly_spend.added(months, count.spend_cents, count.ordered_at, time_zone, now)
    stored = customer.monthly_spend
    return stored if stored and monthly_spend.added(stored, 0, now, time_zone, now) == months else months


def _opening(entries: Sequence[Entry], accruals: Sequence[Accrual]) -> Opening:
    brought = sum(entry.points for entry in entries if entry.memo.source.type == "opening")
    return Opening(points=brought - sum(accrual.carried_points for accrual in accruals))
