"""Recording orders: from a change of an order document to customer, ledger, tier and segment.

Billed for a new order of a known customer: 2 reads and 5 writes, 6 when the order has to be told whose it is; for a
duplicate of its event the 2 reads, for a change of nothing that matters nothing, for our own answer to it 1 read.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

from lib.domain import orders, pushes
from lib.domain.accrual import Changes, Occasion, Snapshot
from lib.domain.errors import FailedPrecondition, InvariantBroken, NotFound
from lib.domain.ledger import Actor
from lib.domain.orders import Flaw, MalformedOrder, Order, OrgNames, Phase, Revision
from lib.domain.pushes import Push
from lib.domain.settings import LoyaltySettings
from lib.domain.sweeps import LATE
from lib.platform import clock, logs, secrets, tasks
from lib.store import accruals, alpine_pushes, directory, inbox, recording, takeover, taking_over
from lib.store import orders as store
from lib.store import settings as settings_store
from lib.store import transaction as transactions
from lib.store.inbox import Kept
from lib.store.org import OrgStore
from lib.store.taking_over import Work
from lib.store.transaction import Transaction

_ACTOR = Actor("system", "on_order_written")
# What a document of ours that is not as we wrote it, or a mistake in the code that reads it, raises again each time.
_UNREADABLE = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError)


class Outcome(StrEnum):
    """What became of a change: it did not matter (or was known), it was recorded, or a person has to look at it."""

    UNCHANGED = "unchanged"
    RECORDED = "recorded"
    KEPT = "kept"


@dataclass(frozen=True, slots=True)
class OrderChange:
    """One write of an order document; `after` is None for a deletion. `created_at` is when the document was created,
    `updated_at` when this write happened: it orders the writes of a document."""

    order_id: str
    before: Mapping[str, Any] | None
    after: Mapping[str, Any] | None
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class _Side:
    """An order as one org sees it: its own, or one that has moved to another org."""

    org: OrgStore
    order: Order
    settings: LoyaltySettings


def record_order(change: OrderChange) -> Outcome:
    """Brings ledgers and customers to what the order deserves now; any number of deliveries has the effect of one.

    An order that cannot be decided, or only by reading a document of ours that is damaged, is kept in the inbox. What
    is raised is worth another delivery: Unavailable, or the error of a dependency that is down. A change that is told
    late has the order recorded as it is by now, for a read more: nothing may look at it again (`sweeps.LATE`).
    """
    before = _read(change, change.before)
    present = _present(change.order_id) if _is_late(change, before) else None
    if present is None:
        return _record_change(change, before)
    had_earned = isinstance(before, Order) and before.phase is Phase.EARNING
    granted_by = directory.org_of(before.org) if before and had_earned else None
    return _record_as_it_is(present, granted_by.org_id if granted_by else None)


def record_present(order_id: str, granted_by: str | None = None) -> Outcome:
    """Records the order as it is now, when nothing is known of the events that led there; see `record_order`.

    What waits in an inbox for an earlier state of it is closed. `granted_by`: an org that has a record of it. When the
    order is another's by now, that org takes back what it has granted; when the order is gone, a person must say.
    """
    present = _present(order_id)
    if present is None:
        return _keep_vanished(order_id, OrgStore(granted_by)) if granted_by else Outcome.UNCHANGED
    return _record_as_it_is(present, granted_by)


def _is_late(change: OrderChange, before: Order | MalformedOrder | None) -> bool:
    """Whether a change that matters is told so late. A deletion changes no ledger, late or not."""
    after = _read(change, change.after)
    if after is None or before == after or clock.now() - change.updated_at < LATE:
        return False
    return isinstance(after, MalformedOrder) or orders.matters(before, after)


def _present(order_id: str) -> OrderChange | None:
    """The order as it is now, as if it were new; None when it is gone."""
    found = store.present(order_id)
    return OrderChange(order_id, None, found.to_dict() or {}, found.create_time, found.update_time) if found else None


def _record_as_it_is(present: OrderChange, granted_by: str | None) -> Outcome:
    return _record_change(present, _as_it_may_have_been(_read(present, present.after), granted_by))


def _as_it_may_have_been(order: Order | MalformedOrder | None, granted_by: str | None) -> Order | MalformedOrder | None:
    """An order unlike the present one: of the org that has granted it, else one that may have earned and may wait in
    the inbox."""
    if isinstance(order, Order) and granted_by and directory.org_of(order.org) != OrgStore(granted_by):
        return replace(order, phase=Phase.EARNING, org=OrgNames(org_id=granted_by))
    return MalformedOrder(Flaw.REFUSED, org=order.org) if order else None


def _record_change(change: OrderChange, before: Order | MalformedOrder | None) -> Outcome:
    after = _read(change, change.after)
    occasion = Occasion(store.revision_of(change.updated_at), _ACTOR, clock.now())
    if after is None:
        return _keep_deleted(change, before, occasion)
    if before == after:
        return Outcome.UNCHANGED
    if isinstance(after, MalformedOrder):
        return _keep(_org_or_unassigned(after), change, after.flaw, after.pointer, occasion)
    if not orders.matters(before, after):
        return Outcome.UNCHANGED
    org = directory.org_of(after.org)
    if org and orders.only_named(before, after):
        granted_to = accruals.customer_of(org, after.id)
        if granted_to and granted_to == after.buyer.customer_id:
            return Outcome.UNCHANGED
    sides = [_Side(found, order, settings_store.load_for_orders(found)) for found, order in _sides(before, after, org)]
    result = _record(after.id, before, sides, occasion)
    for sale in result.sales:
        tasks.enqueue_or_leave(pushes.QUEUE, sale.work, {"orgId": sale.org_id, "pushId": sale.id})
    flaw = Flaw.UNKNOWN_ORG if org is None and after.phase is Phase.EARNING else result.flaw
    if flaw:
        return _keep(org or directory.unassigned(), change, flaw, "", occasion)
    return Outcome.RECORDED if result.changed else Outcome.UNCHANGED


@dataclass(frozen=True, slots=True)
class _Unvisited:
    """What a shop that is being taken over has to be visited for first: this customer or, None, the order itself."""

    side: _Side
    customer_id: str | None


@dataclass(frozen=True, slots=True)
class _Result:
    """Whether anything was written, and why the order cannot be decided, if so. `unvisited`: nothing was decided.
    `sales`: to be told to Alpine IQ, now that they are on record."""

    changed: bool = False
    flaw: Flaw | None = None
    unvisited: _Unvisited | None = None
    sales: tuple[Push, ...] = ()


def _record(order_id: str, before: Order | MalformedOrder | None, sides: list[_Side], occasion: Occasion) -> _Result:
    try:
        try:
            result = transactions.run(lambda transaction: _attempt(transaction, before, sides, occasion, anew=True))
            if result.unvisited is None:
                return result
            _take_in(result.unvisited, order_id)
            return transactions.run(lambda transaction: _attempt(transaction, before, sides, occasion))
        except (FailedPrecondition, NotFound):
            return transactions.run(lambda transaction: _attempt(transaction, before, sides, occasion, belated=True))
    except (FailedPrecondition, NotFound, InvariantBroken) as error:
        logs.order_refused(order_id, error)
    except _UNREADABLE as error:
        logs.order_unreadable(order_id, error)
    return _Result(flaw=Flaw.REFUSED)


def _attempt(
    transaction: Transaction,
    before: Order | MalformedOrder | None,
    sides: list[_Side],
    occasion: Occasion,
    *,
    belated: bool = False,
    anew: bool = False,
) -> _Result:
    """`belated` when the order document has changed or gone since the event, so that it has to be read again before
    it can be told whose it is. `anew` as long as nobody has asked whether its shop is being taken over."""
    flaw: Flaw | None = None
    is_known = False
    decided: list[tuple[_Side, Changes, Revision | None]] = []
    sales: list[Push] = []
    for side in sides:
        snapshot = recording.read(transaction, side.org, side.order, side.settings, occasion)
        if isinstance(snapshot, Flaw):
            flaw = snapshot
            continue
        if anew and (unvisited := _unvisited(side, snapshot, before)):
            return _Result(unvisited=unvisited)
        is_known = is_known or snapshot.accrual is not None
        if changes := recording.decided(transaction, side.org, snapshot, side.order, side.settings, occasion):
            since = _still_so(transaction, side) if belated else occasion.revision
            decided.append((side, changes, since))
            if secrets.alpine_iq_key(side.org.org_id):
                sale = alpine_pushes.new_sale(transaction, side.org, snapshot.accrual, changes.accrual, occasion.now)
                sales += [sale] if sale else []
    if before and sides and not flaw and _may_be_kept(before, is_known=is_known):
        for kept_in in _inboxes(before):
            inbox.close(transaction, kept_in, sides[0].order.id, occasion)
    for side, changes, since in decided:
        recording.write(transaction, side.org, changes, side.order, occasion, unchanged_since=since)
    for sale in sales:
        alpine_pushes.add(transaction, OrgStore(sale.org_id), sale)
    return _Result(bool(decided), flaw, sales=tuple(sales))


def _unvisited(side: _Side, snapshot: Snapshot, before: Order | MalformedOrder | None) -> _Unvisited | None:
    """An order may have been brought along that earned before and has no record, and so may whatever a customer has
    whose ledger is not open."""
    may_have_earned = isinstance(before, MalformedOrder) or (before is not None and before.phase is Phase.EARNING)
    if snapshot.accrual is None and may_have_earned:
        return _Unvisited(side, None)
    newcomer_id = snapshot.introduction.customer_id if snapshot.introduction and snapshot.newcomer else None
    unopened = (customer.id for customer in snapshot.customers if not customer.opened)
    customer_id = next((found for found in unopened if found != newcomer_id), None)
    return _Unvisited(side, customer_id) if customer_id else None


def _take_in(unvisited: _Unvisited, order_id: str) -> None:
    """Visits what was brought along, as it was when the shop was taken over, so that only what has changed since is
    news. Shops that nobody takes over cost a read, once for each customer and order that we have not heard of."""
    side, customer_id = unvisited.side, unvisited.customer_id
    decided = takeover.decision(side.org)
    if decided is None or side.settings.paused:
        return
    work = Work(side.org, decided, side.settings, clock.now())
    if customer_id:
        taking_over.carry_out(lambda transaction: taking_over.customer(transaction, work, customer_id))
    else:
        taking_over.carry_out(lambda transaction: taking_over.order(transaction, work, order_id, keep=False))


def _may_be_kept(before: Order | MalformedOrder, *, is_known: bool) -> bool:
    """Whether the order may wait in the inbox as it was before: malformed, or one that should have earned and has left
    no record."""
    return isinstance(before, MalformedOrder) or (before.phase is Phase.EARNING and not is_known)


def _inboxes(before: Order | MalformedOrder) -> list[OrgStore]:
    """Where the order may wait as it was before: with its org or, when nobody knew whose it was, with none."""
    kept_in = _org_or_unassigned(before)
    return list({kept_in, directory.unassigned()}) if isinstance(before, MalformedOrder) else [kept_in]


def _still_so(transaction: Transaction, side: _Side) -> Revision | None:
    """The present revision of the order document if it still says the same as the event did."""
    stored = store.load(transaction, side.org, side.order.id)
    return stored.revision if stored and stored.order == side.order else None


def _sides(before: Order | MalformedOrder | None, after: Order, org: OrgStore | None) -> list[tuple[OrgStore, Order]]:
    """The org whose order it is and, when it has just moved there, the one that has to give it up, rewards included."""
    sides = [(org, after)] if org else []
    if isinstance(before, Order) and before.phase is Phase.EARNING and before.org != after.org:
        old_org = directory.org_of(before.org)
        if old_org and old_org != org:
            sides.append((old_org, replace(after, phase=Phase.REVERSED, status="moved to another org")))
    return sides


def _keep_deleted(change: OrderChange, before: Order | MalformedOrder | None, occasion: Occasion) -> Outcome:
    """A deleted order leaves the ledger as it is: was the sale undone, or a record tidied away? A person must say."""
    if not isinstance(before, Order) or before.phase is not Phase.EARNING:
        return Outcome.UNCHANGED
    return _keep(_org_or_unassigned(before), change, Flaw.ORDER_DELETED, "", occasion)


def _keep_vanished(order_id: str, org: OrgStore) -> Outcome:
    """An order that is gone and had been granted something, as its deletion's event would have kept it."""
    now = clock.now()
    occasion = Occasion(store.revision_of(now), _ACTOR, now)
    return _keep(org, OrderChange(order_id, {}, None, now, now), Flaw.ORDER_DELETED, "", occasion)


def _keep(org: OrgStore, change: OrderChange, flaw: Flaw, pointer: str, occasion: Occasion) -> Outcome:
    fields = change.before if change.after is None else change.after
    kept = Kept(change.order_id, flaw, pointer, fields or {}, occasion.revision)
    if not transactions.run(lambda transaction: inbox.keep(transaction, org, kept, occasion.now)):
        return Outcome.UNCHANGED
    logs.order_kept(org.org_id, change.order_id, flaw.value)
    return Outcome.KEPT


def _read(change: OrderChange, fields: Mapping[str, Any] | None) -> Order | MalformedOrder | None:
    return None if fields is None else orders.read(change.order_id, fields, change.created_at)


def _org_or_unassigned(order: Order | MalformedOrder) -> OrgStore:
    return directory.org_of(order.org) or directory.unassigned()
