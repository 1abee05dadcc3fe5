"""How far a sweep has come, `tenants/_system/sweeps/{name}`, and the pages of orders that it looks at.

One sweep at a time: whoever works holds a lease, and whoever finds it held leaves. A lease that nobody has renewed is
over, so a sweep that died is gone on with from its last checkpoint.
"""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from google.cloud.firestore import DocumentReference, FieldFilter

from lib.domain import orders as reading
from lib.domain.leases import is_held
from lib.domain.sweeps import PROBES, Pass, Position, Progress
from lib.store import orders
from lib.store.orders import StoredOrder
from lib.store.org import SYSTEM, OrgStore
from lib.store.transaction import Transaction, run

_PROJECTION = (*reading.FIELDS, "updatedAt")


@dataclass(frozen=True, slots=True)
class Lease:
    """The right to work, until it is taken by another because it has run out."""

    name: str
    holder: str
    progress: Progress


def claim(name: str, now: datetime, duration: timedelta) -> Lease | None:
    """The sweep's progress and the right to go on with it; None while another holds it. One read and one write."""
    holder = uuid.uuid4().hex

    def work(transaction: Transaction) -> Lease | None:
        reference = _reference(name)
        fields = transaction.get([reference])[0].to_dict() or {}
        if is_held(fields.get("leaseUntil"), now, duration):
            return None
        progress = _decode(fields)
        transaction.replace(reference, _encode(name, progress, now, holder, now + duration))
        return Lease(name, holder, progress)

    return run(work)


def save(lease: Lease, progress: Progress, now: datetime, until: datetime | None) -> bool:
    """Takes the progress down and keeps the lease until then, or gives it back; False when another holds it by now,
    with nothing written. One read and one write."""

    def work(transaction: Transaction) -> bool:
        reference = _reference(lease.name)
        if (transaction.get([reference])[0].to_dict() or {}).get("leaseBy") != lease.holder:
            return False
        transaction.replace(reference, _encode(lease.name, progress, now, lease.holder if until else None, until))
        return True

    return run(work)


def page(current: Pass, limit: int) -> tuple[list[StoredOrder], Position | None]:
    """The next orders of a pass, whichever org they are of, with the fields that decide; and the position after them,
    None when the probe has no more. One read an order, and one for none."""
    probe, org = PROBES[current.probe], OrgStore(SYSTEM)
    query = (
        org.orders_of_all()
        .where(filter=FieldFilter(probe.field, ">=", probe.bound(current.since)))
        .where(filter=FieldFilter(probe.field, "<", probe.bound(current.until)))
        .order_by(probe.field)
        .order_by("__name__")
        .select(_PROJECTION)
        .limit(limit)
    )
    if current.after:
        query = query.start_after({probe.field: current.after.value, "__name__": org.order(current.after.order_id)})
    found = list(query.stream())
    last = Position(found[-1].get(probe.field), found[-1].id) if len(found) == limit else None
    return [orders.decode(snapshot) for snapshot in found], last


def _reference(name: str) -> DocumentReference:
    return OrgStore(SYSTEM).document("sweeps", name)


def _encode(name: str, progress: Progress, now: datetime, holder: str | None, until: datetime | None) -> dict[str, Any]:
    current = progress.current
    return {
        "id": name,
        "through": progress.through,
        "deepAt": progress.deep_at,
        "firstAt": progress.first_at,
        "pass": None
        if current is None
        else {
            "startedAt": current.started_at,
            "since": current.since,
            "until": current.until,
            "deep": current.deep,
            "probe": current.probe,
            "after": {"value": current.after.value, "orderId": current.after.order_id} if current.after else None,
            "incomplete": current.incomplete,
        },
        "leaseBy": holder,
        "leaseUntil": until,
        "updatedAt": now,
    }


def _decode(fields: Mapping[str, Any]) -> Progress:
    made = fields.get("pass")
    current = None
    if made:
        after = made["after"]
        current = Pass(
            started_at=made["startedAt"],
            since=made["since"],
            until=made["until"],
            deep=made["deep"],
            probe=made["probe"],
            after=Position(after["value"], after["orderId"]) if after else None,
            incomplete=made["incomplete"],
        )
    return Progress(fields.get("through"), fields.get("deepAt"), current, fields.get("firstAt"))
