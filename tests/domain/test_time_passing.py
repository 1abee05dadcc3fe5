"""Any history: orders, refunds, holds and pauses while time goes by in any steps. Nothing is lost, nothing twice."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, initialize, invariant, rule

from lib.domain.invariants.parcels import check_shares
from lib.domain.invariants.violations import Document
from lib.domain.ledger import EntryKind, Journal, check_account, folded
from lib.domain.notices import NoticeKind
from lib.domain.redemptions import Act, Redemption, capture, open_hold, reinstate, void
from lib.domain.rewards import Reward
from lib.domain.settings_model import TierPolicy
from lib.store.accruals import encode as encode_accrual
from tests.domain.accruing import NOW, ORG, PLAIN, Event, State, World
from tests.domain.invariants.ledgers import StoredLedger
from tests.domain.redeeming import TILL

CUSTOMERS = ("c1", "c2")
_OF_EXPIRY = (EntryKind.EXPIRE, EntryKind.UNEXPIRE)
who = st.sampled_from(CUSTOMERS)


class AnyHistory(RuleBasedStateMachine):
    """The world as the use cases change it, and an oracle that knows what was given, spent and has expired."""

    orders: Any = Bundle("orders")
    held: Any = Bundle("held")
    spent: Any = Bundle("spent")

    @initialize(
        months=st.none() | st.integers(1, 3),
        rounding=st.sampled_from(["month_end", "day_end"]),
        pending=st.sampled_from([0, 1, 20]),
        warning=st.sampled_from([0, 14]),
        window=st.none() | st.integers(1, 3),
        idle=st.none() | st.integers(10, 60),
        lapse=st.sampled_from(["one_down", "by_balance"]),
    )
    def open(
        self,
        months: int | None,
        rounding: str,
        pending: int,
        warning: int,
        window: int | None,
        idle: int | None,
        lapse: Any,
    ) -> None:
        policy = TierPolicy(window_months=window, inactivity_days=idle, grace_days=5, notice_days=10, lapse=lapse)
        rules = {"points_expire_months": months, "expiry_rounding": rounding, "pending_days": pending}
        update = {**rules, "expiry_warning_days": warning, "tier_policy": policy}
        self.world = World(PLAIN.model_copy(update=update))
        self.states: dict[str, list[State]] = {}
        self.spent_points = dict.fromkeys(CUSTOMERS, 0)
        self.steps = 0

    @rule(target=orders, customer=who, dollars=st.integers(1, 300))
    def order(self, customer: str, dollars: int) -> str:
        order_id = f"o{len(self.states)}"
        days = (NOW - self.world.now) // timedelta(days=1) + 1
        self.states[order_id] = []
        self._put(order_id, State(dollars=float(dollars), customer=customer, placed_days_ago=days))
        return order_id

    @rule(order_id=orders, dollars=st.integers(1, 300))
    def edit(self, order_id: str, dollars: int) -> None:
        self._put(order_id, replace(self.states[order_id][-1], dollars=float(dollars), status="completed"))

    @rule(order_id=orders)
    def refund(self, order_id: str) -> None:
        self._put(order_id, replace(self.states[order_id][-1], status="refunded"))

    @rule(order_id=orders, customer=who)
    def move(self, order_id: str, customer: str) -> None:
        self._put(order_id, replace(self.states[order_id][-1], customer=customer))

    @rule(target=held, customer=who, share=st.integers(1, 100))
    def hold(self, customer: str, share: int) -> Redemption | None:
        found: list[Redemption] = []

        def act(journal: Journal) -> None:
            points = journal.account.balances.available * share // 100
            if points:
                reward = Reward("tier", points, 100)
                found.append(open_hold(f"r{self.steps}", "till", reward, journal, self._act(), minutes=30))

        self._tick()
        self.world.touch(customer, act)
        return found[0] if found else None

    @rule(target=spent, hold=consumes(held), share=st.integers(1, 100))
    def capture(self, hold: Redemption | None, share: int) -> Redemption | None:
        if hold is None:
            return None
        points = max(1, hold.reward.points * share // 100)
        found: list[Redemption] = []
        act = replace(self._act(), at=hold.held_at)
        self._tick()
        worth = replace(hold, reward=replace(hold.reward, value_cents=100 * hold.reward.points))
        self.world.touch(
            hold.customer_id, lambda journal: found.append(capture(worth, points, journal, act).redemption)
        )
        self.spent_points[hold.customer_id] += points
        return found[0]

    @rule(hold=consumes(held))
    def void(self, hold: Redemption | None) -> None:
        if hold:
            self._tick()
            self.world.touch(hold.customer_id, lambda journal: void(hold, journal, self._act()))

    @rule(captured=consumes(spent))
    def reinstate(self, captured: Redemption | None) -> None:
        if captured and captured.captured:
            self._tick()
            self.world.touch(
                captured.customer_id, lambda journal: reinstate(captured, journal, self._act(), reason="back")
            )
            self.spent_points[captured.customer_id] -= captured.captured.points

    @rule(hours=st.sampled_from([1, 24, 24 * 7, 24 * 30, 24 * 100]))
    def wait(self, hours: int) -> None:
        self.world.now += timedelta(hours=hours)

    @rule(paused=st.booleans())
    def pause(self, paused: bool) -> None:
        self.world.settings = self.world.settings.model_copy(update={"paused": paused})

    @rule(customer=who)
    def age(self, customer: str) -> None:
        """Leaves nothing that is due, and doing it again changes nothing and tells nobody."""
        world = self.world
        aged = world.touch(customer)
        assert aged.standing is not None
        assert aged.standing.due_at is None or aged.standing.due_at > world.now
        stale = [lot for lot in aged.account.lots if lot.free and lot.expires_at and lot.expires_at <= world.now]
        assert world.settings.paused or not stale
        count, told = len(world.entries[customer]), len(world.notices)
        again = world.touch(customer)
        assert (len(world.entries[customer]), len(world.notices)) == (count, told)
        assert again.standing is not None
        assert replace(again.standing, notices=()) == replace(aged.standing, notices=())

    @rule(customer=who)
    def two_looks_end_where_one_would_have(self, customer: str) -> None:
        """Whether a customer was looked at halfway does not matter to what it has in the end."""
        world = self.world
        start, then = world.now, world.now + timedelta(days=45)
        ends = []
        for stops in ([then], [start + timedelta(days=20), then]):
            copied = World(world.settings, customers=dict(world.customers))
            for copied.now in stops:
                looked = copied.touch(customer)
            standing = looked.standing
            assert standing is not None
            lots = [(lot.expires_at, lot.points, lot.reserved) for lot in looked.account.lots]
            ends.append((looked.account.balances, lots, standing.tier, standing.segment, standing.due_at))
        assert ends[0] == ends[1]

    @invariant()
    def nothing_is_lost_or_made(self) -> None:
        for customer_id in CUSTOMERS if hasattr(self, "world") else ():
            account, entries = self.world.customer(customer_id).account, self.world.entries.get(customer_id, [])
            check_account(account.balances, account.lots, account.parcels)
            assert folded(ORG, customer_id, entries) == account
            expired = -sum(entry.points for entry in entries if entry.kind in _OF_EXPIRY)
            granted = sum(found.points for found in self.world.accruals.values() if found.customer_id == customer_id)
            balances = account.balances
            has = balances.available + balances.pending + balances.reserved - balances.debt
            assert has == granted - self.spent_points[customer_id] - expired
            assert not (balances.available and balances.debt)

    def teardown(self) -> None:
        """The audit, which shares no arithmetic with all this, finds nothing."""
        if not hasattr(self, "world"):
            return
        for customer_id, entries in self.world.entries.items():
            account = self.world.customer(customer_id).account
            journal = Journal(account, NOW)
            journal.entries = entries
            ledger = StoredLedger(journal)
            assert [str(found) for found in ledger.violations(ORG, customer_id)] == []
            mine = [found for found in self.world.accruals.values() if found.customer_id == customer_id]
            records = [Document(f"a/{found.order_id}", encode_accrual(found, NOW)) for found in mine]
            assert list(check_shares(Document("c", {"loyalty": ledger.account}), records)) == []
        # A tier that is lost by a refund and won again can lapse on the day that has been announced: the same notice.
        told = [notice.id for notice in self.world.notices if notice.kind is not NoticeKind.TIER_LAPSING]
        assert len(set(told)) == len(told)

    def _put(self, order_id: str, state: State) -> None:
        states = self.states[order_id]
        before = states[-1] if states else None
        states.append(state)
        self._tick()
        self.world.deliver(Event(order_id, len(states), before, state))

    def _tick(self) -> None:
        """No two things happen at one moment."""
        self.steps += 1
        self.world.now += timedelta(seconds=1)

    def _act(self) -> Act:
        return Act.under(self.world.settings, TILL, self.world.now)


AnyHistory.TestCase.settings = hypothesis_settings(max_examples=30, stateful_step_count=30, deadline=None)
TestAnyHistory = AnyHistory.TestCase
