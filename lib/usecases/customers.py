"""Putting one customer right: orders that were missed are recorded, and every figure follows from its records again."""

from collections import Counter
from dataclasses import replace
from datetime import datetime

from lib.domain import activities as rows
from lib.domain import answers
from lib.domain.accrual import Occasion
from lib.domain.answers import Answer
from lib.domain.commands import Command
from lib.domain.customers import Customer, journal_of, spending_key
from lib.domain.errors import FailedPrecondition, NotFound
from lib.domain.orders import Flaw, Order, Phase
from lib.domain.redemptions import Refusal
from lib.domain.repair import rebuilt
from lib.domain.settings import LoyaltySettings
from lib.domain.standing import refreshed
from lib.platform import clock, secrets
from lib.store import (
    accruals,
    activities,
    alpine_pushes,
    customers,
    directory,
    identities,
    inbox,
    ledger,
    orders,
    receipts,
    recording,
    spending,
)
from lib.store import settings as settings_store
from lib.store import transaction as transactions
from lib.store.orders import StoredOrder
from lib.store.org import OrgStore
from lib.store.transaction import Snapshot, Transaction

UNKNOWN_CUSTOMER = Refusal.UNKNOWN_CUSTOMER.value


def sync(command: Command, customer_id: str) -> Answer:
    """Recomputes one customer from its orders and repairs whatever else has been written over its document.

    Restores an account that was lost first, then records the orders of the customer that are behind, one transaction
    each, then compares ledger, accrual records, document and spending document, and writes what differs. The answer
    says what was done; doing it again changes nothing. Refusal: `unknown_customer`. Raises InvariantBroken when the
    ledger itself does not hold together. Billed: two reads an order, one an entry and one an accrual record.
    """
    org = OrgStore(command.org_id)
    settings = settings_store.load_for_orders(org)
    found = customers.decode(org, org.customer(customer_id).get())
    if found is None:
        return answers.refusal(UNKNOWN_CUSTOMER)
    restored = transactions.run(lambda transaction: _repair(transaction, org, customer_id, settings))
    tally = Counter(_record_if_behind(org, stored, settings, command) for stored in orders.of_customer(org, found))

    def work(transaction: Transaction, org: OrgStore) -> Answer:
        repaired = _repair(transaction, org, customer_id, settings)
        return {
            "ok": True,
            "customerId": customer_id,
            "ordersRecorded": tally["recorded"],
            "ordersUndecided": tally["undecided"],
            "repaired": sorted({*restored, *repaired}),
        }

    return receipts.run_once(command, work)


def _record_if_behind(org: OrgStore, stored: StoredOrder, settings: LoyaltySettings, command: Command) -> str:
    """Brings the ledgers to what the order deserves now; "recorded", "undecided", or "unchanged"."""
    order = stored.order
    if not isinstance(order, Order) or directory.org_of(order.org) != org:
        return "unchanged"
    occasion = Occasion(stored.revision, command.actor, command.at)

    def work(transaction: Transaction) -> str:
        snapshot = recording.read(transaction, org, order, settings, occasion)
        if isinstance(snapshot, Flaw):
            return "undecided"
        if snapshot.accrual is None and order.phase is not Phase.EARNING and not snapshot.redemptions:
            return "unchanged"
        changes = recording.decided(transaction, org, snapshot, order, settings, occasion)
        if changes is None:
            return "unchanged"
        is_told = secrets.alpine_iq_key(org.org_id) is not None
        before = snapshot.accrual
        sale = alpine_pushes.new_sale(transaction, org, before, changes.accrual, command.at) if is_told else None
        if changes.customers:
            inbox.close(transaction, org, order.id, occasion)
        recording.write(transaction, org, changes, order, occasion, unchanged_since=stored.revision)
        if sale:
            # Its task is the sweep's to enqueue: this one is late already.
            alpine_pushes.add(transaction, org, sale)
        return "recorded" if changes.customers else "unchanged"

    try:
        return transactions.run(work)
    except (FailedPrecondition, NotFound):
        # The order has changed meanwhile: its own event records it.
        return "undecided"


def _repair(transaction: Transaction, org: OrgStore, customer_id: str, settings: LoyaltySettings) -> list[str]:
    """Writes what the customer's documents say wrongly or no longer say; the names of the fields that were wrong."""
    now = clock.now()
    document = transaction.get([org.customer(customer_id)])[0]
    before = customers.decode(org, document)
    if before is None:
        raise NotFound("no such customer", reason=UNKNOWN_CUSTOMER)
    entries = ledger.all_entries(transaction, org, customer_id)
    if not before.opened and not entries:
        return []
    records = accruals.of_customer(transaction, org, customer_id)
    found = rebuilt(before, entries, records, settings.time_zone, now)
    if not before.opened:
        found = replace(found, identities=identities.of_customer(transaction, org, customer_id))
    journal = journal_of(found, settings, now)
    after = replace(found, account=journal.account, spending_key=spending_key(found))
    after = refreshed(after, settings, now, before=before)
    fields = customers.encode(org, after, before=before, now=now)
    behind = customers.differing(document, fields)
    spending_is_wrong = not spending.is_up_to_date(transaction, org, after)
    if behind:
        ledger.append(transaction, org, journal.entries)
        customers.save(transaction, org, after, before=before, now=now)
        if before.opened and (drift := rows.of_drift(before, after, now)):
            activities.add(transaction, org, drift)
    if spending_is_wrong:
        spending.save(transaction, org, after, before=before, now=now)
    wrong = _wrong_all_along(org, document, before, found, settings, now)
    return [name for name in behind if name in wrong] + (["customer_spending"] if spending_is_wrong else [])


def _wrong_all_along(
    org: OrgStore, document: Snapshot, before: Customer, found: Customer, settings: LoyaltySettings, now: datetime
) -> list[str]:
    """The fields that did not follow from the records even when they were last worked out: what only time has made old
    since was right, and putting it forward repairs nothing."""
    then = (document.to_dict() or {}).get("pointsLastCalculated")
    as_of = min(then, now) if isinstance(then, datetime) else now
    after = refreshed(replace(found, spending_key=spending_key(found)), settings, as_of, before=before)
    return customers.differing(document, customers.encode(org, after, before=before, now=as_of))
