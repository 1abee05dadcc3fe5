"""A disk that fails: nobody is told that something is kept which is not, and the server is to end."""

from __future__ import annotations

import asyncio
import sqlite3
from pathlib import Path

import pytest

from emulator.tasks.errors import TasksError
from emulator.tasks.keeping import FileKeeping, Keeping, KeepingError, TaskRecord


def test_nothing_is_promised_after_a_failure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asyncio.run(_fail(tmp_path, monkeypatch))


async def _fail(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    keeping = FileKeeping(folder)
    keeping.put_task(TaskRecord("kept", b"", 0, 0))
    await keeping.kept()
    failed_before = keeping.failed

    def full(batch: object) -> None:
        raise sqlite3.OperationalError("database or disk is full")

    monkeypatch.setattr(keeping, "_commit", full)
    keeping.put_task(TaskRecord("lost", b"", 0, 0))
    first = asyncio.ensure_future(keeping.kept())
    await asyncio.sleep(0)
    # One that comes while the disk is failing, and one afterwards, are told so too.
    keeping.put_task(TaskRecord("late", b"", 0, 0))
    for waiting in (first, keeping.kept(), keeping.kept()):
        with pytest.raises(TasksError, match="cannot keep tasks: database or disk is full"):
            await waiting
    assert (failed_before, keeping.failed) == (False, True)
    monkeypatch.undo()
    await keeping.close()
    again = FileKeeping(folder)
    assert [record.name for record in again.tasks()] == ["kept"]
    await again.close()


def test_a_folder_that_cannot_be_made_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(KeepingError, match="cannot be used"):
        FileKeeping(tmp_path / "file" / "data")


def test_what_is_kept_nowhere_is_kept_at_once() -> None:
    keeping = Keeping()
    keeping.put_task(TaskRecord("a", b"", 0, 0))
    asyncio.run(keeping.kept())
    assert not keeping.failed
