"""Orders whose points cannot be spent at once: earning, edits, refunds, moves, before and after the release."""

from dataclasses import replace
from datetime import timedelta

import pytest

from lib.domain.ledger import Balances, EntryKind
from tests.domain.accruing import NOW, PLAIN, State, World, history

DAY = timedelta(days=1)
WAITING = PLAIN.model_copy(update={"pending_days": 7, "points_expire_months": 12})
SALE = State(dollars=50.0)


def world_with(*states: State, order_id: str = "o1") -> World:
    world = World(WAITING)
    for event in history(order_id, states):
        world.deliver(event)
    return world


def balances(world: World, customer_id: str = "c1") -> Balances:
    return world.customer(customer_id).account.balances


def go_on(world: World, *states: State, days: int = 0, order_id: str = "o1") -> World:
    """The world so many days later, with the last of these states of the order delivered."""
    world.now += days * DAY
    world.deliver(history(order_id, states)[-1])
    return world


def test_points_of_an_order_wait_and_are_released_into_one_lot() -> None:
    world = world_with(SALE)
    assert balances(world) == Balances(pending=50)
    (share,) = world.accruals["o1"].lots
    assert (share.id, share.points) == ("1", 50)
    assert share.release_at is not None
    world.now = share.release_at
    world.touch("c1")
    assert balances(world) == Balances(available=50)
    assert [lot.expires_at for lot in world.customer("c1").account.lots] == [share.expires_at]


def test_an_order_heard_of_after_its_pending_period_does_not_wait() -> None:
    world = world_with(State(dollars=50.0, placed_days_ago=10))
    assert balances(world) == Balances(available=50)


@pytest.mark.parametrize(("days", "left"), [(0, Balances(pending=30)), (10, Balances(available=30))])
def test_an_edit_down_takes_from_where_the_points_are(days: int, left: Balances) -> None:
    world = go_on(world_with(SALE), SALE, replace(SALE, dollars=30.0), days=days)
    assert balances(world) == left
    assert world.accruals["o1"].points == 30


@pytest.mark.parametrize(("days", "then"), [(0, Balances(pending=80)), (10, Balances(available=80))])
def test_an_edit_up_waits_as_long_as_the_order_did(days: int, then: Balances) -> None:
    world = go_on(world_with(SALE), SALE, replace(SALE, dollars=80.0), days=days)
    assert balances(world) == then


@pytest.mark.parametrize("days", [0, 10])
def test_a_refund_takes_back_what_it_gave_and_nothing_else(days: int) -> None:
    world = world_with(SALE)
    world.deliver(history("o2", [State(dollars=20.0)])[0])
    go_on(world, SALE, replace(SALE, status="refunded"), days=days)
    left = balances(world)
    assert (left.available, left.pending, left.debt) == ((20, 0, 0) if days else (0, 20, 0))
    again = go_on(world, SALE, replace(SALE, status="refunded"), SALE, days=0)
    assert balances(again).available + balances(again).pending == 70


def test_after_a_refund_of_the_whole_parcel_the_order_may_earn_again() -> None:
    refunded = replace(SALE, status="refunded")
    world = world_with(SALE, refunded, SALE, replace(SALE, dollars=70.0), refunded)
    assert balances(world) == Balances()
    assert world.customer("c1").account.parcels == ()


@pytest.mark.parametrize(("days", "then"), [(0, Balances(pending=50)), (10, Balances(available=50))])
def test_an_order_that_moves_takes_its_waiting_points_along(days: int, then: Balances) -> None:
    moved = replace(SALE, customer="c2")
    world = go_on(world_with(SALE), SALE, moved, days=days)
    assert (balances(world), balances(world, "c2")) == (Balances(), then)


def test_a_refund_of_spent_points_is_a_debt_that_the_next_release_pays() -> None:
    world = go_on(world_with(SALE), SALE, SALE, days=10)
    world.touch("c1")
    world.touch("c1", lambda journal: journal.debit(EntryKind.ADJUST, 40, world.entries["c1"][0].memo))
    world.deliver(history("o2", [State(dollars=60.0, placed_days_ago=-10)])[0])
    go_on(world, SALE, replace(SALE, status="refunded"))
    assert balances(world) == Balances(pending=60, debt=40)
    world.now += 10 * DAY
    world.touch("c1")
    assert balances(world) == Balances(available=20)


def test_the_dates_of_an_order_are_those_of_its_first_earning() -> None:
    world = world_with(SALE)
    first = world.accruals["o1"].rate
    world.settings = WAITING.model_copy(update={"pending_days": 30, "points_expire_months": 1})
    go_on(world, SALE, replace(SALE, dollars=60.0))
    assert world.accruals["o1"].rate == first
    assert len(world.customer("c1").account.parcels) == 1


def test_a_customer_document_holds_a_parcel_a_day() -> None:
    world = World(WAITING)
    for number in range(60):
        world.deliver(history(f"o{number}", [State(dollars=10.0, placed_days_ago=-(number // 10))])[0])
        world.now = max(world.now, NOW + (number // 10 + 1) * DAY)
    account = world.customer("c1").account
    assert account.balances.pending == 600
    assert len(account.parcels) <= WAITING.pending_days + 1
