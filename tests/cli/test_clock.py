"""./dev clock: moves the running stack's clock, refuses nonsense, and finds the stack that is meant."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from cli import clock, running
from emulator.clock import ClockFile

DAY, HOUR = timedelta(days=1), timedelta(hours=1)


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ClockFile:
    """The clock of the stack that the environment names."""
    monkeypatch.setenv("PERENNIAL_CLOCK_FILE", str(tmp_path / "clock.json"))
    return ClockFile(tmp_path / "clock.json")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where stacks announce themselves, none of which the environment names."""
    monkeypatch.delenv("PERENNIAL_CLOCK_FILE", raising=False)
    monkeypatch.setattr(running, "FOLDER", tmp_path / "running")
    return tmp_path / "running"


def stack(path: Path, project: str = "demo-a") -> dict[str, object]:
    return {"project": project, "firestore": "127.0.0.1:1", "env": {"PERENNIAL_CLOCK_FILE": str(path)}}


def test_it_moves_by_days_and_hours_and_back(file: ClockFile, capsys: pytest.CaptureFixture[str]) -> None:
    assert clock.main([]) == 0
    assert capsys.readouterr().out.endswith("UTC, which is real time\n")
    assert clock.main(["+90d"]) == 0
    assert f"{datetime.now(UTC) + 90 * DAY:%F}" in (out := capsys.readouterr().out)
    assert out.endswith("UTC, 90 days ahead of real time\n")
    assert clock.main(["-2h"]) == 0
    assert file.offset == 90 * DAY - 2 * HOUR
    first, second = capsys.readouterr().out.splitlines()
    assert first.endswith("89 days 22 hours ahead of real time")
    assert second.startswith("Firestore's times do not run backwards: they stand still until ")
    assert clock.main(["reset"]) == 0
    assert file.offset == timedelta()
    for move in ("+1w", "-1d", "+30m", "+10s"):
        assert clock.main([move]) == 0
    assert file.offset == 6 * DAY + timedelta(minutes=30, seconds=10)


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2027-01-31", "2027-01-31T00:00+00:00"),
        ("2027-01-31T10:00", "2027-01-31T10:00+00:00"),
        ("2027-01-31T10:00Z", "2027-01-31T10:00+00:00"),
        ("2027-01-31T10:00-05:00", "2027-01-31T15:00+00:00"),
        ("2001-02-03", "2001-02-03T00:00+00:00"),
    ],
)
def test_it_is_set_to_a_time(file: ClockFile, text: str, moment: str) -> None:
    assert clock.main(["set", text]) == 0
    assert abs(file.now() - datetime.fromisoformat(moment)) < timedelta(minutes=1)


@pytest.mark.parametrize(
    "words",
    [
        ["90d"],
        ["+90"],
        ["+3y"],
        ["+1.5d"],
        ["+1d", "+1d"],
        ["-1d", "reset"],
        ["set"],
        ["set", "tomorrow"],
        ["set", "2027-02-30"],
        ["set", "1970-01-01"],
        ["set", "2027-01-31", "10:00"],
        ["+999999999w"],
        ["+99999d"],
        ["-99999d"],
        ["forward"],
    ],
)
def test_nonsense_is_refused(file: ClockFile, words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert clock.main(words) == 2
    assert file.offset == timedelta()
    shown = capsys.readouterr()
    assert shown.err and not shown.out


def test_a_broken_clock_file_is_said(file: ClockFile, capsys: pytest.CaptureFixture[str]) -> None:
    assert file.path is not None
    file.path.write_text("half")
    assert clock.main(["+1d"]) == 2
    assert "is not a clock file" in capsys.readouterr().err


def test_the_one_that_runs_is_found(folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert clock.main(["+1d"]) == 2
    assert "No stack is running: start one with ./dev up" in capsys.readouterr().err
    one, other = ClockFile(tmp_path / "one"), ClockFile(tmp_path / "other")
    with running.announced(stack(tmp_path / "one")):
        assert clock.main(["+1d"]) == 0
    assert one.offset == DAY
    assert clock.main(["+1d"]) == 2

    with running.announced(stack(tmp_path / "one")):
        ready = tmp_path / "ready"
        ready.write_text(json.dumps(stack(tmp_path / "other", "demo-b")))
        assert clock.main(["+2d", "--ready", str(ready)]) == 0
    assert (one.offset, other.offset) == (DAY, 2 * DAY)
    assert clock.main(["--ready", str(tmp_path / "nowhere")]) == 2


def test_of_several_one_has_to_be_named(folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with another(folder, stack(tmp_path / "other", "demo-b")), running.announced(stack(tmp_path / "one")):
        assert clock.main(["+1d"]) == 2
    shown = capsys.readouterr().err
    assert (
        "Several stacks are running: " in shown and "demo-a (Firestore at 127.0.0.1:1)" in shown and "demo-b" in shown
    )


def test_what_a_killed_stack_has_left_is_no_stack(folder: Path, tmp_path: Path) -> None:
    with another(folder, stack(tmp_path / "other")) as process:
        assert len(running.stacks()) == 1
        process.kill()
        process.wait()
        assert len(list(folder.iterdir())) == 1
        assert running.stacks() == []
        assert list(folder.iterdir()) == []


@contextlib.contextmanager
def another(folder: Path, document: dict[str, object]) -> Iterator[subprocess.Popen[bytes]]:
    """A stack that another process announces, for the length of the block."""
    program = "import sys, json, pathlib; from cli import running; folder, document = sys.argv[1:]\n"
    program += "with running.announced(json.loads(document), pathlib.Path(folder)): print(flush=True); sys.stdin.read()"
    command = [sys.executable, "-c", program, str(folder), json.dumps(document)]
    root = Path(__file__).resolve().parents[2]
    with subprocess.Popen(command, cwd=root, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"\n"
        yield process
        process.communicate()
