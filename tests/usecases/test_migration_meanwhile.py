"""A shop is taken over while it is open: whatever comes first, a visit or an event, both end in the same state."""

import random
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any, TypeAlias

import pytest

from lib.domain.takeover import BalanceRule
from lib.store import takeover
from lib.store.org import OrgStore
from lib.usecases import migration
from lib.usecases.orders import OrderChange, record_order, record_present
from tests.usecases import legacy_shop as shop
from tests.usecases.counter import Counter

ORG = shop.ORG
BEA = f"{ORG}_phone_2015550102"

Change: TypeAlias = "Callable[[Counter], OrderChange]"

# What can happen to a shop's orders, and what Bea's 80 points are afterwards.
CHANGES: dict[str, tuple[Change, int]] = {
    "a new sale": (lambda counter: counter.write("new", **shop.at_till("1002", 20.0, 0)), 100),
    "an old cart is completed": (lambda counter: counter.write("cart", status="completed"), 90),
    "a cart from before the last order is completed": (lambda counter: counter.write("older", status="completed"), 90),
    "an order of the balance is refunded": (lambda counter: counter.write("alleaves_4", status="refunded"), 50),
    "a later order is refunded": (lambda counter: counter.write("alleaves_5", status="refunded"), 35),
    "a later order is edited": (lambda counter: counter.write("alleaves_5", totals={"total": 65.0}), 100),
    "an order of the balance is edited": (lambda counter: counter.write("alleaves_3", totals={"total": 40.0}), 70),
    "the till writes an order anew": (lambda counter: counter.write("alleaves_5", updatedAt=shop.ago(0)), 80),
    "an order that could not be read is corrected": (
        lambda counter: counter.write("text_total", totals={"total": 12.5}), 92,
    ),
}  # fmt: skip


def visit_all() -> None:
    members: list[str] = migration.members(OrgStore(ORG), {}, None, 1000)
    for member in members:
        migration.visit(OrgStore(ORG), {}, member)


def state(counter: Counter) -> dict[str, Any]:
    """What everybody sees of Bea."""
    found = counter.customer(BEA)
    names = ("points", "totalSpent", "orderCount", "tier", "segment", "pointsFromOrders", "firstOrderDate")
    return {name: found[name] for name in (*names, "lastOrderDate")}


@pytest.fixture
def begun(counter: Counter) -> Iterator[Counter]:
    """A shop that is about to be taken over, with a cart that was filled before."""
    shop.build(counter.client)
    record_order(counter.told("theirs"))
    cart = {**shop.at_till("1002", 10.0, 0.1), "status": "ready"}
    counter.client.document("orders", "cart").set(cart)
    older = {**shop.at_till("1002", 10.0, 60), "status": "ready"}
    counter.client.document("orders", "older").set(older)
    migration.begin(ORG, BalanceRule.KEEP)
    yield counter
    visit_all()


@pytest.mark.parametrize("name", CHANGES)
class TestTheSameStateInEveryOrder:
    def test_the_event_comes_before_the_visit(self, begun: Counter, name: str) -> None:
        change, points = CHANGES[name]
        record_order(change(begun))
        visit_all()
        assert state(begun)["points"] == points

    def test_the_event_comes_after_the_visit(self, begun: Counter, name: str) -> None:
        change, points = CHANGES[name]
        visit_all()
        record_order(change(begun))
        assert state(begun)["points"] == points

    def test_the_event_comes_late(self, begun: Counter, name: str) -> None:
        change, points = CHANGES[name]
        event = change(begun)
        visit_all()
        record_order(event)
        assert state(begun)["points"] == points

    def test_the_figures_are_the_same_too(self, begun: Counter, name: str) -> None:
        change, _ = CHANGES[name]
        event = change(begun)
        record_order(event)
        visit_all()
        first = state(begun)
        for _ in range(2):
            record_order(event)
            visit_all()
            assert state(begun) == first


def test_everything_happens_at_once(begun: Counter) -> None:
    """Visits and events contend for the same documents; twice the events, because delivery is at least once."""
    names = ("a new sale", "an old cart is completed", "an order of the balance is refunded", "a later order is edited")
    events = [CHANGES[name][0](begun) for name in names]
    members = migration.members(OrgStore(ORG), {}, None, 1000)
    work: list[Callable[[], object]] = [partial(record_order, event) for event in events * 2]
    work += [partial(migration.visit, OrgStore(ORG), {}, member) for member in members]
    random.Random(5).shuffle(work)
    with ThreadPoolExecutor(8) as pool:
        for done in [pool.submit(each) for each in work]:
            done.result()
    visit_all()
    assert state(begun)["points"] == 80 + 20 + 10 - 30 + 20


def test_a_sweep_takes_in_what_was_brought_along(begun: Counter) -> None:
    for order_id in shop.ORDERS:
        record_present(order_id)
    visit_all()
    assert state(begun)["points"] == 80


def test_refunded_in_the_past_that_nobody_can_see_any_more(begun: Counter, monkeypatch: pytest.MonkeyPatch) -> None:
    """Firestore forgets what it was an hour ago: an order that has changed since is taken as it is."""
    monkeypatch.setattr(takeover, "_past", _forgotten)
    record_order(begun.write("alleaves_5", totals={"total": 65.0}))
    visit_all()
    assert state(begun)["points"] == 80


def _forgotten(*_: object) -> None:
    from google.api_core.exceptions import FailedPrecondition

    raise FailedPrecondition("the read time is too old")
