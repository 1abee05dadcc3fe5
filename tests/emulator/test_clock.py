"""The clock file: who reads it sees every move at once, and all processes of a stack go by it."""

from __future__ import annotations

import asyncio
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import jwt
import pytest
import requests
from google.api_core.exceptions import FailedPrecondition, InvalidArgument
from google.cloud import firestore as firestore_library
from google.cloud.tasks_v2 import Queue
from hypothesis import given, settings
from hypothesis import strategies as st

from emulator.clock import ClockFile, SystemClock
from emulator.firestore.clock import Clock as FirestoreClock
from emulator.firestore.names import DatabaseId
from emulator.firestore.store import Store
from emulator.firestore.transactions import Concurrency, Transactions
from emulator.firestore.wire import Document, TransactionOptions
from emulator.stack import Stack
from emulator.tokens import id_token
from tests.emulator.tasks.client import client_of, http_task
from tests.emulator.tasks.target import listening

DAY = timedelta(days=1)
NEAR = timedelta(minutes=1)


def near(moment: datetime, expected: datetime) -> bool:
    return abs(moment - expected) < NEAR


class TestFile:
    def test_it_is_real_time_until_it_is_moved(self, tmp_path: Path) -> None:
        clock, reader = ClockFile(tmp_path / "clock"), ClockFile(tmp_path / "clock")
        assert clock.offset == timedelta()
        clock.move(90 * DAY)
        clock.move(-2 * DAY)
        assert reader.offset == clock.offset == 88 * DAY
        assert near(reader.now(), datetime.now(UTC) + 88 * DAY)
        moment = datetime(2027, 1, 31, 10, tzinfo=UTC)
        clock.set(moment)
        assert near(reader.now(), moment)
        clock.reset()
        assert reader.offset == timedelta()

    def test_no_move_is_overlooked_however_fast_they_come(self, tmp_path: Path) -> None:
        clock, reader = ClockFile(tmp_path / "clock"), ClockFile(tmp_path / "clock")
        for count in range(1, 200):
            clock.move(DAY)
            assert reader.offset == count * DAY

    def test_a_file_that_is_gone_is_real_time(self, tmp_path: Path) -> None:
        clock = ClockFile(tmp_path / "clock")
        clock.move(DAY)
        (tmp_path / "clock").unlink()
        assert clock.offset == timedelta()

    @pytest.mark.parametrize("text", ["", "[]", "{}", '{"offsetSeconds": "1"}', '{"offsetSeconds": 1e300}'])
    def test_a_broken_file_is_an_error(self, tmp_path: Path, text: str) -> None:
        (tmp_path / "clock").write_text(text)
        with pytest.raises(ValueError, match="is not a clock file"):
            ClockFile(tmp_path / "clock").now_micros()

    def test_a_clock_without_a_file_cannot_be_moved(self) -> None:
        with pytest.raises(ValueError, match="PERENNIAL_CLOCK_FILE"):
            ClockFile(None).move(DAY)


class TestWaiting:
    """A wait that would not end hangs until the test's time-out."""

    def test_it_ends_at_its_time(self, tmp_path: Path) -> None:
        for file in (ClockFile(None), ClockFile(tmp_path / "clock")):
            until = file.now_micros() + 30_000
            asyncio.run(SystemClock(file).wait(until, asyncio.Event()))
            assert file.now_micros() >= until

    @pytest.mark.parametrize("by", [2 * DAY, -2 * DAY])
    def test_a_move_ends_it(self, tmp_path: Path, by: timedelta) -> None:
        file = ClockFile(tmp_path / "clock")

        async def scene() -> None:
            until = file.now_micros() + DAY // timedelta(microseconds=1)
            waiting = asyncio.create_task(SystemClock(file).wait(until, asyncio.Event()))
            forever = asyncio.create_task(SystemClock(file).wait(None, asyncio.Event()))
            await asyncio.sleep(0)
            assert not (waiting.done() or forever.done())
            file.move(by)
            await asyncio.gather(waiting, forever)

        asyncio.run(scene())

    @pytest.mark.parametrize("by", [2 * DAY, -2 * DAY])
    def test_a_move_between_asking_for_the_time_and_waiting_ends_it(self, tmp_path: Path, by: timedelta) -> None:
        clock = SystemClock(ClockFile(tmp_path / "clock"))
        until = clock.now_micros() + 100 * DAY // timedelta(microseconds=1)
        ClockFile(tmp_path / "clock").move(by)
        asyncio.run(clock.wait(until, asyncio.Event()))

    def test_an_event_ends_it(self, tmp_path: Path) -> None:
        async def scene() -> None:
            for file in (ClockFile(None), ClockFile(tmp_path / "clock")):
                happened = asyncio.Event()
                waiting = asyncio.create_task(SystemClock(file).wait(None, happened))
                await asyncio.sleep(0)
                happened.set()
                await waiting

        asyncio.run(scene())


