"""A till's webhook events, `tenants/{org}/inbox/alleaves:{key}`: stored once, before anything is done about them.

What an event says of people and money is not kept, since nobody believes it: what has changed is asked for.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from google.cloud.firestore import FieldFilter

from lib.store.org import OrgStore
from lib.store.transaction import Transaction, run

_KIND = "alleaves"
_KEPT = timedelta(days=90)
_OPEN_MAX = 100


@dataclass(frozen=True, slots=True)
class Hint:
    """That something about an order or a customer has changed. `name`: order.updated; `at`: when they say so."""

    key: str
    name: str
    subject: str
    subject_id: str | None
    location_id: str | None
    at: datetime | None


def item_id(key: str) -> str:
    """The id of the inbox document of an event."""
    return f"{_KIND}:{key}"


def keep(org: OrgStore, hint: Hint, now: datetime) -> bool:
    """Stores the event; whether there is anything left to do about it. One read, and one write for a new one."""
    reference = org.document("inbox", item_id(hint.key))
    fields = {
        "id": reference.id,
        "orgId": org.org_id,
        "kind": _KIND,
        "event": hint.name,
        "subject": hint.subject,
        "subjectId": hint.subject_id,
        "locationId": hint.location_id,
        "at": hint.at,
        "status": "open",
        "outcome": None,
        "receivedAt": now,
        "workedAt": None,
        "expiresAt": now + _KEPT,
    }

    def work(transaction: Transaction) -> bool:
        known = transaction.get([reference])[0].to_dict()
        if known is None:
            transaction.create(reference, fields)
        return known is None or known.get("status") == "open"

    return run(work)


def load(org: OrgStore, key: str) -> Hint | None:
    """The event, None when it is none or has been worked. One read."""
    fields = org.document("inbox", item_id(key)).get().to_dict() or {}
    if fields.get("kind") != _KIND or fields.get("status") != "open":
        return None
    return Hint(key, fields["event"], fields["subject"], fields["subjectId"], fields["locationId"], fields["at"])


def close(org: OrgStore, key: str, outcome: str, now: datetime) -> None:
    """Marks the event as worked. `outcome`: a word for what came of it. One write."""
    fields = {"status": "worked", "outcome": outcome, "workedAt": now}
    run(lambda transaction: transaction.update(org.document("inbox", item_id(key)), fields))


def close_covered(org: OrgStore, since: datetime, now: datetime) -> int:
    """Closes events received before a pull began that has seen everything; how many. One read if there are none."""
    waiting = org.collection("inbox").where(filter=FieldFilter("kind", "==", _KIND))
    waiting = waiting.where(filter=FieldFilter("status", "==", "open")).limit(_OPEN_MAX)
    covered = [found for found in waiting.stream() if found.get("receivedAt") < since]
    for found in covered:
        close(org, found.id.removeprefix(f"{_KIND}:"), "pulled", now)
    return len(covered)
