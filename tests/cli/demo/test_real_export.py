"""The whole real export, where it is at hand: what it holds, how it was matched, and both ways to its figures."""

from fractions import Fraction
from pathlib import Path

import pytest

from cli.demo.expected import Programme, export_figures, stream_figures
from cli.demo.retail_csv import read_export
from cli.demo.retail_replay import RetailReplay

EXPORT = Path(__file__).parents[4] / "shared" / "data" / "online_retail_2009_2010.csv.gz"
PROGRAMME = Programme(Fraction(1), [("bronze", 0), ("silver", 20_000), ("gold", 50_000), ("platinum", 100_000)])


@pytest.mark.skipif(not EXPORT.exists(), reason=f"the real export is not at {EXPORT}")
def test_the_export_is_understood_whole_and_both_ways_agree() -> None:
    invoices = read_export(EXPORT)
    assert len(invoices) == 23_587
    assert len({invoice.customer_id for invoice in invoices}) == 4_383

    replay = RetailReplay("org_shop", invoices)
    writes = list(replay.writes())
    report = replay.report
    assert (report.sales, report.cancellations) == (19_215, 4_372)
    assert (report.lines, report.lines_matched, report.lines_matched_in_part) == (9_839, 7_578, 71)
    assert (report.cents, report.cents_matched) == (48_379_470, 26_737_232)
    assert len(writes) == report.sales + report.orders_reduced + report.orders_refunded + report.orders_of_their_own

    found = export_figures(EXPORT, PROGRAMME)
    assert found == stream_figures(writes, PROGRAMME)
    assert len(found) == 4_299
    assert sum(person.spend_cents for person in found.values()) == 856_463_094
    assert sum(person.points for person in found.values()) == 8_555_724
