"""The two oracles: tables worked out by hand, and the export's figures against its replay."""

from datetime import UTC, datetime, timedelta
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from cli.demo.documents import OrderWrite
from cli.demo.expected import Figures, Programme, export_figures, stream_figures
from cli.demo.retail_csv import read_export
from cli.demo.retail_replay import RetailReplay
from tests.cli.demo.exports import write_export
from tests.cli.demo.test_retail_replay import FINAL_STATES, ORG

PROGRAMME = Programme(Fraction(1), [("bronze", 0), ("gold", 1_000), ("silver", 500)])
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def test_points_are_floored_per_order_and_tiers_start_at_their_threshold(tmp_path: Path) -> None:
    path = write_export(
        tmp_path, "1 A 1 01-09:00 1.99 7", "2 A 1 02-09:00 3.01 7", "3 A 1 02-09:00 9.99 8", "4 A 1 02-09:00 10.00 9"
    )
    assert export_figures(path, PROGRAMME) == {
        "7": Figures(spend_cents=500, order_count=2, points=4, tier="silver"),
        "8": Figures(spend_cents=999, order_count=1, points=9, tier="silver"),
        "9": Figures(spend_cents=1000, order_count=1, points=10, tier="gold"),
    }


def test_a_rate_is_exact(tmp_path: Path) -> None:
    path = write_export(tmp_path, "1 A 1 01-09:00 10.00 7")
    programme = Programme(Fraction("1.1"), PROGRAMME.tiers)
    assert export_figures(path, programme)["7"].points == 11


@pytest.mark.parametrize(("rows", "expected"), FINAL_STATES.values(), ids=FINAL_STATES)
def test_export_figures_are_the_sum_of_the_final_states(
    tmp_path: Path, rows: list[str], expected: dict[str, tuple[str | None, float, dict[str, int]]]
) -> None:
    kept = [round(total * 100) for payment, total, _ in expected.values() if payment != "refunded"]
    found = export_figures(write_export(tmp_path, *rows), PROGRAMME)
    assert sum(person.spend_cents for person in found.values()) == sum(kept)
    assert sum(person.order_count for person in found.values()) == len(kept)


def test_customers_with_nothing_left_have_no_figures(tmp_path: Path) -> None:
    path = write_export(tmp_path, "1 A 1 01-09:00 1.00 7", "C2 A -1 02-09:00 1.00 7", "C3 B -1 02-09:00 1.00 8")
    assert export_figures(path, PROGRAMME) == {}


def test_the_limit_is_the_replays_limit(tmp_path: Path) -> None:
    path = write_export(tmp_path, "2 A 1 02-09:00 5.00 7", "1 A 1 01-09:00 1.00 7", "C3 A -1 03-09:00 5.00 7")
    for limit in (1, 2, 3):
        replayed = stream_figures(RetailReplay(ORG, read_export(path, limit)).writes(), PROGRAMME)
        assert export_figures(path, PROGRAMME, limit) == replayed


@pytest.mark.parametrize(
    ("changes", "counts"),
    [
        ({"status": "pending"}, False),
        ({"status": "submitted", "paymentStatus": "paid"}, True),
        ({"status": "completed"}, True),
        ({"status": "completed", "paymentStatus": "pending_pickup"}, True),
        ({"status": "delivered"}, True),
        ({"status": "completed", "paymentStatus": "refunded"}, False),
        ({"status": "cancelled", "paymentStatus": "paid"}, False),
        ({"status": "completed", "mode": "demo"}, False),
        ({"status": "completed", "source": "pilot_test"}, False),
    ],
)
def test_the_stream_oracle_knows_what_counts(changes: dict[str, Any], counts: bool) -> None:
    write = OrderWrite("1", {"totals": {"total": 5.5}} | changes, NOON, "p1")
    expected = {"p1": Figures(spend_cents=550, order_count=1, points=5, tier="silver")} if counts else {}
    assert stream_figures([write], PROGRAMME) == expected


def test_only_the_last_write_of_an_order_matters() -> None:
    def write(order_id: str, minutes: int, total: float, person: str | None) -> OrderWrite:
        fields = {"status": "completed", "totals": {"total": total}}
        return OrderWrite(order_id, fields, NOON + timedelta(minutes=minutes), person)

    writes = [
        write("1", 0, 20.00, "p1"),
        write("2", 1, 1.50, None),
        write("1", 2, 4.00, "p1"),
        write("2", 3, 1.50, "p2"),
        write("3", 4, 9.00, None),
        write("1", 5, 4.00, "p2"),
    ]
    assert stream_figures(writes, PROGRAMME) == {"p2": Figures(spend_cents=550, order_count=2, points=5, tier="silver")}
