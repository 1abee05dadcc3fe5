"""When points can be spent, until when, and when the customer is to be told: the dates of an order, and what is due."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lib.domain import expiry
from lib.domain.ledger import Account, Balances
from lib.domain.lots import Lot
from lib.domain.pending import Parcel
from lib.domain.settings import LoyaltySettings

NOW = datetime(2026, 4, 15, 12, tzinfo=UTC)
MAY, JUNE = datetime(2026, 5, 1, 4, tzinfo=UTC), datetime(2026, 6, 1, 4, tzinfo=UTC)
DAY = timedelta(days=1)
EMPTY = Account("org", "c1")


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def rules(**fields: Any) -> LoyaltySettings:
    return LoyaltySettings().model_copy(update=fields)


def holding(*lots: Lot, parcels: tuple[Parcel, ...] = ()) -> Account:
    reserved = sum(lot.reserved for lot in lots)
    available = sum(lot.points for lot in lots) - reserved
    pending = sum(parcel.points for parcel in parcels)
    return replace(EMPTY, balances=Balances(available, pending, reserved), lots=lots, parcels=parcels)


@pytest.mark.parametrize(
    ("ordered", "months", "rounding", "expires"),
    [
        ("2026-01-31T12:00", 1, "month_end", "2026-03-01T05:00"),
        ("2026-01-31T12:00", 1, "day_end", "2026-03-01T05:00"),
        ("2026-01-15T12:00", 1, "day_end", "2026-02-16T05:00"),
        ("2028-02-29T12:00", 12, "day_end", "2029-03-01T05:00"),
        ("2028-02-29T12:00", 12, "month_end", "2029-03-01T05:00"),
        ("2027-02-28T12:00", 12, "day_end", "2028-02-29T05:00"),
        ("2026-12-31T12:00", 2, "month_end", "2027-03-01T05:00"),
        # Still the evening of the 31st in New York; in daylight saving time a day and a month end an hour earlier.
        ("2026-04-01T03:30", 1, "month_end", "2026-05-01T04:00"),
        ("2026-04-01T04:30", 1, "month_end", "2026-06-01T04:00"),
        ("2026-02-08T12:00", 1, "day_end", "2026-03-09T04:00"),
        ("2026-10-01T12:00", 1, "day_end", "2026-11-02T05:00"),
        ("2026-04-15T12:00", 120, "month_end", "2036-05-01T04:00"),
    ],
)
def test_points_live_to_the_end_of_a_day_or_month_of_the_shop(
    ordered: str, months: int, rounding: str, expires: str
) -> None:
    settings = rules(points_expire_months=months, expiry_rounding=rounding)
    assert expiry.expires_at(utc(ordered), settings) == utc(expires)


def test_points_of_a_shop_without_expiry_live_for_ever() -> None:
    assert expiry.expires_at(NOW, rules()) is None


@pytest.mark.parametrize(
    ("ordered", "days", "zone", "released"),
    [
        ("2026-04-15T12:00", 7, "America/New_York", "2026-04-23T04:00"),
        ("2026-04-15T03:00", 7, "America/New_York", "2026-04-22T04:00"),
        ("2026-03-01T12:00", 7, "America/New_York", "2026-03-09T04:00"),
        ("2028-02-28T12:00", 1, "Africa/Lagos", "2028-02-29T23:00"),
        ("2026-04-15T12:00", 365, "Pacific/Honolulu", "2027-04-16T10:00"),
    ],
)
def test_a_pending_period_is_over_with_its_last_day(ordered: str, days: int, zone: str, released: str) -> None:
    settings = rules(pending_days=days, time_zone=zone)
    assert expiry.release_at(utc(ordered), settings) == utc(released)


def test_without_a_pending_period_points_can_be_spent_at_once() -> None:
    assert expiry.release_at(NOW, rules()) is None


@given(st.integers(1, 120), st.integers(0, 365), st.sampled_from(["month_end", "day_end"]), st.integers(0, 3000))
def test_points_can_be_spent_for_as_long_as_they_are_to_live(months: int, days: int, rounding: str, ago: int) -> None:
    settings = rules(points_expire_months=months, pending_days=days, expiry_rounding=rounding)
    ordered = NOW - timedelta(days=ago)
    spendable = expiry.release_at(ordered, settings) or ordered
    ends = expiry.expires_at(spendable, settings)
    assert ends is not None
    assert ends - spendable > timedelta(days=28 * months - 1)


class TestWhatIsDue:
    """Next: a release, an expiry of free points, a warning that has not been given."""

    SETTINGS = rules(expiry_warning_days=14)

    @pytest.mark.parametrize(
        ("account", "warned_to", "due"),
        [
            (EMPTY, None, None),
            (holding(Lot("1", None, 10)), None, None),
            (holding(Lot("1", JUNE, 10)), None, JUNE - 14 * DAY),
            (holding(Lot("1", JUNE, 10)), JUNE, JUNE),
            (holding(Lot("1", MAY, 10), Lot("2", JUNE, 10)), MAY, MAY),
            (holding(Lot("1", JUNE, 10, 10)), None, JUNE - 14 * DAY),
            (holding(Lot("1", JUNE, 10, 10)), JUNE, None),
            (holding(Lot("1", NOW - DAY, 10, 10)), None, None),
            (holding(Lot("1", JUNE, 5), parcels=(Parcel("2", MAY, None, 5),)), None, MAY),
        ],
    )
    def test_of_points(self, account: Account, warned_to: datetime | None, due: datetime | None) -> None:
        assert expiry.next_due(account, self.SETTINGS, NOW, warned_to) == due

    def test_without_warnings_it_is_the_expiry(self) -> None:
        assert expiry.next_due(holding(Lot("1", JUNE, 10)), rules(expiry_warning_days=0), NOW, None) == JUNE

    def test_while_paused_points_are_released_and_nothing_expires(self) -> None:
        account = holding(Lot("1", MAY, 10), parcels=(Parcel("2", JUNE, None, 5),))
        paused = rules(paused=True)
        assert expiry.next_due(account, paused, NOW, None) == JUNE
        assert expiry.to_warn_of(account, paused, MAY - DAY, None) == {}
        assert expiry.expired_to(paused, NOW) is None

    @pytest.mark.parametrize(
        ("at", "warned_to", "told"),
        [
            (MAY - 15 * DAY, None, {}),
            (MAY - 14 * DAY, None, {MAY: 12}),
            (MAY - DAY, MAY, {}),
            (MAY, None, {}),
            (JUNE - DAY, MAY, {JUNE: 7}),
        ],
    )
    def test_a_warning_counts_all_points_that_expire_together(
        self, at: datetime, warned_to: datetime | None, told: dict[datetime, int]
    ) -> None:
        account = holding(Lot("1", MAY, 10, 10), Lot("3", MAY, 2), Lot("2", JUNE, 7), Lot("4", None, 1))
        assert expiry.to_warn_of(account, self.SETTINGS, at, warned_to) == told

    @given(
        st.lists(st.tuples(st.integers(-100, 100), st.integers(1, 9), st.booleans()), max_size=6),
        st.integers(0, 90),
        st.none() | st.integers(-100, 100),
    )
    def test_after_warning_and_expiring_whatever_is_due_comes_later(
        self, found: list[tuple[int, int, bool]], days: int, warned: int | None
    ) -> None:
        settings = rules(expiry_warning_days=days)
        lots = (Lot(str(i), NOW + at * DAY, n, n if held else 0) for i, (at, n, held) in enumerate(found))
        account = holding(*(lot for lot in lots if lot.reserved or (lot.expires_at or NOW) > NOW))
        warned_to = None if warned is None else NOW + warned * DAY
        warned_to = max(expiry.to_warn_of(account, settings, NOW, warned_to), default=warned_to)
        due = expiry.next_due(account, settings, NOW, warned_to)
        assert due is None or due > NOW
