"""The oracle of a year, told by hand what happens: points, tiers that lapse and come again, rewards of returns."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from cli.demo.shop_setup import YEAR
from cli.demo.till import Act, Move
from cli.demo.year.oracle import Oracle, Outcome
from tests.cli.demo.year.writes import order

DAY = timedelta(days=1)
# Noon in New York, in the middle of a month.
START = datetime(2026, 1, 15, 17, tzinfo=UTC)
LAPSE = timedelta(days=104)


def _at_once() -> Oracle:
    """Points can be spent at once, so that the till needs no other days."""
    return Oracle(replace(YEAR, pending_days=0))


def _of(oracle: Oracle, now: datetime, person: str = "ann") -> Outcome:
    return oracle.outcomes(now, now)[person]


def _points(outcome: Outcome) -> tuple[int, int, int, int]:
    return outcome.available, outcome.pending, outcome.held, outcome.debt


def test_points_are_floored_wait_and_expire() -> None:
    oracle = Oracle(YEAR)
    oracle.wrote([order("1", START, "ann", 99.99)], START)
    assert _points(_of(oracle, START)) == (0, 99, 0, 0)
    oracle.night(START + 4 * DAY)
    assert _points(_of(oracle, START)) == (99, 0, 0, 0)
    oracle.night(datetime(2026, 8, 1, 3, 59, tzinfo=UTC))
    assert _of(oracle, START).expired == 0
    oracle.night(datetime(2026, 8, 1, 4, tzinfo=UTC))
    assert (_of(oracle, START).expired, _points(_of(oracle, START))) == (99, (0, 0, 0, 0))


def test_an_edit_takes_back_and_an_unchanged_rewrite_does_nothing() -> None:
    oracle = Oracle(YEAR)
    oracle.wrote([order("1", START, "ann", 50.0)], START)
    oracle.wrote([order("1", START + DAY, "ann", 50.0, created_at=START)], START + DAY)
    oracle.wrote([order("1", START + 2 * DAY, "ann", 20.0, created_at=START)], START + 2 * DAY)
    found = _of(oracle, START)
    assert (found.earned, found.taken_back, found.pending, found.orders) == (50, 30, 20, 1)


def test_an_order_that_turns_out_to_be_anothers_keeps_its_dates() -> None:
    oracle = Oracle(YEAR)
    oracle.wrote([order("1", START, "ann", 50.0)], START)
    later = START + 5 * DAY
    oracle.wrote([order("1", later, "ben", 50.0, created_at=START)], later)
    assert _points(_of(oracle, later)) == (0, 0, 0, 0) and _of(oracle, later).orders == 0
    assert _points(_of(oracle, later, "ben")) == (50, 0, 0, 0)


def test_a_tier_lapses_step_by_step_and_is_earned_again_from_where_it_fell_to() -> None:
    oracle = Oracle(YEAR)
    oracle.wrote([order("1", START, "ann", 600.0)], START)
    assert _of(oracle, START).tier == "gold"
    oracle.night(START + LAPSE - DAY)
    assert _of(oracle, START).tier == "gold"
    oracle.night(START + LAPSE)
    assert _of(oracle, START).tier == "silver"
    # Silver is held at 200 exactly: 299 more are not gold, 300 are.
    again = START + LAPSE + DAY
    oracle.wrote([order("2", again, "ann", 299.99)], again)
    assert _of(oracle, again).tier == "silver"
    oracle.wrote([order("3", again, "ann", 0.01)], again)
    assert _of(oracle, again).tier == "gold"
    oracle.night(again + 2 * LAPSE)
    assert _of(oracle, again).tier == "bronze"
    assert oracle.lapses_by_month(YEAR.time_zone).total() == 3


def test_an_order_keeps_the_tier_that_was_held_when_it_was_placed() -> None:
    oracle = Oracle(YEAR)
    oracle.wrote([order("1", START, "ann", 250.0)], START)
    placed, heard = START + LAPSE - timedelta(minutes=5), START + LAPSE + timedelta(minutes=5)
    oracle.wrote([order("2", heard, "ann", 10.0, created_at=placed)], heard)
    assert _of(oracle, heard).tier == "silver"


def test_spend_that_is_taken_back_lowers_the_tier() -> None:
    oracle = Oracle(YEAR)
    oracle.wrote([order("1", START, "ann", 150.0), order("2", START, "ann", 60.0)], START)
    assert _of(oracle, START).tier == "silver"
    oracle.wrote([order("2", START + DAY, "ann", 60.0, created_at=START, paymentStatus="refunded")], START + DAY)
    found = _of(oracle, START)
    assert (found.tier, found.orders, found.pending) == ("bronze", 1, 150)


def test_a_return_gives_its_reward_back() -> None:
    oracle = _at_once()
    oracle.wrote([order("1", START, "ann", 300.0), order("2", START, "ann", 20.0)], START)
    oracle.moved([(Move(Act.HOLD, "r", "c", "2", 250), "ann"), (Move(Act.CAPTURE, "r", "c", "2", 200), "ann")], START)
    assert _points(_of(oracle, START)) == (120, 0, 0, 0)
    oracle.wrote([order("2", START + DAY, "ann", 20.0, created_at=START, status="cancelled")], START + DAY)
    found = _of(oracle, START)
    assert (found.available, found.redeemed, found.taken_back) == (300, 0, 20)


def test_a_hold_that_is_left_ends_with_the_day() -> None:
    oracle = _at_once()
    oracle.wrote([order("1", START, "ann", 300.0)], START)
    oracle.moved([(Move(Act.HOLD, "r", "c", "1", 250), "ann")], START)
    assert _points(_of(oracle, START)) == (50, 0, 250, 0)
    oracle.night(START + DAY)
    assert _points(_of(oracle, START)) == (300, 0, 0, 0)


def test_months_are_the_shops() -> None:
    oracle = Oracle(YEAR)
    at = datetime(2026, 2, 1, 4, 59, tzinfo=UTC)
    oracle.wrote([order("1", at, "ann", 1.0), order("2", at + timedelta(minutes=1), None, 1.0)], at)
    assert oracle.orders_by_month(YEAR.time_zone) == {"2026-01": 1, "2026-02": 1}
