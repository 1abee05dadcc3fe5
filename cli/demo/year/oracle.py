"""What every customer must have after a year, followed from the states of orders, the till's answers and the calendar.

Apart from the product: no journal, no lots, no documents. It is told of everything in the order in which the demo does
it; several orders of one customer are never worked at the same time, so that order is the only one there is.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from zoneinfo import ZoneInfo

from cli.demo.documents import OrderWrite
from cli.demo.expected import is_taken_back, worth
from cli.demo.till import Act, Move
from cli.demo.year.purse import Purse
from cli.demo.year.rules import Rules, segment


@dataclass(frozen=True, slots=True)
class Outcome:
    """One customer at the end of the year; `tier` and `segments` (of the last minutes) as the dashboard names them."""

    available: int
    pending: int
    held: int
    debt: int
    earned: int
    taken_back: int
    released: int
    expired: int
    redeemed: int
    tier: str
    orders: int
    segments: frozenset[str]


@dataclass(frozen=True, slots=True)
class _State:
    """An order as it was last written: whose it is and what it is worth, if it counts; whether it was taken back."""

    person: str | None
    cents: int
    taken_back: bool


@dataclass(slots=True)
class _Order:
    """`earning` is its state while it counts; the dates of its points are those of when it first did."""

    ordered_at: datetime
    state: _State = field(default_factory=lambda: _State(None, 0, taken_back=False))
    granted: int = 0
    spendable_at: datetime | None = None
    expires_at: datetime | None = None


@dataclass(slots=True)
class _Reward:
    person: str
    order_id: str
    held: list[tuple[datetime, int]]
    spent: list[tuple[datetime, int]] | None = None


@dataclass(slots=True)
class _Person:
    """`lapsed_cents`: spend that no longer counts for a tier."""

    purse: Purse = field(default_factory=Purse)
    orders: dict[str, tuple[datetime, int]] = field(default_factory=dict)
    tier: int = 0
    lapsed_cents: int = 0
    lapsed_at: datetime | None = None
    lapses: list[datetime] = field(default_factory=list)

    @property
    def spent_cents(self) -> int:
        return sum(cents for _, cents in self.orders.values())

    def lapse(self, until: datetime, rules: Rules) -> None:
        """Lets tiers lapse that do so by then, one step after another."""
        last = max((at for at, _ in self.orders.values()), default=None)
        while self.tier and (idle_since := max((at for at in (last, self.lapsed_at) if at), default=None)):
            at = idle_since + rules.lapse_after
            if at > until:
                return
            self.tier -= 1
            self.lapsed_cents = max(self.lapsed_cents, self.spent_cents - rules.tiers[self.tier][1])
            self.lapsed_at = at
            self.lapses.append(at)

    def settle(self, rules: Rules) -> None:
        """Gives the tier that spend earns, less what has lapsed."""
        self.lapsed_cents = min(self.lapsed_cents, self.spent_cents)
        self.tier = rules.tier_of(self.spent_cents - self.lapsed_cents)


class Oracle:
    """Told of the year as it goes. Moments are those of the stack's clock."""

    def __init__(self, rules: Rules) -> None:
        self._rules = rules
        self._people: dict[str, _Person] = {}
        self._orders: dict[str, _Order] = {}
        self._rewards: dict[str, _Reward] = {}
        self._night: datetime | None = None

    def wrote(self, writes: Iterable[OrderWrite], now: datetime) -> None:
        """Orders were written, and worked before anything else happened."""
        for write in writes:
            ordered_at = write.fields["createdAt"]
            order = self._orders.setdefault(write.order_id, _Order(ordered_at))
            state = _state(write)
            if state != order.state:
                self._change(write.order_id, order, state, now)
                order.state = state

    def moved(self, moves: Iterable[tuple[Move, str]], now: datetime) -> None:
        """Something happened at the till, to points of the person that is named with it."""
        for move, person in moves:
            owner = self._at(person, now)
            if move.act is Act.HOLD:
                held = owner.purse.hold(move.points)
                self._rewards[move.redemption_id] = _Reward(person, move.order_id, held)
            elif move.act is Act.CAPTURE:
                reward = self._rewards[move.redemption_id]
                reward.spent = owner.purse.redeem(reward.held, move.points, now)
            else:
                self._give_back(move.redemption_id, now)
            owner.lapse(now, self._rules)

    def night(self, now: datetime) -> None:
        """A day is over and the jobs have run: holds have timed out, and everybody has grown a day older."""
        for person in self._people.values():
            person.purse.pass_time(now)
            person.lapse(now, self._rules)
        for redemption_id in [it for it, reward in self._rewards.items() if reward.spent is None]:
            self._give_back(redemption_id, now)
        self._night = now

    def outcomes(self, since: datetime, until: datetime) -> dict[str, Outcome]:
        """Everybody who ever had anything, at the end; segments may be those of any moment between the two."""
        return {name: self._outcome(person, since, until) for name, person in self._people.items()}

    def lapses_by_month(self, time_zone: str) -> Counter[str]:
        """How many tiers lapsed in each month of the shop, "2026-11"."""
        return _by_month((at for person in self._people.values() for at in person.lapses), time_zone)

    def orders_by_month(self, time_zone: str) -> Counter[str]:
        """How many orders were placed in each month of the shop."""
        return _by_month((order.ordered_at for order in self._orders.values()), time_zone)

    @property
    def available(self) -> int:
        """Points that can be spent, of everybody."""
        return sum(person.purse.available for person in self._people.values())

    @property
    def expired(self) -> int:
        """Points that have expired so far, of everybody."""
        return sum(person.purse.expired for person in self._people.values())

    def _outcome(self, person: _Person, since: datetime, until: datetime) -> Outcome:
        purse, orders = person.purse, list(person.orders.values())
        return Outcome(
            available=purse.available,
            pending=purse.pending,
            held=purse.held,
            debt=purse.debt,
            earned=purse.earned,
            taken_back=purse.taken_back,
            released=purse.released,
            expired=purse.expired,
            redeemed=purse.redeemed,
            tier=self._rules.tiers[person.tier][0],
            orders=len(orders),
            segments=frozenset({segment(orders, since), segment(orders, until)}),
        )

    def _change(self, order_id: str, order: _Order, state: _State, now: datetime) -> None:
        if state.taken_back and not order.state.taken_back:
            for redemption_id in [it for it, reward in self._rewards.items() if reward.order_id == order_id]:
                self._at(self._rewards[redemption_id].person, now)
                self._give_back(redemption_id, now)
        before, after = order.state.person, state.person
        if before is not None and before != after:
            self._bring_to(before, order_id, order, None, now)
        if after is not None:
            self._bring_to(after, order_id, order, state.cents, now)

    def _bring_to(self, name: str, order_id: str, order: _Order, cents: int | None, now: datetime) -> None:
        """Brings an order of a person to so many cents, None for not counting any more."""
        ordered_at = min(order.ordered_at, now)
        known = self._people.get(name)
        had = known.orders.get(order_id, (ordered_at, 0))[1] if known else 0
        is_more = cents is not None and cents >= had
        person = self._at(name, now, tiers_until=ordered_at if is_more else now)
        if order.spendable_at is None or order.expires_at is None:
            order.spendable_at = self._rules.spendable_at(ordered_at)
            order.expires_at = self._rules.expires_at(order.spendable_at)
        points = 0 if cents is None else self._rules.points(cents)
        if points > order.granted:
            person.purse.earn(order_id, points - order.granted, order.spendable_at, order.expires_at, now)
        elif points < order.granted:
            person.purse.take_back(order_id, order.granted - points, order.expires_at)
        order.granted = points
        if cents is None:
            person.orders.pop(order_id, None)
        else:
            person.orders[order_id] = ordered_at, cents
        person.settle(self._rules)
        person.lapse(now, self._rules)

    def _at(self, name: str, now: datetime, tiers_until: datetime | None = None) -> _Person:
        """A person as time has left it: tiers at least as the last night has found them."""
        person = self._people.setdefault(name, _Person())
        person.purse.pass_time(now)
        until = tiers_until or now
        person.lapse(max(until, self._night) if self._night else until, self._rules)
        return person

    def _give_back(self, redemption_id: str, now: datetime) -> None:
        reward = self._rewards.pop(redemption_id)
        purse = self._people[reward.person].purse
        if reward.spent is None:
            purse.free(reward.held, now)
        else:
            purse.reinstate(reward.spent, now)


def _state(write: OrderWrite) -> _State:
    is_back = is_taken_back(write.fields)
    cents = worth(write.fields)
    if write.person is None or cents is None:
        return _State(None, 0, taken_back=is_back)
    return _State(write.person, cents, taken_back=is_back)


def _by_month(moments: Iterable[datetime], time_zone: str) -> Counter[str]:
    zone = ZoneInfo(time_zone)
    return Counter(f"{at.astimezone(zone):%Y-%m}" for at in moments)
