"""Spending documents, `tenants/{org}/customer_spending/{e-mail or cid_n}`: lifetime totals for the list page."""

from datetime import datetime

from lib.domain.customers import Customer
from lib.store.customers import spending_fields
from lib.store.org import OrgStore
from lib.store.transaction import Transaction


def save(
    transaction: Transaction, org: OrgStore, customer: Customer, *, before: Customer | None, now: datetime
) -> None:
    """Writes the customer's totals; contact fields that others keep in the document stay.

    A customer whose key has changed, because an e-mail address became known, is moved: readers add all documents up.
    """
    old_key = before.spending_key if before else None
    if old_key and old_key != customer.spending_key:
        transaction.delete(org.document("customer_spending", old_key))
    if customer.spending_key:
        fields = {**spending_fields(customer.stats), "customerProfileId": customer.id, "updatedAt": now}
        transaction.merge(org.document("customer_spending", customer.spending_key), fields)


def is_up_to_date(transaction: Transaction, org: OrgStore, customer: Customer) -> bool:
    """Whether the customer's spending document says what it should. One read, none without a key."""
    if customer.spending_key is None:
        return True
    stored = transaction.get([org.document("customer_spending", customer.spending_key)])[0].to_dict() or {}
    return all(stored.get(name) == value for name, value in spending_fields(customer.stats).items())
