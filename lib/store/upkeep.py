"""Bringing one customer to what it should be now, by time and by the settings in force, when nobody else touches it."""

from dataclasses import dataclass, replace
from datetime import datetime

from lib.domain.customers import Customer, journal_of
from lib.domain.ledger import Journal
from lib.domain.settings import LoyaltySettings
from lib.domain.standing import refreshed
from lib.store import customers, journals
from lib.store.org import OrgStore
from lib.store.transaction import Transaction


@dataclass(frozen=True, slots=True)
class Change:
    """A customer before and after, and the journal of what time has done in between."""

    before: Customer
    after: Customer
    journal: Journal


def bring_up_to_date(
    transaction: Transaction, org: OrgStore, settings: LoyaltySettings, customer_id: str, now: datetime
) -> Change | None:
    """Ages the customer and works its standing out anew; None, and nothing written, where that makes no difference and
    where the ledger has not taken the customer over.

    Billed: one read; and if there is something to do a write for the customer, each entry and each notice, and one for
    the timeline of a customer who has moved to another segment or tier.
    """
    document = transaction.get([org.customer(customer_id)])[0]
    before = customers.decode(org, document)
    if before is None or not before.opened:
        return None
    journal = journal_of(before, settings, now)
    after = refreshed(replace(before, account=journal.account), settings, now, before=before)
    if not customers.differing(document, customers.encode(org, after, before=before, now=now)):
        return None
    journals.post(transaction, org, before, journal, settings, now)
    return Change(before, after, journal)
