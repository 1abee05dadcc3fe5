"""What every customer must have, from the states of orders and the calls that were accepted, and from nothing else.

It knows no entries, lots or events and shares no arithmetic with the product: that is why it can be trusted to
contradict it. What happens to one customer it has to be told in order where time takes points or tiers.
"""

import threading
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from fractions import Fraction

from cli.simulate.books import Account, Deserves, Expected, Order, Phase, Reward, said
from cli.simulate.ladder import segment
from cli.simulate.people import Person
from cli.simulate.purse import Purse
from cli.simulate.shops import Shop

_KEPT_ON = timedelta(days=1)


@dataclass(slots=True)
class Oracle:
    """Safe for several threads."""

    people: dict[str, Person]
    shops: dict[str, Shop]
    equity_multiplier: Fraction
    _orders: dict[str, Order] = field(default_factory=dict)
    _rewards: dict[str, Reward] = field(default_factory=dict)
    _accounts: dict[str, Account] = field(default_factory=dict)
    _lock: threading.RLock = field(default_factory=threading.RLock)

    def delivered(
        self, order_id: str, version: int, state: Deserves, at: datetime, seen: Collection[str] | None = None
    ) -> set[str]:
        """A change of an order that matters has been worked; older ones than the newest so far have no effect.

        `seen`: whose documents were written with it, None for everybody's: only who is written is looked at. Returns
        whom it concerns.
        """
        with self._lock:
            order = self._orders.setdefault(order_id, Order())
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
            order = self._orders.get(order_id) or Order()
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
            self._rewards[redemption_id] = Reward(person, order_id, at + minutes)
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
            return {key: said(self._account(key)) for key in wanted}

    def _shop(self, person: str) -> Shop:
        return self.shops[self.people[person].org_id]

    def _account(self, key: str) -> Account:
        if key not in self._accounts:
            person = self.people[key]
            brought = person.opening.points if person.opening else 0
            account = self._accounts[key] = Account(person, Purse({None: brought} if brought else {}))
            account.recount()
        return self._accounts[key]

    def _aged(self, key: str, at: datetime) -> Account:
        account = self._account(key)
        account.purse.age(at, self._shop(key).gone_by(at))
        return account

    def _look(self, key: str, at: datetime) -> None:
        account, shop = self._account(key), self._shop(key)
        before = account.recount()
        account.ladder.look(shop, account.bought, at, before)
        account.tier, account.segment = account.ladder.name(shop), segment(shop, account.bought, at)

    def _earn(self, order_id: str, order: Order, account: Account, state: Deserves, at: datetime) -> None:
        shop = self.shops[account.person.org_id]
        if order.rate is None:
            order.is_unpaid = shop.earns_nothing(state.ordered_at)
            order.rate = Fraction(0) if order.is_unpaid else shop.rate
            if shop.had_paused(state.ordered_at):
                order.release_at, order.expiry = shop.dates_of_late(state.ordered_at)
            else:
                order.release_at = shop.release_at(state.ordered_at)
                order.expiry = shop.expiry(order.release_at or state.ordered_at)
        self._pay(order_id, order, account, self._worth(order, account, state.cents), at)
        account.orders[order_id] = (state.ordered_at, state.cents)

    def _worth(self, order: Order, account: Account, cents: int) -> int:
        multiplier = self.equity_multiplier if account.person.equity else 1
        return int(cents * (order.rate or 0) * multiplier // 100)

    def _placed_at(self, order_id: str, order: Order) -> datetime:
        """When an order was placed, or was first heard of if it does not count at present."""
        counted = self._account(order.owner or "").orders.get(order_id)
        found = counted[0] if counted else order.heard_at
        if found is None:
            raise ValueError(f"{order_id} has never been heard of")
        return found

    def _terms(self, order_id: str, order: Order) -> Shop | None:
        """The shop as it went on after the pause of an order that has not been made up for; None for any other."""
        if not order.is_unpaid or not order.owner:
            return None
        return self._shop(order.owner).made_up_by(self._placed_at(order_id, order))

    def _pay(self, order_id: str, order: Order, account: Account, points: int, at: datetime) -> None:
        """Brings what an order has given to a customer to so many points."""
        owed, order.points = points - order.points, points
        if owed < 0:
            account.purse.take_back(order_id, -owed, {order.expiry})
        elif owed and order.release_at and order.release_at > at:
            account.purse.add_later(order_id, owed, order.release_at, order.expiry)
        elif owed:
            account.purse.add(owed, order.expiry, self.shops[account.person.org_id].gone_by(at))

    def _rewards_of(self, order_id: str) -> dict[str, Reward]:
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
