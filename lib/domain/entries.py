"""One line of the ledger: why points moved, by how much, which points, what was so afterwards, and a seal over it all.

Points are integers. Times are UTC.
"""

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from lib.domain.ids import canonical_json
from lib.domain.lots import LotChange
from lib.domain.pending import ParcelChange

GENESIS_HASH = "0" * 64


class EntryKind(StrEnum):
    """Why points moved."""

    EARN = "earn"
    RELEASE = "release"
    CLAWBACK = "clawback"
    HOLD = "hold"
    CAPTURE = "capture"
    VOID = "void"
    REINSTATE = "reinstate"
    EXPIRE = "expire"
    UNEXPIRE = "unexpire"
    ADJUST = "adjust"
    BONUS = "bonus"
    RECONCILE = "reconcile"
    TRANSFER = "transfer"


@dataclass(frozen=True, slots=True)
class Balances:
    """available: can be spent; pending: earned, not yet released; reserved: set aside by holds; debt: owed after a
    clawback that the balance could not cover. None is ever negative."""

    available: int = 0
    pending: int = 0
    reserved: int = 0
    debt: int = 0


@dataclass(frozen=True, slots=True)
class Source:
    """What an entry comes from: ("order", order id), ("redemption", its id), ("adjustment", key), ("opening", id),
    ("birthday", "2027") or another occasion, or ("lot", its id) and ("parcel", its id) for what time alone has done, or
    an order has undone of it."""

    type: str
    id: str


@dataclass(frozen=True, slots=True)
class Actor:
    """Who caused it: ("system", "on_order_written"), ("staff", uid), ("customer", uid)."""

    type: str
    id: str


CLOCK = Actor("system", "clock")
"""Who does what time alone brings about."""


@dataclass(frozen=True, slots=True)
class Memo:
    """What an entry says about itself besides numbers. `key` is permanent and unique in the customer's ledger."""

    source: Source
    key: str
    fingerprint: str
    rule_version: str
    reason: str
    actor: Actor
    occurred_at: datetime


@dataclass(frozen=True, slots=True)
class Entry:
    """One line. `points` is the signed change of available; `pending`, `reserved` and `debt` are changes too.

    lots, parcels: which points moved. What is available or reserved lies in lots, what is pending in parcels.
    """

    org_id: str
    customer_id: str
    seq: int
    kind: EntryKind
    points: int
    pending: int
    reserved: int
    debt: int
    balances: Balances
    lots: tuple[LotChange, ...]
    parcels: tuple[ParcelChange, ...]
    memo: Memo
    recorded_at: datetime
    prev_hash: str
    hash: str


def entry_hash(entry: Entry) -> str:
    """SHA-256 over everything an entry says and its predecessor's hash; `entry.hash` itself is left out."""
    memo, balances = entry.memo, entry.balances
    content: dict[str, Any] = {
        "orgId": entry.org_id,
        "customerId": entry.customer_id,
        "seq": entry.seq,
        "kind": entry.kind.value,
        "changes": [entry.points, entry.pending, entry.reserved, entry.debt],
        "balances": [balances.available, balances.pending, balances.reserved, balances.debt],
        "lots": [[part.lot_id, _instant(part.expires_at), part.points, part.reserved] for part in entry.lots],
        "source": [memo.source.type, memo.source.id],
        "key": memo.key,
        "fingerprint": memo.fingerprint,
        "ruleVersion": memo.rule_version,
        "reason": memo.reason,
        "actor": [memo.actor.type, memo.actor.id],
        "occurredAt": _instant(memo.occurred_at),
        "recordedAt": _instant(entry.recorded_at),
        "prevHash": entry.prev_hash,
    }
    if entry.parcels:
        # Only where there are any: entries from before there were parcels keep their seal.
        content["parcels"] = [
            [part.parcel_id, _instant(part.release_at), _instant(part.expires_at), part.points]
            for part in entry.parcels
        ]
    return hashlib.sha256(canonical_json(content).encode()).hexdigest()


def _instant(moment: datetime | None) -> str | None:
    # Firestore keeps microseconds and returns UTC, so this text survives a round trip through a document.
    return moment.astimezone(UTC).isoformat(timespec="microseconds") if moment else None
