"""Replays what ledger entries did to parcels of pending points and says what is wrong with it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeAlias

from lib.domain.invariants.violations import Document, Fields, Invariant, Violation

Parcel: TypeAlias = "tuple[datetime, datetime | None, int]"  # released, expires, points


@dataclass(slots=True)
class ParcelReplay:
    """All parcels a ledger ever opened, with what is left in them after the entries applied so far."""

    _parcels: dict[str, Parcel] = field(default_factory=dict)

    def apply(self, entry: Fields) -> Iterator[tuple[str, str]]:
        """Applies an entry's changes and yields (expected, found) for each broken rule."""
        for change in entry.get("parcels") or ():
            yield from self._change(change, entry)
        pending, held = entry["balances"]["pending"], sum(points for _, _, points in self._parcels.values())
        if held != pending:
            yield f"parcels of {pending} points", f"parcels of {held} points"

    def open(self) -> dict[str, Parcel]:
        """Parcels that still hold points."""
        return {parcel_id: parcel for parcel_id, parcel in self._parcels.items() if parcel[2]}

    def _change(self, change: Fields, entry: Fields) -> Iterator[tuple[str, str]]:
        parcel_id, dates = change["id"], (change["releaseAt"], change["expiresAt"])
        if parcel_id not in self._parcels and parcel_id != str(entry["seq"]):
            yield f"a new parcel named {entry['seq']} after its entry", f"parcel {parcel_id}"
        *known, points = self._parcels.get(parcel_id, (*dates, 0))
        if tuple(known) != dates:
            yield f"parcel {parcel_id} released and expiring at {known}", f"{dates}"
        left = points + change["points"]
        if left < 0 or (left and entry["kind"] == "release"):
            yield f"a parcel {parcel_id} of at least 0 points, of none once released", f"{left}"
        self._parcels[parcel_id] = (*dates, left)


def parcels_of(account: Fields) -> dict[str, Parcel]:
    """The parcels that an account lists."""
    listed = account.get("parcels") or ()
    return {part["id"]: (part["releaseAt"], part["expiresAt"], part["points"]) for part in listed}


def check_shares(customer: Document, accruals: Sequence[Document]) -> Iterator[Violation]:
    """What is pending has come from orders, and each knows how much of it is its own."""
    shares: dict[str, int] = {}
    for share in (share for accrual in accruals for share in accrual.fields["lots"] if share.get("releaseAt")):
        shares[share["id"]] = shares.get(share["id"], 0) + share["points"]
    for parcel_id, (_, _, points) in parcels_of(customer.fields["loyalty"]).items():
        if shares.get(parcel_id, 0) != points:
            wanted = f"records that put {points} points into parcel {parcel_id}"
            yield Violation(Invariant.ACCRUAL_PENDING, customer.path, wanted, str(shares.get(parcel_id, 0)))
