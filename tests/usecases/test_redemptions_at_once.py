"""Several callers at once, and the same call again: whatever is tried, one effect, and every invariant holds."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from threading import Barrier
from typing import TypeVar

import pytest

from lib.domain.checkout import TillOrder, Wish
from lib.domain.errors import FailedPrecondition
from lib.usecases import redemptions
from tests.usecases.till import Answer, Till, same_key

Result = TypeVar("Result")


def at_once(calls: Sequence[Callable[[], Result]]) -> list[Result]:
    """Runs the calls in threads that start together."""
    start = Barrier(len(calls))

    def run(call: Callable[[], Result]) -> Result:
        start.wait()
        return call()

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(run, calls))


def reasons(answers: list[Answer]) -> list[str]:
    return sorted(answer.get("reason", "ok") for answer in answers)


@pytest.fixture(autouse=True)
def _sound(till: Till) -> Iterator[None]:
    yield
    till.assert_sound()


class TestAtOnce:
    def test_one_hold_is_captured_once(self, till: Till) -> None:
        ann = till.customer("ann", 100)
        redemption_id = till.held(ann)
        answers = at_once([lambda: till.capture(redemption_id)] * 4)
        assert reasons(answers) == ["already_captured"] * 3 + ["ok"]
        assert till.kinds(ann) == ["adjust", "hold", "capture"]

    def test_a_hold_is_captured_or_voided_never_both(self, till: Till) -> None:
        ann = till.customer("ann", 100)
        redemption_id = till.held(ann)
        answers = at_once([lambda: till.capture(redemption_id), lambda: till.void(redemption_id)] * 2)
        assert reasons(answers).count("ok") == 1
        assert len(till.kinds(ann)) == 3

    def test_points_are_held_once_however_many_orders_want_them(self, till: Till) -> None:
        ann = till.customer("ann", 100)
        answers = at_once([partial(till.hold, ann, order_id=f"order-{number}") for number in range(4)])
        assert reasons(answers) == ["insufficient_points"] * 3 + ["ok"]

    def test_an_order_gets_one_hold_however_many_customers_want_it(self, till: Till) -> None:
        customers = [till.customer(name, 100) for name in ("ann", "bob", "cat", "dan")]
        answers = at_once([partial(till.hold, who) for who in customers])
        assert reasons(answers) == ["ok"] + ["order_already_has_hold"] * 3

    def test_a_reward_goes_back_once(self, till: Till) -> None:
        ann = till.customer("ann", 100)
        redemption_id = till.held(ann)
        till.capture(redemption_id)
        answers = at_once([lambda: till.reinstate(redemption_id)] * 3)
        assert reasons(answers) == ["already_reinstated"] * 2 + ["ok"]
        assert till.points(ann) == 100

    def test_a_refund_during_a_hold_leaves_nothing_spent(self, till: Till) -> None:
        ann = till.customer("ann", 300)
        till.order("order-1", customerId=ann)
        redemption_id = till.held(ann)
        at_once([lambda: till.capture(redemption_id), lambda: till.order("order-1", status="refunded", customerId=ann)])
        stored = till.redemption(redemption_id)
        assert stored["state"] == "voided" or stored["reinstatedAt"]
        assert till.points(ann) == 300


class TestTheSameKey:
    def test_gives_the_same_answer_again(self, till: Till) -> None:
        ann = till.customer("ann", 200)
        command = till.command("hold_redemption")
        first = till.hold(ann, command=command)
        assert till.hold(ann, command=same_key(command)) == first
        assert till.kinds(ann) == ["adjust", "hold"]

    def test_gives_it_again_after_the_state_has_moved_on(self, till: Till) -> None:
        ann = till.customer("ann", 100)
        redemption_id = till.held(ann)
        first = till.capture(redemption_id, key="k")
        till.reinstate(redemption_id)
        assert till.capture(redemption_id, key="k") == first

    def test_with_another_input_is_refused(self, till: Till) -> None:
        ann = till.customer("ann", 200)
        command = till.command("hold_redemption")
        till.hold(ann, command=command)
        with pytest.raises(FailedPrecondition) as refusal:
            till.hold(ann, order_id="order-2", command=same_key(command, order="order-2"))
        assert refusal.value.reason == "idempotency_key_reused"

    def test_at_once_has_one_effect(self, till: Till) -> None:
        ann = till.customer("ann", 500)
        command = till.command("hold_redemption")
        answers = at_once([lambda: till.hold(ann, command=command)] * 4)
        assert answers == answers[:1] * 4
        assert till.kinds(ann) == ["adjust", "hold"]

    def test_belongs_to_one_function_and_one_org(self, till: Till) -> None:
        ann, other = till.customer("ann", 100), Till(till.client, "org_b")
        bob = other.customer("bob", 100)
        redemption_id = till.held(ann, command=till.command("hold_redemption", key="k"))
        assert till.capture(redemption_id, key="k")["ok"]
        assert other.hold(bob, command=other.command("hold_redemption", key="k"))["ok"]

    def test_may_try_again_after_a_refusal(self, till: Till) -> None:
        """A refusal has no effect to repeat: the customer tops up and the till sends the very same request."""
        ann = till.customer("ann", 99)
        command = till.command("hold_redemption")
        order, wish = TillOrder("order-1", 50_00), Wish(100)
        assert redemptions.hold(command, ann, order, wish)["reason"] == "insufficient_points"
        till.order("order-0", dollars=1, customerId=ann)
        assert redemptions.hold(command, ann, order, wish)["ok"]
