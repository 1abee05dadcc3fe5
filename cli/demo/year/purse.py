"""One customer's points as the rules of the year have them: what waits, what can be spent until when, what is owed.

No lots, entries or documents: points by the moment they expire, and nothing shared with the product.
"""

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime


@dataclass(slots=True)
class Waiting:
    """Points of one order that cannot be spent yet."""

    spendable_at: datetime
    expires_at: datetime
    points: int


@dataclass(slots=True)
class Purse:
    """`ready` are points to spend and `lost` those that have expired, by when; `waiting` those to come, by order. What
    has happened so far is summed in `earned`, `taken_back`, `released`, `expired` and `redeemed`."""

    ready: Counter[datetime] = field(default_factory=Counter)
    lost: Counter[datetime] = field(default_factory=Counter)
    waiting: dict[str, Waiting] = field(default_factory=dict)
    held: int = 0
    debt: int = 0
    earned: int = 0
    taken_back: int = 0
    released: int = 0
    redeemed: int = 0

    @property
    def pending(self) -> int:
        return sum(it.points for it in self.waiting.values())

    @property
    def expired(self) -> int:
        return self.lost.total()

    @property
    def available(self) -> int:
        return self.ready.total()

    def pass_time(self, now: datetime) -> None:
        """Releases what can be spent by now, then lets go what has expired by now."""
        due = sorted(
            (it.spendable_at, it.expires_at, order) for order, it in self.waiting.items() if it.spendable_at <= now
        )
        for _, expires_at, order in due:
            points = self.waiting.pop(order).points
            self.released += points
            self._put(expires_at, points, now)
        self._expire(now)

    def earn(self, order: str, points: int, spendable_at: datetime, expires_at: datetime, now: datetime) -> None:
        """Points for an order, to be spent at once if their time has come already."""
        self.earned += points
        if spendable_at <= now:
            self._put(expires_at, points, now)
            return
        there = self.waiting.setdefault(order, Waiting(spendable_at, expires_at, 0))
        there.points += points

    def take_back(self, order: str, points: int, expires_at: datetime) -> None:
        """Takes what an order has earned: where it waits, then from what has expired when its own did, then from points
        that expire when its own do, then from those that expire first; the rest is owed."""
        self.taken_back += points
        own = self.waiting.get(order)
        if own is not None:
            waiting = min(points, own.points)
            own.points -= waiting
            points -= waiting
            if not own.points:
                del self.waiting[order]
        gone = min(points, self.lost[expires_at])
        self.lost[expires_at] -= gone
        points -= gone
        self.debt += points - self._eat(points, first=expires_at).total()

    def hold(self, points: int) -> list[tuple[datetime, int]]:
        """Sets points aside, those that expire first; which ones, for `redeem` and `give_back`."""
        taken = self._eat(points)
        self.held += taken.total()
        return sorted(taken.items())

    def redeem(self, held: list[tuple[datetime, int]], points: int, now: datetime) -> list[tuple[datetime, int]]:
        """Spends the first of what was set aside and gives the rest back; what was spent."""
        spent: list[tuple[datetime, int]] = []
        rest: list[tuple[datetime, int]] = []
        for expires_at, part in held:
            used = min(part, points)
            points -= used
            spent.append((expires_at, used))
            rest.append((expires_at, part - used))
        used_up = sum(part for _, part in spent)
        self.held -= used_up
        self.redeemed += used_up
        self.free(rest, now)
        return spent

    def free(self, held: list[tuple[datetime, int]], now: datetime) -> None:
        """Gives back what was set aside."""
        self.held -= sum(part for _, part in held)
        self._return(held, now)

    def reinstate(self, spent: list[tuple[datetime, int]], now: datetime) -> None:
        """Gives back what was redeemed; what would have expired meanwhile does so."""
        self.redeemed -= sum(part for _, part in spent)
        self._return(spent, now)

    def _return(self, parts: list[tuple[datetime, int]], now: datetime) -> None:
        for expires_at, part in parts:
            self.ready[expires_at] += part
        self._pay()
        self._expire(now)

    def _put(self, expires_at: datetime, points: int, now: datetime) -> None:
        self.ready[expires_at] += points
        self._pay()
        self._expire(now)

    def _pay(self) -> None:
        self.debt -= self._eat(self.debt).total()

    def _expire(self, now: datetime) -> None:
        for expires_at in [it for it in self.ready if it <= now]:
            self.lost[expires_at] += self.ready.pop(expires_at)

    def _eat(self, points: int, first: datetime | None = None) -> Counter[datetime]:
        taken: Counter[datetime] = Counter()
        for expires_at in sorted(self.ready, key=lambda it: (it != first, it)):
            part = min(points, self.ready[expires_at])
            points -= part
            taken[expires_at] += part
            self.ready[expires_at] -= part
            if not self.ready[expires_at]:
                del self.ready[expires_at]
        return +taken
