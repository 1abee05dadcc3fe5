"""Accrual: any delivery of an order's events grants what its last state deserves, at the rate it first earned at."""

from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from lib.domain import redemptions
from lib.domain.accrual import Occasion, Snapshot, accrue
from lib.domain.activities import ActivityKind
from lib.domain.customers import Customer, Opening
from lib.domain.errors import InvariantBroken
from lib.domain.ledger import Account, Actor, EntryKind, Journal, folded
from lib.domain.money import points_for
from lib.domain.orders import Order, Phase, Revision, read
from lib.domain.redemptions import Act
from lib.domain.rewards import Reward
from lib.domain.segments import SpendStats
from lib.domain.settings import LoyaltySettings, Tier
from tests.domain.accruing import NOW, ORG, PLAIN, Event, State, World, history

STATUSES = ("pending", "confirmed", "completed", "delivered", "cancelled", "refunded", "chargeback")
amounts = st.floats(0, 100_000, allow_nan=False).map(lambda dollars: round(dollars, 2)) | st.sampled_from([0.0, 0.01])
states = st.builds(
    State,
    status=st.sampled_from(STATUSES),
    dollars=amounts | st.none(),
    customer=st.sampled_from(["c1", "c2", "c3"]),
    placed_days_ago=st.integers(0, 3),
)
rates = st.decimals("0", "50", places=3)


@st.composite
def deliveries(draw: st.DrawFn) -> tuple[list[list[State]], list[Event]]:
    """Histories of some orders, and their events in any order, each at least once."""
    histories = draw(st.lists(st.lists(states, min_size=1, max_size=5), min_size=1, max_size=3))
    events = [event for number, found in enumerate(histories) for event in history(f"o{number}", found)]
    repeated = draw(st.lists(st.sampled_from(events), max_size=6))
    return histories, draw(st.permutations(events + repeated))


dense_states = st.builds(
    State,
    status=st.sampled_from(("pending", "completed", "completed", "cancelled")),
    dollars=st.sampled_from([10.0, 20.0, None]),
    customer=st.sampled_from(["c1", "c2"]),
)


@hypothesis_settings(max_examples=400)
@given(found=st.lists(dense_states, min_size=2, max_size=5), data=st.data())
def test_any_order_of_one_orders_events_ends_in_what_its_last_state_deserves(
    found: list[State], data: st.DataObject
) -> None:
    world = World()
    for event in data.draw(st.permutations(history("o1", found))):
        world.deliver(event)
    order = last_readable("o1", found)
    for customer_id in ("c1", "c2"):
        earns = order and order.phase is Phase.EARNING and order.buyer.customer_id == customer_id
        cents = order.money.total_cents if order and earns and order.money else 0
        assert world.available(customer_id) == cents // 100
        assert world.customer(customer_id).stats.lifetime_cents == cents


def last_readable(order_id: str, found: list[State]) -> Order | None:
    """The last state that can be decided: what nobody can read changes nothing."""
    readings = [read(order_id, state.fields(), NOW) for state in found]
    return next((reading for reading in reversed(readings) if isinstance(reading, Order)), None)


@hypothesis_settings(max_examples=300)
@given(delivery=deliveries(), points_per_dollar=rates, months=st.none() | st.integers(1, 24))
def test_any_delivery_ends_in_what_the_last_states_deserve(
    delivery: tuple[list[list[State]], list[Event]], points_per_dollar: Decimal, months: int | None
) -> None:
    histories, events = delivery
    settings = PLAIN.model_copy(update={"points_per_dollar": points_per_dollar, "points_expire_months": months})
    world = World(settings)
    for event in events:
        world.deliver(event)
    finals = [last_readable(f"o{number}", found) for number, found in enumerate(histories)]
    sold = [order for order in finals if order and order.phase is Phase.EARNING]
    for customer_id in ("c1", "c2", "c3"):
        mine = [order for order in sold if order.buyer.customer_id == customer_id]
        cents = [order.money.total_cents for order in mine if order.money]
        dates = [order.ordered_at for order in mine]
        customer = world.customer(customer_id)
        balances = customer.account.balances
        assert balances.available - balances.debt == sum(points_for(total, points_per_dollar) for total in cents)
        assert customer.stats == SpendStats(len(mine), sum(cents), min(dates, default=None), max(dates, default=None))
        assert customer.account == folded(ORG, customer_id, world.entries.get(customer_id, []))
        keys = [entry.memo.key for entry in world.entries.get(customer_id, [])]
        assert len(keys) == len(set(keys))


