"""Everything that taking over one customer, or one order that no customer document accounts for, reads and writes.

Billed for a customer: about 10 reads, and 2 an order; a write for every order, accrual record, ledger entry and
identity, and two for the customer and its totals. Taking over again writes nothing.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from lib.domain import takeover as takeover_rules
from lib.domain.customers import Contact, Customer, Introduction, known_keys
from lib.domain.errors import FailedPrecondition, Unavailable
from lib.domain.identity import IdentityKey, IdentityKind
from lib.domain.orders import Buyer, Flaw, MalformedOrder, Order, OrgNames, Phase
from lib.domain.settings import LoyaltySettings
from lib.domain.takeover import BalanceChange, Skip, TakenOver, Takeover, key_in_id, skip_reason, take_over
from lib.store import accruals, customers, directory, identities, inbox, ledger, orders, spending, takeover
from lib.store.brought_orders import BroughtOrders, Found
from lib.store.identities import Recogniser
from lib.store.inbox import Kept
from lib.store.orders import StoredOrder
from lib.store.org import OrgStore
from lib.store.transaction import Snapshot, Transaction, run

# A commit takes some thousands of writes; the next visit takes the next orders.
ORDERS_MAX = 300
_ATTEMPTS_MAX = 3


@dataclass(frozen=True, slots=True)
class Work:
    """In which org, under which decision and settings, and when. `dry`: nothing is written."""

    org: OrgStore
    takeover: Takeover
    settings: LoyaltySettings
    now: datetime
    dry: bool = False


@dataclass(frozen=True, slots=True)
class Visit:
    """What taking over one member did, or would do.

    stored: the customer's document as found, empty for a customer to be made. keys: what it says it is recognised by.
    leads_to: another customer that the strongest of them leads to already. order_ids: taken in. kept: why an order
    waits in the inbox now. more: orders are left for another visit.
    """

    customer_id: str | None = None
    stored: Mapping[str, Any] = field(default_factory=dict)
    keys: tuple[IdentityKey, ...] = ()
    leads_to: str | None = None
    taken: TakenOver | None = None
    opened: bool = False
    skipped: Skip | None = None
    order_ids: tuple[str, ...] = ()
    kept: Flaw | None = None
    more: bool = False


def carry_out(look: Callable[[Transaction], Visit]) -> Visit:
    """Looks at a member in a transaction of its own; anew when an event has just created what this was about to.

    Raises Unavailable when that does not end.
    """
    for _ in range(_ATTEMPTS_MAX):
        try:
            return run(look)
        except FailedPrecondition as error:
            if error.reason != "changed_meanwhile":
                raise
    raise Unavailable("the documents keep changing, try again", reason="contention")


def customer(transaction: Transaction, work: Work, customer_id: str) -> Visit:
    """Takes over one customer document with the orders that are its own beyond doubt.

    Raises InvariantBroken when a document of ours is damaged.
    """
    snapshot = transaction.get([work.org.customer(customer_id)])[0]
    fields = snapshot.to_dict() or {}
    reason = skip_reason(work.org.org_id, customer_id, fields) if snapshot.exists else None
    if reason:
        return Visit(customer_id, fields, skipped=reason)
    found = customers.decode(work.org, snapshot, adopt=key_in_id(work.org.org_id, customer_id) is not None)
    return _Visitor(transaction, work).take(found, snapshot, None) if found else Visit()


def order(transaction: Transaction, work: Work, order_id: str, *, keep: bool = True) -> Visit:
    """Takes in an order that earned when the shop was taken over and has no record, whosever it is; the customer is
    made where there is none. One that could not be decided then is left alone or, to `keep`, waits in the inbox for a
    person, as a new one would."""
    record, document = transaction.get([accruals.reference(work.org, order_id), work.org.order(order_id)])
    if record.exists or not document.exists:
        return Visit()
    stored = next(iter(takeover.as_of(work.org, [orders.decode(document)], work.takeover.at)), None)
    if stored is None or directory.org_of(stored.order.org) != work.org:
        return Visit()
    if isinstance(stored.order, MalformedOrder):
        return _kept(transaction, work, stored, stored.order.flaw, stored.order.pointer) if keep else Visit()
    if stored.order.phase is not Phase.EARNING:
        return Visit()
    recogniser = Recogniser(transaction, work.org, stored.order, work.settings)
    likely = transaction.get([work.org.customer(recogniser.likely_id)]) if recogniser.likely_id else []
    recognised = recogniser.recognise(likely[0], None) if likely else Flaw.NO_CUSTOMER
    if isinstance(recognised, Flaw):
        return _kept(transaction, work, stored, recognised) if keep else Visit()
    whose = recognised.customer
    snapshot = transaction.get([work.org.customer(whose.id)])[0] if recognised.stored else None
    if snapshot and skip_reason(work.org.org_id, whose.id, snapshot.to_dict() or {}):
        return _kept(transaction, work, stored, Flaw.INVALID_CUSTOMER, "/customerId") if keep else Visit()
    return _Visitor(transaction, work).take(whose, snapshot, stored)


def balance_change(visit: Visit) -> BalanceChange | None:
    """What the visit does to its customer's balance; None for nothing."""
    if visit.taken is None or visit.customer_id is None:
        return None
    stored = visit.stored.get("points") if visit.opened else visit.taken.points_before
    return takeover_rules.balance_change(visit.customer_id, stored, visit.taken)


