"""`./dev demo --days N` as it is run: some days of a small made-up shop, and of an export."""

import json
from pathlib import Path

from tests.cli.demo.exports import write_export
from tests.cli.demo.running import demo

ROWS = (
    "1 A 2 01-09:00 150.00 7",
    "2 B 1 01-09:05 99.99 8",
    "C3 A -1 02-11:00 120.00 7",
    "4 C 4 03-10:00 30.50 10",
    "C5 B -1 03-11:30 99.99 8",
    "6 E 10 09-09:00 25.00 11",
)


def test_some_days_of_a_small_shop_end_as_the_calendar_has_it() -> None:
    ended = demo("--days", "20", "--customers", "20", "--seed", "2", "--json")
    assert ended.returncode == 0, ended.stdout + ended.stderr
    report = json.loads(ended.stdout)
    assert report["expected"]["differences"] == [] and report["expected"]["customers"] > 10
    assert report["audit"]["violations"] == [] and report["failures"] == []
    assert report["source"]["days"] == 20
    assert sum(month["orders"] for month in report["months"]) == report["replay"]["orders"] > 20
    assert sum(month["released"] for month in report["months"]) > 0
    assert report["redemptions"]["pointsRedeemed"] > 0
    assert report["bill"]["dollars"] > 0


def test_days_of_an_export_are_shown_to_people_and_later_ones_left_out(tmp_path: Path) -> None:
    ended = demo("--days", "5", "--data", str(write_export(tmp_path, *ROWS)))
    assert ended.returncode == 0, ended.stdout + ended.stderr
    for words in ("5 days from 2010-03-01: 4 orders", "Points by month", "per 1,000 orders", "3 customers agree"):
        assert words in ended.stdout
