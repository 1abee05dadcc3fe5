"""Pushes to Alpine IQ, `tenants/{org}/alpine_pushes/{id}`: written in the transaction of what they tell.

Where an org wants none, nothing is read or written for it, but for its integration once a minute and instance; and not
even that where it has no key.
"""

import threading
import time
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

from google.cloud.firestore import Client, DocumentReference, DocumentSnapshot, FieldFilter

from lib.domain import pushes
from lib.domain.grants import Accrual
from lib.domain.integrations import Push as Switches
from lib.domain.pushes import Push, PushKind, PushState
from lib.store import integrations
from lib.store.client import database
from lib.store.org import OrgStore
from lib.store.transaction import Transaction, run

# How long an instance may go on with switches that have been changed.
_CACHE_SECONDS = 60.0
_CACHED_ORGS_MAX = 1000
_STALLED_MAX = 500

_lock = threading.Lock()
_found: dict[tuple[Client, str], tuple[float, Switches]] = {}


def switches(org: OrgStore) -> Switches:
    """What the org wants told, at most a minute old; nothing where it is not connected."""
    key = (org.client, org.org_id)
    with _lock:
        expires_at, known = _found.get(key, (0.0, None))
    if known is not None and time.monotonic() < expires_at:
        return known
    connected = integrations.alpine_iq(org)
    wanted = Switches() if isinstance(connected, str) else connected.push
    with _lock:
        if len(_found) >= _CACHED_ORGS_MAX:
            _found.clear()
        _found[key] = (time.monotonic() + _CACHE_SECONDS, wanted)
    return wanted


def new_sale(
    transaction: Transaction, org: OrgStore, before: Accrual | None, after: Accrual, now: datetime
) -> Push | None:
    """The push of an order that has begun to earn; None where that is not wanted, is history, or has been pushed
    before. One read, of orders that begin to earn, where sales are wanted."""
    if after.count is None or after.customer_id is None or (before is not None and before.count is not None):
        return None
    if not pushes.is_news(after.count.ordered_at, now) or not switches(org).sales:
        return None
    push = pushes.sale(org.org_id, after.order_id, after.customer_id, now)
    return None if transaction.get([_reference(org, push.id)])[0].exists else push


def add(transaction: Transaction, org: OrgStore, push: Push) -> None:
    """Writes a push that is new; the commit fails if it exists. One write."""
    transaction.create(_reference(org, push.id), _encode(push))


def claim(org: OrgStore, push_id: str, now: datetime) -> Push | None:
    """The push, if it is now the caller's to send; None otherwise. One read, and one write unless it is settled."""

    def work(transaction: Transaction) -> Push | None:
        fields = transaction.get([_reference(org, push_id)])[0].to_dict()
        claimed = pushes.claimed(_decode(fields), now) if fields else None
        if claimed is None:
            return None
        transaction.replace(_reference(org, push_id), _encode(claimed))
        return claimed if claimed.state is PushState.SENDING else None

    return run(work)


def settle(org: OrgStore, push: Push, state: PushState, reason: str | None, now: datetime) -> None:
    """Writes what came of a claimed push, unless somebody has given it up meanwhile."""
    after = pushes.settled(push, state, reason, now)

    def work(transaction: Transaction) -> None:
        fields = transaction.get([_reference(org, push.id)])[0].to_dict()
        if fields and _decode(fields) == push:
            transaction.replace(_reference(org, push.id), _encode(after))

    run(work)


def stalled(before: datetime, on_damaged: Callable[[str, str, Exception], None]) -> Iterator[Push]:
    """Pushes, of whichever org, that should have been worked by now: queued or being sent since before then. One read
    each, and one for none. Damaged ones are left out, they must not hold up the others: `on_damaged` hears their org,
    id and what is wrong."""
    waiting = [PushState.QUEUED.value, PushState.SENDING.value]
    group = database().collection_group("alpine_pushes").where(filter=FieldFilter("state", "in", waiting))
    query = group.where(filter=FieldFilter("updatedAt", "<=", before)).order_by("updatedAt").limit(_STALLED_MAX)
    for found in query.stream():
        # tenants/{org}/alpine_pushes/{id}: others may have collections of that name too.
        path = found.reference.path.split("/")
        if len(path) != 4 or path[0] != "tenants":
            continue
        try:
            push = _sound(path[1], found)
        except (KeyError, TypeError, ValueError) as error:
            on_damaged(path[1], found.id, error)
        else:
            yield push


def _sound(org_id: str, found: DocumentSnapshot[Any]) -> Push:
    """The push of a document. Raises ValueError unless it is one of the org and of the id that its path says."""
    push = _decode(found.to_dict() or {})
    if (push.org_id, push.id) != (org_id, found.id):
        raise ValueError("a push under another's path")
    return push


def _reference(org: OrgStore, push_id: str) -> DocumentReference:
    return org.document("alpine_pushes", push_id)


def _encode(push: Push) -> dict[str, Any]:
    return {
        "id": push.id,
        "orgId": push.org_id,
        "kind": push.kind.value,
        "customerId": push.customer_id,
        "subject": push.subject,
        "points": push.points,
        "state": push.state.value,
        "reason": push.reason,
        "attempts": push.attempts,
        "createdAt": push.created_at,
        "updatedAt": push.updated_at,
    }


def _decode(fields: dict[str, Any]) -> Push:
    return Push(
        id=fields["id"],
        org_id=fields["orgId"],
        kind=PushKind(fields["kind"]),
        customer_id=fields["customerId"],
        subject=fields["subject"],
        points=fields["points"],
        state=PushState(fields["state"]),
        reason=fields["reason"],
        attempts=fields["attempts"],
        created_at=fields["createdAt"],
        updated_at=fields["updatedAt"],
    )
