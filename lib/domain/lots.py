"""Lots: points that share one expiry. Which lot a credit joins, and which lots a debit eats.

A credit opens a lot named after its entry, or joins the open lot with the same expiry, so a customer document holds
one lot an expiry instant and not one an order. Closed lots are dropped; entries remember them, and a refund reopens
them under their old id and expiry.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TypeAlias

from lib.domain.errors import InvariantBroken

_NEVER = datetime.max.replace(tzinfo=UTC)

Lots: TypeAlias = "tuple[Lot, ...]"


@dataclass(frozen=True, slots=True)
class Lot:
    """Open points with one expiry. `points` includes `reserved`, the part that holds have set aside."""

    id: str
    expires_at: datetime | None
    points: int
    reserved: int = 0

    @property
    def free(self) -> int:
        """Points that are neither spent nor set aside."""
        return self.points - self.reserved


@dataclass(frozen=True, slots=True)
class LotChange:
    """What one entry did to one lot: signed changes of its open points and of their reserved part."""

    lot_id: str
    expires_at: datetime | None
    points: int = 0
    reserved: int = 0


def apply(lots: Lots, changes: Iterable[LotChange]) -> Lots:
    """The lots after these changes, emptied ones dropped, earliest expiry first.

    Raises InvariantBroken when a lot would hold less than nothing or less than its reserved part.
    """
    by_id = {lot.id: lot for lot in lots}
    for change in changes:
        lot = by_id.get(change.lot_id) or Lot(change.lot_id, change.expires_at, 0)
        lot = replace(lot, points=lot.points + change.points, reserved=lot.reserved + change.reserved)
        if lot.reserved < 0 or lot.points < lot.reserved or lot.expires_at != change.expires_at:
            raise InvariantBroken(f"lot {lot.id} would hold {lot.points} points of which {lot.reserved} reserved")
        by_id[lot.id] = lot
    return tuple(sorted((lot for lot in by_id.values() if lot.points), key=_eating_order))


def joining(lots: Lots, points: int, expires_at: datetime | None, new_id: str) -> LotChange:
    """The change that credits `points`: into the open lot with this expiry, else into a new lot `new_id`."""
    lot_id = next((lot.id for lot in lots if lot.expires_at == expires_at), new_id)
    return LotChange(lot_id, expires_at, points=points)


def eating(lots: Lots, points: int, *, first: Collection[datetime | None] = ()) -> list[LotChange]:
    """The changes that take `points` from free points: lots that expire when `first` says, then earliest expiry.

    Raises InvariantBroken when the free points do not suffice.
    """
    order = sorted(lots, key=lambda lot: (lot.expires_at not in first, *_eating_order(lot)))
    return [LotChange(lot.id, lot.expires_at, points=-taken) for lot, taken in _spread(order, points)]


def reserving(lots: Lots, points: int) -> list[LotChange]:
    """The changes that set `points` aside, earliest expiry first. Raises InvariantBroken when they do not suffice."""
    order = sorted(lots, key=_eating_order)
    return [LotChange(lot.id, lot.expires_at, reserved=taken) for lot, taken in _spread(order, points)]


def expired(lots: Lots, expired_to: datetime | None) -> Lots:
    """The lots with free points that expire at or before this instant, the earliest first; none for None."""
    if expired_to is None:
        return ()
    return tuple(lot for lot in lots if lot.free and lot.expires_at is not None and lot.expires_at <= expired_to)


def split(allocation: Sequence[LotChange], points: int) -> tuple[list[LotChange], list[LotChange]]:
    """A hold's reserved allocation as (the first `points` of it, the rest); both in the allocation's order."""
    head: list[LotChange] = []
    tail: list[LotChange] = []
    for part in allocation:
        taken = min(points, part.reserved)
        points -= taken
        if taken:
            head.append(replace(part, reserved=taken))
        if part.reserved > taken:
            tail.append(replace(part, reserved=part.reserved - taken))
    if points:
        raise InvariantBroken("more points than the hold has set aside")
    return head, tail


def _spread(order: Iterable[Lot], points: int) -> list[tuple[Lot, int]]:
    taken: list[tuple[Lot, int]] = []
    for lot in order:
        part = min(points, lot.free)
        if part > 0:
            taken.append((lot, part))
            points -= part
    if points:
        raise InvariantBroken(f"the open lots are {points} points short")
    return taken


def _eating_order(lot: Lot) -> tuple[datetime, int, str]:
    # Ids are entry numbers: the older lot of two with one expiry goes first, whatever their spelling.
    return lot.expires_at or _NEVER, int(lot.id) if lot.id.isdigit() else 0, lot.id
