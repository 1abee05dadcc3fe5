"""Notices, `tenants/{org}/notices/{id}`: what customers should hear of, each written with what brought it about.

OPEN until somebody has looked whether the customer is to be told: then TOLD, or CLOSED with the reason why not. What
happens again under the same id is open again; what its messages are called follows from that id, so that nobody is told
twice. Those of kinds that an org never answers stay open; all go with time (time-to-live on `expiresAt`).
"""

from collections.abc import Iterable, Sequence
from datetime import datetime

from google.cloud.firestore import FieldFilter

from lib.domain.errors import InvariantBroken
from lib.domain.notices import KEPT_FOR, Notice, NoticeKind
from lib.store.org import OrgStore
from lib.store.transaction import Snapshot, Transaction

OPEN, TOLD, CLOSED = "open", "told", "closed"


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
            "expiresAt": notice.occurred_at + KEPT_FOR,
            "state": OPEN,
        }
        transaction.replace(org.document("notices", notice.id), org.stamped({"id": notice.id, **fields}))


def open_ids(org: OrgStore, kinds: Sequence[NoticeKind], after: str | None, limit: int) -> list[str]:
    """The next of the org's open notices of these kinds, by id. One read an id, and one if there is none."""
    waiting = org.collection("notices").where(filter=FieldFilter("state", "==", OPEN))
    query = waiting.where(filter=FieldFilter("kind", "in", [kind.value for kind in kinds]))
    query = query.order_by("__name__").select([]).limit(limit)
    page = query.start_after({"__name__": org.document("notices", after)}) if after else query
    return [found.id for found in page.stream()]


def find_open(transaction: Transaction, org: OrgStore, notice_id: str) -> Notice | None:
    """The notice, if nobody has looked at it yet. One read."""
    found = transaction.get([org.document("notices", notice_id)])[0]
    return _decode(org, found) if found.exists and found.get("state") == OPEN else None


def find(transaction: Transaction, org: OrgStore, notice_id: str) -> Notice | None:
    """The notice, whatever has become of it; None if there is none. One read."""
    found = transaction.get([org.document("notices", notice_id)])[0]
    return _decode(org, found) if found.exists else None


def settle(transaction: Transaction, org: OrgStore, notice: Notice, reason: str, now: datetime) -> None:
    """Takes down that the customer is told of it or, with a reason, is not. One write."""
    fields = {"state": CLOSED if reason else TOLD, "reason": reason, "settledAt": now}
    transaction.update(org.document("notices", notice.id), fields)


def _decode(org: OrgStore, found: Snapshot) -> Notice:
    fields = found.to_dict() or {}
    return Notice(
        id=found.id,
        org_id=org.org_id,
        customer_id=fields["customerId"],
        kind=NoticeKind(fields["kind"]),
        facts=fields["facts"],
        occurred_at=fields["occurredAt"],
    )
