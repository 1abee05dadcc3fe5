"""How far the pulls of each till have come: `tenants/{org}/pos_pulls/{locationId}` and the marks below it.

Billed for a pull that finds nothing new: 2 reads and 3 writes, however many orders and customers were listed; and one
read and one write more for every bucket in which something is new. An org's other tills cost a read each.
"""

import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from google.cloud.firestore import DocumentReference

from lib.domain import pulls
from lib.domain.leases import is_held
from lib.domain.pulls import Window
from lib.store.org import OrgStore
from lib.store.transaction import Transaction, run

# Marks of orders are of no use any more once no window reaches back to them; a pull that misses them reads the orders.
_KEPT = timedelta(days=60)


@dataclass(frozen=True, slots=True)
class Pull:
    """A pull that is ours to go on with until its lease ends. `digests`: of buckets, as the last complete pull left
    them; `counts`: of what this one has done in earlier tasks. `last_complete_at`: None for a till that is read for the
    first time, or anew because somebody has deleted its document."""

    location_id: str
    holder: str
    window: Window
    digests: Mapping[str, str]
    counts: Mapping[str, int]
    last_complete_at: datetime | None = None

    @property
    def behind_since(self) -> datetime:
        """When the last pull that came to its end began, or this one, if there was none."""
        return self.last_complete_at or self.window.started_at


def begin(org: OrgStore, location_id: str, now: datetime, lease: timedelta) -> Pull | None:
    """Begins a pull, or goes on with one that was interrupted; None while another task is at it."""
    holder = uuid.uuid4().hex

    def work(transaction: Transaction) -> Pull | None:
        reference = _reference(org, location_id)
        fields = transaction.get([reference])[0].to_dict() or {}
        if is_held(fields.get("leaseUntil"), now, lease):
            return None
        window = _window(fields.get("window")) or pulls.window(fields.get("lastSyncAt"), now)
        claimed = {
            "id": location_id,
            "orgId": org.org_id,
            "state": "running",
            "window": _encoded(window),
            "leaseBy": holder,
            "leaseUntil": now + lease,
            "attemptedAt": now,
        }
        transaction.merge(reference, claimed)
        going_on = fields.get("window") is not None
        return Pull(
            location_id=location_id,
            holder=holder,
            window=window,
            digests=fields.get("digests") or {},
            counts=(fields.get("counts") or {}) if going_on else {},
            last_complete_at=fields.get("lastSyncAt"),
        )

    return run(work)


def pause(org: OrgStore, pull: Pull, window: Window, digests: Mapping[str, str], counts: Mapping[str, int]) -> None:
    """Leaves the rest of the window to another task."""
    left = {"window": _encoded(window), "digests": dict(digests), "counts": dict(counts)}
    _release(org, pull, left)


def complete(org: OrgStore, pull: Pull, digests: Mapping[str, str], counts: Mapping[str, int], now: datetime) -> None:
    """Moves the cursor: everything of the window has been read. `integrations/pos` tells the dashboard the oldest
    cursor of the org's tills."""
    done = {
        "state": "done",
        "reason": None,
        "failures": 0,
        "window": None,
        "digests": dict(digests),
        "counts": dict(counts),
        "lastSyncAt": pull.window.started_at,
        "finishedAt": now,
    }

    def work(transaction: Transaction) -> None:
        others = {found.id: found for found in transaction.query(org.collection("pos_pulls").select(_CURSOR))}
        own = others.pop(pull.location_id, None)
        if own is None or own.get("leaseBy") != pull.holder:
            return
        cursors = [pull.window.started_at, *(_cursor(found.to_dict() or {}) for found in others.values())]
        transaction.merge(_reference(org, pull.location_id), {**done, "leaseBy": None, "leaseUntil": None})
        told = {
            "orgId": org.org_id,
            "provider": "alleaves",
            "lastSyncAt": min((cursor for cursor in cursors if cursor), default=None),
            "lastSyncStatus": "success",
            "updatedAt": now,
        }
        transaction.merge(org.document("integrations", "pos"), told)

    run(work)


def fail(org: OrgStore, pull: Pull, reason: str, now: datetime) -> int:
    """Takes down that the pull has failed, and leaves the cursor and what is left of the window; how many have failed
    in a row by now."""

    def work(transaction: Transaction) -> int:
        fields = transaction.get([_reference(org, pull.location_id)])[0].to_dict() or {}
        failures = int(fields.get("failures") or 0) + 1
        # The next pull begins anew: what this one has listed may have changed by then.
        failed = {"state": "failed", "reason": reason, "failures": failures, "failedAt": now, "window": None}
        transaction.merge(_reference(org, pull.location_id), {**failed, "leaseBy": None, "leaseUntil": None})
        told = {"orgId": org.org_id, "lastSyncStatus": "error", "lastSyncError": reason, "updatedAt": now}
        transaction.merge(org.document("integrations", "pos"), told)
        return failures

    return run(work)


def switch_off(org: OrgStore, pull: Pull, reason: str) -> None:
    """Takes down why the till is not pulled."""
    _release(org, pull, {"state": "off", "reason": reason, "window": None})


def marks(org: OrgStore, location_id: str, bucket: str) -> dict[str, str]:
    """The marks of a bucket by record id; empty when there are none yet. One read."""
    fields = _bucket(org, location_id, bucket).get().to_dict() or {}
    return dict(fields.get("marks") or {})


def save_marks(org: OrgStore, location_id: str, bucket: str, marks: Mapping[str, str], now: datetime) -> None:
    """Writes the marks of a bucket whole. One write."""
    is_of_orders = bucket.startswith("orders-")
    fields = {"marks": dict(marks), "updatedAt": now, "expiresAt": now + _KEPT if is_of_orders else None}
    run(lambda transaction: transaction.replace(_bucket(org, location_id, bucket), fields))


def _release(org: OrgStore, pull: Pull, fields: Mapping[str, Any]) -> None:
    def work(transaction: Transaction) -> None:
        found = transaction.get([_reference(org, pull.location_id)])[0].to_dict() or {}
        if found.get("leaseBy") == pull.holder:
            transaction.merge(_reference(org, pull.location_id), {**fields, "leaseBy": None, "leaseUntil": None})

    run(work)


_CURSOR: Iterable[str] = ("state", "lastSyncAt", "leaseBy")


def _cursor(fields: Mapping[str, Any]) -> datetime | None:
    """Where a till's cursor stands; that of one which is not pulled holds nobody up."""
    return None if fields.get("state") == "off" else fields.get("lastSyncAt")


def _encoded(window: Window) -> dict[str, Any]:
    following = window.following.isoformat() if window.following else None
    return {"startedAt": window.started_at, "end": window.end.isoformat(), "following": following}


def _window(fields: Mapping[str, Any] | None) -> Window | None:
    if not fields:
        return None
    following = date.fromisoformat(fields["following"]) if fields["following"] else None
    return Window(fields["startedAt"], date.fromisoformat(fields["end"]), following)


def _reference(org: OrgStore, location_id: str) -> DocumentReference:
    return org.document("pos_pulls", location_id)


def _bucket(org: OrgStore, location_id: str, bucket: str) -> DocumentReference:
    return org.document("pos_pulls", location_id, "pos_marks", bucket)
