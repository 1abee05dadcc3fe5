"""Ledger documents: `customers/{id}/ledger/{seq}`, one an entry, and the account inside a customer document."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from google.cloud.firestore import FieldFilter, Query

from lib.domain.ledger import Account, Actor, Balances, Entry, EntryKind, Memo, Source
from lib.domain.lots import Lot, LotChange
from lib.domain.pending import Parcel, ParcelChange
from lib.store.org import OrgStore
from lib.store.transaction import Transaction

PAGE_MAX = 100
# An entry is about 1 kB: a read of this many is some 5 MB.
_CHUNK = 5_000


def append(transaction: Transaction, org: OrgStore, entries: Iterable[Entry]) -> None:
    """Creates the entries; one that already exists fails the whole commit, so no entry is ever overwritten."""
    for entry in entries:
        transaction.create(org.ledger(entry.customer_id).document(document_id(entry.seq)), encode(entry))


def last(transaction: Transaction, org: OrgStore, customer_id: str) -> Entry | None:
    """The newest entry as stored."""
    query = org.ledger(customer_id).order_by("seq", direction=Query.DESCENDING).limit(1)
    return next((decode(found.to_dict() or {}) for found in transaction.query(query)), None)


def page(org: OrgStore, customer_id: str, *, before_seq: int | None = None, limit: int = 20) -> list[Entry]:
    """At most `limit` entries older than `before_seq`, newest first."""
    query = org.ledger(customer_id).order_by("seq", direction=Query.DESCENDING)
    if before_seq is not None:
        query = query.where(filter=FieldFilter("seq", "<", before_seq))
    return [decode(found.to_dict() or {}) for found in query.limit(min(limit, PAGE_MAX)).stream()]


def all_entries(transaction: Transaction, org: OrgStore, customer_id: str) -> list[Entry]:
    """Every entry of one customer, first to last, read in chunks."""
    entries: list[Entry] = []
    while True:
        query = org.ledger(customer_id).where(filter=FieldFilter("seq", ">", len(entries))).order_by("seq")
        chunk = [decode(found.to_dict() or {}) for found in transaction.query(query.limit(_CHUNK))]
        entries += chunk
        if len(chunk) < _CHUNK:
            return entries


def of_expiries(transaction: Transaction, org: OrgStore, customer_id: str, expiries: Iterable[datetime]) -> list[Entry]:
    """What has expired at these instants, and what has come back of it; first to last. A query for each instant.

    Equality filters alone are answered from the indexes that every field has.
    """
    entries: list[Entry] = []
    for expires_at in expiries:
        query = org.ledger(customer_id).where(filter=FieldFilter("source.type", "==", "lot"))
        query = query.where(filter=FieldFilter("occurredAt", "==", expires_at))
        entries += [decode(found.to_dict() or {}) for found in transaction.query(query)]
    return sorted(entries, key=lambda entry: entry.seq)


def document_id(seq: int) -> str:
    """The id of an entry's document: padded, so that consoles and exports list entries in their order."""
    return f"{seq:010d}"


def encode(entry: Entry) -> dict[str, Any]:
    """An entry as its document."""
    memo = entry.memo
    return {
        "orgId": entry.org_id,
        "customerId": entry.customer_id,
        "seq": entry.seq,
        "kind": entry.kind.value,
        "points": entry.points,
        "pending": entry.pending,
        "reserved": entry.reserved,
        "debt": entry.debt,
        "balances": encode_balances(entry.balances),
        "lots": [
            {"id": part.lot_id, "expiresAt": part.expires_at, "points": part.points, "reserved": part.reserved}
            for part in entry.lots
        ],
        **_encode_parcels(entry.parcels),
        "source": {"type": memo.source.type, "id": memo.source.id},
        "key": memo.key,
        "fingerprint": memo.fingerprint,
        "ruleVersion": memo.rule_version,
        "reason": memo.reason,
        "actor": {"type": memo.actor.type, "id": memo.actor.id},
        "occurredAt": memo.occurred_at,
        "recordedAt": entry.recorded_at,
        "prevHash": entry.prev_hash,
        "hash": entry.hash,
    }


def decode(fields: Mapping[str, Any]) -> Entry:
    """The entry of a document written by `encode`."""
    return Entry(
        org_id=fields["orgId"],
        customer_id=fields["customerId"],
        seq=fields["seq"],
        kind=EntryKind(fields["kind"]),
        points=fields["points"],
        pending=fields["pending"],
        reserved=fields["reserved"],
        debt=fields["debt"],
        balances=Balances(**fields["balances"]),
        lots=tuple(
            LotChange(part["id"], part["expiresAt"], part["points"], part["reserved"]) for part in fields["lots"]
        ),
        parcels=tuple(ParcelChange(*_parcel(part)) for part in fields.get("parcels", ())),
        memo=Memo(
            source=Source(**fields["source"]),
            key=fields["key"],
            fingerprint=fields["fingerprint"],
            rule_version=fields["ruleVersion"],
            reason=fields["reason"],
            actor=Actor(**fields["actor"]),
            occurred_at=fields["occurredAt"],
        ),
        recorded_at=fields["recordedAt"],
        prev_hash=fields["prevHash"],
        hash=fields["hash"],
    )


def encode_account(account: Account) -> dict[str, Any]:
    """The account as part of a customer document's `loyalty` map."""
    return {
        "seq": account.seq,
        "headHash": account.head_hash,
        "balances": encode_balances(account.balances),
        "lots": [
            {"id": lot.id, "expiresAt": lot.expires_at, "points": lot.points, "reserved": lot.reserved}
            for lot in account.lots
        ],
        "parcels": [_parcel_fields(parcel.id, parcel) for parcel in account.parcels],
    }


def decode_account(org_id: str, customer_id: str, fields: Mapping[str, Any]) -> Account:
    """The account of a `loyalty` map; the empty account for an empty map."""
    if not fields:
        return Account(org_id, customer_id)
    lots = (Lot(lot["id"], lot["expiresAt"], lot["points"], lot["reserved"]) for lot in fields["lots"])
    return Account(
        org_id=org_id,
        customer_id=customer_id,
        seq=fields["seq"],
        head_hash=fields["headHash"],
        balances=Balances(**fields["balances"]),
        lots=tuple(lots),
        # Accounts from before there were pending periods have no such list.
        parcels=tuple(Parcel(*_parcel(parcel)) for parcel in fields.get("parcels", ())),
    )


def encode_balances(balances: Balances) -> dict[str, int]:
    """The four figures under their own names."""
    return {
        "available": balances.available,
        "pending": balances.pending,
        "reserved": balances.reserved,
        "debt": balances.debt,
    }


def _encode_parcels(changes: Sequence[ParcelChange]) -> dict[str, Any]:
    return {"parcels": [_parcel_fields(part.parcel_id, part) for part in changes]} if changes else {}


def _parcel_fields(parcel_id: str, parcel: Parcel | ParcelChange) -> dict[str, Any]:
    dates = {"releaseAt": parcel.release_at, "expiresAt": parcel.expires_at}
    return {"id": parcel_id, **dates, "points": parcel.points}


def _parcel(fields: Mapping[str, Any]) -> tuple[str, datetime, datetime | None, int]:
    return fields["id"], fields["releaseAt"], fields["expiresAt"], fields["points"]
