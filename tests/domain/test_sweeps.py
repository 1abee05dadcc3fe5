"""What a pass of the catch-up sweep looks at, how it goes on, and which orders it finds behind."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from lib.domain import sweeps
from lib.domain.counting import Count
from lib.domain.grants import Accrual, Rate
from lib.domain.orders import FIELDS, Buyer, Money, Order, OrgNames, Phase, Revision, read
from lib.domain.sweeps import AHEAD_MAX, DEEP_OVERLAP, OVERLAP, PROBES, Position, Progress

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
OLDER, NEWER = Revision("2026-11-21T10", NOW - 2 * HOUR), Revision("2026-11-21T11", NOW - HOUR)


def completed(progress: Progress, *, incomplete: bool = False) -> Progress:
    """After a pass whose every page was worked."""
    for _ in PROBES:
        progress = sweeps.advanced(progress, None, incomplete=incomplete)
    assert progress.current is None
    return progress


class TestPasses:
    def test_the_first_one_looks_back_for_days(self) -> None:
        current = sweeps.begun(Progress(), NOW).current
        assert current and current.deep
        assert (current.since, current.until) == (NOW - DEEP_OVERLAP, NOW + AHEAD_MAX)

    def test_the_next_one_overlaps_the_last_one(self) -> None:
        progress = completed(sweeps.begun(Progress(), NOW))
        current = sweeps.begun(progress, NOW + HOUR).current
        assert current and not current.deep
        assert current.since == NOW - OVERLAP

    def test_one_a_day_is_deep(self) -> None:
        progress, deep = Progress(), []
        for hours in range(49):
            progress = sweeps.begun(progress, NOW + hours * HOUR)
            deep.append(progress.current is not None and progress.current.deep)
            progress = completed(progress)
        assert deep.count(True) == 3

    def test_after_days_without_one_nothing_is_left_out(self) -> None:
        progress = completed(sweeps.begun(Progress(), NOW))
        current = sweeps.begun(progress, NOW + timedelta(days=30)).current
        assert current and current.since == NOW - DEEP_OVERLAP

    def test_a_clock_that_was_set_back_leaves_nothing_out(self) -> None:
        progress = completed(sweeps.begun(Progress(), NOW + timedelta(days=90)))
        current = sweeps.begun(progress, NOW).current
        assert current and current.since == NOW - DEEP_OVERLAP

    def test_an_interrupted_one_is_gone_on_with(self) -> None:
        interrupted = sweeps.advanced(sweeps.begun(Progress(), NOW), Position(NOW, "o9"), incomplete=False)
        assert sweeps.begun(interrupted, NOW + 5 * HOUR) == interrupted
        assert interrupted.current and interrupted.current.after == Position(NOW, "o9")

    def test_what_could_not_be_recorded_is_looked_at_again(self) -> None:
        progress = completed(sweeps.begun(Progress(), NOW))
        again = completed(sweeps.begun(progress, NOW + HOUR), incomplete=True)
        assert again == progress
        assert completed(sweeps.begun(Progress(), NOW), incomplete=True) == Progress(first_at=NOW)

    def test_but_not_for_ever(self) -> None:
        progress = completed(sweeps.begun(Progress(), NOW))
        for hours in range(1, 25):
            progress = completed(sweeps.begun(progress, NOW + hours * HOUR), incomplete=True)
        assert progress.through == NOW + 24 * HOUR

    def test_the_past_is_not_theirs(self) -> None:
        progress = completed(sweeps.begun(Progress(), NOW))
        progress = sweeps.begun(progress, NOW + timedelta(days=2))
        assert progress.concerns(Revision("", NOW - HOUR))
        assert not progress.concerns(Revision("", NOW - 3 * HOUR))
        assert sweeps.begun(completed(progress), NOW - timedelta(days=9)).concerns(
            Revision("", NOW - timedelta(days=9))
        )


class TestProbes:
    @pytest.mark.parametrize(
        ("stored", "found"),
        [
            (NOW, True),
            (NOW - DEEP_OVERLAP, True),
            (NOW - DEEP_OVERLAP - HOUR, False),
            (NOW + AHEAD_MAX, False),
            ("2026-11-21T12:00:00.000Z", True),
            ("2026-11-01T12:00:00.000Z", False),
            ("yesterday", False),
            (NOW.timestamp() * 1000, True),
            (int(NOW.timestamp() * 1000), True),
            (NOW.timestamp(), False),
            (True, False),
            (None, False),
            ({"seconds": NOW.timestamp()}, False),
        ],
    )
    def test_find_dates_in_the_forms_that_writers_use(self, stored: Any, found: bool) -> None:
        current = sweeps.begun(Progress(), NOW).current
        assert current
        assert any(probe.finds({"updatedAt": stored}, current.since, current.until) for probe in PROBES) is found
        # The same order by its other date is not looked at a second time.
        assert replace(current, probe=len(PROBES) - 1).is_new_to({"updatedAt": stored}) is not found


ORDER = Order(
    id="o1",
    phase=Phase.EARNING,
    status="completed",
    org=OrgNames(org_id="a"),
    buyer=Buyer(customer_id="a_77", user_id="77", email="ann@example.com"),
    from_pos=True,
    ordered_at=NOW,
    money=Money(50_00),
)
GRANTED = Accrual(
    order_id="o1",
    revision=OLDER.text,
    customer_id="a_77",
    user_id="77",
    count=Count(50_00, NOW),
    points=50,
    rate=Rate(Decimal(1), Decimal(1), "total", None),
)
NOTHING = Accrual("o1", revision=OLDER.text)


@pytest.mark.parametrize(
    ("order", "accrual", "behind"),
    [
        (ORDER, None, True),
        (ORDER, GRANTED, False),
        (ORDER, NOTHING, True),
        (ORDER, replace(NOTHING, revision=NEWER.text), False),
        (replace(ORDER, buyer=replace(ORDER.buyer, email="ann@new.example.com")), GRANTED, False),
        (replace(ORDER, buyer=replace(ORDER.buyer, user_id="78")), GRANTED, True),
        (replace(ORDER, buyer=replace(ORDER.buyer, customer_id="a_78")), GRANTED, True),
        (replace(ORDER, money=Money(51_00)), GRANTED, True),
        (replace(ORDER, money=Money(50_00, tax_cents=5_00)), GRANTED, False),
        (replace(ORDER, ordered_at=NOW - HOUR), GRANTED, True),
        (replace(ORDER, phase=Phase.OPEN, money=None), None, False),
        (replace(ORDER, phase=Phase.OPEN, money=None), NOTHING, False),
        (replace(ORDER, phase=Phase.OPEN, money=None), GRANTED, True),
        (replace(ORDER, phase=Phase.REVERSED, money=None), None, True),
        (replace(ORDER, phase=Phase.REVERSED, money=None), GRANTED, True),
        # It may have carried a reward that was granted since.
        (replace(ORDER, phase=Phase.REVERSED, money=None), NOTHING, True),
        (replace(ORDER, phase=Phase.REVERSED, money=None), replace(NOTHING, revision=NEWER.text), False),
    ],
)
def test_what_is_behind(order: Order, accrual: Accrual | None, behind: bool) -> None:
    assert sweeps.is_behind(order, NEWER, accrual) is behind


def test_points_on_another_base_are_compared_too() -> None:
    before_tax = replace(GRANTED, points=45, rate=Rate(Decimal(1), Decimal(1), "total_before_tax", None))
    order = replace(ORDER, money=Money(50_00, tax_cents=5_00))
    assert not sweeps.is_behind(order, NEWER, before_tax)
    assert sweeps.is_behind(replace(order, money=Money(50_00, tax_cents=6_00)), NEWER, before_tax)


class _Recorded(dict[str, Any]):
    """Fields that remember which of them were looked at."""

    def __init__(self, fields: dict[str, Any]) -> None:
        super().__init__(fields)
        self.seen: set[str] = set()

    def get(self, name: str, default: Any = None) -> Any:
        self.seen.add(name)
        return super().get(name, default)


def test_a_projection_holds_whatever_reading_an_order_looks_at() -> None:
    nothing, paid = _Recorded({}), _Recorded({"paymentStatus": "paid"})
    sold = _Recorded({"status": "completed", "totals": {"total": 5}})
    for fields in (nothing, paid, sold):
        read("o1", fields, NOW)
    assert nothing.seen | paid.seen | sold.seen == set(FIELDS)
