"""What every customer must have, from the states of orders and the calls that were accepted, and from nothing else.

It knows no entries, lots or events and shares no arithmetic with the product: that is why it can be trusted to
contradict it. What happens to one customer it has to be told in order where time takes points or tiers.
"""

import threading
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from fractions import Fraction

from cli.simulate.ladder import Bought, Ladder, segment
from cli.simulate.people import Opening, Person
from cli.simulate.purse import Expiry, Purse
from cli.simulate.shops import Shop

_KEPT_ON = timedelta(days=1)


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
    """What a customer's document must say. `lots`: points by the day they expire; `parcels`: those that wait, by when
    they can be spent and when they expire."""

    available: int
    pending: int
    reserved: int
    debt: int
    spend_cents: int
    order_count: int
    first_at: datetime | None
    last_at: datetime | None
    tier: str
    segment: str
    lots: Mapping[Expiry, int]
    parcels: Mapping[tuple[datetime, Expiry], int]


@dataclass(slots=True)
class _Order:
    version: int = -1
    state: Deserves | None = None
    owner: str | None = None
    points: int = 0
    heard_at: datetime | None = None
    rate: Fraction | None = None
    is_unpaid: bool = False
    release_at: datetime | None = None
    expiry: Expiry = None


@dataclass(slots=True)
class _Reward:
    person: str
    order_id: str
    ends_at: datetime


@dataclass(slots=True)
class _Account:
    """A customer: `orders` that count, by id, as (when placed, cents); `before`: what was bought at the last look."""

    person: Person
    purse: Purse
    ladder: Ladder = field(default_factory=Ladder)
    orders: dict[str, tuple[datetime, int]] = field(default_factory=dict)
    bought: Bought = field(default_factory=Bought)
    segment: str = ""
    tier: str = ""

    def recount(self) -> Bought:
        """Adds up what counts; what was bought before."""
        before, opening = self.bought, self.person.opening or Opening()
        brought = ((opening.last_at, opening.spend_cents),) if opening.last_at else ()
        orders = (*self.orders.values(), *brought)
        dates = [at for at, _ in orders] + ([opening.first_at] if opening.first_at else [])
        self.bought = Bought(
            orders=orders,
            cents=sum(cents for _, cents in orders),
            count=len(self.orders) + opening.order_count,
            first_at=min(dates, default=None),
            last_at=max(dates, default=None),
        )
        return before


