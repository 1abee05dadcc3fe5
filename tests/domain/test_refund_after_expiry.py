"""An order that is taken back after its points have expired: they are not taken a second time."""

from collections import Counter
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from lib.domain import redemptions
from lib.domain.ledger import Entry, EntryKind, Journal
from lib.domain.redemptions import Act, Redemption
from lib.domain.rewards import Reward
from tests.domain.accruing import NOW, ORG, PLAIN, Event, State, World
from tests.domain.invariants.ledgers import StoredLedger
from tests.domain.redeeming import TILL

MONTHLY = PLAIN.model_copy(update={"points_expire_months": 3, "expiry_rounding": "month_end"})
LATER = timedelta(days=200)
ANN = "c1"


class Shop:
    """Orders of one customer, one state after the other, and rewards; a dollar is a point."""

    def __init__(self) -> None:
        self.world = World(MONTHLY)
        self._states: dict[str, State] = {}
        self._versions: Counter[str] = Counter()
        self._rewards = 0

    def put(self, order_id: str, points: int = 100, status: str = "completed", customer: str = ANN) -> list[EntryKind]:
        """Writes the order; the kinds of the entries that follow in the ledger of ANN."""
        self.world.now += timedelta(seconds=1)
        before = self._states.get(order_id)
        days = before.placed_days_ago if before else (NOW - self.world.now) // timedelta(days=1)
        self._states[order_id] = after = State(status, float(points), customer, days)
        self._versions[order_id] += 1
        known = len(self.entries)
        self.world.deliver(Event(order_id, self._versions[order_id], before, after))
        return [entry.kind for entry in self.entries[known:]]

    def refund(self, order_id: str) -> list[EntryKind]:
        state = self._states[order_id]
        return self.put(order_id, int(state.dollars or 0), "refunded", state.customer)

    def refund_all(self) -> None:
        for order_id in self._states:
            self.refund(order_id)

    def wait(self, time: timedelta = LATER) -> None:
        self.world.now += time
        self.world.touch(ANN)

    def redeem(self, points: int) -> Redemption:
        return self.spend(self.hold(points))

    def hold(self, points: int) -> Redemption:
        self._rewards += 1
        held: list[Redemption] = []
        reward = Reward("tier", points, 100 * points)

        def act(journal: Journal) -> None:
            held.append(redemptions.open_hold(f"r{self._rewards}", "till", reward, journal, self._act(), minutes=10**6))

        self.world.touch(ANN, act)
        return held[0]

    def spend(self, held: Redemption) -> Redemption:
        found: list[Redemption] = []
        points = held.reward.points

        def act(journal: Journal) -> None:
            found.append(redemptions.capture(held, points, journal, self._act()).redemption)

        self.world.touch(ANN, act)
        return found[0]

    def give_back(self, redemption: Redemption) -> None:
        self.world.touch(ANN, lambda journal: redemptions.give_back(redemption, journal, self._act(), reason="back"))

    @property
    def entries(self) -> list[Entry]:
        return self.world.entries.get(ANN, [])

    @property
    def worth(self) -> int:
        """Points that the customer has in any way, less what it owes."""
        balances = self.world.customer(ANN).account.balances
        return balances.available + balances.pending + balances.reserved - balances.debt

    def expired(self, expires_at: datetime | None = None) -> int:
        """What has expired and has not come back, at one instant or ever."""
        kinds = (EntryKind.EXPIRE, EntryKind.UNEXPIRE)
        found = [entry for entry in self.entries if entry.kind in kinds]
        return -sum(entry.points for entry in found if expires_at in (None, entry.memo.occurred_at))

    def state(self, order_id: str) -> State:
        return self._states[order_id]

    def paid_by_others(self) -> Counter[datetime]:
        """By expiry, what orders whose points have that expiry have taken of other points, or are owed."""
        found: Counter[datetime] = Counter()
        for entry in self.entries:
            accrual = self.world.accruals.get(entry.memo.source.id)
            if entry.kind is EntryKind.CLAWBACK and entry.debt >= 0 and accrual and accrual.rate:
                own = accrual.rate.expires_at
                assert own
                found[own] += entry.debt - sum(part.points for part in entry.lots if part.expires_at != own)
        return found

    def check(self) -> None:
        """The audit's checks, which share no arithmetic with the product."""
        journal = Journal(self.world.customer(ANN).account, NOW)
        journal.entries = self.entries
        assert [str(found) for found in StoredLedger(journal).violations(ORG, ANN)] == []

    def _act(self) -> Act:
        return Act.under(self.world.settings, TILL, self.world.now)


