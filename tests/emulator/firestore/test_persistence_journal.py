"""Commits on their way to disk: told to nobody before they are there, written together, and folded into snapshots."""

from __future__ import annotations

import asyncio
import errno
import os
import threading
from collections.abc import Sequence
from pathlib import Path

import grpc
import pytest

from emulator.firestore.changes import Change
from emulator.firestore.errors import FirestoreError
from emulator.firestore.persistence.progress import encode_positions
from tests.emulator.firestore import kept
from tests.emulator.firestore.kept import Contents, Kept


class Disk:
    """Stands between a log and its disk: counts what is synced, can hold it up, and can fail."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self.synced = 0
        self.error: OSError | None = None
        self.free = threading.Event()
        self.free.set()
        self._sync = os.fdatasync
        patch.setattr(os, "fdatasync", self._held)

    def _held(self, descriptor: int) -> None:
        assert self.free.wait(30)
        if self.error is not None:
            raise self.error
        self._sync(descriptor)
        self.synced += 1


@pytest.fixture
def disk(monkeypatch: pytest.MonkeyPatch) -> Disk:
    return Disk(monkeypatch)


async def _turns() -> None:
    """Let everything go as far as it can without the disk; the event loop needs few turns for it."""
    for _ in range(10):
        await asyncio.sleep(0)


def test_nobody_is_told_before_a_commit_is_on_disk(tmp_path: Path, disk: Disk) -> None:
    async def work(it: Kept) -> None:
        seen: list[str] = []

        def observe(changes: Sequence[Change]) -> None:
            seen.extend(change.path for change in changes)

        it.store.add_observer(it.journal.once_kept(observe))
        disk.free.clear()
        answers = [asyncio.create_task(it.keep({f"a/{name}": {}})) for name in ("first", "second")]
        # A read that has seen the commits waits for them, too.
        await _turns()
        answers.append(asyncio.create_task(it.journal.kept()))
        done, _ = await asyncio.wait(answers, timeout=0.05)
        assert not done and not seen
        disk.free.set()
        await asyncio.gather(*answers)
        assert seen == ["a/first", "a/second"]
        await asyncio.wait_for(it.engine.kept(), 5)

    kept.using(tmp_path, work)


def test_commits_that_wait_at_the_same_time_share_the_disk(tmp_path: Path, disk: Disk) -> None:
    async def work(it: Kept) -> None:
        await asyncio.gather(*(it.keep({f"a/{number}": {}}) for number in range(100)))
        assert disk.synced == 1
        disk.free.clear()
        first = asyncio.create_task(it.keep({"b/first": {}}))
        await _turns()
        rest = [asyncio.create_task(it.keep({f"b/{number}": {}})) for number in range(100)]
        await _turns()
        disk.free.set()
        await asyncio.gather(first, *rest)
        assert disk.synced == 3

    kept.using(tmp_path, work)
    assert len(kept.read(tmp_path)) == 201


def test_one_waiter_that_gives_up_does_not_take_the_others_along(tmp_path: Path, disk: Disk) -> None:
    async def work(it: Kept) -> None:
        disk.free.clear()
        impatient, patient = (asyncio.create_task(it.keep({f"a/{name}": {}})) for name in ("impatient", "patient"))
        await _turns()
        impatient.cancel()
        await asyncio.wait([impatient])
        disk.free.set()
        await patient

    kept.using(tmp_path, work)
    assert len(kept.read(tmp_path)) == 2


def test_a_disk_that_fails_ends_all_answers(tmp_path: Path, disk: Disk) -> None:
    async def work(it: Kept) -> None:
        seen: list[Change] = []
        it.store.add_observer(it.journal.once_kept(seen.extend))
        await it.keep({"a/before": {}})
        disk.error = OSError(errno.EIO, "the disk is gone")
        for path in ("a/failing", "a/after"):
            with pytest.raises(FirestoreError, match=r"cannot keep commits.*the disk is gone") as refusal:
                await it.keep({path: {}})
            assert refusal.value.code is grpc.StatusCode.INTERNAL
            disk.error = None
        assert it.journal.failed.is_set()
        assert [change.path for change in seen] == ["a/before"]
        assert it.journal.begin_next_log(encode_positions({})).is_set()

    kept.using(tmp_path, work)


def test_logs_are_folded_into_snapshots_while_commits_go_on(tmp_path: Path) -> None:
    async def work(it: Kept) -> Contents:
        async def write(client: int) -> None:
            for number in range(150):
                await it.keep({f"a/{client}-{number}": {"n": number}, "a/same": {"n": number, "by": client}})
                if number % 3 == 0:
                    await it.keep({f"a/{client}-{number}": None})

        await asyncio.gather(*(write(client) for client in range(4)))
        return kept.contents(it.store)

    contents = kept.using(tmp_path, work, log_bytes=4_000)
    assert kept.read(tmp_path) == contents
    numbers = {path.name.partition("-")[0]: path.name.partition("-")[2] for path in tmp_path.iterdir()}
    assert set(numbers) == {"LOCK", "log", "snapshot"}
    assert numbers["log"] == numbers["snapshot"] > "00000002"


def test_a_snapshot_that_cannot_be_written_costs_nothing(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    async def work(it: Kept) -> Contents:
        (tmp_path / "snapshot-00000002.partial").mkdir()
        await it.keep({"a/large": {"text": "x" * 5000}})
        await it.keep({"a/small": {}})
        return kept.contents(it.store)

    contents = kept.using(tmp_path, work, log_bytes=4_000)
    assert "no snapshot could be written" in caplog.text
    (tmp_path / "snapshot-00000002.partial").rmdir()
    assert kept.read(tmp_path) == contents
    assert {path.name for path in tmp_path.iterdir()} == {"LOCK", "log-00000001", "log-00000002"}
