"""Parcels: points that have been earned and cannot be spent yet, by the day on which they can.

A credit opens a parcel named after its entry, or joins the open one that is released at the same moment and expires at
the same one, so a customer document holds at most a parcel a day of the pending period. A parcel is released whole.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TypeAlias

from lib.domain.errors import InvariantBroken

_NEVER = datetime.max.replace(tzinfo=UTC)

Parcels: TypeAlias = "tuple[Parcel, ...]"


@dataclass(frozen=True, slots=True)
class Parcel:
    """Points that become available at `release_at` (UTC) and expire at `expires_at`, None for never."""

    id: str
    release_at: datetime
    expires_at: datetime | None
    points: int


@dataclass(frozen=True, slots=True)
class ParcelChange:
    """What one entry did to one parcel: the signed change of its points."""

    parcel_id: str
    release_at: datetime
    expires_at: datetime | None
    points: int


def apply(parcels: Parcels, changes: Iterable[ParcelChange]) -> Parcels:
    """The parcels after these changes, emptied ones dropped, the next to be released first.

    Raises InvariantBroken when a parcel would hold less than nothing or move to another date.
    """
    by_id = {parcel.id: parcel for parcel in parcels}
    for change in changes:
        parcel = by_id.get(change.parcel_id) or Parcel(change.parcel_id, change.release_at, change.expires_at, 0)
        parcel = replace(parcel, points=parcel.points + change.points)
        moved = (parcel.release_at, parcel.expires_at) != (change.release_at, change.expires_at)
        if parcel.points < 0 or moved:
            raise InvariantBroken(f"parcel {parcel.id} would hold {parcel.points} points or change its dates")
        by_id[parcel.id] = parcel
    return tuple(sorted((parcel for parcel in by_id.values() if parcel.points), key=_release_order))


def joining(
    parcels: Parcels, points: int, release_at: datetime, expires_at: datetime | None, new_id: str
) -> ParcelChange:
    """The change that adds `points`: to the open parcel with these dates, else to a new one `new_id`."""
    dates = (release_at, expires_at)
    found = (parcel.id for parcel in parcels if (parcel.release_at, parcel.expires_at) == dates)
    return ParcelChange(next(found, new_id), release_at, expires_at, points)


def taking(parcels: Parcels, points: int, own: Mapping[str, int]) -> list[ParcelChange]:
    """The changes that take up to `points` out of what is still pending of `own`, points by parcel id."""
    changes: list[ParcelChange] = []
    for parcel in parcels:
        taken = min(points, own.get(parcel.id, 0), parcel.points)
        if taken > 0:
            changes.append(ParcelChange(parcel.id, parcel.release_at, parcel.expires_at, -taken))
            points -= taken
    return changes


def due(parcels: Parcels, now: datetime) -> Parcels:
    """The parcels to release by `now`, in order."""
    return tuple(parcel for parcel in parcels if parcel.release_at <= now)


def _release_order(parcel: Parcel) -> tuple[datetime, datetime, str]:
    return parcel.release_at, parcel.expires_at or _NEVER, parcel.id