@pytest.fixture
def shop() -> Shop:
    return Shop()


UNDONE = [EntryKind.UNEXPIRE, EntryKind.CLAWBACK]


def test_what_has_expired_is_not_owed(shop: Shop) -> None:
    shop.put("a")
    shop.wait()
    assert shop.refund("a") == UNDONE
    assert (shop.worth, shop.expired(), shop.world.accruals["a"].points) == (0, 0, 0)
    back, taken = shop.entries[-2:]
    assert (back.points, back.memo.source.type, back.memo.reason) == (100, "lot", "only to be taken back with order a")
    assert (taken.points, taken.debt, taken.lots[0].lot_id) == (-100, 0, back.lots[0].lot_id)
    shop.check()


def test_it_may_expire_in_the_very_moment_of_the_refund(shop: Shop) -> None:
    shop.put("a")
    shop.world.now += LATER
    assert shop.refund("a") == [EntryKind.EXPIRE, *UNDONE]
    assert (shop.worth, shop.expired()) == (0, 0)
    shop.check()


def test_what_was_spent_before_the_rest_expired_is_owed(shop: Shop) -> None:
    shop.put("a")
    shop.redeem(70)
    shop.wait()
    shop.put("b", 50)
    assert shop.refund("a") == UNDONE
    assert shop.entries[-1].points == -30 - 50
    assert shop.world.customer(ANN).account.balances.debt == 20
    shop.check()


def test_orders_with_one_expiry_share_what_has_expired_and_use_it_once(shop: Shop) -> None:
    shop.put("a")
    shop.put("b")
    shop.redeem(100)
    shop.wait()
    assert shop.refund("a") == UNDONE
    assert shop.worth == 0
    assert shop.refund("b") == [EntryKind.CLAWBACK]
    assert (shop.worth, shop.expired()) == (-100, 0)
    shop.check()


def test_what_has_expired_with_another_order_is_not_touched(shop: Shop) -> None:
    shop.put("a")
    shop.wait()
    shop.put("b")
    shop.redeem(100)
    shop.wait()
    assert shop.refund("b") == [EntryKind.CLAWBACK]
    assert (shop.worth, shop.expired()) == (-100, 100)
    shop.check()


def test_a_debt_is_not_paid_from_what_comes_back(shop: Shop) -> None:
    shop.put("a")
    shop.wait()
    shop.put("b")
    shop.redeem(100)
    shop.refund("b")
    assert shop.refund("a") == UNDONE
    assert shop.world.customer(ANN).account.balances.debt == 100
    shop.check()


@pytest.mark.parametrize(("status", "left"), [("completed", 40), ("pending", 0), ("refunded", 0)])
def test_an_order_that_is_worth_less_undoes_so_much_less(shop: Shop, status: str, left: int) -> None:
    shop.put("a")
    shop.wait()
    assert shop.put("a", 40, status) == UNDONE
    assert (shop.worth, shop.expired(), shop.world.accruals["a"].points) == (0, left, left)
    shop.check()


def test_an_order_that_moves_takes_along_what_it_still_has(shop: Shop) -> None:
    shop.put("a")
    shop.wait()
    assert shop.put("a", customer="c2") == UNDONE
    assert (shop.worth, shop.expired()) == (0, 0)
    assert shop.world.accruals["a"].customer_id == "c2"
    shop.check()


def test_a_reward_that_comes_back_with_its_order_has_expired_too(shop: Shop) -> None:
    shop.put("a")
    spent = shop.redeem(100)
    shop.world.redemptions[spent.id] = replace(spent, order_id="a")
    shop.wait()
    assert shop.refund("a") == [EntryKind.REINSTATE, EntryKind.EXPIRE, *UNDONE]
    assert (shop.worth, shop.expired()) == (0, 0)
    shop.check()


