"""Reading what orders of one customer are priced anew by, and writing the result, within one transaction."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from lib.domain import activities as rows
from lib.domain.customers import Customer
from lib.domain.grants import Accrual, Rate
from lib.domain.ledger import Entry
from lib.domain.orders import Money, Order
from lib.domain.rerating import Repriced, Repricing, Rerated, expiries_to_undo, has_expired, points_at, rate_of
from lib.domain.settings import LoyaltySettings
from lib.domain.standing import refreshed
from lib.store import accruals, activities, customers, ledger, orders
from lib.store.org import OrgStore
from lib.store.transaction import Transaction


@dataclass(frozen=True, slots=True)
class Found:
    """The orders of a customer that are to be priced anew, and those that are not, by the reason: `ordersPaused`,
    `ordersExpired`, `ordersUnpriced`. expired: what the ledger tells of their `expiries_to_undo`."""

    customer: Customer
    orders: tuple[Repriced, ...]
    left: Counter[str]
    expired: tuple[Entry, ...] = ()


def find(
    transaction: Transaction,
    org: OrgStore,
    customer_id: str,
    records: Sequence[Accrual],
    wanted: Repricing,
    settings: LoyaltySettings,
    now: datetime,
) -> Found:
    """Which of these records of one customer are to change. One read, one an order that earns on something else than
    its total and, after a pause, one for each expiry of points that are to be taken back although it has passed. Raises
    as `customers.load` does."""
    customer = customers.load(transaction, org, customer_id)
    found: list[Repriced] = []
    left: Counter[str] = Counter()
    for accrual in records:
        rate = rate_of(accrual, customer, wanted)
        if rate is None:
            left["ordersPaused"] += accrual.rate is not None and accrual.rate.paused
        elif has_expired(rate, settings, now):
            left["ordersExpired"] += 1
        elif (points := points_at(accrual, rate, _money(transaction, org, accrual, rate))) is None:
            left["ordersUnpriced"] += 1
        else:
            found.append(Repriced(accrual, rate, points))
    expired = ledger.of_expiries(transaction, org, customer_id, expiries_to_undo(found, now))
    return Found(customer, tuple(found), left, tuple(expired))


def write(
    transaction: Transaction,
    org: OrgStore,
    before: Customer,
    done: Rerated,
    settings: LoyaltySettings,
    now: datetime,
) -> None:
    """Writes records, entries and the customer: one write each, and one for the timeline of a customer who moves."""
    for accrual in done.accruals:
        accruals.save(transaction, org, accrual, now)
    if not done.entries:
        return
    after = replace(done.customer, account=done.journal.account)
    after = refreshed(after, settings, now, before=before)
    ledger.append(transaction, org, done.entries)
    customers.save(transaction, org, after, before=before, now=now)
    if drift := rows.of_drift(before, after, now):
        activities.add(transaction, org, drift)


def _money(transaction: Transaction, org: OrgStore, accrual: Accrual, rate: Rate) -> Money | None:
    """What the order is worth in all its parts, if they matter. If it has changed since it was recorded, its own event
    brings the rest: it finds the points of what it says granted already."""
    if accrual.count is None or rate.base == "total":
        return None
    stored = orders.load(transaction, org, accrual.order_id)
    return stored.order.money if stored and isinstance(stored.order, Order) else None
