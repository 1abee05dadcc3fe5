"""Batches of e-mails, `tenants/{org}/message_batches/{id}`: whether the request that sends one has been made.

Written once, before the request, by its worker or, when that is gone, by the sweep: whoever comes first decides whether
the batch is sent or its messages go back into the queue. Kept for as long as anybody may ask.
"""

from datetime import datetime, timedelta

from google.cloud.firestore import DocumentReference

from lib.store import transaction as transactions
from lib.store.org import OrgStore
from lib.store.transaction import Transaction

_KEPT = timedelta(days=7)


def hand_over(org: OrgStore, batch_id: str, now: datetime) -> bool:
    """Whether the batch is to be sent now: False when it has been given up. One read, one write."""

    def work(transaction: Transaction) -> bool:
        reference = _reference(org, batch_id)
        found = transaction.get([reference])[0].to_dict()
        if found is None:
            transaction.create(reference, _fields(org, now, handed_over=True))
        return found is None or found["handedOver"] is True

    return transactions.run(work)


def give_up(transaction: Transaction, org: OrgStore, batch_id: str, now: datetime) -> bool:
    """Whether the batch was never sent, and never will be. One read, and one write if nobody has decided."""
    reference = _reference(org, batch_id)
    found = transaction.get([reference])[0].to_dict()
    if found is None:
        transaction.create(reference, _fields(org, now, handed_over=False))
    return found is None or found["handedOver"] is False


def _fields(org: OrgStore, now: datetime, *, handed_over: bool) -> dict[str, object]:
    return org.stamped({"handedOver": handed_over, "at": now, "expiresAt": now + _KEPT})


def _reference(org: OrgStore, batch_id: str) -> DocumentReference:
    return org.document("message_batches", batch_id)
