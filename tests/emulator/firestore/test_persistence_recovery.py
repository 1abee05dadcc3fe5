"""What a start makes of a data directory: all that was kept, less what a crash tore, or a refusal that says why."""

from __future__ import annotations

import asyncio
import shutil
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from emulator.firestore.clock import micros
from emulator.firestore.names import DatabaseId
from emulator.firestore.persistence.files import StorageError
from emulator.firestore.persistence.progress import encode_positions
from emulator.firestore.persistence.records import HEADER, frame
from emulator.firestore.persistence.storage import Storage
from emulator.firestore.store import Store
from tests.emulator.firestore import kept
from tests.emulator.firestore.kept import SHOP, Contents, Kept

COMMITS = 12


@pytest.fixture(scope="module")
def stages(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[tuple[int, Contents]]]:
    """A data directory, and the log's length with the store's contents after each of its commits, none included."""
    folder = tmp_path_factory.mktemp("stages")

    async def fill(it: Kept) -> list[tuple[int, Contents]]:
        after = [(it.journal.log_bytes, kept.contents(it.store))]
        for number in range(COMMITS):
            written: dict[str, dict[str, Any] | None] = {
                "orders/same": {"n": number},
                f"orders/o{number}": {"text": "x" * number * 7},
            }
            await it.keep(written if number % 4 else {**written, "orders/o1": None})
            after.append((it.journal.log_bytes, kept.contents(it.store)))
        return after

    return folder, kept.using(folder, fill)


def test_everything_comes_back_with_its_times_and_its_history(tmp_path: Path) -> None:
    async def fill(it: Kept) -> Contents:
        for number in range(3):
            await it.keep({"a/changed": {"n": number}, f"a/b/c/d{number}": {"deep": {"er": [number]}}})
        await it.keep({"a/deleted": {"n": 1}})
        await it.keep({"a/deleted": None})
        await it.keep({"a/other": {}}, DatabaseId("demo-kept", "second"))
        await it.keep({"ä/ö": {"ü": "ß"}}, DatabaseId("demo-other", "(default)"))
        return kept.contents(it.store)

    before = kept.using(tmp_path, fill)
    assert kept.read(tmp_path) == before
    assert [data is None for _, _, data in before[SHOP, "a/deleted"]] == [False, True]

    async def read_past(it: Kept) -> list[bool]:
        database = it.store.database(SHOP)
        times = [time for time, _, _ in before[SHOP, "a/changed"]]
        assert database.collection_ids("") == {"a"} and database.collection_ids("a/b") == {"c"}
        return [database.get("a/changed", at) is not None for at in [times[0] - 1, *times]]

    assert kept.using(tmp_path, read_past) == [False, True, True, True]


def test_commit_times_go_on_where_they_were_even_if_the_clock_has_been_set_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def commit(it: Kept) -> int:
        await it.keep({"a/b": {"n": it.store.clock.read_time()}})
        version = it.store.database(SHOP).get("a/b")
        assert version is not None and version.time == micros(version.document().update_time)
        return version.time

    first = kept.using(tmp_path, commit)
    monkeypatch.setattr("time.time_ns", lambda: (first - 3_000_000) * 1000)
    assert kept.using(tmp_path, commit) == first + 1


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(share=st.floats(0, 1), tail=st.sampled_from(["", "zeros", "noise", "flipped"]))
def test_a_torn_tail_is_cut_and_commits_go_on_behind_it(
    stages: tuple[Path, list[tuple[int, Contents]]],
    tmp_path_factory: pytest.TempPathFactory,
    share: float,
    tail: str,
) -> None:
    original, after = stages
    folder = tmp_path_factory.mktemp("torn")
    log = folder / "log-00000001"
    whole = (original / log.name).read_bytes()
    end = round(len(HEADER) + share * (len(whole) - len(HEADER)))
    garbage = {"": b"", "zeros": bytes(50), "noise": struct.pack("<II", 9, 7) + b"not 9 bytes", "flipped": b""}[tail]
    if tail == "flipped":
        end = max(length for length, _ in after if length <= end)
        garbage = bytes(byte ^ 1 for byte in whole[end : end + 60])
    log.write_bytes(whole[:end] + garbage)
    expected_length, expected = max((stage for stage in after if stage[0] <= end), key=lambda stage: stage[0])
    assert kept.read(folder) == expected
    assert log.stat().st_size == expected_length

    async def go_on(it: Kept) -> Contents:
        await it.keep({"orders/new": {"n": 1}})
        return kept.contents(it.store)

    assert kept.using(folder, go_on) == kept.read(folder) != expected
    shutil.rmtree(folder)