def test_an_order_that_earns_again_earns_what_expires_at_once(shop: Shop) -> None:
    shop.put("a")
    rate = shop.world.customer(ANN).account.lots[0].expires_at
    shop.wait()
    shop.refund("a")
    for _ in range(2):
        assert shop.put("a") == [EntryKind.EARN, EntryKind.EXPIRE]
        assert (shop.worth, shop.expired(rate), shop.world.accruals["a"].points) == (0, 100, 100)
        assert shop.refund("a") == UNDONE
        assert (shop.worth, shop.expired()) == (0, 0)
    shop.check()


def test_a_pause_that_lets_nothing_expire_does_not_bring_back_what_has(shop: Shop) -> None:
    shop.put("a")
    shop.wait()
    shop.world.settings = MONTHLY.model_copy(update={"paused": True})
    assert shop.refund("a") == UNDONE
    assert shop.worth == 0
    shop.check()


def test_what_a_pause_has_kept_is_taken_as_it_is(shop: Shop) -> None:
    shop.put("a")
    shop.world.settings = MONTHLY.model_copy(update={"paused": True})
    shop.wait()
    assert shop.refund("a") == [EntryKind.CLAWBACK]
    assert shop.worth == 0
    shop.check()


STEPS = st.tuples(
    st.sampled_from(["order", "hold", "spend", "give back", "refund", "restore", "edit", "move", "wait"]),
    st.integers(1, 100),
)


class History:
    """A shop to which steps happen, and what its customer has redeemed and kept."""

    def __init__(self) -> None:
        self.shop = Shop()
        self.held: list[Redemption] = []
        self.spent: list[Redemption] = []
        self.orders: list[str] = []

    @property
    def kept(self) -> int:
        return sum(redemption.reward.points for redemption in self.spent)

    def happen(self, step: str, number: int, *, days_max: int) -> None:
        if step == "order":
            self.orders.append(f"o{len(self.orders)}")
            self.shop.put(self.orders[-1], number)
        elif step == "wait":
            self.shop.wait(timedelta(days=number % (days_max + 1)))
        elif step in ("hold", "spend", "give back"):
            self._reward(step, number)
        elif self.orders:
            self._order(step, self.orders[number % len(self.orders)], number)
        assert self.shop.worth == self.granted - self.kept - self.shop.expired()

    @property
    def granted(self) -> int:
        return sum(found.points for found in self.shop.world.accruals.values() if found.customer_id == ANN)

    def _order(self, step: str, order_id: str, number: int) -> None:
        if step == "refund":
            self.shop.refund(order_id)
        else:
            points = number if step == "edit" else int(self.shop.state(order_id).dollars or 0)
            self.shop.put(order_id, points, customer="c2" if step == "move" else ANN)

    def _reward(self, step: str, number: int) -> None:
        if step == "hold" and (points := self.shop.world.available(ANN) * number // 100):
            self.held.append(self.shop.hold(points))
        elif step == "spend" and self.held:
            self.spent.append(self.shop.spend(self.held.pop()))
        elif step == "give back" and (given := self.spent or self.held):
            self.shop.give_back(given.pop())


@hypothesis_settings(max_examples=60, deadline=None)
@given(before=st.lists(STEPS, max_size=12), after=st.lists(STEPS, max_size=12))
def test_who_returns_everything_owes_what_was_redeemed(
    before: list[tuple[str, int]], after: list[tuple[str, int]]
) -> None:
    """Where all orders are of one month, to the point: neither more, whatever has expired, nor less."""
    history = History()
    for step, number in before:
        history.happen(step, number, days_max=0)
    history.shop.wait()
    for step, number in after:
        if step != "order":
            history.happen(step, number, days_max=30)
    history.shop.refund_all()
    assert (history.shop.worth, history.shop.expired()) == (-history.kept, 0)
    history.shop.check()


@hypothesis_settings(max_examples=60, deadline=None)
@given(steps=st.lists(STEPS, max_size=30))
def test_with_many_expiries_only_what_others_paid_for_can_have_expired(steps: list[tuple[str, int]]) -> None:
    """A refund that finds its own points spent takes others. If the spent ones come back after that, they can expire
    although no order stands for them any more: so much, and no more, may be missing in the end."""
    history, shop = History(), None
    for step, number in steps:
        history.happen(step, number, days_max=45)
    shop = history.shop
    shop.refund_all()
    assert shop.worth == -history.kept - shop.expired()
    for expires_at, points in shop.paid_by_others().items():
        assert 0 <= shop.expired(expires_at) <= points
    shop.check()
