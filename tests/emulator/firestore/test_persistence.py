"""A local Firestore with a data directory loses nothing it has acknowledged, however it ends.

PERSISTENCE_KILLS sets how often the server is killed under load; 6 unless given.
"""

from __future__ import annotations

import os
import random
import resource
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
from google.api_core.exceptions import GoogleAPICallError, InternalServerError, InvalidArgument, ServiceUnavailable
from google.cloud.firestore_v1.types import Document, Write
from google.protobuf.timestamp_pb2 import Timestamp

from emulator.processes import ProcessFailed
from emulator.stack import Stack
from tests.emulator.firestore.killable import DATABASE, DOCUMENTS, Serve, Server, put, serving

KILLS = int(os.environ.get("PERSISTENCE_KILLS", "6"))


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Serve]:
    with serving(tmp_path / "data") as start:
        yield start


class Writer:
    """A client that counts up, a commit at a time: each sets its counter, adds an order and now and then deletes one.

    All that the server must hold follows from how far it has counted.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self.tried = 0
        self.acknowledged = 0
        self.last_commit = Timestamp()

    def run(self, server: Server, more: threading.Semaphore) -> None:
        """Count until the server is gone; `more` is released for each commit that it acknowledges."""
        try:
            while True:
                self.tried += 1
                answer = server.commit(*self._writes(self.tried))
                self.acknowledged = self.tried
                self.last_commit = answer._pb.commit_time
                more.release()
        except GoogleAPICallError:
            return

    def check(self, counters: dict[str, Document], orders: dict[str, Document]) -> None:
        """Whether the server holds what this writer must find, and nothing in halves."""
        counter = counters[self.name].fields["n"].integer_value if self.name in counters else 0
        # The commit under way when the server was killed may have been kept without being acknowledged.
        assert self.acknowledged <= counter <= self.tried
        deleted = {number - 1 for number in range(1, counter + 1) if number % 5 == 0}
        kept = {number for number in range(1, counter + 1) if number not in deleted}
        mine = {name: order for name, order in orders.items() if name.startswith(f"{self.name}-")}
        assert mine.keys() == {f"{self.name}-{number}" for number in kept}
        assert all(order.fields["n"].integer_value == int(name.split("-")[1]) for name, order in mine.items())
        if counter == self.acknowledged and counter:
            assert counters[self.name]._pb.update_time == self.last_commit
        if counter:
            self.last_commit = counters[self.name]._pb.update_time
        self.acknowledged = self.tried = counter

    def _writes(self, number: int) -> list[Write]:
        order = put(f"orders/{self.name}-{number}", n=number, text="x" * random.randrange(300))
        writes = [put(f"counters/{self.name}", n=number), order]
        if number % 5 == 0:
            writes.append(Write(delete=f"{DOCUMENTS}/orders/{self.name}-{number - 1}"))
        return writes


def test_no_acknowledged_commit_is_lost_however_often_the_server_is_killed(serve: Serve, tmp_path: Path) -> None:
    writers = [Writer(f"w{number}") for number in range(6)]
    before = Timestamp()
    for _ in range(KILLS):
        # With logs this short some kills come while a snapshot is being made.
        server = serve("--log-bytes", "15000")
        counters, orders = server.read("counters"), server.read("orders")
        for writer in writers:
            writer.check(counters, orders)
        first = server.commit(put("rounds/now"))._pb.commit_time
        assert (before.seconds, before.nanos) < (first.seconds, first.nanos)
        more = threading.Semaphore(0)
        threads = [threading.Thread(target=writer.run, args=(server, more)) for writer in writers]
        for thread in threads:
            thread.start()
        for _ in range(random.randrange(1, 150)):
            assert more.acquire(timeout=20)
        server.kill()
        for thread in threads:
            thread.join()
        before = max((writer.last_commit for writer in writers), key=lambda time: (time.seconds, time.nanos))
    server = serve()
    counters, orders = server.read("counters"), server.read("orders")
    for writer in writers:
        writer.check(counters, orders)
    assert sum(writer.acknowledged for writer in writers) >= KILLS
    assert any(path.name.startswith("snapshot-") for path in (tmp_path / "data").iterdir()) or KILLS < 6


def test_a_transaction_does_not_outlive_the_server(serve: Serve) -> None:
    server = serve()
    transaction = server.client.begin_transaction({"database": DATABASE}).transaction
    server.commit(put("a/b", n=1))
    server.kill()
    server = serve()
    with pytest.raises(InvalidArgument, match="The referenced transaction has expired or is no longer valid"):
        server.commit(put("a/b", n=2), transaction=transaction)
    assert server.read("a")["b"].fields["n"].integer_value == 1


def test_a_cleared_database_stays_empty(serve: Serve) -> None:
    server = serve()
    server.commit(put("a/b", n=1), put("a/b/c/d", n=1))
    answer = requests.delete(f"http://{server.address}/emulator/v1/{DOCUMENTS}", timeout=10)
    assert answer.status_code == 200
    server.commit(put("a/new", n=1))
    server.kill()
    assert serve().read("a").keys() == {"new"}


def test_a_full_disk_ends_the_server_and_keeps_what_was_acknowledged(serve: Serve, tmp_path: Path) -> None:
    server = serve()
    server.commit(put("a/before", n=1))
    log_bytes = (tmp_path / "data" / "log-00000001").stat().st_size
    resource.prlimit(server.pid, resource.RLIMIT_FSIZE, (log_bytes + 700, resource.RLIM_INFINITY))
    server.commit(put("a/small", n=1))
    for path in ("a/large", "a/after"):
        with pytest.raises((InternalServerError, ServiceUnavailable), match=r"cannot keep commits|onnect|ocket closed"):
            server.commit(put(path, text="x" * 2000))
    assert server.wait() == 1
    assert serve().read("a").keys() == {"before", "small"}


def test_a_server_in_order_ends_in_order(serve: Serve) -> None:
    server = serve()
    server.commit(put("a/b", n=1))
    assert server.stop() == 0
    assert serve().read("a").keys() == {"b"}


def test_two_servers_cannot_share_a_directory(serve: Serve, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    server = serve()
    monkeypatch.delenv("FIRESTORE_EMULATOR_HOST", raising=False)
    (tmp_path / "logs").mkdir()
    message = rf"(?s)firestore ended with code 1.*data is used by another local Firestore, process {server.pid}"
    with pytest.raises(ProcessFailed, match=message):
        Stack(with_functions=False, data_dir=tmp_path / "data", log_folder=tmp_path / "logs").start()
    server.commit(put("a/b", n=1))