@given(delivery=deliveries())
def test_records_and_entries_tell_the_same(delivery: tuple[list[list[State]], list[Event]]) -> None:
    world = World(PLAIN.model_copy(update={"points_expire_months": 6}))
    for event in delivery[1]:
        world.deliver(event)
    for accrual in world.accruals.values():
        assert sum(lot.points for lot in accrual.lots) == accrual.points
        entries = world.entries.get(accrual.customer_id or "", [])
        of_order = [entry for entry in entries if entry.memo.source.id == accrual.order_id]
        assert sum(entry.points - entry.debt for entry in of_order) == accrual.points
        assert set(accrual.seqs) <= {entry.seq for entry in of_order}


def one_order(world: World, *states: State) -> World:
    """The world after one order has gone through these states."""
    for event in history("o1", states):
        world.deliver(event)
    return world


class TestOneOrder:
    def test_is_granted_once_however_often_it_is_told(self) -> None:
        world = World()
        event = history("o1", [State(dollars=49.99)])[0]
        assert world.deliver(event) is not None
        assert world.deliver(event) is None
        assert world.available("c1") == 49

    @pytest.mark.parametrize("status", ["cancelled", "refunded", "voided", "pending"])
    def test_is_taken_back_once_when_it_ceases_to_earn(self, status: str) -> None:
        world = one_order(World(), State(), State(status=status), State(status="cancelled", dollars=None))
        assert world.available("c1") == 0
        assert [entry.kind for entry in world.entries["c1"]] == [EntryKind.EARN, EntryKind.CLAWBACK]
        assert world.accruals["o1"].reversals == 1
        assert world.customer("c1").stats == SpendStats()

    def test_earns_again_when_it_is_completed_again(self) -> None:
        world = one_order(World(), State(), State(status="cancelled"), State(dollars=80.0))
        assert world.available("c1") == 80
        assert world.customer("c1").stats.order_count == 1

    @pytest.mark.parametrize(("dollars", "points"), [(80.0, 80), (12.5, 12), (0.0, 0)])
    def test_is_adjusted_by_the_difference_when_its_total_changes(self, dollars: float, points: int) -> None:
        world = one_order(World(), State(dollars=50.0), State(dollars=dollars))
        assert [entry.points for entry in world.entries["c1"]] == [50, points - 50]
        assert world.available("c1") == points

    def test_that_was_cancelled_before_its_sale_was_told_never_earns(self) -> None:
        world = World()
        sale, cancellation = history("o1", [State(), State(status="cancelled")])
        world.deliver(cancellation)
        assert world.deliver(sale) is None
        assert world.accruals["o1"].customer_id is None
        assert not world.customers

    def test_follows_its_customer(self) -> None:
        world = one_order(World(), State(customer="c1"), State(customer="c2"))
        assert (world.available("c1"), world.available("c2")) == (0, 50)
        assert world.accruals["o1"].customer_id == "c2"
        assert world.customer("c1").stats == SpendStats()

    def test_gives_back_its_own_points_and_not_those_that_expire_earlier(self) -> None:
        world = World(PLAIN.model_copy(update={"points_expire_months": 2}))
        earlier, later = State(dollars=30.0, placed_days_ago=40), State(dollars=50.0)
        world.deliver(history("o0", [earlier])[0])
        one_order(world, later, replace(later, status="refunded"))
        assert [(lot.id, lot.points) for lot in world.customer("c1").account.lots] == [("1", 30)]

    def test_of_a_till_with_a_wrong_clock_counts_as_placed_now(self) -> None:
        world = one_order(World(), State(placed_days_ago=-400))
        assert world.customer("c1").stats.last_order_at == NOW + timedelta(days=1)
        one_order(world, State(placed_days_ago=-400), State(status="cancelled"))
        assert world.customer("c1").stats == SpendStats()

    def test_leaves_debt_when_its_points_are_spent(self) -> None:
        world = one_order(World(), State())
        customer = world.customer("c1")
        journal = Journal(customer.account, NOW)
        journal.debit(EntryKind.EXPIRE, 30, world.entries["c1"][0].memo)
        world.customers["c1"] = replace(customer, account=journal.account)
        world.deliver(history("o1", [State(), State(status="refunded")])[1])
        assert world.customer("c1").account.balances.debt == 30
        one = history("o2", [State(dollars=100.0)])[0]
        world.deliver(one)
        assert world.available("c1") == 70

    def test_of_a_hundred_million_dollars_is_exact(self) -> None:
        settings = PLAIN.model_copy(update={"points_per_dollar": Decimal("999.999999")})
        assert one_order(World(settings), State(dollars=99_999_999.99)).available("c1") == 99_999_999_890