def _two_logs(folder: Path) -> None:
    async def fill(it: Kept) -> None:
        await it.keep({"a/b": {"n": 1}})
        await it.journal.begin_next_log(encode_positions({})).wait()
        await it.keep({"a/b": {"n": 2}})

    kept.using(folder, fill)


def _snapshot(folder: Path) -> None:
    _two_logs(folder)
    storage = Storage(folder, Store())
    storage.checkpoint()
    asyncio.run(storage.close())


def _cut(name: str, by: int) -> Callable[[Path], object]:
    return lambda folder: (folder / name).write_bytes((folder / name).read_bytes()[:-by])


def _write(name: str, content: bytes) -> Callable[[Path], object]:
    return lambda folder: (folder / name).write_bytes(content)


def _delete(name: str) -> Callable[[Path], object]:
    return lambda folder: (folder / name).unlink()


@pytest.mark.parametrize(
    ("make", "damage", "message"),
    [
        (_two_logs, _cut("log-00000001", 3), r"log-00000001 is damaged after 16 bytes"),
        (_two_logs, _delete("log-00000001"), r"is incomplete: log-00000001 is missing"),
        (_two_logs, _write("log-00000002", b"hello"), r"log-00000002 is not a file of the local Firestore"),
        (_two_logs, _write("log-00000002", HEADER[:-1] + b"\x07"), r"log-00000002 has format 7; .* reads format 1"),
        (_two_logs, _write("log-00000002", HEADER + frame(b"?")), r"log-00000002 has a record of an unknown kind"),
        (_snapshot, _cut("snapshot-00000003", 3), r"snapshot-00000003 is damaged after \d+ bytes"),
        (_snapshot, _cut("snapshot-00000003", len(frame(b"E"))), r"snapshot-00000003 is damaged after \d+ bytes"),
        (_snapshot, _delete("log-00000003"), r"is incomplete: log-00000003 is missing"),
    ],
)
def test_damage_that_no_crash_makes_is_refused(
    tmp_path: Path, make: Callable[[Path], None], damage: Callable[[Path], object], message: str
) -> None:
    make(tmp_path)
    assert kept.read(tmp_path)
    damage(tmp_path)
    files = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    with pytest.raises(StorageError, match=message):
        kept.read(tmp_path)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == files


def test_what_a_crash_left_half_done_is_tidied_up(tmp_path: Path) -> None:
    _snapshot(tmp_path)
    before = kept.read(tmp_path)
    for name in ("snapshot-00000004.partial", "log-00000004.partial"):
        (tmp_path / name).write_bytes(HEADER)
    # Deleting what a snapshot has made superfluous may have been cut off, in any order.
    (tmp_path / "log-00000002").write_bytes(HEADER)
    (tmp_path / "notes").write_text("are nobody's business")
    assert kept.read(tmp_path) == before
    assert {path.name for path in tmp_path.iterdir()} == {"LOCK", "log-00000003", "snapshot-00000003", "notes"}


def test_a_directory_is_one_servers(tmp_path: Path) -> None:
    async def try_again(it: Kept) -> None:
        with pytest.raises(StorageError, match=r"is used by another local Firestore, process \d+"):
            kept.read(tmp_path)

    kept.using(tmp_path, try_again)
    assert kept.read(tmp_path) == {}


def test_a_place_where_no_directory_can_be_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StorageError, match=r"file/below cannot be made: Not a directory"):
        kept.read(tmp_path / "file" / "below")
