"""What must be true of one ledger entry by itself: its shape, its seal, and what its kind may move."""

import hashlib
import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from lib.domain.invariants import shapes
from lib.domain.invariants.violations import Fields

GENESIS_HASH = "0" * 64
FIGURES = ("available", "pending", "reserved", "debt")
CHANGES = ("points", "pending", "reserved", "debt")

_LOT_CHANGE = shapes.mapping(
    {
        "id": shapes.TEXT,
        "expiresAt": shapes.optional(shapes.INSTANT),
        "points": shapes.INTEGER,
        "reserved": shapes.INTEGER,
    }
)
_PARCEL_CHANGE = shapes.mapping(
    {
        "id": shapes.TEXT,
        "releaseAt": shapes.INSTANT,
        "expiresAt": shapes.optional(shapes.INSTANT),
        "points": shapes.INTEGER,
    }
)
_NAMED = shapes.mapping({"type": shapes.TEXT, "id": shapes.TEXT})

# What each kind may do to (available, pending, reserved, debt): a hold sets aside exactly what it takes, and so on.
# What is earned is available at once or pending, and a clawback takes from either.
_MAY_MOVE: Mapping[str, Callable[[int, int, int, int], bool]] = {
    "earn": lambda a, p, r, d: min(a, p) == r == d == 0 < max(a, p),
    "release": lambda a, p, r, d: a > 0 and p == -a and r == d == 0,
    "bonus": lambda a, p, r, d: a > 0 and p == r == d == 0,
    "reinstate": lambda a, p, r, d: a > 0 and p == r == d == 0,
    "expire": lambda a, p, r, d: a < 0 and p == r == d == 0,
    "unexpire": lambda a, p, r, d: a > 0 and p == r == d == 0,
    "adjust": lambda a, p, r, d: a != 0 and p == r == d == 0,
    "reconcile": lambda a, p, r, d: a != 0 and p == r == d == 0,
    "transfer": lambda a, p, r, d: a != 0 and p == r == d == 0,
    "hold": lambda a, p, r, d: a < 0 and p == d == 0 and r == -a,
    "capture": lambda a, p, r, d: a >= 0 and p == d == 0 and r < -a,
    "void": lambda a, p, r, d: a > 0 and p == d == 0 and r == -a,
    "clawback": lambda a, p, r, d: (a <= 0 and p <= 0 == r <= d and d > a + p) or (d == a < 0 == p == r),
}

ENTRY_SHAPE: shapes.Shape = {
    "orgId": shapes.TEXT,
    "customerId": shapes.TEXT,
    "seq": shapes.POSITIVE,
    "kind": shapes.one_of(*_MAY_MOVE),
    **dict.fromkeys(CHANGES, shapes.INTEGER),
    "balances": shapes.mapping(dict.fromkeys(FIGURES, shapes.INTEGER)),
    "lots": shapes.listing(_LOT_CHANGE),
    "parcels": shapes.optional(shapes.listing(_PARCEL_CHANGE)),
    "source": _NAMED,
    "key": shapes.TEXT,
    "fingerprint": shapes.TEXT,
    "ruleVersion": shapes.TEXT,
    "reason": shapes.TEXT,
    "actor": _NAMED,
    "occurredAt": shapes.INSTANT,
    "recordedAt": shapes.INSTANT,
    "prevHash": shapes.DIGEST,
    "hash": shapes.DIGEST,
}


def may_move(entry: Fields) -> bool:
    """Whether the entry's changes are ones its kind may make."""
    return _MAY_MOVE[entry["kind"]](*(entry[name] for name in CHANGES))


def is_timely(entry: Fields) -> bool:
    """Whether what an entry releases or lets expire was due when it was written."""
    at = entry["recordedAt"]
    if entry["kind"] == "expire":
        return all(part["expiresAt"] is not None and part["expiresAt"] <= at for part in entry["lots"])
    return entry["kind"] != "release" or all(part["releaseAt"] <= at for part in entry.get("parcels") or ())


def collects_debt(entry: Fields) -> bool:
    """Whether the entry pays debt from available points."""
    return bool(entry["kind"] == "clawback" and entry["debt"] < 0)


def eats_earliest_first(entry: Fields) -> bool:
    """Whether the entry must take points in order of expiry. Others name their lots: a refund takes its order's own
    first, an expiry the expired one, captures and voids those of their hold."""
    debit = entry["kind"] in ("hold", "adjust", "reconcile") and entry["points"] < 0
    return debit or collects_debt(entry)


def content_hash(entry: Fields) -> str:
    """SHA-256 over the canonical JSON of everything an entry says except `hash` itself."""
    content: dict[str, Any] = {
        name: entry[name]
        for name in ("orgId", "customerId", "seq", "kind", "key", "fingerprint", "ruleVersion", "reason", "prevHash")
    }
    content |= {name: [entry[name]["type"], entry[name]["id"]] for name in ("source", "actor")}
    content |= {name: _instant(entry[name]) for name in ("occurredAt", "recordedAt")}
    content["changes"] = [entry[name] for name in CHANGES]
    content["balances"] = [entry["balances"][name] for name in FIGURES]
    content["lots"] = [[lot["id"], _instant(lot["expiresAt"]), lot["points"], lot["reserved"]] for lot in entry["lots"]]
    if entry.get("parcels"):
        content["parcels"] = [
            [part["id"], _instant(part["releaseAt"]), _instant(part["expiresAt"]), part["points"]]
            for part in entry["parcels"]
        ]
    text = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


def _instant(moment: datetime | None) -> str | None:
    return moment.astimezone(UTC).isoformat(timespec="microseconds") if moment else None
