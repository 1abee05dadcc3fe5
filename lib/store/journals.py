"""Writing what a journal has added to one customer: the entries, and the customer document as it is since."""

from dataclasses import replace
from datetime import datetime

from lib.domain import activities as rows
from lib.domain.customers import Customer
from lib.domain.ledger import Journal
from lib.domain.settings import LoyaltySettings
from lib.domain.standing import refreshed
from lib.store import activities, customers, ledger
from lib.store.org import OrgStore
from lib.store.transaction import Transaction


def post(
    transaction: Transaction,
    org: OrgStore,
    customer: Customer,
    journal: Journal,
    settings: LoyaltySettings,
    now: datetime,
) -> Customer:
    """Writes the journal's entries and the `customer` it was made for; returns the customer with its new standing.

    A write for each entry and one for the customer; where time has moved the customer to another segment or tier, one
    for its timeline and one for each notice.
    """
    after = refreshed(replace(customer, account=journal.account, opened=True), settings, now, before=customer)
    ledger.append(transaction, org, journal.entries)
    customers.save(transaction, org, after, before=customer, now=now)
    if drift := rows.of_drift(customer, after, now):
        activities.add(transaction, org, drift)
    return after
