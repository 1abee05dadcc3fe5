"""A ledger entry in words that a customer and a cashier understand: what happened, to which order, for how long.

Only what the entry itself says is told. An entry does not say whether an equity multiplier took part, so nobody can
learn it here.
"""

from datetime import UTC, datetime
from typing import assert_never

from lib.domain.ledger import Entry, EntryKind


def explain(entry: Entry) -> str:
    """One sentence, without a full stop."""
    # What comes back only to be taken cannot be used, whatever day its lot says.
    return _what_happened(entry) + ("" if entry.kind is EntryKind.UNEXPIRE else _validity(entry))


def _what_happened(entry: Entry) -> str:
    because = f" ({entry.memo.reason})" if entry.memo.reason else ""
    match entry.kind:
        case EntryKind.EARN:
            return f"Earned {_points(entry.points + entry.pending)} on order {entry.memo.source.id}{because}"
        case EntryKind.RELEASE:
            return f"{_points(entry.points)} earned before can be spent now"
        case EntryKind.CLAWBACK:
            return _clawback(entry, because)
        case EntryKind.HOLD:
            return f"Set {_points(entry.reserved)} aside for a reward{because}"
        case EntryKind.CAPTURE:
            returned = f"; {_points(entry.points)} of the hold came back" if entry.points else ""
            return f"Redeemed {_points(-entry.reserved - entry.points)} for a reward{because}{returned}"
        case EntryKind.VOID:
            return f"{_points(entry.points)} set aside came back{because}"
        case EntryKind.REINSTATE:
            return f"{_points(entry.points)} of a reward came back{because}"
        case EntryKind.EXPIRE:
            return f"{_points(-entry.points)} expired{because}"
        case EntryKind.UNEXPIRE:
            return f"{_points(entry.points)} that had expired came back{because}"
        case EntryKind.ADJUST:
            return _adjustment(entry, because)
        case EntryKind.BONUS:
            return f"Bonus of {_points(entry.points)}{because}"
        case EntryKind.RECONCILE:
            return f"Balance corrected by {entry.points:+d} points{because}"
        case EntryKind.TRANSFER:
            direction = "from" if entry.points > 0 else "to"
            return f"{_points(abs(entry.points))} moved {direction} another profile of the customer{because}"
    assert_never(entry.kind)


def _clawback(entry: Entry, because: str) -> str:
    if entry.debt < 0:
        return f"Paid {_points(-entry.debt)} owed since an earlier refund"
    owed = f"; {_points(entry.debt)} had been spent already and are owed" if entry.debt else ""
    taken = _points(entry.debt - entry.points - entry.pending)
    return f"Took back {taken} of order {entry.memo.source.id}{because}{owed}"


def _adjustment(entry: Entry, because: str) -> str:
    if entry.memo.source.type == "opening":
        return f"Started with {_points(entry.points)}{because}"
    return f"{'Added' if entry.points > 0 else 'Removed'} {_points(abs(entry.points))} by hand{because}"


def _validity(entry: Entry) -> str:
    """From when and until when points that came in can be used; a credit of ours goes into one lot or parcel."""
    waiting = [part for part in entry.parcels if part.points > 0]
    since = f", can be spent from {_day(min(part.release_at for part in waiting))}" if waiting else ""
    gained = [part.expires_at for part in entry.lots if part.points > 0 and part.expires_at]
    gained += [part.expires_at for part in waiting if part.expires_at]
    return since + (f", valid until {_day(min(gained))}" if gained else "")


def _day(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%d}"


def _points(count: int) -> str:
    return f"{count} point" if count == 1 else f"{count} points"
