"""One customer's points as the oracle sees them: heaps by the day they go bad, a debt, and what waits or is set aside.

A second telling of the published rules, not of the product's code: it knows no entries, lots or parcels.
"""

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TypeAlias

Expiry: TypeAlias = "datetime | None"
Heaps: TypeAlias = "list[tuple[Expiry, int]]"

_NEVER = datetime.max.replace(tzinfo=UTC)


@dataclass(slots=True)
class Waiting:
    """Points of an order that cannot be spent before `release_at`."""

    release_at: datetime
    expiry: Expiry
    points: int


@dataclass(slots=True)
class Purse:
    """`free` and, of what has gone bad, `lost` by expiry, `waiting` by order, `set_aside` and `spent` by redemption. No
    heap is empty but what is lost."""

    free: dict[Expiry, int] = field(default_factory=dict)
    lost: dict[Expiry, int] = field(default_factory=dict)
    waiting: dict[str, Waiting] = field(default_factory=dict)
    set_aside: dict[str, Heaps] = field(default_factory=dict)
    spent: dict[str, Heaps] = field(default_factory=dict)
    debt: int = 0

    @property
    def available(self) -> int:
        """Points to spend."""
        return sum(self.free.values())

    @property
    def pending(self) -> int:
        """Points that cannot be spent yet."""
        return sum(heap.points for heap in self.waiting.values())

    @property
    def reserved(self) -> int:
        """Points of open holds."""
        return sum(points for heaps in self.set_aside.values() for _, points in heaps)

    def by_expiry(self) -> dict[Expiry, int]:
        """All that is there, set aside or not, by the day it goes bad."""
        found = dict(self.free)
        for heaps in self.set_aside.values():
            for expiry, points in heaps:
                found[expiry] = found.get(expiry, 0) + points
        return found

    def age(self, at: datetime, gone_by: datetime | None) -> None:
        """What has waited long enough is free; what has gone bad by `gone_by` (None: nothing goes bad now) is lost."""
        due = [(order, heap) for order, heap in self.waiting.items() if heap.release_at <= at]
        for order, heap in sorted(due, key=lambda found: (found[1].release_at, found[1].expiry or _NEVER)):
            del self.waiting[order]
            self._put(heap.expiry, heap.points)
            self._settle(gone_by)
        self._throw_out(gone_by)

    def add(self, points: int, expiry: Expiry, gone_by: datetime | None) -> None:
        """Points in, to be spent at once."""
        self._put(expiry, points)
        self._settle(gone_by)

    def add_later(self, order_id: str, points: int, release_at: datetime, expiry: Expiry) -> None:
        """Points in, to be spent later."""
        heap = self.waiting.setdefault(order_id, Waiting(release_at, expiry, 0))
        heap.points += points

    def take(self, points: int, first: Collection[Expiry] = ()) -> Heaps:
        """Free points out, those that go bad first before others; before all of them those that go bad on `first`.

        Of an order the oracle may hear later than a till does: what is missing is owed by the heap that never goes bad.
        """
        taken: Heaps = []
        for expiry in sorted(self.free, key=lambda expiry: (expiry not in first, expiry or _NEVER)):
            part = max(0, min(points, self.free[expiry]))
            points -= part
            self.free[expiry] -= part
            if part:
                taken.append((expiry, part))
        self._put(None, -points)
        self.free = {expiry: left for expiry, left in self.free.items() if left}
        return [*taken, (None, points)] if points else taken

    def take_back(self, order_id: str, points: int, expiries: Collection[Expiry]) -> None:
        """Points of an order out: what waits of it, then what is lost of its day, then what is free; what has been
        spent already is owed."""
        if heap := self.waiting.get(order_id):
            part = min(points, heap.points)
            heap.points -= part
            points -= part
            if not heap.points:
                del self.waiting[order_id]
        for expiry in expiries:
            gone = min(points, self.lost.get(expiry, 0))
            self.lost[expiry] = self.lost.get(expiry, 0) - gone
            points -= gone
        part = max(0, min(points, self.available))
        self.take(part, expiries)
        self.debt += points - part

    def hold(self, redemption_id: str, points: int) -> None:
        """Sets free points aside."""
        self.set_aside[redemption_id] = self.take(points)

    def spend(self, redemption_id: str, points: int, gone_by: datetime | None) -> None:
        """Spends the first `points` of a hold; the others come back."""
        spent: Heaps = []
        for expiry, held in self.set_aside.pop(redemption_id):
            part = min(points, held)
            points -= part
            if part:
                spent.append((expiry, part))
            self._put(expiry, held - part)
        self.spent[redemption_id] = spent
        self._settle(gone_by)

    def give_back(self, redemption_id: str, gone_by: datetime | None) -> None:
        """What a redemption holds or has spent comes back, to where it came from; nothing comes back twice."""
        heaps = self.set_aside.pop(redemption_id, None) or self.spent.pop(redemption_id, None)
        for expiry, points in heaps or ():
            self._put(expiry, points)
        if heaps:
            self._settle(gone_by)

    def _put(self, expiry: Expiry, points: int) -> None:
        if points:
            self.free[expiry] = self.free.get(expiry, 0) + points

    def _settle(self, gone_by: datetime | None) -> None:
        paid = max(0, min(self.debt, self.available))
        self.take(paid)
        self.debt -= paid
        self._throw_out(gone_by)

    def _throw_out(self, gone_by: datetime | None) -> None:
        if gone_by is None:
            return
        for expiry in [expiry for expiry in self.free if (expiry or _NEVER) <= gone_by]:
            self.lost[expiry] = self.lost.get(expiry, 0) + self.free.pop(expiry)
