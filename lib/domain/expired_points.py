"""What has expired of points of one expiry, and how much of it an order undoes that takes its points back.

Points with one expiry are fungible, so what has expired of them is known as a sum only: what `expire` entries took less
what `unexpire` entries gave back. Both say that they happened at the expiry.
"""

from collections.abc import Collection, Mapping
from datetime import datetime

from lib.domain.entries import Entry, EntryKind
from lib.domain.lots import LotChange

KINDS = (EntryKind.EXPIRE, EntryKind.UNEXPIRE)


def undone(taken_back: Mapping[datetime, int], entries: Collection[Entry]) -> list[LotChange]:
    """The changes that give expired points back, so that they and nothing else are taken: up to `taken_back` of each
    expiry, and never more than has expired of it.

    `entries`: of the ledger, at least all of `KINDS` with these expiries. Points return to the lot they left last.
    """
    changes: list[LotChange] = []
    for expires_at, points in sorted(taken_back.items()):
        parts = [
            part for entry in entries if entry.kind in KINDS for part in entry.lots if part.expires_at == expires_at
        ]
        back = min(points, -sum(part.points for part in parts))
        if back > 0:
            changes.append(LotChange(parts[-1].lot_id, expires_at, points=back))
    return changes
