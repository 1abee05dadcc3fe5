"""When cron expressions are due: tables, and what wall clocks show, minute by minute."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emulator.scheduler.cron import Cron

MINUTE = timedelta(minutes=1)
NEW_YORK = "America/New_York"


def next_after(cron: Cron, moment: datetime) -> datetime:
    return datetime.fromtimestamp(cron.next_after(int(moment.timestamp()) * 1_000_000) / 1_000_000, UTC)


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("expression", "zone", "after", "due"),
    [
        ("7 * * * *", "UTC", "2026-11-21 00:06", ["2026-11-21 00:07", "2026-11-21 01:07"]),
        ("7 * * * *", "UTC", "2026-11-21 00:07", ["2026-11-21 01:07"]),
        ("*/20 23 * * *", "UTC", "2026-12-31 23:30", ["2026-12-31 23:40", "2027-01-01 23:00"]),
        ("0 0 31 * *", "UTC", "2027-01-31 00:00", ["2027-03-31 00:00"]),
        ("0 0 29 2 *", "UTC", "2026-01-01 00:00", ["2028-02-29 00:00", "2032-02-29 00:00"]),
        ("0 9 * * MON", "UTC", "2026-11-21 00:00", ["2026-11-23 09:00"]),
        ("0 9 1 * 5", "UTC", "2026-11-21 00:00", ["2026-11-27 09:00", "2026-12-01 09:00"]),
        # Half an hour from UTC, and no change of it.
        ("0 2 * * *", "Asia/Kolkata", "2026-11-21 00:00", ["2026-11-21 20:30"]),
        ("0 2 * * *", "Africa/Lagos", "2026-11-21 00:00", ["2026-11-21 01:00"]),
        # 8 March 2026: from 02:00 EST to 03:00 EDT. 02:30 does not come, 03:00 does, and so does what is hourly.
        ("30 2 * * *", NEW_YORK, "2026-03-07 12:00", ["2026-03-09 06:30"]),
        ("0 3 * * *", NEW_YORK, "2026-03-07 12:00", ["2026-03-08 07:00", "2026-03-09 07:00"]),
        ("0 * * * *", NEW_YORK, "2026-03-08 05:30", ["2026-03-08 06:00", "2026-03-08 07:00", "2026-03-08 08:00"]),
        # 1 November 2026: 01:00 to 02:00 comes twice.
        ("30 1 * * *", NEW_YORK, "2026-10-31 12:00", ["2026-11-01 05:30", "2026-11-01 06:30", "2026-11-02 06:30"]),
        ("0 1 * * *", NEW_YORK, "2026-10-31 12:00", ["2026-11-01 05:00", "2026-11-01 06:00", "2026-11-02 06:00"]),
        ("0 2 * * *", NEW_YORK, "2026-10-31 12:00", ["2026-11-01 07:00"]),
        ("0 0 1 1 *", NEW_YORK, "2026-01-02 00:00", ["2027-01-01 05:00"]),
    ],
)
def test_due_times(expression: str, zone: str, after: str, due: list[str]) -> None:
    cron, moment, found = Cron(expression, zone), utc(after), []
    for _ in due:
        moment = next_after(cron, moment)
        found.append(moment)
    assert found == [utc(text) for text in due]


@pytest.mark.parametrize(
    "expression",
    ["", "every 5 minutes", "* * * *", "* * * * * *", "60 * * * *", "0 0 31 2 *", "x * * * *", "*/0 * * * *"],
)
def test_what_is_never_due_is_refused(expression: str) -> None:
    with pytest.raises(ValueError, match="cron expression"):
        Cron(expression, "UTC")


@pytest.mark.parametrize("zone", ["", "Mars/Olympus", "../etc/passwd"])
def test_what_is_no_time_zone_is_refused(zone: str) -> None:
    with pytest.raises(ValueError, match="time zone"):
        Cron("* * * * *", zone)


@settings(max_examples=60, deadline=None)
@given(
    start=st.sampled_from(["2026-03-08 05:00", "2026-11-01 03:00", "2026-04-04 12:00", "2026-10-03 13:00"]),
    zone=st.sampled_from([NEW_YORK, "Australia/Lord_Howe", "Europe/London", "UTC"]),
    minutes=st.sets(st.integers(0, 59), min_size=1, max_size=3),
    hours=st.sets(st.integers(0, 23), min_size=6),
)
def test_they_are_what_wall_clocks_show(start: str, zone: str, minutes: set[int], hours: set[int]) -> None:
    """Lord Howe's clocks change by half an hour."""
    shown = ZoneInfo(zone)
    cron = Cron(f"{','.join(map(str, sorted(minutes)))} {','.join(map(str, sorted(hours)))} * * *", zone)
    begin = utc(start)
    moments = [begin + count * MINUTE for count in range(1, 18 * 60)]
    walls = [(moment, moment.astimezone(shown)) for moment in moments]
    expected = [moment for moment, wall in walls if wall.minute in minutes and wall.hour in hours]
    found, moment = [], begin
    while (moment := next_after(cron, moment)) <= moments[-1]:
        found.append(moment)
    assert found == expected
