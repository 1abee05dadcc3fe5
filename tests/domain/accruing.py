"""A little world to accrue in: customers and accrual records in memory, and orders by their successive states."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from lib.domain import orders
from lib.domain.accrual import Changes, Occasion, Snapshot, accrue, expiries_to_undo, needs_extremes
from lib.domain.counting import Extremes
from lib.domain.customers import Contact, Customer, Introduction, journal_of
from lib.domain.grants import Accrual, is_stale
from lib.domain.ledger import Account, Actor, Entry, Journal
from lib.domain.notices import Notice
from lib.domain.orders import Order, Phase, Revision
from lib.domain.redemptions import Redemption
from lib.domain.settings import LoyaltySettings
from lib.domain.standing import refreshed

ORG = "org"
NOW = datetime(2026, 4, 15, 12, tzinfo=UTC)
PLAIN = LoyaltySettings()


@dataclass(frozen=True, slots=True)
class State:
    """What an order document says at one time; `dollars` None for a document without a total."""

    status: str = "completed"
    dollars: float | None = 50.0
    customer: str = "c1"
    placed_days_ago: int = 0

    def fields(self) -> dict[str, Any]:
        totals = {} if self.dollars is None else {"total": self.dollars}
        placed_at = NOW - timedelta(days=self.placed_days_ago)
        return {"status": self.status, "totals": totals, "customerId": self.customer, "createdAt": placed_at}


@dataclass(frozen=True, slots=True)
class Event:
    """One write of an order: the state before (None: new), the state after, and its place in the order's history."""

    order_id: str
    version: int
    before: State | None
    after: State


def history(order_id: str, states: Iterable[State]) -> list[Event]:
    """The events of an order that goes through these states."""
    found: list[Event] = []
    before = None
    for version, after in enumerate(states, start=1):
        found.append(Event(order_id, version, before, after))
        before = after
    return found


@dataclass
class World:
    """Applies changes the way the store does: whole, and only what `accrue` says."""

    settings: LoyaltySettings = PLAIN
    now: datetime = NOW + timedelta(days=1)
    customers: dict[str, Customer] = field(default_factory=dict)
    accruals: dict[str, Accrual] = field(default_factory=dict)
    entries: dict[str, list[Entry]] = field(default_factory=dict)
    redemptions: dict[str, Redemption] = field(default_factory=dict)
    notices: list[Notice] = field(default_factory=list)

    def deliver(self, event: Event) -> Changes | None:
        """One event, as the trigger works it."""
        before = self._read(event.order_id, event.before) if event.before else None
        after = self._read(event.order_id, event.after)
        if not isinstance(after, Order) or not orders.matters(before, after):
            return None
        at = NOW + timedelta(seconds=event.version)
        occasion = Occasion(Revision(f"{event.version:09d}", at), Actor("system", "test"), self.now)
        snapshot = self._snapshot(after, occasion)
        changes = accrue(snapshot, after, self.settings, occasion)
        if changes:
            self._apply(changes)
        return changes

    def customer(self, customer_id: str) -> Customer:
        """The customer, also one that has bought nothing."""
        return self.customers.get(customer_id) or Customer(Account(ORG, customer_id))

    def touch(self, customer_id: str, act: Callable[[Journal], object] = bool) -> Customer:
        """Ages the customer and does something with its journal, as every transaction does; the customer with its new
        standing."""
        before = self.customer(customer_id)
        journal = journal_of(before, self.settings, self.now)
        act(journal)
        after = refreshed(replace(before, account=journal.account, opened=True), self.settings, self.now, before=before)
        self._store(after, journal.entries)
        return after

    def available(self, customer_id: str) -> int:
        return self.customer(customer_id).account.balances.available

    def _read(self, order_id: str, state: State) -> orders.Order | orders.MalformedOrder:
        return orders.read(order_id, state.fields(), NOW)

    def _snapshot(self, order: Order, occasion: Occasion) -> Snapshot:
        accrual = self.accruals.get(order.id)
        if is_stale(accrual, occasion.revision):
            return Snapshot(accrual)
        payee_id = order.buyer.customer_id if order.phase is Phase.EARNING else None
        carried = tuple(found for found in self.redemptions.values() if found.order_id == order.id)
        given_back = carried if order.phase is Phase.REVERSED else ()
        holder_id = accrual.customer_id if accrual else None
        ids = dict.fromkeys((payee_id, holder_id, *(redemption.customer_id for redemption in given_back)))
        holder = self.customers.get(holder_id) if holder_id else None
        others = None
        if accrual and holder and needs_extremes(accrual, order, payee_id, holder):
            others = self._others(holder.id, order.id)
        return Snapshot(
            accrual=accrual,
            customers=tuple(self.customer(found) for found in ids if found),
            introduction=Introduction(payee_id, Contact()) if payee_id else None,
            newcomer=payee_id is not None and payee_id not in self.customers,
            redemptions=given_back,
            others=others,
            expired=self._expired(holder_id, expiries_to_undo(accrual, order, payee_id, occasion.now)),
        )

    def _expired(self, customer_id: str | None, expiries: Iterable[datetime]) -> tuple[Entry, ...]:
        found = self.entries.get(customer_id or "", [])
        return tuple(it for it in found if it.memo.source.type == "lot" and it.memo.occurred_at in expiries)

    def _others(self, customer_id: str, order_id: str) -> Extremes:
        mine = [found for found in self.accruals.values() if found.customer_id == customer_id]
        dates = [found.count.ordered_at for found in mine if found.count and found.order_id != order_id]
        return Extremes(min(dates, default=None), max(dates, default=None))

    def _apply(self, changes: Changes) -> None:
        self.accruals[changes.accrual.order_id] = changes.accrual
        for change in changes.customers:
            self._store(change.after, change.entries)
        for redemption in changes.redemptions:
            self.redemptions[redemption.id] = redemption

    def _store(self, after: Customer, entries: Iterable[Entry]) -> None:
        standing = after.standing
        assert standing is not None
        self.notices += standing.notices
        self.customers[after.id] = replace(after, tier=standing.tier, segment=standing.segment, standing=None)
        self.entries.setdefault(after.id, []).extend(entries)