@dataclass(slots=True)
class Oracle:
    """Safe for several threads."""

    people: dict[str, Person]
    shops: dict[str, Shop]
    equity_multiplier: Fraction
    _orders: dict[str, _Order] = field(default_factory=dict)
    _rewards: dict[str, _Reward] = field(default_factory=dict)
    _accounts: dict[str, _Account] = field(default_factory=dict)
    _lock: threading.RLock = field(default_factory=threading.RLock)

    def delivered(
        self, order_id: str, version: int, state: Deserves, at: datetime, seen: Collection[str] | None = None
    ) -> set[str]:
        """A change of an order that matters has been worked; older ones than the newest so far have no effect.

        `seen`: whose documents were written with it, None for everybody's: only who is written is looked at. Returns
        whom it concerns.
        """
        with self._lock:
            order = self._orders.setdefault(order_id, _Order())
            if version <= order.version or state.phase is Phase.UNCLEAR:
                return set()
            order.version, order.state, order.heard_at = version, state, order.heard_at or at
            returned = self._rewards_of(order_id) if state.phase is Phase.RETURNED else {}
            payee = state.person if state.phase is Phase.EARNING else None
            concerned = {payee, order.owner, *(reward.person for reward in returned.values())} - {None}
            accounts = {key: self._aged(key, at) for key in sorted(filter(None, concerned))}
            for key, account in accounts.items():
                if seen is None or key in seen:
                    is_more = key == payee and state.cents >= account.orders.get(order_id, (at, 0))[1]
                    account.ladder.fall(self._shop(key), account.bought, state.ordered_at if is_more else at)
            for redemption_id in returned:
                self._give_back(redemption_id, at)
            if order.owner and order.owner != payee:
                self._pay(order_id, order, accounts[order.owner], 0, at)
                accounts[order.owner].orders.pop(order_id, None)
            if payee:
                self._earn(order_id, order, accounts[payee], state, at)
            order.owner = payee or order.owner
            for key in accounts:
                if seen is None or key in seen:
                    self._look(key, at)
            return set(accounts)

    def is_behind(self, order_id: str, version: int, state: Deserves) -> bool:
        """Whether this state of an order, of which somebody should have heard, would change anything."""
        with self._lock:
            order = self._orders.get(order_id) or _Order()
            if version <= order.version or state.phase is Phase.UNCLEAR or state == order.state:
                return False
            if state.phase is Phase.EARNING:
                return state.person is not None
            if order.owner is not None and order_id in self._account(order.owner).orders:
                return True
            return state.phase is Phase.RETURNED and any(map(self._is_out, self._rewards_of(order_id)))

    def held(self, redemption_id: str, person: str, order_id: str, points: int, at: datetime) -> None:
        """A hold was accepted."""
        with self._lock:
            account = self._aged(person, at)
            minutes = timedelta(minutes=self._shop(person).settings["holdMinutes"])
            account.purse.hold(redemption_id, points)
            self._rewards[redemption_id] = _Reward(person, order_id, at + minutes)
            self._look(person, at)

    def captured(self, redemption_id: str, points: int, at: datetime) -> None:
        """So much of a hold was spent; the rest went back."""
        with self._lock:
            person = self._rewards[redemption_id].person
            gone_by = self._shop(person).gone_by(at)
            self._aged(person, at).purse.spend(redemption_id, points, gone_by)
            self._look(person, at)

    def given_back(self, redemption_id: str, at: datetime) -> None:
        """A hold was let go, or a captured reward reinstated; nothing if it had gone back before."""
        with self._lock:
            if self._is_out(redemption_id):
                self._give_back(redemption_id, at)
                self._look(self._rewards[redemption_id].person, at)

    def timed_out(self, redemption_ids: Iterable[str], at: datetime) -> None:
        """These redemptions were written by somebody who ends holds; those whose time is not over have been told of
        otherwise. A paused shop keeps them on."""
        with self._lock:
            for redemption_id in sorted(self._rewards.keys() & set(redemption_ids)):
                reward = self._rewards[redemption_id]
                if not self._is_over(redemption_id, at):
                    continue
                if self._shop(reward.person).is_paused:
                    reward.ends_at = at + _KEPT_ON
                else:
                    self.given_back(redemption_id, at)

    def made_up_for(self, order_ids: Iterable[str], at: datetime) -> None:
        """The records of these orders were written by somebody who makes up for a pause."""
        with self._lock:
            for order_id in sorted(order_ids):
                order = self._orders.get(order_id)
                if order and order.owner and (then := self._terms(order_id, order)):
                    account, placed_at = self._aged(order.owner, at), self._placed_at(order_id, order)
                    order.is_unpaid, order.rate = False, then.rate
                    order.release_at, order.expiry = then.dates_of_late(placed_at)
                    if counted := account.orders.get(order_id):
                        self._pay(order_id, order, account, self._worth(order, account, counted[1]), at)

    def unpaid(self, at: datetime) -> set[str]:
        """Orders of a pause that should have been made up for by now; not those whose points would be gone again."""
        with self._lock:
            owed = ((key, order, self._terms(key, order)) for key, order in self._orders.items())
            dates = {key: then.dates_of_late(self._placed_at(key, order)) for key, order, then in owed if then}
            return {key for key, (_, expiry) in dates.items() if expiry is None or expiry > at}

    def overdue(self, at: datetime) -> set[str]:
        """Holds that should have been ended by now."""
        with self._lock:
            return {redemption_id for redemption_id in self._rewards if self._is_over(redemption_id, at)}

    def adjusted(self, person: str, points: int, at: datetime) -> None:
        """Points were added or taken by hand."""
        with self._lock:
            account, shop = self._aged(person, at), self._shop(person)
            if points > 0:
                account.purse.add(points, shop.expiry(at), shop.gone_by(at))
            else:
                account.purse.take(-points)
            self._look(person, at)

    def seen(self, people: Iterable[str], at: datetime) -> None:
        """Somebody who does what time has done has written these people's documents."""
        with self._lock:
            for person in people:
                if person in self._accounts:
                    self._aged(person, at)
                    self._look(person, at)

    def expected(self, wanted: Iterable[str]) -> dict[str, Expected]:
        """What these people's documents must say since somebody last wrote them."""
        with self._lock:
            return {key: _said(self._account(key)) for key in wanted}

    def _shop(self, person: str) -> Shop:
        return self.shops[self.people[person].org_id]

    def _account(self, key: str) -> _Account:
        if key not in self._accounts:
            person = self.people[key]
            brought = person.opening.points if person.opening else 0
            account = self._accounts[key] = _Account(person, Purse({None: brought} if brought else {}))
            account.recount()
        return self._accounts[key]

    def _aged(self, key: str, at: datetime) -> _Account:
        account = self._account(key)
        account.purse.age(at, self._shop(key).gone_by(at))
        return account

    def _look(self, key: str, at: datetime) -> None:
        account, shop = self._account(key), self._shop(key)
        before = account.recount()
        account.ladder.look(shop, account.bought, at, before)
        account.tier, account.segment = account.ladder.name(shop), segment(shop, account.bought, at)

    def _earn(self, order_id: str, order: _Order, account: _Account, state: Deserves, at: datetime) -> None:
        shop = self.shops[account.person.org_id]
        if order.rate is None:
            order.is_unpaid = shop.earns_nothing(state.ordered_at)
            order.rate = Fraction(0) if order.is_unpaid else shop.rate
            order.release_at = shop.release_at(state.ordered_at)
            order.expiry = shop.expiry(order.release_at or state.ordered_at)
        self._pay(order_id, order, account, self._worth(order, account, state.cents), at)
        account.orders[order_id] = (state.ordered_at, state.cents)

    def _worth(self, order: _Order, account: _Account, cents: int) -> int:
        multiplier = self.equity_multiplier if account.person.equity else 1
        return int(cents * (order.rate or 0) * multiplier // 100)

    def _placed_at(self, order_id: str, order: _Order) -> datetime:
        """When an order was placed, or was first heard of if it does not count at present."""
        counted = self._account(order.owner or "").orders.get(order_id)
        found = counted[0] if counted else order.heard_at
        if found is None:
            raise ValueError(f"{order_id} has never been heard of")
        return found

    def _terms(self, order_id: str, order: _Order) -> Shop | None:
        """The shop as it went on after the pause of an order that has not been made up for; None for any other."""
        if not order.is_unpaid or not order.owner:
            return None
        return self._shop(order.owner).made_up_by(self._placed_at(order_id, order))

    def _pay(self, order_id: str, order: _Order, account: _Account, points: int, at: datetime) -> None:
        """Brings what an order has given to a customer to so many points."""
        owed, order.points = points - order.points, points
        if owed < 0:
            account.purse.take_back(order_id, -owed, {order.expiry})
        elif owed and order.release_at and order.release_at > at:
            account.purse.add_later(order_id, owed, order.release_at, order.expiry)
        elif owed:
            account.purse.add(owed, order.expiry, self.shops[account.person.org_id].gone_by(at))

    def _rewards_of(self, order_id: str) -> dict[str, _Reward]:
        return {key: reward for key, reward in self._rewards.items() if reward.order_id == order_id}

    def _give_back(self, redemption_id: str, at: datetime) -> None:
        person = self._rewards[redemption_id].person
        self._aged(person, at).purse.give_back(redemption_id, self._shop(person).gone_by(at))

    def _is_out(self, redemption_id: str) -> bool:
        purse = self._account(self._rewards[redemption_id].person).purse
        return redemption_id in purse.set_aside or redemption_id in purse.spent

    def _is_over(self, redemption_id: str, at: datetime) -> bool:
        reward = self._rewards[redemption_id]
        return reward.ends_at <= at and redemption_id in self._account(reward.person).purse.set_aside


def _said(account: _Account) -> Expected:
    purse, bought = account.purse, account.bought
    parcels: dict[tuple[datetime, Expiry], int] = {}
    for heap in purse.waiting.values():
        dates = (heap.release_at, heap.expiry)
        parcels[dates] = parcels.get(dates, 0) + heap.points
    return Expected(
        available=purse.available,
        pending=purse.pending,
        reserved=purse.reserved,
        debt=purse.debt,
        spend_cents=bought.cents,
        order_count=bought.count,
        first_at=bought.first_at,
        last_at=bought.last_at,
        tier=account.tier,
        segment=account.segment,
        lots=purse.by_expiry(),
        parcels=parcels,
    )