class TestTheRate:
    def test_a_later_setting_does_not_touch_an_old_order(self) -> None:
        world = one_order(World(), State(dollars=50.0))
        world.settings = PLAIN.model_copy(
            update={"points_per_dollar": Decimal(10), "earn_base": "subtotal", "points_expire_months": 1}
        )
        sale, edit = history("o1", [State(dollars=50.0), State(dollars=60.0)])
        world.deliver(edit)
        assert world.available("c1") == 60
        assert world.customer("c1").account.lots[0].expires_at is None
        assert world.deliver(sale) is None

    def test_is_the_tiers_times_the_equity_multiplier_in_exact_decimals(self) -> None:
        tiers = (Tier(id="base", name="Base", threshold_cents=0, multiplier=Decimal("1.1")),)
        world = World(PLAIN.model_copy(update={"tiers": tiers, "equity_multiplier": Decimal("1.2")}))
        world.customers["c1"] = Customer(Account(ORG, "c1"), equity=True, opened=True)
        one_order(world, State(dollars=100.0))
        assert world.available("c1") == 132
        assert world.accruals["o1"].rate is not None
        assert world.accruals["o1"].rate.multiplier == Decimal("1.32")
        assert "1.32" not in repr(world.entries["c1"])

    def test_an_equity_multiplier_stays_with_its_customer(self) -> None:
        world = World()
        world.customers["c1"] = Customer(Account(ORG, "c1"), equity=True, opened=True)
        one_order(world, State(dollars=100.0, customer="c1"), State(dollars=100.0, customer="c2"))
        assert world.available("c2") == 100

    def test_the_tier_before_the_order_multiplies_it(self) -> None:
        tiers = (
            Tier(id="base", name="Base", threshold_cents=0),
            Tier(id="top", name="Top", threshold_cents=100_00, multiplier=Decimal(2)),
        )
        world = World(PLAIN.model_copy(update={"tiers": tiers}))
        one_order(world, State(dollars=100.0))
        assert world.available("c1") == 100
        world.deliver(history("o2", [State(dollars=100.0)])[0])
        assert world.available("c1") == 300

    def test_an_order_of_a_paused_programme_counts_and_never_earns(self) -> None:
        world = one_order(World(PLAIN.model_copy(update={"paused": True})), State(dollars=50.0))
        world.settings = PLAIN
        world.deliver(history("o1", [State(dollars=50.0), State(dollars=500.0)])[1])
        assert world.available("c1") == 0
        assert world.customer("c1").stats.lifetime_cents == 500_00
        assert world.accruals["o1"].rate is not None
        assert world.accruals["o1"].rate.paused

    @pytest.mark.parametrize(
        ("placed_days_ago", "months", "expires"),
        [(0, 12, (2027, 5, 1, 4)), (15, 1, (2026, 5, 1, 4)), (0, 8, (2027, 1, 1, 5))],
    )
    def test_points_last_to_the_end_of_a_month(
        self, placed_days_ago: int, months: int, expires: tuple[int, int, int, int]
    ) -> None:
        settings = PLAIN.model_copy(update={"points_expire_months": months})
        world = one_order(World(settings), State(placed_days_ago=placed_days_ago))
        assert world.customer("c1").account.lots[0].expires_at == datetime(*expires, tzinfo=NOW.tzinfo)


class TestRewardsOnTheOrder:
    ACT = Act(Actor("staff", "u1"), NOW, "rules")

    def _held(self, world: World, points: int, *, captured: bool) -> None:
        customer = world.customer("c1")
        journal = Journal(customer.account, NOW)
        held = redemptions.open_hold("r1", "o1", Reward("small", points, 500), journal, self.ACT, minutes=30)
        if captured:
            held = redemptions.capture(held, None, journal, self.ACT).redemption
        world.redemptions["r1"] = held
        world.entries["c1"] += journal.entries
        world.customers["c1"] = replace(customer, account=journal.account)

    @pytest.mark.parametrize("captured", [True, False])
    def test_go_back_once_before_the_points_are_taken(self, captured: bool) -> None:
        world = one_order(World(), State(dollars=100.0))
        self._held(world, 80, captured=captured)
        reversal = history("o1", [State(dollars=100.0), State(status="refunded"), State(status="cancelled")])[1]
        world.deliver(reversal)
        assert world.deliver(reversal) is None
        balances = world.customer("c1").account.balances
        assert (balances.available, balances.reserved, balances.debt) == (0, 0, 0)
        kinds = [entry.kind for entry in world.entries["c1"]][-2:]
        assert kinds == [EntryKind.REINSTATE if captured else EntryKind.VOID, EntryKind.CLAWBACK]

    def test_stay_when_the_order_only_goes_back_to_pending(self) -> None:
        world = one_order(World(), State(dollars=100.0))
        self._held(world, 80, captured=True)
        world.deliver(history("o1", [State(dollars=100.0), State(status="pending")])[1])
        assert world.redemptions["r1"].reinstated_at is None
        assert world.customer("c1").account.balances.debt == 80

    def test_go_back_when_an_order_is_cancelled_that_never_earned(self) -> None:
        world = one_order(World(), State(dollars=100.0))
        self._held(world, 80, captured=False)
        world.redemptions["r1"] = replace(world.redemptions["r1"], order_id="o2")
        world.deliver(history("o2", [State(status="pending"), State(status="cancelled")])[1])
        assert world.available("c1") == 100