def figures(visit: Visit) -> dict[str, int]:
    """The visit as counts that add up over a shop; only those that are not 0."""
    tally: Counter[str] = Counter()
    tally["opened"] = int(visit.opened and bool(visit.stored))
    tally["created"] = int(visit.opened and not visit.stored)
    tally["orders"] = len(visit.order_ids)
    if visit.skipped:
        tally[f"skipped_{visit.skipped}"] = 1
    if visit.kept:
        tally[f"kept_{visit.kept}"] = 1
    if visit.taken:
        tally["pointsBefore"] = visit.taken.points_before
        tally["pointsAfter"] = visit.taken.points_after
        tally["compensated"] = visit.taken.compensated
        tally["carried"] = sum(accrual.carried_points for accrual in visit.taken.accruals)
    return {name: count for name, count in tally.items() if count}


def _kept(transaction: Transaction, work: Work, stored: StoredOrder, flaw: Flaw, pointer: str = "") -> Visit:
    kept = Kept(stored.id, flaw, pointer, stored.fields, stored.revision)
    news = work.dry or inbox.keep(transaction, work.org, kept, work.now)
    return Visit(kept=flaw if news else None)


@dataclass(frozen=True, slots=True)
class _Own:
    """What a customer's document and id say it is recognised by, and how much of that is its own."""

    introduction: Introduction
    known: tuple[IdentityKey, ...] = ()
    leads_to: str | None = None


