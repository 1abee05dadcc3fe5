"""Orders that could not be decided, `tenants/{org}/inbox/order:{orderId}`: kept once, with the reason, for a person.

The document holds what the decision looks at and nothing about who bought what: a replay reads the order again.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from google.cloud.firestore import DocumentReference

from lib.domain.accrual import Occasion
from lib.domain.ids import is_id
from lib.domain.orders import Flaw, Revision
from lib.store import accruals
from lib.store.client import database
from lib.store.org import OrgStore
from lib.store.transaction import Snapshot, Transaction

_KIND = "order"
_PAYLOAD_FIELDS = (
    *("status", "paymentStatus", "mode", "source", "createdAt", "totals", "total", "subtotal", "tax", "amount"),
    *("orgId", "brandId", "organizationId", "dispensaryId", "retailerId", "customerId"),
)
_TEXT_LENGTH_MAX = 200
_MAP_SIZE_MAX = 20


def item_id(order_id: str) -> str:
    """The id of the inbox document of an order."""
    return f"{_KIND}:{order_id}"


def order_id_of(item: str) -> str | None:
    """The order an inbox document is about, None when it is about something else."""
    kind, _, order_id = item.partition(":")
    return order_id if kind == _KIND and is_id(order_id) else None


@dataclass(frozen=True, slots=True)
class Kept:
    """A state of an order that could not be decided: why, which field's fault it is, and the order's fields."""

    order_id: str
    flaw: Flaw
    pointer: str
    fields: Mapping[str, Any]
    revision: Revision


def versions(orders: Iterable[tuple[OrgStore, str]]) -> dict[tuple[OrgStore, str], str]:
    """The states of these orders that were last kept or worked in their inboxes, as of now and outside of a
    transaction; "" for orders that never were. One read an order."""
    asked = {_reference(org, order_id).path: (org, order_id) for org, order_id in orders}
    references = [_reference(org, order_id) for org, order_id in asked.values()]
    found = database().get_all(references, field_paths=["orderVersion"]) if references else ()
    return {asked[snapshot.reference.path]: _version(snapshot) for snapshot in found}


def keep(transaction: Transaction, org: OrgStore, kept: Kept, now: datetime) -> bool:
    """Keeps a state of an order for review; False if this or a later one was kept, worked or recorded already."""
    reference = _reference(org, kept.order_id)
    known, recorded = transaction.get([reference, accruals.reference(org, kept.order_id)])
    # Not decoded: a damaged record may be the very reason for keeping the order.
    if max(_version(known), _version(recorded)) >= kept.revision.text:
        return False
    transaction.replace(
        reference,
        {
            "id": reference.id,
            "orgId": org.org_id,
            "kind": _KIND,
            "orderId": kept.order_id,
            "orderVersion": kept.revision.text,
            "reason": kept.flaw.value,
            "pointer": kept.pointer,
            "payload": {name: _cropped(kept.fields[name]) for name in _PAYLOAD_FIELDS if name in kept.fields},
            "status": "open",
            "receivedAt": now,
            "replayedAt": None,
        },
    )
    return True


def close(transaction: Transaction, org: OrgStore, order_id: str, occasion: Occasion) -> bool:
    """Marks the order as replayed, because this state of it has been worked; False if none was open, or only a later
    one. One read."""
    reference = _reference(org, order_id)
    found = transaction.get([reference])[0]
    if (found.to_dict() or {}).get("status") != "open" or _version(found) > occasion.revision.text:
        return False
    fields = {"status": "replayed", "orderVersion": occasion.revision.text, "replayedAt": occasion.now}
    transaction.update(reference, fields)
    return True


def _reference(org: OrgStore, order_id: str) -> DocumentReference:
    return org.document("inbox", item_id(order_id))


def _version(document: Snapshot) -> str:
    return str((document.to_dict() or {}).get("orderVersion", ""))


def _cropped(value: Any) -> Any:
    """A value small enough to keep: scalars, cropped text, one level of a map of scalars."""
    if isinstance(value, str):
        return value[:_TEXT_LENGTH_MAX]
    if isinstance(value, Mapping):
        scalars = {name[:_TEXT_LENGTH_MAX]: _cropped(part) for name, part in list(value.items())[:_MAP_SIZE_MAX]}
        return {name: part for name, part in scalars.items() if not isinstance(part, dict)}
    return value if value is None or isinstance(value, bool | int | float | datetime) else f"<{type(value).__name__}>"
