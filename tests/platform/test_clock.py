"""The product's time: the computer's, or as far from it as the clock file of a local stack says."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from emulator.clock import ClockFile
from lib.platform import clock

DAY = timedelta(days=1)


def ahead() -> timedelta:
    """How far ahead of real time the product is, to the second."""
    return timedelta(seconds=round((clock.now() - datetime.now(UTC)).total_seconds()))


def test_without_a_clock_file_it_is_real_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PERENNIAL_CLOCK_FILE", "")
    assert ahead() == timedelta()
    monkeypatch.delenv("PERENNIAL_CLOCK_FILE")
    assert ahead() == timedelta()
    assert clock.now().tzinfo is UTC


def test_it_follows_the_stacks_clock(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    moved, other = ClockFile(tmp_path / "clock"), ClockFile(tmp_path / "other")
    monkeypatch.setenv("PERENNIAL_CLOCK_FILE", str(moved.path))
    assert ahead() == timedelta()
    for by in (90 * DAY, -100 * DAY, timedelta(hours=7)):
        before = ahead()
        moved.move(by)
        assert ahead() == before + by
    other.move(DAY)
    monkeypatch.setenv("PERENNIAL_CLOCK_FILE", str(other.path))
    assert ahead() == DAY
    monkeypatch.setenv("PERENNIAL_CLOCK_FILE", str(moved.path))
    moved.reset()
    assert ahead() == timedelta()


def test_it_reads_the_file_only_when_that_has_changed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "clock"
    ClockFile(file).move(DAY)
    monkeypatch.setenv("PERENNIAL_CLOCK_FILE", str(file))
    assert ahead() == DAY
    status = file.stat()
    file.write_text(file.read_text().replace("8", "9"))
    os.utime(file, ns=(status.st_atime_ns, status.st_mtime_ns))
    assert ahead() == DAY


def test_a_broken_clock_file_is_an_error_and_not_real_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "clock").write_text('{"offset": 1}')
    monkeypatch.setenv("PERENNIAL_CLOCK_FILE", str(tmp_path / "clock"))
    with pytest.raises(ValueError, match="is not a clock file"):
        clock.now()
