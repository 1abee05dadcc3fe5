"""Which days a pull lists, in which slices, and what marks and digests tell apart."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lib.domain import pulls
from lib.domain.pulls import Window

NOW = datetime(2026, 11, 21, 0, 15, tzinfo=UTC)


def slices(window: Window) -> list[tuple[date, date]]:
    """All that a window lists, in order."""
    found: list[tuple[date, date]] = []
    while days := window.next_slice():
        found.append(days)
        window = window.advanced()
    return found


@pytest.mark.parametrize(
    ("last", "days", "lists"),
    [
        (NOW - timedelta(minutes=30), 16, 1),
        (NOW - timedelta(minutes=5), 15, 1),
        (NOW + timedelta(days=1), 15, 1),
        (NOW - timedelta(days=40), 55, 4),
        (None, 91, 6),
    ],
)
def test_how_much_is_listed(last: datetime | None, days: int, lists: int) -> None:
    found = slices(pulls.window(last, NOW))
    assert (found[-1][1] - found[0][0]).days == days
    assert len(found) == lists


@given(st.none() | st.timedeltas(timedelta(days=-2), timedelta(days=400)))
def test_no_day_is_left_out(ago: timedelta | None) -> None:
    window = pulls.window(NOW - ago if ago is not None else None, NOW)
    found = slices(window)
    assert found[0][0] == window.following
    assert found[-1][1] == window.end > NOW.date()
    # Whether the last day counts, nobody says: the next slice begins with it.
    assert all(end == begin for (_, end), (begin, _) in pairwise(found))
    assert all(begin < end for begin, end in found)
    assert found[0][0] <= NOW.date() - timedelta(days=pulls.REREAD_DAYS)


def test_a_window_that_is_done_stays_done() -> None:
    done = Window(NOW, NOW.date(), None)
    assert (done.next_slice(), done.advanced()) == (None, done)


def test_digests_do_not_depend_on_the_order_of_a_list() -> None:
    assert pulls.digest({"a": "1", "b": "2"}) == pulls.digest({"b": "2", "a": "1"})
    assert pulls.digest({"a": "1"}) != pulls.digest({"a": "2"}) != pulls.digest({"b": "2"})


def test_the_mark_of_what_cannot_be_read_is_another_one() -> None:
    assert pulls.is_of_unreadable(pulls.mark_of_unreadable([1]))
    assert not pulls.is_of_unreadable(pulls.mark([1]))
    assert not pulls.is_of_unreadable("")
