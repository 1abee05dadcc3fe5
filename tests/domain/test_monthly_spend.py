"""Spend by month where the shop is: what is kept, what a window holds, and the instants at which it loses spend."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lib.domain.countries import COUNTRIES
from lib.domain.monthly_spend import (
    MONTHS_KEPT,
    Loss,
    added,
    losses,
    next_month_start,
    opened,
    removed,
    window_cents,
    window_start,
)
from lib.domain.segments import SpendStats

NEW_YORK = "America/New_York"
LAGOS = "Africa/Lagos"
NOW = datetime(2026, 4, 15, 12, tzinfo=UTC)
TICK = timedelta(microseconds=1)
ZONES = sorted(zone for country in COUNTRIES.values() for zone in country.time_zones)
INSTANTS = st.timedeltas(timedelta(0), timedelta(days=36_500)).map(lambda age: datetime(2000, 1, 1, tzinfo=UTC) + age)


@pytest.mark.parametrize(
    ("spent_at", "month"),
    [
        (datetime(2026, 3, 1, 5, tzinfo=UTC) - TICK, "2026-02"),  # still February in New York
        (datetime(2026, 3, 1, 5, tzinfo=UTC), "2026-03"),
        (datetime(2026, 4, 1, 4, tzinfo=UTC) - TICK, "2026-03"),  # daylight saving time since 8 March
        (datetime(2026, 4, 1, 4, tzinfo=UTC), "2026-04"),
        (datetime(2024, 2, 29, 12, tzinfo=UTC), "2024-02"),
        (datetime(2026, 1, 1, 4, 59, tzinfo=UTC), "2025-12"),
    ],
)
def test_an_order_counts_in_its_month_where_the_shop_is(spent_at: datetime, month: str) -> None:
    assert added({}, 10_00, spent_at, NEW_YORK, NOW) == {month: 10_00}


@pytest.mark.parametrize(
    ("after", "start"),
    [
        (datetime(2026, 10, 31, 12, tzinfo=UTC), datetime(2026, 11, 1, 4, tzinfo=UTC)),  # the clocks go back that day
        (datetime(2026, 11, 1, 4, tzinfo=UTC), datetime(2026, 12, 1, 5, tzinfo=UTC)),
        (datetime(2026, 11, 1, 4, tzinfo=UTC) - TICK, datetime(2026, 11, 1, 4, tzinfo=UTC)),
        (datetime(2028, 2, 29, 12, tzinfo=UTC), datetime(2028, 3, 1, 5, tzinfo=UTC)),
        (datetime(2026, 12, 31, 12, tzinfo=UTC), datetime(2027, 1, 1, 5, tzinfo=UTC)),
    ],
)
def test_months_start_where_the_shop_is(after: datetime, start: datetime) -> None:
    assert next_month_start(NEW_YORK, after) == start
    assert next_month_start(LAGOS, datetime(2026, 10, 31, 12, tzinfo=UTC)) == datetime(2026, 10, 31, 23, tzinfo=UTC)


@pytest.mark.parametrize("zone", ZONES)
def test_spend_enters_a_window_with_the_first_instant_of_a_month_and_leaves_with_another(zone: str) -> None:
    for year in (2007, 2024, 2026, 2040):
        for month in range(1, 13):
            start = next_month_start(zone, datetime(year, month, 10, tzinfo=UTC))
            spent = added({}, 5, start, zone, start)

            assert window_start(1, zone, start) == start
            assert added({}, 5, start - TICK, zone, start) != spent
            [loss] = losses(spent, 3, zone, start)
            assert window_cents(spent, 3, zone, loss.at - TICK) == 5
            assert window_cents(spent, 3, zone, loss.at) == loss.cents_left == 0


@pytest.mark.parametrize(
    ("window_months", "cents"), [(1, 7), (2, 7), (3, 12), (4, 12), (12, 12), (13, 12), (14, 112), (36, 112)]
)
def test_a_window_is_the_present_month_and_those_before(window_months: int, cents: int) -> None:
    months = {"2025-03": 100, "2026-02": 5, "2026-04": 7}

    assert window_cents(months, window_months, NEW_YORK, NOW) == cents


def test_a_month_that_has_just_begun_for_another_server_counts() -> None:
    start = next_month_start(NEW_YORK, NOW)

    assert window_cents(added({}, 5, start, NEW_YORK, start - TICK), 1, NEW_YORK, start - TICK) == 5


def test_a_window_loses_month_after_month() -> None:
    months = {"2024-01": 900, "2026-02": 100, "2026-04": 50}

    assert list(losses(months, 3, NEW_YORK, NOW)) == [
        Loss(datetime(2026, 5, 1, 4, tzinfo=UTC), 50),
        Loss(datetime(2026, 7, 1, 4, tzinfo=UTC), 0),
    ]
    assert list(losses({}, 3, NEW_YORK, NOW)) == []


def test_what_is_too_old_for_any_window_is_dropped_and_stays_out() -> None:
    months = {"2023-03": 30, "2023-04": 40}

    assert added(months, 5, NOW, NEW_YORK, NOW) == {"2023-04": 40, "2026-04": 5}
    assert added({}, 5, datetime(2023, 3, 20, tzinfo=UTC), NEW_YORK, NOW) == {}
    assert removed(months, 30, datetime(2023, 3, 20, tzinfo=UTC), NEW_YORK, NOW) == {"2023-04": 40}


def test_what_an_order_was_counted_with_elsewhere_is_found_next_to_its_month() -> None:
    """At 00:30 on 1 April in Lagos it was still March in New York."""
    spent_at = datetime(2026, 3, 31, 23, 30, tzinfo=UTC)
    counted = added({"2025-11": 9}, 20, spent_at, LAGOS, NOW)

    assert counted == {"2025-11": 9, "2026-04": 20}
    assert removed(counted, 20, spent_at, NEW_YORK, NOW) == {"2025-11": 9}


def test_no_month_holds_less_than_nothing() -> None:
    assert removed({"2026-02": 5}, 20, NOW, NEW_YORK, NOW) == {}
    assert removed({}, 20, NOW, NEW_YORK, NOW) == {}


def test_figures_of_before_count_in_the_month_of_the_last_order() -> None:
    last_at = datetime(2026, 2, 3, tzinfo=UTC)
    first_at = datetime(2025, 6, 3, tzinfo=UTC)
    months = opened(SpendStats(3, 90_00, first_at, last_at), NEW_YORK, NOW)

    assert months == {"2026-02": 90_00}
    # One of these orders gets a record of its own: its share moves to its own month.
    without = removed(months, 30_00, last_at, NEW_YORK, NOW)
    assert added(without, 30_00, first_at, NEW_YORK, NOW) == {"2025-06": 30_00, "2026-02": 60_00}


@pytest.mark.parametrize(
    "stats",
    [SpendStats(3, 90_00), SpendStats(), SpendStats(3, 90_00, last_order_at=datetime(2022, 2, 3, tzinfo=UTC))],
)
def test_figures_of_before_without_a_date_or_too_old_are_in_no_month(stats: SpendStats) -> None:
    assert opened(stats, NEW_YORK, NOW) == {}


@given(
    st.sampled_from(ZONES),
    INSTANTS,
    st.lists(st.tuples(st.integers(0, 90), st.integers(0, 1500), st.integers(0, 100), st.booleans()), max_size=25),
    st.integers(1, 36),
)
def test_the_months_are_what_the_live_orders_add_up_to(
    zone: str, start: datetime, changes: list[tuple[int, int, int, bool]], window_months: int
) -> None:
    """Orders come late and go again while time passes; what is kept is always the sum of those young enough."""
    now, months = start, dict[str, int]()
    live: list[tuple[int, datetime]] = []
    for days, age_days, cents, goes in changes:
        now += timedelta(days=days)
        if goes and live:
            months = removed(months, *live.pop(age_days % len(live)), zone, now)
        else:
            live.append((cents, now - timedelta(days=age_days)))
            months = added(months, *live[-1], zone, now)

        recounted = dict[str, int]()
        for cents_, spent_at in live:
            recounted = added(recounted, cents_, spent_at, zone, now)
        assert months == recounted
        assert len(months) <= MONTHS_KEPT
        in_window = [cents_ for cents_, at in live if at >= window_start(window_months, zone, now)]
        assert window_cents(months, window_months, zone, now) == sum(in_window)


@given(
    st.sampled_from(ZONES),
    INSTANTS,
    st.lists(st.tuples(st.integers(0, 1200), st.integers(1, 100)), max_size=10),
    st.integers(1, 36),
)
def test_a_window_holds_between_two_losses_what_the_first_has_left(
    zone: str, now: datetime, orders: list[tuple[int, int]], window_months: int
) -> None:
    months = dict[str, int]()
    for age_days, cents in orders:
        months = added(months, cents, now - timedelta(days=age_days), zone, now)
    course = list(losses(months, window_months, zone, now))

    steps = [Loss(now, window_cents(months, window_months, zone, now)), *course]
    assert steps[-1].cents_left == 0
    for before, after in pairwise(steps):
        assert before.at < after.at
        assert before.cents_left > after.cents_left
        assert window_cents(months, window_months, zone, after.at - TICK) == before.cents_left
        assert window_cents(months, window_months, zone, after.at) == after.cents_left
