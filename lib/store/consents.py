"""Consent logs, `tenants/{org}/consents/{channel:hash}` and its `/events`: what each address agreed and objected to.

The document is what its events add up to (`consent.applied`); events are created and never written over. What the
dashboard's documents say is not copied here, because the dashboard goes on writing them: it is read every time, and the
strictest wins.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from google.cloud.firestore import DocumentReference, FieldFilter, Query

from lib.domain import consent_legacy
from lib.domain.consent import (
    NEVER,
    Channel,
    ConsentEvent,
    ConsentKind,
    ConsentSource,
    ConsentState,
    applied,
    consent_id,
)
from lib.domain.errors import InvariantBroken
from lib.domain.ids import derived_id, is_id
from lib.store.org import OrgStore
from lib.store.transaction import Snapshot, Transaction

_WORDING_LENGTH_MAX = 2000
# Firestore takes at most this many values in an `in` filter.
_ADDRESSES_MAX = 30
_ROWS_MAX = 300
_STATE_FIELDS = {
    "grantedAt": "granted_at",
    "holderGrantedAt": "holder_granted_at",
    "marketingWithdrawnAt": "marketing_withdrawn_at",
    "allWithdrawnAt": "all_withdrawn_at",
    "undeliverableAt": "undeliverable_at",
    "complainedAt": "complained_at",
}


@dataclass(frozen=True, slots=True)
class Asked:
    """Whose consent is asked for: a normalised address, and the customer document that is written to, if any."""

    address: str
    customer_id: str = ""
    profile: Mapping[str, Any] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True)
class Log:
    """The log of one address as a transaction has read it. `repeated`: an event of this cause is in it already."""

    org_id: str
    id: str
    state: ConsentState
    events: int
    event_id: str
    repeated: bool
    stored: bool


def states(
    org: OrgStore, channel: Channel, asked: Sequence[Asked], now: datetime, transaction: Transaction | None = None
) -> list[ConsentState]:
    """What holds for each of them now, in their order: their logs, and what the dashboard's documents say.

    To be asked right before sending, for up to 50 e-mails at once. Reads: one an SMS; for an e-mail two and its rows of
    `customer_unsubscribes`, in a request or two for all. In a transaction if one is given, else as of now.
    """
    if any(not each.address for each in asked):
        raise ValueError("an address is needed to ask for its consent")
    addresses = list(dict.fromkeys(each.address for each in asked))
    logs = [_reference(org, channel, address) for address in addresses]
    mailed = addresses if channel is Channel.EMAIL else []
    suppressions = {address: row for address in mailed if (row := suppression(org, address))}
    found = _documents(org, [*logs, *suppressions.values()], transaction)
    by_address = {address: _decode(found[log.path]) for address, log in zip(addresses, logs, strict=True)}
    for address, row in suppressions.items():
        fields = found[row.path].to_dict()
        # Ours name the org that wrote them; another org's vendor must not silence this one.
        if fields is not None and fields.get("orgId") in (None, org.org_id):
            by_address[address] = applied(by_address[address], consent_legacy.of_suppression(fields, now))
    if channel is Channel.EMAIL:
        for address, rows in _unsubscribes(org, addresses, transaction).items():
            for unsubscribe in rows:
                by_address[address] = applied(by_address[address], consent_legacy.of_unsubscribe(unsubscribe, now))
    return [
        consent_legacy.with_profile(by_address[each.address], each.customer_id, each.profile, channel, now)
        for each in asked
    ]


def read(transaction: Transaction, org: OrgStore, channel: Channel, address: str, cause: str) -> Log:
    """The log, ready to be appended to. `cause` names what happened: the same one is never entered twice. Two reads."""
    reference = _reference(org, channel, address)
    event = org.document("consents", reference.id, "events", derived_id("consent", org.org_id, cause))
    document, entry = transaction.get([reference, event])
    count = (document.to_dict() or {}).get("events", 0)
    return Log(org.org_id, reference.id, _decode(document), count, event.id, entry.exists, document.exists)


def append(
    transaction: Transaction, org: OrgStore, log: Log, event: ConsentEvent, customer_ids: Sequence[str]
) -> ConsentState:
    """Enters an event; what the log adds up to with it. `customer_ids`: the profiles with this address."""
    if log.org_id != org.org_id or log.repeated:
        raise InvariantBroken("an entry of another org, or one that has been made")
    state = applied(log.state, event)
    reference = org.document("consents", log.id)
    channel = log.id.partition(":")[0]
    fields = {
        "id": log.id,
        "orgId": org.org_id,
        "channel": channel,
        **encode_state(state),
        "events": log.events + 1,
        "customerIds": list(customer_ids),
        "updatedAt": event.recorded_at,
    }
    if not log.stored:
        fields["createdAt"] = event.recorded_at
    transaction.merge(reference, fields)
    entry = {"id": log.event_id, "orgId": org.org_id, "consentId": log.id, "channel": channel, **_encode_event(event)}
    transaction.create(org.document("consents", log.id, "events", log.event_id), entry)
    return state


def history(org: OrgStore, channel: Channel, address: str, limit: int) -> list[ConsentEvent]:
    """The newest entries of the log, newest first."""
    entries = org.collection("consents", _reference(org, channel, address).id, "events")
    newest = entries.order_by("recordedAt", direction=Query.DESCENDING).limit(limit)
    return [_decode_event(entry.to_dict() or {}) for entry in newest.stream()]


def suppression(org: OrgStore, email: str) -> DocumentReference | None:
    """Where a suppression of this address is kept; None for an address that cannot name a document (it has a slash)."""
    return org.suppression(email) if is_id(email) else None


def encode_state(state: ConsentState) -> dict[str, Any]:
    """The dates of a state; null for never."""
    dates = {name: getattr(state, attribute) for name, attribute in _STATE_FIELDS.items()}
    return {name: None if moment == NEVER else moment for name, moment in dates.items()}


def _reference(org: OrgStore, channel: Channel, address: str) -> DocumentReference:
    return org.document("consents", consent_id(org.org_id, channel, address))


def _documents(
    org: OrgStore, references: Sequence[DocumentReference], transaction: Transaction | None
) -> dict[str, Snapshot]:
    found = transaction.get(references) if transaction else org.client.get_all(list(references)) if references else ()
    return {snapshot.reference.path: snapshot for snapshot in found}


def _unsubscribes(
    org: OrgStore, addresses: Sequence[str], transaction: Transaction | None
) -> dict[str, list[Mapping[str, Any]]]:
    """Rows by address. A page that may not hold all of them is asked for again in halves: a single address may have
    more rows than anybody reads, but never none."""
    rows: dict[str, list[Mapping[str, Any]]] = defaultdict(list)
    pages = [addresses[start : start + _ADDRESSES_MAX] for start in range(0, len(addresses), _ADDRESSES_MAX)]
    while pages:
        page = pages.pop()
        query = org.unsubscribes().where(filter=FieldFilter("email", "in", list(page))).limit(_ROWS_MAX)
        found = transaction.query(query) if transaction else list(query.stream())
        if len(found) == _ROWS_MAX and len(page) > 1:
            middle = len(page) // 2
            pages += [page[:middle], page[middle:]]
            continue
        for row in found:
            fields = row.to_dict() or {}
            rows[fields["email"]].append(fields)
    return rows


def _decode(document: Snapshot) -> ConsentState:
    fields = document.to_dict() or {}
    dates = {attribute: fields.get(name) for name, attribute in _STATE_FIELDS.items()}
    return ConsentState(**{attribute: moment for attribute, moment in dates.items() if moment is not None})


def _encode_event(event: ConsentEvent) -> dict[str, Any]:
    return {
        "kind": event.kind.value,
        "source": event.source.value,
        "occurredAt": event.occurred_at,
        "recordedAt": event.recorded_at,
        "wording": event.wording[:_WORDING_LENGTH_MAX],
        "actor": event.actor,
    }


def _decode_event(fields: Mapping[str, Any]) -> ConsentEvent:
    return ConsentEvent(
        kind=ConsentKind(fields["kind"]),
        source=ConsentSource(fields["source"]),
        occurred_at=fields["occurredAt"],
        recorded_at=fields["recordedAt"],
        wording=fields["wording"],
        actor=fields["actor"],
    )
