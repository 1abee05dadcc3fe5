"""Accrual records, `tenants/{org}/accruals/{orderId}`: what each order has granted."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from google.cloud.firestore import DocumentReference, FieldFilter, Query

from lib.domain.counting import Count, Extremes
from lib.domain.errors import FailedPrecondition
from lib.domain.grants import Accrual, Rate, Share
from lib.store.client import database
from lib.store.org import OrgStore
from lib.store.transaction import Snapshot, Transaction

# Orders of one customer that one transaction can take in.
OF_CUSTOMER_MAX = 10_000


def reference(org: OrgStore, order_id: str) -> DocumentReference:
    """Where the record of this order is kept."""
    return org.document("accruals", order_id)


def customer_of(org: OrgStore, order_id: str) -> str | None:
    """To whom the order has been granted, as of now and outside of a transaction; None when it has not. One read."""
    fields = reference(org, order_id).get(field_paths=["customerId"]).to_dict() or {}
    return fields.get("customerId")


def of_orders(orders: Iterable[tuple[OrgStore, str]]) -> dict[tuple[OrgStore, str], Accrual]:
    """The records of these orders as of now and outside of a transaction; those that are absent, or damaged, are left
    out. One read an order."""
    asked = {reference(org, order_id).path: (org, order_id) for org, order_id in orders}
    found: dict[tuple[OrgStore, str], Accrual] = {}
    references = [reference(org, order_id) for org, order_id in asked.values()]
    for snapshot in database().get_all(references) if references else ():
        try:
            accrual = decode(snapshot)
        except (KeyError, TypeError, ValueError, ArithmeticError):
            continue
        if accrual:
            found[asked[snapshot.reference.path]] = accrual
    return found


def load(transaction: Transaction, org: OrgStore, order_id: str) -> Accrual | None:
    """The record of this order, None when it has none."""
    return decode(transaction.get([reference(org, order_id)])[0])


def save(transaction: Transaction, org: OrgStore, accrual: Accrual, now: datetime) -> None:
    """Writes the record whole."""
    transaction.replace(reference(org, accrual.order_id), encode(accrual, now))


def others(transaction: Transaction, org: OrgStore, customer_id: str, order_id: str) -> Extremes:
    """The first and the last of a customer's counted orders but this one: at most four reads."""
    counted = _counted(org, customer_id)
    ends = [
        _other_than(order_id, transaction.query(counted.order_by("orderedAt", direction=direction).limit(2)))
        for direction in (Query.ASCENDING, Query.DESCENDING)
    ]
    return Extremes(*ends)


def in_range(
    transaction: Transaction, org: OrgStore, customer_id: str, since: datetime, until: datetime, limit: int
) -> list[Accrual]:
    """The first records of a customer whose orders count and were placed from `since` on and before `until`, oldest
    first."""
    query = _counted(org, customer_id).where(filter=FieldFilter("orderedAt", ">=", since))
    query = query.where(filter=FieldFilter("orderedAt", "<", until)).order_by("orderedAt").limit(limit)
    return [accrual for snapshot in transaction.query(query) if (accrual := decode(snapshot))]


def paused_ids(org: OrgStore, after: str | None, limit: int) -> list[str]:
    """The next orders, by id, that earn nothing because they were placed during a pause. One read an order."""
    paused = org.collection("accruals").where(filter=FieldFilter("rate.paused", "==", True))
    query = paused.order_by("__name__").select([]).limit(limit)
    page = query.start_after({"__name__": reference(org, after)}) if after else query
    return [found.id for found in page.stream()]


def of_customer(transaction: Transaction, org: OrgStore, customer_id: str) -> list[Accrual]:
    """Every record of a customer, in no order. Raises FailedPrecondition for more than `OF_CUSTOMER_MAX`."""
    query = org.collection("accruals").where(filter=FieldFilter("customerId", "==", customer_id))
    found = [decode(snapshot) for snapshot in transaction.query(query.limit(OF_CUSTOMER_MAX + 1))]
    if len(found) > OF_CUSTOMER_MAX:
        raise FailedPrecondition("this customer has too many orders to add up", reason="too_many_orders")
    return [accrual for accrual in found if accrual]


def encode(accrual: Accrual, now: datetime) -> dict[str, Any]:
    """A record as its document; decimals as text, so that they stay exact."""
    count, rate = accrual.count, accrual.rate
    return {
        "orderId": accrual.order_id,
        "orderVersion": accrual.revision,
        "customerId": accrual.customer_id,
        "userId": accrual.user_id,
        "overruledCustomerId": accrual.overruled_id,
        "status": "granted" if count else "none",
        "counted": count is not None,
        "spendCents": count.spend_cents if count else 0,
        "orderedAt": count.ordered_at if count else None,
        "points": accrual.points,
        "carriedPoints": accrual.carried_points,
        "lots": [_encode_share(share) for share in accrual.lots],
        "rate": _encode_rate(rate) if rate else None,
        "ruleVersion": accrual.rule_version,
        "seqs": list(accrual.seqs),
        "reversals": accrual.reversals,
        "createdAt": accrual.created_at,
        "updatedAt": now,
    }


def decode(snapshot: Snapshot) -> Accrual | None:
    """The record of a document written by `encode`; None when there is none."""
    if not snapshot.exists:
        return None
    fields: Mapping[str, Any] = snapshot.to_dict() or {}
    return Accrual(
        order_id=fields["orderId"],
        revision=fields["orderVersion"],
        customer_id=fields["customerId"],
        user_id=fields["userId"],
        overruled_id=fields["overruledCustomerId"],
        count=Count(fields["spendCents"], fields["orderedAt"]) if fields["counted"] else None,
        points=fields["points"],
        carried_points=fields["carriedPoints"],
        lots=tuple(Share(lot["id"], lot["expiresAt"], lot["points"], lot.get("releaseAt")) for lot in fields["lots"]),
        rate=_decode_rate(fields["rate"]) if fields["rate"] else None,
        rule_version=fields["ruleVersion"],
        seqs=tuple(fields["seqs"]),
        reversals=fields["reversals"],
        created_at=fields["createdAt"],
    )


def _counted(org: OrgStore, customer_id: str) -> Query:
    return (
        org.collection("accruals")
        .where(filter=FieldFilter("customerId", "==", customer_id))
        .where(filter=FieldFilter("counted", "==", True))
    )


def _other_than(order_id: str, found: list[Snapshot]) -> datetime | None:
    moments = [snapshot.get("orderedAt") for snapshot in found if snapshot.id != order_id]
    return moments[0] if moments else None


def _encode_share(share: Share) -> dict[str, Any]:
    released_later = {"releaseAt": share.release_at} if share.release_at else {}
    return {"id": share.id, "expiresAt": share.expires_at, "points": share.points, **released_later}


def _encode_rate(rate: Rate) -> dict[str, Any]:
    return {
        "pointsPerDollar": str(rate.points_per_dollar),
        "multiplier": str(rate.multiplier),
        "base": rate.base,
        "expiresAt": rate.expires_at,
        "paused": rate.paused,
        "releaseAt": rate.release_at,
    }


def _decode_rate(fields: Mapping[str, Any]) -> Rate:
    return Rate(
        points_per_dollar=Decimal(fields["pointsPerDollar"]),
        multiplier=Decimal(fields["multiplier"]),
        base=fields["base"],
        expires_at=fields["expiresAt"],
        paused=fields["paused"],
        release_at=fields.get("releaseAt"),
    )
