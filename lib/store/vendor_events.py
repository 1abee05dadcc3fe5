"""Vendors' events, `tenants/{org}/inbox/{vendor:key}`: stored once before they are answered, then worked.

Status `received` until then; `worked` with what came of it; `kept` for one that nobody understands, without an end, so
that it can be worked once somebody does. The payload is kept as it came, since vendors document it badly.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from google.cloud.firestore import FieldFilter

from lib.domain.consent import Channel
from lib.domain.ids import canonical_json
from lib.domain.vendor_events import Happened, VendorEvent
from lib.store.client import database
from lib.store.org import OrgStore
from lib.store.transaction import Transaction, run

RECEIVED, WORKED, KEPT = "received", "worked", "kept"

_KEPT_FOR = timedelta(days=90)
_PAYLOAD_LENGTH_MAX = 20_000
_OVERDUE_MAX = 5_000
_TRIED_FOR = timedelta(days=14)
_BATCH_MAX = 200


def keep(org: OrgStore, events: Sequence[tuple[VendorEvent, Mapping[str, Any]]]) -> list[str]:
    """Stores events with their payloads; ids of those that are still to be worked, new or not. One read an event, and
    one write for a new one."""
    waiting: list[str] = []
    for start in range(0, len(events), _BATCH_MAX):
        batch = {event.id: (event, payload) for event, payload in events[start : start + _BATCH_MAX]}

        def work(transaction: Transaction, batch: dict[str, Any] = batch) -> list[str]:
            found = transaction.get([org.document("inbox", item_id) for item_id in batch])
            for snapshot in found:
                if not snapshot.exists:
                    transaction.create(snapshot.reference, org.stamped(_encode(*batch[snapshot.id])))
            return [it.id for it in found if not it.exists or (it.to_dict() or {}).get("status") == RECEIVED]

        waiting += run(work)
    return waiting


def load(transaction: Transaction, org: OrgStore, item_id: str) -> VendorEvent | None:
    """The event; None when there is none of this id, or it has been worked. One read."""
    fields = transaction.get([org.document("inbox", item_id)])[0].to_dict() or {}
    return _decode(fields) if fields.get("status") == RECEIVED and "happened" in fields else None


def close(transaction: Transaction, org: OrgStore, event: VendorEvent, outcome: str, now: datetime) -> None:
    """Marks the event as worked. `outcome`: a word for what came of it; `unknown_event` keeps it."""
    status, expires_at = (KEPT, None) if event.happened is Happened.OTHER else (WORKED, now + _KEPT_FOR)
    fields = {"status": status, "outcome": outcome, "workedAt": now, "expiresAt": expires_at}
    transaction.update(org.document("inbox", event.id), fields)


def overdue(before: datetime) -> Iterator[tuple[str, str]]:
    """(org id, item id) of events received before this moment and not worked yet, the oldest first. One read each.

    What could not be worked for two weeks stays where it is, for a person: it must not hold up what came since.
    """
    waiting = database().collection_group("inbox").where(filter=FieldFilter("status", "==", RECEIVED))
    late = waiting.where(filter=FieldFilter("receivedAt", ">", before - _TRIED_FOR))
    query = late.where(filter=FieldFilter("receivedAt", "<=", before)).order_by("receivedAt").limit(_OVERDUE_MAX)
    for found in query.select(["receivedAt"]).stream():
        # tenants/{org}/inbox/{id}: the path says whose it is, and others may have collections of that name too.
        path = found.reference.path.split("/")
        if len(path) == 4 and path[0] == "tenants":
            yield path[1], path[3]


def _encode(event: VendorEvent, payload: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "id": event.id,
        "kind": event.vendor,
        "key": event.key,
        "channel": event.channel.value,
        "happened": event.happened.value,
        "event": event.name,
        "at": event.at,
        "messageId": event.message_id,
        "providerId": event.provider_id,
        "address": event.address,
        "permanent": event.permanent,
        "reason": event.reason,
        "text": event.text,
        # As text, because vendors nest deeper than Firestore stores, and name fields as it does not.
        "payload": canonical_json(payload)[:_PAYLOAD_LENGTH_MAX],
        "status": RECEIVED,
        "outcome": None,
        "receivedAt": event.received_at,
        "workedAt": None,
        "expiresAt": None,
    }


def _decode(fields: Mapping[str, Any]) -> VendorEvent:
    return VendorEvent(
        vendor=fields["kind"],
        key=fields["key"],
        channel=Channel(fields["channel"]),
        happened=Happened(fields["happened"]),
        name=fields["event"],
        at=fields["at"],
        received_at=fields["receivedAt"],
        message_id=fields["messageId"],
        provider_id=fields["providerId"],
        address=fields["address"],
        permanent=fields["permanent"],
        reason=fields["reason"],
        text=fields["text"],
    )
