"""Where the clock stops: days of the shop, and which writes are worked together."""

from datetime import UTC, date, datetime, timedelta

from cli.demo.year.timeline import Kind, Span, Step, Stop, timeline
from tests.cli.demo.year.writes import order

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
# A Thursday.
NOON = datetime(2026, 10, 29, 16, tzinfo=UTC)
SPAN = Span(date(2026, 10, 29), 5, "America/New_York")


def _ids(at: Step | Stop) -> str:
    return " ".join(write.order_id for write in at.writes) if isinstance(at, Step) else at.kind.value


def test_days_end_at_the_shops_midnight_whatever_its_clocks_do() -> None:
    nights = [stop.at.astimezone(UTC) for stop in SPAN.stops() if stop.kind is Kind.NIGHT]
    assert [f"{at:%m-%dT%H}" for at in nights] == ["10-30T04", "10-31T04", "11-01T04", "11-02T05", "11-03T05"]
    assert SPAN.start == datetime(2026, 10, 29, 4, tzinfo=UTC) and SPAN.end == nights[-1]


def test_the_till_opens_on_saturdays_and_the_audit_comes_once_a_quarter() -> None:
    stops = list(Span(date(2026, 1, 1), 365, "America/New_York").stops())
    assert [stop.at for stop in stops] == sorted(stop.at for stop in stops)
    assert sum(stop.kind is Kind.TILL for stop in stops) == 52
    assert [f"{stop.day}" for stop in stops if stop.kind is Kind.AUDIT] == ["2026-04-01", "2026-07-01", "2026-10-01"]


def test_every_write_comes_once_and_in_order_among_the_stops() -> None:
    writes = [order(f"o{number}", NOON + number * 7 * HOUR, f"p{number % 3}", 5.0) for number in range(20)]
    seen = list(timeline(writes, SPAN))
    moments = [at.at for at in seen]
    assert moments == sorted(moments)
    inside = [write.order_id for write in writes if write.at < SPAN.end]
    assert [write.order_id for at in seen if isinstance(at, Step) for write in at.writes] == inside
    assert 10 < len(inside) < 20


def test_two_orders_of_one_customer_are_not_worked_together() -> None:
    writes = [
        order("1", NOON, "ann", 5.0),
        order("2", NOON + MINUTE, "ben", 5.0),
        order("3", NOON + 2 * MINUTE, "ann", 5.0),
        order("4", NOON + 3 * MINUTE, None, 5.0),
        order("5", NOON + 4 * MINUTE, None, 5.0),
    ]
    assert [_ids(at) for at in timeline(writes, SPAN)][:3] == ["1 2", "3 4 5", "night"]


def test_an_order_that_moves_on_is_of_both_customers() -> None:
    writes = [
        order("1", NOON, "ann", 5.0),
        order("1", NOON + 7 * HOUR, "ben", 5.0),
        order("2", NOON + 7 * HOUR + MINUTE, "ann", 5.0),
    ]
    assert [_ids(at) for at in timeline(writes, SPAN)][:3] == ["1", "1", "2"]


def test_states_of_an_order_are_worked_together_until_it_has_earned_something_else() -> None:
    writes = [
        order("1", NOON, "ann", 5.0, status="pending"),
        order("1", NOON + MINUTE, "ann", 5.0),
        order("1", NOON + 2 * MINUTE, "ann", 5.0),
        order("1", NOON + 3 * MINUTE, "ann", 4.0),
        order("1", NOON + 4 * MINUTE, "ann", 4.0, status="cancelled"),
    ]
    assert [_ids(at) for at in timeline(writes, SPAN)][:3] == ["1 1 1", "1", "1"]


def test_a_step_is_of_a_few_hours() -> None:
    writes = [order(str(number), NOON + number * HOUR, None, 5.0) for number in range(9)]
    assert [_ids(at) for at in timeline(writes, SPAN)][:2] == ["0 1 2 3 4 5 6", "7 8"]