class TestCustomersFromBefore:
    LAST = NOW - timedelta(days=10)
    OPENING = Opening(120, SpendStats(3, 200_00, NOW - timedelta(days=90), LAST))

    def _world(self, opening: Opening) -> World:
        world = World()
        world.customers["c1"] = Customer(Account(ORG, "c1"), stats=opening.stats, opening=opening)
        return world

    def test_keep_their_balance_by_one_opening_entry(self) -> None:
        world = one_order(self._world(self.OPENING), State(dollars=50.0))
        assert [(entry.kind, entry.points, entry.memo.source.type) for entry in world.entries["c1"]] == [
            (EntryKind.ADJUST, 120, "opening"),
            (EntryKind.EARN, 50, "order"),
        ]
        assert world.customer("c1").stats == SpendStats(4, 250_00, NOW - timedelta(days=90), NOW)

    def test_do_not_earn_twice_for_orders_their_figures_contain(self) -> None:
        world = one_order(self._world(self.OPENING), State(dollars=50.0, placed_days_ago=20))
        assert world.available("c1") == 120
        assert world.customer("c1").stats == self.OPENING.stats
        assert world.customer("c1").opening == Opening(
            70, replace(self.OPENING.stats, order_count=2, lifetime_cents=150_00)
        )
        assert (world.accruals["o1"].points, world.accruals["o1"].carried_points) == (50, 50)

    @pytest.mark.parametrize(("placed_days_ago", "points"), [(10, 120), (9, 170)])
    def test_contain_the_order_of_their_last_date_and_no_later_one(self, placed_days_ago: int, points: int) -> None:
        world = one_order(self._world(self.OPENING), State(dollars=50.0, placed_days_ago=placed_days_ago))
        assert world.available("c1") == points

    def test_get_what_their_balance_lacks_for_such_orders(self) -> None:
        poor = replace(self.OPENING, points=20)
        world = one_order(self._world(poor), State(dollars=50.0, placed_days_ago=20))
        assert world.available("c1") == 50
        assert world.customer("c1").order_points == 50

    def test_lose_the_points_of_such_an_order_when_it_is_refunded(self) -> None:
        sale = State(dollars=50.0, placed_days_ago=20)
        world = one_order(self._world(self.OPENING), sale, replace(sale, status="refunded"), sale)
        assert world.available("c1") == 120
        assert world.customer("c1").stats == self.OPENING.stats
        refunded = one_order(self._world(self.OPENING), sale, replace(sale, status="refunded"))
        assert refunded.available("c1") == 70
        assert refunded.customer("c1").stats.lifetime_cents == 150_00


class TestTheTimeline:
    def test_says_what_was_earned_and_what_it_led_to(self) -> None:
        world = World()
        first, second = history("o1", [State(dollars=10.0)])[0], history("o2", [State(dollars=250.0)])[0]
        world.deliver(first)
        changes = world.deliver(second)
        assert changes is not None
        activity = changes.customers[0].activity
        assert activity is not None
        assert activity.kind is ActivityKind.POINTS_EARNED
        assert activity.metadata == {
            "orderId": "o2",
            "orderTotal": 250.0,
            "pointsAwarded": 250,
            "previousPoints": 10,
            "newPoints": 260,
            "previousTier": "bronze",
            "newTier": "silver",
        }
        assert activity.description == "Earned 250 points on order o2; tier is now silver"

    def test_says_nothing_of_an_equity_customer(self) -> None:
        world = World()
        world.customers["c1"] = Customer(Account(ORG, "c1"), equity=True, opened=True)
        changes = world.deliver(history("o1", [State()])[0])
        assert changes is not None
        assert "equity" not in repr(changes.customers[0].activity).lower()


def test_no_customer_is_written_when_nothing_changes_for_anybody() -> None:
    world = one_order(World(), State())
    changes = world.deliver(history("o1", [State(), State(placed_days_ago=0, status="delivered")])[1])
    assert changes is None


def test_an_earning_order_without_a_customer_is_a_mistake_of_ours() -> None:
    order = read("o1", State().fields(), NOW)
    assert isinstance(order, Order)
    occasion = Occasion(Revision("1", NOW), Actor("system", "test"), NOW)
    with pytest.raises(InvariantBroken):
        accrue(Snapshot(None), order, LoyaltySettings(), occasion)
