"""Discrepancies, `tenants/{org}/discrepancies/{customerId}`: the queue of differences for staff, one a customer."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from google.cloud.firestore import DocumentReference, FieldFilter, Query

from lib.domain.discrepancies import Discrepancy, Figures, Resolution, Standing
from lib.domain.entries import Actor
from lib.store.org import OrgStore
from lib.store.transaction import Snapshot, Transaction


def reference(org: OrgStore, customer_id: str) -> DocumentReference:
    """Where the customer's discrepancy is kept."""
    return org.document("discrepancies", customer_id)


def load(org: OrgStore, customer_id: str) -> Discrepancy | None:
    """The customer's discrepancy, outside of a transaction. One read."""
    return decode(reference(org, customer_id).get())


def save(transaction: Transaction, org: OrgStore, discrepancy: Discrepancy) -> None:
    """Writes it whole."""
    transaction.replace(reference(org, discrepancy.customer_id), encode(org, discrepancy))


def page(org: OrgStore, standing: Standing | None, after: str | None, limit: int) -> list[Discrepancy]:
    """Discrepancies, the one that changed last first; `after`: the customer of the last one seen. One read each, and
    one for `after`."""
    query: Query = org.collection("discrepancies").order_by("updatedAt", direction=Query.DESCENDING)
    if standing is not None:
        query = query.where(filter=FieldFilter("state", "==", standing.value))
    if after is not None:
        last = reference(org, after).get()
        query = query.start_after(last) if last.exists else query
    return [found for found in map(decode, query.limit(limit).stream()) if found]


def of_run(org: OrgStore, run_id: str, limit: int) -> list[Discrepancy]:
    """Those that a run has found or ended, the greatest first. One read each."""
    query = org.collection("discrepancies").where(filter=FieldFilter("runId", "==", run_id)).limit(limit)
    found = [each for each in map(decode, query.stream()) if each]
    return sorted(found, key=lambda each: (-abs(each.difference), each.customer_id))


def count(org: OrgStore, standing: Standing) -> int:
    """How many there are. A read a thousand."""
    # The client library's annotations leave out that `get` is a method.
    counting: Any = org.collection("discrepancies").where(filter=FieldFilter("state", "==", standing.value)).count()
    return int(counting.get()[0][0].value)


def encode(org: OrgStore, discrepancy: Discrepancy) -> dict[str, Any]:
    """A discrepancy as its document."""
    figures = discrepancy.figures
    is_closed = discrepancy.standing is Standing.RESOLVED
    return {
        "customerId": discrepancy.customer_id,
        "orgId": org.org_id,
        "state": discrepancy.standing.value,
        "resolution": discrepancy.resolution.value if discrepancy.resolution else None,
        "calculated": figures.calculated,
        "alpine": figures.alpine,
        "stored": figures.stored,
        "calculatedAsOf": figures.calculated_as_of,
        "alpineAsOf": figures.alpine_as_of,
        "difference": discrepancy.difference,
        "remaining": discrepancy.remaining,
        "ratio": discrepancy.ratio,
        "stale": discrepancy.stale,
        "hindrance": discrepancy.hindrance,
        "by": {"type": discrepancy.actor.type, "id": discrepancy.actor.id},
        "reason": discrepancy.note,
        "runId": discrepancy.run_id,
        "openedAt": discrepancy.opened_at,
        "updatedAt": discrepancy.updated_at,
        "resolvedAt": discrepancy.updated_at if is_closed else None,
        "history": [dict(line) for line in discrepancy.history],
    }


def decode(snapshot: Snapshot) -> Discrepancy | None:
    """The discrepancy of a document written by `encode`; None when there is none."""
    if not snapshot.exists:
        return None
    fields: Mapping[str, Any] = snapshot.to_dict() or {}
    updated_at: datetime = fields["updatedAt"]
    return Discrepancy(
        customer_id=snapshot.id,
        standing=Standing(fields["state"]),
        figures=Figures(
            calculated=fields["calculated"],
            alpine=fields["alpine"],
            stored=fields["stored"],
            calculated_as_of=fields["calculatedAsOf"],
            alpine_as_of=fields["alpineAsOf"],
        ),
        difference=fields["difference"],
        remaining=fields["remaining"],
        ratio=fields["ratio"],
        stale=fields["stale"],
        run_id=fields["runId"],
        updated_at=updated_at,
        opened_at=fields["openedAt"],
        actor=Actor(**fields["by"]),
        resolution=Resolution(fields["resolution"]) if fields["resolution"] else None,
        hindrance=fields["hindrance"],
        note=fields["reason"],
        history=tuple(fields["history"]),
    )
