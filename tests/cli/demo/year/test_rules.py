"""The dates and numbers of the year's rules, worked out by hand."""

from datetime import UTC, datetime, timedelta

import pytest

from cli.demo.shop_setup import YEAR
from cli.demo.year.rules import segment

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("ordered_at", "spendable_at", "expires_at"),
    [
        # Three whole days after the day of the order, then six months, then to the end of that month: New York.
        ("2026-01-10T17:00", "2026-01-14T05:00", "2026-08-01T04:00"),
        ("2026-01-11T04:59", "2026-01-14T05:00", "2026-08-01T04:00"),
        ("2026-01-11T05:00", "2026-01-15T05:00", "2026-08-01T04:00"),
        # What can first be spent in another month lives a month longer.
        ("2026-01-28T17:00", "2026-02-01T05:00", "2026-09-01T04:00"),
        ("2026-08-29T12:00", "2026-09-02T04:00", "2027-04-01T04:00"),
        # The clocks go forward on 8 March and back on 1 November.
        ("2026-03-06T12:00", "2026-03-10T04:00", "2026-10-01T04:00"),
        ("2026-10-30T12:00", "2026-11-03T05:00", "2027-06-01T04:00"),
    ],
)
def test_when_points_can_be_spent_and_until_when(ordered_at: str, spendable_at: str, expires_at: str) -> None:
    moments = [datetime.fromisoformat(text).replace(tzinfo=UTC) for text in (ordered_at, spendable_at, expires_at)]
    assert YEAR.spendable_at(moments[0]) == moments[1]
    assert YEAR.expires_at(moments[1]) == moments[2]


@pytest.mark.parametrize(
    ("cents", "tier"),
    [(-1, 0), (0, 0), (19_999, 0), (20_000, 1), (50_000, 2), (99_999, 2), (100_000, 3), (10_000_000, 3)],
)
def test_tiers_start_at_their_threshold(cents: int, tier: int) -> None:
    assert YEAR.tier_of(cents) == tier


@pytest.mark.parametrize(
    ("orders", "name"),
    [
        ([], "new"),
        ([(1, 10_00)], "new"),
        ([(29, 600_00)], "new"),
        ([(30, 10_00)], "slipping"),
        ([(59, 10_00)], "slipping"),
        ([(60, 10_00)], "at_risk"),
        ([(90, 10_00)], "churned"),
        ([(40, 10_00), (1, 10_00)], "loyal"),
        ([(40, 490_00), (1, 10_00)], "vip"),
        ([(40, 80_00), (1, 75_00)], "high_value"),
        ([(40, 20_00)] + [(2, 20_00)] * 4, "frequent"),
        ([(40, 60_00)] + [(2, 60_00)] * 4, "loyal"),
        ([(40, 50_00)] + [(2, 50_00)] * 7, "vip"),
    ],
)
def test_segments(orders: list[tuple[int, int]], name: str) -> None:
    assert segment([(NOW - timedelta(days=days), cents) for days, cents in orders], NOW) == name
