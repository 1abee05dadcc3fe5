"""Notices, `tenants/{org}/notices/{id}`: what customers should hear of, each written with what brought it about."""

from collections.abc import Iterable
from datetime import datetime

from lib.domain.errors import InvariantBroken
from lib.domain.notices import Notice
from lib.store.org import OrgStore
from lib.store.transaction import Transaction


def add(transaction: Transaction, org: OrgStore, notices: Iterable[Notice], now: datetime) -> None:
    """Writes them, open. Ids derive from what is told: telling it again rewrites the same document."""
    for notice in notices:
        if notice.org_id != org.org_id:
            raise InvariantBroken("a notice of another org")
        fields = {
            "kind": notice.kind.value,
            "customerId": notice.customer_id,
            "facts": dict(notice.facts),
            "occurredAt": notice.occurred_at,
            "createdAt": now,
            "state": "open",
        }
        transaction.replace(org.document("notices", notice.id), org.stamped({"id": notice.id, **fields}))
