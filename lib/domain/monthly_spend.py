"""What a customer spent in each calendar month where the shop is: what a window of months looks back on.

`MonthlySpend` maps "YYYY-MM" to cents and holds no empty month. Every change drops what has become too old to be in any
window; an order of such a month is left out when it comes and when it goes. Looking never drops anything, so that what
a window held at an instant before the next change can still be said.
"""

from collections.abc import Iterator, Mapping
from datetime import date, datetime
from typing import NamedTuple, TypeAlias

from lib.domain import dates
from lib.domain.segments import SpendStats

MonthlySpend: TypeAlias = Mapping[str, int]

# The widest window (36) and the month before it: it was in the window until the present month began.
MONTHS_KEPT = 37


class Loss(NamedTuple):
    """A month begins and another leaves the window: the instant (UTC), and the cents left in the window from then."""

    at: datetime
    cents_left: int


def opened(stats: SpendStats, time_zone: str, now: datetime) -> dict[str, int]:
    """The months of a customer taken over with figures only: all of it counts as spent in the month of the last order.

    Kind to the customer, and the one date there is. Without it the spend is in no month.
    """
    if stats.last_order_at is None:
        return {}
    return added({}, stats.lifetime_cents, stats.last_order_at, time_zone, now)


def added(months: MonthlySpend, cents: int, spent_at: datetime, time_zone: str, now: datetime) -> dict[str, int]:
    """The months with an order of so many cents, placed at `spent_at`."""
    kept = _kept(months, time_zone, now)
    index = _index_at(spent_at, time_zone)
    if cents and index >= _oldest(time_zone, now):
        kept[index] = kept.get(index, 0) + cents
    return _named(kept)


def removed(months: MonthlySpend, cents: int, spent_at: datetime, time_zone: str, now: datetime) -> dict[str, int]:
    """The months without an order that `added` has counted; no month ever holds less than nothing.

    What the order's month does not hold is taken from the months next to it, the later one first: the order was counted
    while the shop had another time zone, or as part of figures that `opened` put into the month of the last order.
    """
    kept = _kept(months, time_zone, now)
    index = _index_at(spent_at, time_zone)
    if index < _oldest(time_zone, now):
        return _named(kept)
    for other in sorted(kept, key=lambda month: (abs(month - index), -month)):
        taken = min(cents, kept[other])
        kept[other] -= taken
        cents -= taken
    return _named(kept)


def window_cents(months: MonthlySpend, window_months: int, time_zone: str, at: datetime) -> int:
    """What was spent in the month of `at` and the `window_months - 1` before it.

    Months after it count too: the clocks of two servers differ by a moment when a month begins.
    """
    first = _name_of(_index_at(at, time_zone) - window_months + 1)
    return sum(cents for name, cents in months.items() if name >= first)


def window_start(window_months: int, time_zone: str, at: datetime) -> datetime:
    """The instant (UTC) from which on spend is in the window at `at`."""
    return _start(_index_at(at, time_zone) - window_months + 1, time_zone)


def next_month_start(time_zone: str, after: datetime) -> datetime:
    """The first instant (UTC) of the month after the one of `after`."""
    return _start(_index_at(after, time_zone) + 1, time_zone)


def losses(months: MonthlySpend, window_months: int, time_zone: str, after: datetime) -> Iterator[Loss]:
    """When the window loses spend after this instant if nothing more is bought, earliest first, until it is empty."""
    present = _index_at(after, time_zone)
    spent = {index: cents for name, cents in months.items() if (index := _index_of(name)) > present - window_months}
    left = sum(spent.values())
    for index in sorted(spent):
        left -= spent[index]
        yield Loss(_start(index + window_months, time_zone), left)


def _kept(months: MonthlySpend, time_zone: str, now: datetime) -> dict[int, int]:
    oldest = _oldest(time_zone, now)
    return {index: cents for name, cents in months.items() if (index := _index_of(name)) >= oldest}


def _named(months: Mapping[int, int]) -> dict[str, int]:
    return {_name_of(index): months[index] for index in sorted(months) if months[index] > 0}


def _oldest(time_zone: str, now: datetime) -> int:
    return _index_at(now, time_zone) - MONTHS_KEPT + 1


def _index_at(moment: datetime, time_zone: str) -> int:
    """Months are counted through all years, so that they can be subtracted."""
    day = dates.local_day(moment, time_zone)
    return day.year * 12 + day.month - 1


def _index_of(name: str) -> int:
    year, _, month = name.partition("-")
    return int(year) * 12 + int(month) - 1


def _name_of(index: int) -> str:
    """Sorted as text, names of months are in the order of time."""
    return f"{index // 12:04}-{index % 12 + 1:02}"


def _start(index: int, time_zone: str) -> datetime:
    """A month begins when the one before it is over."""
    before = index - 1
    return dates.end_of_month(date(before // 12, before % 12 + 1, 1), time_zone)
