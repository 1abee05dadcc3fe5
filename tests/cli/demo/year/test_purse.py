"""The oracle's arithmetic of points, case by case: what waits, expires, is taken back, held and given back."""

from datetime import UTC, datetime, timedelta

from cli.demo.year.purse import Purse

DAY = timedelta(days=1)
START = datetime(2026, 1, 1, tzinfo=UTC)
SOON, LATE = START + 10 * DAY, START + 20 * DAY


def _purse(soon: int = 0, late: int = 0) -> Purse:
    """Points that can be spent, by when they expire."""
    purse = Purse()
    for order, points, expires_at in (("soon", soon, SOON), ("late", late, LATE)):
        if points:
            purse.earn(order, points, START, expires_at, START)
    return purse


def test_points_wait_then_can_be_spent_then_expire() -> None:
    purse = Purse()
    purse.earn("a", 50, START + 3 * DAY, SOON, START)
    assert (purse.pending, purse.available) == (50, 0)
    purse.pass_time(START + 3 * DAY)
    assert (purse.pending, purse.available, purse.released) == (0, 50, 50)
    purse.pass_time(SOON - DAY)
    assert purse.available == 50
    purse.pass_time(SOON)
    assert (purse.available, purse.expired, purse.earned) == (0, 50, 50)


def test_what_waited_past_its_expiry_is_released_and_expires() -> None:
    purse = Purse()
    purse.earn("a", 50, START + 3 * DAY, SOON, START)
    purse.pass_time(LATE)
    assert (purse.released, purse.expired, purse.available) == (50, 50, 0)


def test_what_expires_first_is_spent_first() -> None:
    purse = _purse(soon=30, late=100)
    held = purse.hold(80)
    assert (held, purse.available, purse.held) == ([(SOON, 30), (LATE, 50)], 50, 80)
    assert purse.redeem(held, 80, START) == [(SOON, 30), (LATE, 50)]
    purse.pass_time(SOON)
    assert (purse.available, purse.held, purse.redeemed, purse.expired) == (50, 0, 80, 0)


def test_what_is_not_redeemed_of_a_hold_comes_back() -> None:
    purse = _purse(soon=30, late=100)
    purse.redeem(purse.hold(80), 40, START)
    assert (purse.available, purse.held, purse.redeemed) == (90, 0, 40)
    purse.pass_time(SOON)
    assert purse.available == 90


def test_a_hold_keeps_points_from_expiring_until_it_ends() -> None:
    purse = _purse(soon=30)
    held = purse.hold(30)
    purse.pass_time(SOON)
    assert (purse.held, purse.expired) == (30, 0)
    purse.free(held, SOON + DAY)
    assert (purse.held, purse.available, purse.expired) == (0, 0, 30)


def test_a_reward_that_comes_back_too_late_has_expired() -> None:
    purse = _purse(soon=30, late=10)
    spent = purse.redeem(purse.hold(40), 40, START)
    purse.reinstate(spent, SOON + DAY)
    assert (purse.available, purse.expired, purse.redeemed) == (10, 30, 0)


def test_what_is_taken_back_comes_from_what_waits_then_its_own_then_the_first_to_expire() -> None:
    purse = _purse(soon=30, late=100)
    purse.earn("a", 10, LATE, LATE + DAY, START)
    purse.take_back("a", 25, LATE)
    assert (purse.pending, dict(purse.ready)) == (0, {SOON: 30, LATE: 85})
    purse.take_back("a", 100, LATE)
    assert dict(purse.ready) == {SOON: 15}


def test_what_is_gone_is_owed_and_paid_from_the_next_points() -> None:
    purse = _purse(soon=30)
    purse.redeem(purse.hold(30), 30, START)
    purse.take_back("soon", 30, SOON)
    assert (purse.available, purse.debt, purse.taken_back) == (0, 30, 30)
    purse.earn("b", 20, START + DAY, LATE, START)
    assert (purse.pending, purse.debt) == (20, 30)
    purse.pass_time(START + DAY)
    assert (purse.available, purse.debt, purse.released) == (0, 10, 20)
    purse.earn("c", 25, START, LATE, START + DAY)
    assert (purse.available, purse.debt) == (15, 0)


def test_no_point_is_lost() -> None:
    purse = _purse(soon=70, late=45)
    purse.redeem(purse.hold(90), 60, START)
    purse.take_back("late", 45, LATE)
    purse.earn("d", 33, SOON, LATE, START)
    purse.pass_time(SOON)
    there = purse.available + purse.pending + purse.held - purse.debt
    assert there == purse.earned - purse.taken_back - purse.redeemed - purse.expired


def test_what_has_expired_is_not_taken_back_again() -> None:
    purse = _purse(soon=30, late=100)
    purse.redeem(purse.hold(10), 10, START)
    purse.pass_time(SOON)
    purse.take_back("soon", 25, SOON)
    assert (purse.available, purse.expired, purse.taken_back, purse.debt) == (95, 0, 25, 0)
    purse.take_back("soon", 5, SOON)
    assert (purse.available, purse.expired) == (90, 0)
