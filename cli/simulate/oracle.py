"""What every balance must be, from the states of orders and the calls that were accepted, and from nothing else.

It keeps no history and knows no lots, entries or events: what a customer has follows from what is true now. That is why
it can be trusted to contradict the product.
"""

import threading
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from fractions import Fraction

from cli.simulate.people import Opening, Person


class Phase(StrEnum):
    """What an order deserves: points; nothing; nothing, and its rewards go back; nobody can say."""

    EARNING = "earning"
    OPEN = "open"
    RETURNED = "returned"
    UNCLEAR = "unclear"


@dataclass(frozen=True, slots=True)
class Deserves:
    """One state of an order: what it deserves, whose it is, and how much it is worth."""

    phase: Phase
    person: str | None
    cents: int
    ordered_at: datetime


@dataclass(frozen=True, slots=True)
class Expected:
    """What a customer's document must say."""

    available: int
    reserved: int
    debt: int
    spend_cents: int
    order_count: int
    first_at: datetime | None
    last_at: datetime | None


@dataclass(slots=True)
class _Order:
    version: int = -1
    state: Deserves | None = None
    points_per_dollar: Fraction | None = None


@dataclass(slots=True)
class _Reward:
    person: str
    order_id: str
    held: int
    spent: int = 0


@dataclass(slots=True)
class Oracle:
    """Safe for several threads. `points_per_dollar` by org is what orders earn at that earn from now on."""

    people: dict[str, Person]
    points_per_dollar: dict[str, Fraction]
    equity_multiplier: Fraction
    _orders: dict[str, _Order] = field(default_factory=dict)
    _rewards: dict[str, _Reward] = field(default_factory=dict)
    _adjusted: dict[str, int] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def delivered(self, order_id: str, version: int, state: Deserves) -> set[str]:
        """A change of an order that matters has been worked; older ones than the newest so far have no effect.

        Returns whom it concerns.
        """
        with self._lock:
            order = self._orders.setdefault(order_id, _Order())
            if version <= order.version or state.phase is Phase.UNCLEAR:
                return set()
            concerned = {state.person, order.state.person if order.state else None}
            order.version, order.state = version, state
            if state.phase is Phase.EARNING and order.points_per_dollar is None and state.person:
                order.points_per_dollar = self.points_per_dollar[self.people[state.person].org_id]
            if state.phase is Phase.RETURNED:
                for reward in self._rewards.values():
                    if reward.order_id == order_id:
                        reward.held = reward.spent = 0
                        concerned.add(reward.person)
            return {person for person in concerned if person}

    def held(self, redemption_id: str, person: str, order_id: str, points: int) -> None:
        """A hold was accepted."""
        with self._lock:
            self._rewards.setdefault(redemption_id, _Reward(person, order_id, points))

    def captured(self, redemption_id: str, points: int) -> None:
        """So much of a hold was spent; the rest went back."""
        with self._lock:
            self._rewards[redemption_id].held, self._rewards[redemption_id].spent = 0, points

    def given_back(self, redemption_id: str) -> None:
        """A hold was let go, or a captured reward reinstated."""
        with self._lock:
            self._rewards[redemption_id].held = self._rewards[redemption_id].spent = 0

    def adjusted(self, person: str, points: int) -> None:
        """Points were added or taken by hand."""
        with self._lock:
            self._adjusted[person] = self._adjusted.get(person, 0) + points

    def expected(self, wanted: Iterable[str]) -> dict[str, Expected]:
        """What these people's documents must say."""
        with self._lock:
            orders: dict[str, list[tuple[Deserves, int]]] = {key: [] for key in wanted}
            for order in self._orders.values():
                state = order.state
                if state and state.phase is Phase.EARNING and state.person in orders:
                    orders[state.person].append((state, self._points(state, order.points_per_dollar)))
            return {key: self._sum(key, counted) for key, counted in orders.items()}

    def _points(self, state: Deserves, points_per_dollar: Fraction | None) -> int:
        multiplier = self.equity_multiplier if state.person and self.people[state.person].equity else 1
        return int(state.cents * (points_per_dollar or 0) * multiplier // 100)

    def _sum(self, key: str, counted: list[tuple[Deserves, int]]) -> Expected:
        opening = self.people[key].opening or Opening()
        rewards = [reward for reward in self._rewards.values() if reward.person == key]
        held = sum(reward.held for reward in rewards)
        owned = opening.points + sum(points for _, points in counted) + self._adjusted.get(key, 0)
        free = owned - sum(reward.spent for reward in rewards) - held
        dates = [state.ordered_at for state, _ in counted]
        dates += [date for date in (opening.first_at, opening.last_at) if date]
        return Expected(
            available=max(free, 0),
            reserved=held,
            debt=max(-free, 0),
            spend_cents=opening.spend_cents + sum(state.cents for state, _ in counted),
            order_count=opening.order_count + len(counted),
            first_at=min(dates, default=None),
            last_at=max(dates, default=None),
        )