class _Visitor:
    """One customer's part of a transaction: first everything is read, then decided, then written."""

    def __init__(self, transaction: Transaction, work: Work) -> None:
        self._transaction = transaction
        self._work = work
        self._org = work.org
        self._orders = BroughtOrders(transaction, work.org, work.takeover, work.settings)

    def take(self, found: Customer, snapshot: Snapshot | None, named: StoredOrder | None) -> Visit:
        """`snapshot`: the customer's document, None for a customer to be made. `named`: an order that is its own."""
        if snapshot is not None:
            customers.check_opening(self._transaction, self._org, found)
        own = self._own(found) if snapshot else _Own(Introduction(found.id, Contact()))
        fields = (snapshot.to_dict() or {}) if snapshot else {}
        if named and self._work.dry:
            return self._foreseen(found, own, named, fields)
        brought = self._orders.of(found, own.introduction, named)
        limit = len(brought) if self._work.dry else ORDERS_MAX
        now, later = brought[:limit], brought[limit:]
        if found.opened and not now:
            return Visit(found.id, fields, own.known)
        taken = self._taken(found, own.introduction, now)
        if not self._work.dry:
            self._write(taken, now, found if snapshot else None)
        return self._visit(found, own, taken, fields, now, more=bool(later))

    def _foreseen(self, found: Customer, own: _Own, named: StoredOrder, fields: Mapping[str, Any]) -> Visit:
        """What an order's visit adds to that of its customer, which comes before; each order is told of once, with the
        oldest of those that are found by themselves."""
        known = self._orders.of(found, own.introduction, None) if fields and not found.opened else []
        ids = {one.brought.order.id for one in known}
        if named.id in ids:
            return Visit()
        brought = [one for one in self._orders.of(found, own.introduction, named) if one.brought.order.id not in ids]
        if fields and not found.opened:
            found = self._taken(found, own.introduction, known).customer
        if not brought or brought[0].brought.order.id != named.id:
            return Visit()
        taken = self._taken(found, Introduction(found.id, Contact()), brought)
        return self._visit(found, own, taken, fields, brought, more=False)

    def _taken(self, found: Customer, own: Introduction, brought: Sequence[Found]) -> TakenOver:
        work = self._work
        orders_then = [one.brought for one in brought]
        return take_over(found, own, orders_then, work.settings, work.takeover.balances, work.now)

    @staticmethod
    def _visit(
        found: Customer,
        own: _Own,
        taken: TakenOver,
        fields: Mapping[str, Any],
        brought: Sequence[Found],
        *,
        more: bool,
    ) -> Visit:
        return Visit(
            customer_id=found.id,
            stored=fields,
            keys=own.known,
            leads_to=own.leads_to,
            taken=taken,
            opened=not found.opened,
            order_ids=tuple(one.brought.order.id for one in brought),
            more=more,
        )

    def _own(self, found: Customer) -> _Own:
        known = known_keys(found, self._work.settings.country)
        in_id = key_in_id(self._org.org_id, found.id)
        if in_id and in_id.kind not in {key.kind for key in known}:
            known = (in_id, *known)
        if not known or found.opened:
            return _Own(Introduction(found.id, Contact(), known), known)
        recogniser = Recogniser(self._transaction, self._org, self._as_order(known), self._work.settings)
        likely = self._transaction.get([self._org.customer(recogniser.likely_id or found.id)])[0]
        recognised = recogniser.recognise(likely, None)
        if isinstance(recognised, Flaw) or recognised.customer.id != found.id:
            # A possible duplicate, for a person to look at: what leads to one customer must not lead to two.
            leads_to = None if isinstance(recognised, Flaw) else recognised.customer.id
            return _Own(Introduction(found.id, Contact()), known, leads_to)
        return _Own(Introduction(found.id, Contact(), known, recognised.introduction.new_keys), known)

    def _as_order(self, keys: Iterable[IdentityKey]) -> Order:
        """A sale at the till to somebody of whom just this is known."""
        values = {key.kind: key.value for key in keys}
        pos_id, email, phone = (values.get(kind) for kind in (IdentityKind.POS, IdentityKind.EMAIL, IdentityKind.PHONE))
        buyer = Buyer(user_id=pos_id, email=email, phone=phone)
        return Order("", Phase.EARNING, "", OrgNames(), buyer, from_pos=True, ordered_at=self._work.now)

    def _write(self, taken: TakenOver, brought: Sequence[Found], before: Customer | None) -> None:
        transaction, org, now = self._transaction, self._org, self._work.now
        after = taken.customer
        revisions = {one.brought.order.id: one for one in brought}
        for accrual in taken.accruals:
            accruals.save(transaction, org, accrual, now)
            one = revisions[accrual.order_id]
            if one.unchanged:
                orders.add_owner(transaction, org, one.brought.order, after.id, one.brought.revision)
        ledger.append(transaction, org, taken.entries)
        customers.save(transaction, org, after, before=before, now=now)
        if before is None or (before.stats, before.spending_key) != (after.stats, after.spending_key):
            spending.save(transaction, org, after, before=before, now=now)
        identities.link(transaction, org, Introduction(after.id, Contact(), (), taken.new_keys), now)
