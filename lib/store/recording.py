"""Everything that recording one order reads and writes: the snapshot that `accrue` decides on, and its changes.

Billed for a known customer: 2 reads (accrual record, customer) and 5 writes (customer, entry, accrual record, timeline,
spending), one write more when the order has to be told whose it is, and one for each notice of another tier or segment,
of which a customer's life has a few. An order that earns nothing because of a pause costs two reads more. One that
takes points back after their expiry costs a read for each entry that tells what has expired, mostly one, and a write.
"""

from dataclasses import replace

from lib.domain import pauses
from lib.domain.accrual import Changes, Occasion, Snapshot, accrue, expiries_to_undo, needs_extremes
from lib.domain.counting import Extremes
from lib.domain.customers import Customer
from lib.domain.grants import Accrual, is_stale
from lib.domain.ledger import Entry
from lib.domain.orders import Flaw, Order, Phase, Revision
from lib.domain.segments import SpendStats
from lib.domain.settings import LoyaltySettings
from lib.store import accruals, activities, customers, identities, ledger, orders, redemptions, spending
from lib.store import settings as settings_store
from lib.store.identities import Recognised, Recogniser
from lib.store.org import OrgStore
from lib.store.transaction import Snapshot as Document
from lib.store.transaction import Transaction


def read(
    transaction: Transaction, org: OrgStore, order: Order, settings: LoyaltySettings, occasion: Occasion
) -> Snapshot | Flaw:
    """What the order is to be compared with, or why it cannot be.

    Raises NotFound when a customer that the order was granted to is gone, InvariantBroken when one has lost its
    account.
    """
    earning = order.phase is Phase.EARNING
    recogniser = Recogniser(transaction, org, order, settings)
    likely_id = recogniser.likely_id if earning else order.buyer.customer_id
    references = [accruals.reference(org, order.id)] + ([org.customer(likely_id)] if likely_id else [])
    found, *likely = transaction.get(references)
    accrual = accruals.decode(found)
    if is_stale(accrual, occasion.revision):
        return Snapshot(accrual)
    concerned = _Concerned(transaction, org, likely, occasion)
    if not earning:
        return concerned.by_withdrawal(order, accrual)
    recognised = recogniser.recognise(likely[0], accrual) if likely else Flaw.NO_CUSTOMER
    return recognised if isinstance(recognised, Flaw) else concerned.by_grant(order, accrual, recognised)


def decided(
    transaction: Transaction,
    org: OrgStore,
    snapshot: Snapshot,
    order: Order,
    settings: LoyaltySettings,
    occasion: Occasion,
) -> Changes | None:
    """As `accrue`, but whether a pause keeps the order from earning goes by the settings as stored now.

    Those given were read before the transaction began. The pause may have ended since, and the run that makes up for
    its orders may have looked for them: nobody would look again. A resume that comes later waits for this commit.
    """
    changes = accrue(snapshot, order, settings, occasion)
    has_earned = snapshot.accrual is not None and snapshot.accrual.rate is not None
    if changes is None or has_earned or changes.accrual.rate is None or not changes.accrual.rate.paused:
        return changes
    stored = settings_store.read(transaction, org)
    terms = pauses.provisionally_dated(stored.settings, stored.written_at) if stored.written_at else stored.settings
    return accrue(snapshot, order, stored.settings, occasion, terms=terms)


def write(
    transaction: Transaction,
    org: OrgStore,
    changes: Changes,
    order: Order,
    occasion: Occasion,
    *,
    unchanged_since: Revision | None,
) -> None:
    """Writes the changes, and tells the order document whose it is where it does not say so.

    The commit fails with FailedPrecondition or NotFound if the order has changed or gone since the revision given;
    without one the order document is not told anything.
    """
    accrual = changes.accrual
    if unchanged_since and order.phase is Phase.EARNING:
        orders.add_owner(transaction, org, order, accrual.customer_id, unchanged_since)
        if unchanged_since == occasion.revision:
            # No state of the order in between still says otherwise.
            accrual = replace(accrual, overruled_id=None)
    accruals.save(transaction, org, accrual, occasion.now)
    for change in changes.customers:
        ledger.append(transaction, org, change.entries)
        customers.save(transaction, org, change.after, before=change.before, now=occasion.now)
        if _spending(change.before) != _spending(change.after):
            spending.save(transaction, org, change.after, before=change.before, now=occasion.now)
        if change.activity:
            activities.add(transaction, org, change.activity)
    if changes.introduction:
        identities.link(transaction, org, changes.introduction, occasion.now)
    redemptions.write(transaction, org, changes.redemptions)


class _Concerned:
    """The customers one order concerns, each read once."""

    def __init__(
        self, transaction: Transaction, org: OrgStore, read_already: list[Document], occasion: Occasion
    ) -> None:
        self._transaction = transaction
        self._org = org
        self._now = occasion.now
        self._read_already = {document.id: document for document in read_already}
        self._known: dict[str, Customer] = {}

    def by_grant(self, order: Order, accrual: Accrual | None, recognised: Recognised) -> Snapshot:
        """An order that earns concerns whom it is of and whom it was granted to."""
        payee = recognised.customer
        if recognised.stored:
            customers.check_opening(self._transaction, self._org, payee)
        self._known[payee.id] = payee
        others = self._others(order, accrual, payee.id)
        return Snapshot(
            accrual=accrual,
            customers=tuple(self._known.values()),
            introduction=recognised.introduction,
            newcomer=not recognised.stored,
            others=others,
            expired=self._expired(order, accrual, payee.id),
        )

    def by_withdrawal(self, order: Order, accrual: Accrual | None) -> Snapshot:
        """An order that does not earn concerns whom it was granted to and, if returned, whose rewards it carried."""
        returned = order.phase is Phase.REVERSED
        found = redemptions.of_order(self._transaction, self._org, order.id) if returned else ()
        for redemption in found:
            self._customer(redemption.customer_id)
        others = self._others(order, accrual, None)
        return Snapshot(
            accrual=accrual,
            customers=tuple(self._known.values()),
            redemptions=found,
            others=others,
            expired=self._expired(order, accrual, None),
        )

    def _others(self, order: Order, accrual: Accrual | None, payee_id: str | None) -> Extremes | None:
        holder = self._customer(accrual.customer_id) if accrual and accrual.customer_id else None
        if holder and needs_extremes(accrual, order, payee_id, holder):
            return accruals.others(self._transaction, self._org, holder.id, order.id)
        return None

    def _expired(self, order: Order, accrual: Accrual | None, payee_id: str | None) -> tuple[Entry, ...]:
        expiries = expiries_to_undo(accrual, order, payee_id, self._now)
        if accrual is None or accrual.customer_id is None or not expiries:
            return ()
        return tuple(ledger.of_expiries(self._transaction, self._org, accrual.customer_id, expiries))

    def _customer(self, customer_id: str) -> Customer:
        if customer_id not in self._known:
            document = self._read_already.get(customer_id)
            self._known[customer_id] = customers.load(self._transaction, self._org, customer_id, document)
        return self._known[customer_id]


def _spending(customer: Customer | None) -> tuple[SpendStats, str | None] | None:
    return (customer.stats, customer.spending_key) if customer else None
