"""Lots: which one a credit joins, which ones a debit eats, and that no points appear or vanish on the way."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lib.domain import lots
from lib.domain.errors import InvariantBroken
from lib.domain.lots import Lot, LotChange, Lots

JANUARY = datetime(2027, 1, 1, tzinfo=UTC)
FEBRUARY = JANUARY + timedelta(days=31)


@st.composite
def open_lots(draw: st.DrawFn) -> Lots:
    """Open lots as an account keeps them: one an expiry, each with points, some of them reserved."""
    expiries = draw(st.lists(st.none() | st.integers(0, 400), unique=True, max_size=6))
    found = []
    for number, days in enumerate(expiries, start=1):
        points = draw(st.integers(1, 1000))
        expires_at = None if days is None else JANUARY + timedelta(days=days)
        found.append(Lot(str(number), expires_at, points, draw(st.integers(0, points))))
    return lots.apply(tuple(found), [])


def test_a_credit_joins_the_lot_with_its_expiry() -> None:
    held = (Lot("1", JANUARY, 50), Lot("2", None, 20))
    assert lots.joining(held, 30, None, "7") == LotChange("2", None, points=30)
    assert lots.joining(held, 30, FEBRUARY, "7") == LotChange("7", FEBRUARY, points=30)


def test_earliest_expiry_is_eaten_first_and_points_that_never_expire_last() -> None:
    held = (Lot("1", None, 10), Lot("2", FEBRUARY, 10), Lot("3", JANUARY, 10))
    assert [(part.lot_id, part.points) for part in lots.eating(held, 25)] == [("3", -10), ("2", -10), ("1", -5)]


def test_a_refunds_own_lots_come_first_whatever_their_expiry() -> None:
    held = (Lot("1", JANUARY, 10), Lot("2", None, 10))
    assert [(part.lot_id, part.points) for part in lots.eating(held, 12, first=[None])] == [("2", -10), ("1", -2)]


def test_of_lots_with_one_expiry_the_older_one_goes_first() -> None:
    held = (Lot("10", JANUARY, 5), Lot("9", JANUARY, 5))
    assert [part.lot_id for part in lots.eating(held, 10)] == ["9", "10"]


def test_reserved_points_are_not_eaten() -> None:
    held = (Lot("1", JANUARY, 10, reserved=8), Lot("2", None, 10))
    assert [(part.lot_id, part.points) for part in lots.eating(held, 5)] == [("1", -2), ("2", -3)]


def test_emptied_lots_leave_and_reopen_under_their_old_id_and_expiry() -> None:
    emptied = lots.apply((Lot("1", JANUARY, 10),), [LotChange("1", JANUARY, points=-10)])
    assert emptied == ()
    assert lots.apply(emptied, [LotChange("1", JANUARY, points=4)]) == (Lot("1", JANUARY, 4),)


@pytest.mark.parametrize(
    "change",
    [
        LotChange("1", JANUARY, points=-11),
        LotChange("1", JANUARY, reserved=11),
        LotChange("1", JANUARY, points=-3, reserved=0),
        LotChange("1", FEBRUARY, points=1),
    ],
    ids=["overdrawn", "over-reserved", "reserved points eaten", "another expiry"],
)
def test_a_change_that_breaks_a_lot_is_refused(change: LotChange) -> None:
    with pytest.raises(InvariantBroken):
        lots.apply((Lot("1", JANUARY, 10, reserved=8),), [change])


def test_more_than_there_is_cannot_be_eaten_or_reserved() -> None:
    held = (Lot("1", JANUARY, 10, reserved=8),)
    with pytest.raises(InvariantBroken):
        lots.eating(held, 3)
    with pytest.raises(InvariantBroken):
        lots.reserving(held, 3)


@given(held=open_lots(), data=st.data())
def test_eating_takes_exactly_what_was_asked_and_leaves_nothing_negative(held: Lots, data: st.DataObject) -> None:
    free = sum(lot.free for lot in held)
    points = data.draw(st.integers(0, free))
    left = lots.apply(held, lots.eating(held, points))
    assert sum(lot.points for lot in left) == sum(lot.points for lot in held) - points
    assert sum(lot.reserved for lot in left) == sum(lot.reserved for lot in held)
    assert all(0 <= lot.reserved <= lot.points for lot in left)


@given(held=open_lots(), data=st.data())
def test_no_lot_is_touched_while_one_that_expires_earlier_has_free_points(held: Lots, data: st.DataObject) -> None:
    points = data.draw(st.integers(0, sum(lot.free for lot in held)))
    taken = {part.lot_id: -part.points for part in lots.eating(held, points)}
    order = sorted(held, key=lambda lot: lot.expires_at or datetime.max.replace(tzinfo=UTC))
    last_touched = max((position for position, lot in enumerate(order) if lot.id in taken), default=0)
    assert all(taken.get(lot.id, 0) == lot.free for lot in order[:last_touched])


@given(held=open_lots(), data=st.data())
def test_a_hold_splits_into_two_parts_that_are_the_whole(held: Lots, data: st.DataObject) -> None:
    points = data.draw(st.integers(0, sum(lot.free for lot in held)))
    allocation = lots.reserving(held, points)
    head, tail = lots.split(allocation, data.draw(st.integers(0, points), label="part"))
    together: dict[str, int] = {}
    for part in (*head, *tail):
        together[part.lot_id] = together.get(part.lot_id, 0) + part.reserved
    assert together == {part.lot_id: part.reserved for part in allocation}
    with pytest.raises(InvariantBroken):
        lots.split(allocation, points + 1)