@pytest.fixture
def stack(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stack]:
    """A stack whose clock nobody else goes by."""
    monkeypatch.delenv("FIRESTORE_EMULATOR_HOST", raising=False)
    with Stack("demo-clock", with_functions=False, with_tasks=True, data_dir=tmp_path, log_folder=tmp_path) as stack:
        yield stack


def client_at(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> Any:
    for name, value in stack.environment.items():
        monkeypatch.setenv(name, value)
    return firestore_library.Client(project=stack.project)


def test_firestore_goes_by_it_and_never_runs_backwards(
    stack: Stack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = client_at(stack, monkeypatch)
    document = client.document("a/b")

    def written() -> datetime:
        data = {"at": firestore_library.SERVER_TIMESTAMP, "n": firestore_library.Increment(1)}
        result: datetime = document.set(data, merge=True).update_time
        return result

    before = written()
    assert near(before, datetime.now(UTC))
    stack.clock.move(90 * DAY)
    later = written()
    assert near(later, before + 90 * DAY)
    assert near(document.get().get("at"), later)
    assert near(document.get().read_time, later)
    with pytest.raises(FailedPrecondition, match="older than the one hour"):
        document.get(read_time=before)
    stack.clock.reset()
    after = written()
    assert later < after < later + NEAR
    client.close()

    # The data of a stack and its clock last as long as each other.
    stack.clock.move(30 * DAY)
    stack.stop()
    stack.start()
    assert stack.clock.offset == 30 * DAY
    client = client_at(stack, monkeypatch)
    document = client.document("a/b")
    assert after < written() < later + NEAR
    stack.clock.move(90 * DAY)
    assert near(written(), datetime.now(UTC) + 120 * DAY)
    client.close()


@pytest.mark.parametrize(
    ("concurrency", "read_only"), [("pessimistic", True), ("optimistic", True), ("optimistic", False)]
)
def test_a_snapshot_that_a_move_has_left_behind_is_no_longer_valid(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, concurrency: str, read_only: bool
) -> None:
    """Else it would miss versions that were forgotten, or changes since."""
    monkeypatch.delenv("FIRESTORE_EMULATOR_HOST", raising=False)
    with Stack("demo-clock", with_functions=False, concurrency=concurrency, log_folder=tmp_path) as stack:
        client = client_at(stack, monkeypatch)
        document, transaction = client.document("a/b"), client.transaction(read_only=read_only)
        document.set({"n": 1})
        transaction._begin()
        document.get(transaction=transaction)
        stack.clock.move(DAY)
        document.set({"n": 2})
        with pytest.raises(InvalidArgument, match="expired or is no longer valid"):
            document.get(transaction=transaction)
        client.close()


def test_a_commit_is_refused_when_what_has_changed_since_its_reads_is_forgotten() -> None:
    """As when the clock is moved while the commit waits for a lock."""
    store = Store()
    database = store.database(DatabaseId("demo-clock", "(default)"))
    transactions = Transactions(store, concurrency=Concurrency.OPTIMISTIC)
    transaction = transactions.begin(database, TransactionOptions())
    transactions.for_reading(database, transaction.id).note_document("a/b", 0)
    assert transaction.reads_still_hold()
    later = store.clock.commit_time() + DAY // timedelta(microseconds=1)
    store.apply(database, store.clock.commit_time(), [("a/b", Document(name="a/b"))])
    assert not transaction.reads_still_hold()
    store.apply(database, later, [("a/c", Document(name="a/c"))])
    assert not transaction.reads_still_hold()


@settings(deadline=None)
@given(moves=st.lists(st.integers(-100, 100), max_size=20))
def test_commits_follow_each_other_however_the_clock_is_moved(moves: list[int]) -> None:
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as environment:
        environment.setenv("PERENNIAL_CLOCK_FILE", f"{folder}/clock")
        file, clock = ClockFile.of_environment(), FirestoreClock()
        last = clock.commit_time()
        for days in moves:
            file.move(days * DAY)
            present = file.now_micros()
            read, commit = clock.read_time(), clock.commit_time()
            assert last <= read < commit
            assert commit >= present
            last = commit


def test_locks_are_held_for_as_long_as_it_really_takes(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    client = client_at(stack, monkeypatch)
    document, transaction = client.document("a/b"), client.transaction()
    document.set({"n": 1})
    transaction._begin()
    assert document.get(transaction=transaction).get("n") == 1
    stack.clock.move(DAY)
    transaction.set(document, {"n": 2})
    transaction._commit()
    assert document.get().get("n") == 2
    client.close()


def test_tasks_become_due_when_it_is_moved(stack: Stack) -> None:
    parent = f"projects/{stack.project}/locations/us-central1"
    with listening() as target, client_of(stack.tasks) as client:
        queue = client.create_queue(parent=parent, queue=Queue(name=f"{parent}/queues/work")).name
        for days in (20, 5):
            task = http_task(target.url, f"{queue}/tasks/day-{days}", schedule_time=datetime.now(UTC) + days * DAY)
            client.create_task(parent=queue, task=task)
        stack.clock.move(10 * DAY)
        assert [request.task_id for request in target.wait_for(1)] == ["day-5"]
        stack.clock.move(11 * DAY)
        assert [request.task_id for request in target.wait_for(2)] == ["day-5", "day-20"]


def test_rules_go_by_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("FIRESTORE_EMULATOR_HOST", raising=False)
    (tmp_path / "firestore.rules").write_text(
        "service cloud.firestore { match /databases/{d}/documents { match /a/{b} {"
        " allow read, write: if request.time > timestamp.date(2090, 1, 1); } } }"
    )
    with Stack("demo-clock", source=tmp_path, with_functions=False, log_folder=tmp_path) as stack:
        url = f"http://{stack.firestore}/v1/projects/demo-clock/databases/(default)/documents/a/b"
        assert requests.patch(url, json={"fields": {}}, timeout=10).status_code == 403
        stack.clock.set(datetime(2090, 1, 2, tzinfo=UTC))
        assert requests.patch(url, json={"fields": {}}, timeout=10).status_code == 200
        assert requests.get(url, timeout=10).status_code == 200


def test_tokens_are_issued_by_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PERENNIAL_CLOCK_FILE", str(tmp_path / "clock"))
    ClockFile.of_environment().move(DAY)
    claims = jwt.decode(id_token("demo", "someone"), options={"verify_signature": False})
    assert claims["iat"] == pytest.approx(time.time() + 86400, abs=60)


class TestWhose:
    def test_a_firestore_elsewhere_brings_its_clock(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("PERENNIAL_CLOCK_FILE", str(tmp_path / "theirs"))
        with Stack("demo-clock", firestore="127.0.0.1:9", with_functions=False) as stack:
            assert stack.clock.path == tmp_path / "theirs"
        given = tmp_path / "given"
        with Stack("demo-clock", firestore="127.0.0.1:9", with_functions=False, clock_file=given) as stack:
            assert stack.clock.path == given
        monkeypatch.delenv("PERENNIAL_CLOCK_FILE")
        with Stack("demo-clock", firestore="127.0.0.1:9", with_functions=False) as stack:
            assert stack.environment["PERENNIAL_CLOCK_FILE"] == str(stack.clock.path)
            assert stack.clock.path != tmp_path / "theirs"
