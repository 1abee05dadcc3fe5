"""What recording an order costs: the budgets of the design, as the local Firestore bills them."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from emulator.client import StackClient
from lib.usecases import settings
from lib.usecases.orders import record_order
from tests.usecases.counter import ANN, ORG, Counter, cost, pos
from tests.usecases.till import Till


class TestWhatItCosts:
    """The budgets of the design, billed by the local Firestore."""

    def test_a_new_order_of_a_known_named_customer(self, warm: Counter, usage: StackClient) -> None:
        assert cost(usage, warm.write("o1", customerId=ANN)) == (2, 5)

    def test_a_new_order_of_a_known_customer_whom_it_does_not_name(self, warm: Counter, usage: StackClient) -> None:
        change = warm.write("o1", **pos("77", email="ann@example.com", phone="2015550123"))
        assert cost(usage, change) == (2, 6)

    def test_a_known_customer_kept_under_an_id_of_others(self, counter: Counter, usage: StackClient) -> None:
        counter.client.document("customers/theirs").set({"orgId": ORG, "alleavesCustomerId": "cid_77"})
        counter.sell("first", **pos("77"))
        assert cost(usage, counter.write("o1", **pos("77"))) == (4, 6)

    def test_a_new_customer_with_three_identities(self, warm: Counter, usage: StackClient) -> None:
        change = warm.write("o1", **pos("78", email="bob@example.com", phone="2015550124"))
        assert cost(usage, change) == (10, 9)

    def test_a_duplicate(self, warm: Counter, usage: StackClient) -> None:
        change = warm.write("o1", **pos("77"))
        record_order(change)
        assert cost(usage, change) == (2, 0)

    def test_an_unchanged_rewrite(self, warm: Counter, usage: StackClient) -> None:
        assert cost(usage, warm.write("first", updatedAt=datetime.now(UTC), items=[{"qty": 1}])) == (0, 0)

    def test_a_step_before_the_sale(self, warm: Counter, usage: StackClient) -> None:
        assert cost(usage, warm.write("o1", status="pending")) == (0, 0)
        assert cost(usage, warm.write("o1", status="ready")) == (0, 0)

    def test_our_own_answer_to_an_order(self, warm: Counter, usage: StackClient) -> None:
        change = warm.write("o1", **pos("77"))
        record_order(change)
        assert cost(usage, replace(warm.told("o1"), before=change.after)) == (1, 0)

    def test_an_edit(self, warm: Counter, usage: StackClient) -> None:
        assert cost(usage, warm.write("first", totals={"total": 60.0})) == (2, 5)

    def test_an_order_that_lifts_the_tier_costs_the_notice_of_it(self, warm: Counter, usage: StackClient) -> None:
        assert cost(usage, warm.write("o1", customerId=ANN, totals={"total": 200.0})) == (2, 6)

    def test_a_refund_that_is_not_the_last_order(self, warm: Counter, usage: StackClient) -> None:
        ago = datetime.now(UTC) - timedelta(days=1)
        for order_id, days in (("o1", 3), ("o2", 2), ("o3", 1)):
            warm.sell(order_id, customerId=ANN, createdAt=ago - timedelta(days=days), totals={"total": 20.0})
        # One of the three reads looks for rewards on the order.
        assert cost(usage, warm.write("o2", status="refunded")) == (3, 5)

    @pytest.mark.parametrize(
        ("status", "dollars", "billed"),
        [
            # Nobody asks what has expired of an order that keeps its points, or is worth more.
            ("completed", 60.0, (2, 6)),
            # Two reads tell of rewards on the order and of the one expiry, one entry more undoes it.
            ("refunded", 50.0, (4, 6)),
            ("completed", 20.0, (3, 6)),
        ],
    )
    def test_an_order_whose_points_have_expired(
        self, counter: Counter, till: Till, usage: StackClient, status: str, dollars: float, billed: tuple[int, int]
    ) -> None:
        assert settings.update(till.command("update_loyalty_settings"), {"pointsExpireMonths": 3})["ok"]
        now = datetime.now(UTC)
        for order_id, days in (("a", 300), ("b", 290), ("c", 1)):
            counter.sell(order_id, createdAt=now - timedelta(days=days), **pos("77"))
        assert cost(usage, counter.write("b", status=status, totals={"total": dollars})) == billed
