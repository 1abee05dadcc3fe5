"""Events of acknowledged commits reach their functions, whether or not the server lives to deliver them."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import requests
from google.cloud.firestore_v1.types import Write

from emulator.client import StackClient
from tests.emulator.firestore.events.receiver import Receiver
from tests.emulator.firestore.killable import DOCUMENTS, PROJECT, Serve, Server, put, serving

_DEADLINE_SECONDS = 20


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Serve]:
    with serving(tmp_path / "data") as start:
        yield start


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    receiver = Receiver()
    yield receiver
    receiver.close()


def register(server: Server, receiver: Receiver, key: str = "key", document: str = "orders/{id}") -> None:
    url = f"http://{server.address}/emulator/v1/projects/{PROJECT}/eventarcTrigger"
    body = {
        "eventType": "google.cloud.firestore.document.v1.written",
        "document": {"value": document, "matchType": "PATH_PATTERN"},
        "destination": {"httpEndpoint": {"uri": receiver.url(f"/{key}")}},
    }
    assert requests.post(url, params={"eventarcTriggerId": key}, json=body, timeout=10).ok


def settled(server: Server) -> int:
    """How many events have been delivered in all when none is pending any more."""
    client = StackClient(PROJECT, server.address)
    delivered: int = client.drain(_DEADLINE_SECONDS)["delivered"]
    client.close()
    return delivered


def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + _DEADLINE_SECONDS
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.005)


def test_what_was_not_delivered_before_a_crash_is_delivered_after_it(serve: Serve, receiver: Receiver) -> None:
    receiver.answer = lambda request: 200 if request.document == "orders/first" else 503
    server = serve()
    register(server, receiver)
    server.commit(put("orders/first", n=1))
    server.commit(put("orders/second", n=1), put("customers/c", n=1))
    server.commit(put("orders/second", n=2))
    server.commit(Write(delete=f"{DOCUMENTS}/orders/second"))
    until(lambda: len({request.id for request in receiver.requests}) == 4)
    server.kill()
    before = {request.id: (request.headers, request.body) for request in receiver.requests}
    receiver.requests.clear()
    receiver.answer = lambda request: 200

    server = serve()
    server.commit(put("orders/third", n=1))
    register(server, receiver)
    settled(server)
    after = {request.id: (request.headers, request.body) for request in receiver.requests}
    again = [id for id, (headers, _) in before.items() if headers["ce-document"] == "orders/second"]
    assert len(again) == 3 and all(after[id][1] == before[id][1] for id in again)
    assert all(after[id][0]["ce-time"] == before[id][0]["ce-time"] for id in again)
    # The first one, delivered just before the crash, may have come twice.
    new = [headers["ce-document"] for id, (headers, _) in after.items() if id not in before]
    assert new == ["orders/third"]


def test_after_an_orderly_end_nothing_is_delivered_twice(serve: Serve, receiver: Receiver) -> None:
    server = serve()
    register(server, receiver)
    for number in range(5):
        server.commit(put(f"orders/o{number}", n=number))
    assert settled(server) == 5
    assert server.stop() == 0

    server = serve()
    register(server, receiver)
    assert settled(server) == 0
    server.commit(put("orders/new", n=1))
    assert settled(server) == 1
    assert len(receiver.requests) == 6


def test_a_trigger_that_is_new_hears_nothing_old(serve: Serve, receiver: Receiver) -> None:
    server = serve()
    register(server, receiver, "old", "customers/{id}")
    server.commit(put("orders/o1", n=1))
    server.kill()
    server = serve()
    register(server, receiver, "new")
    assert settled(server) == 0
    server.commit(put("orders/o2", n=1))
    assert settled(server) == 1
    assert [(request.path, request.document) for request in receiver.requests] == [("/new", "orders/o2")]


def test_what_waits_survives_snapshots(serve: Serve, receiver: Receiver, tmp_path: Path) -> None:
    receiver.answer = lambda request: 503
    server = serve("--log-bytes", "2000")
    register(server, receiver)
    for number in range(40):
        server.commit(put("orders/o1", n=number), put(f"ballast/b{number}", text="x" * 200))
    until(lambda: any(path.name.startswith("snapshot-") for path in (tmp_path / "data").iterdir()))
    server.kill()
    receiver.requests.clear()
    receiver.answer = lambda request: 200
    server = serve()
    register(server, receiver)
    assert settled(server) == 40
    values = {request.data.value.fields["n"].integer_value for request in receiver.requests}
    assert values == set(range(40))


def test_a_clearing_is_told_to_nobody_even_after_a_crash(serve: Serve, receiver: Receiver) -> None:
    receiver.answer = lambda request: 503
    server = serve()
    register(server, receiver)
    server.commit(put("orders/o1", n=1))
    assert requests.delete(f"http://{server.address}/emulator/v1/{DOCUMENTS}", timeout=10).ok
    server.commit(put("orders/o2", n=1))
    server.kill()
    receiver.requests.clear()
    receiver.answer = lambda request: 200
    server = serve()
    register(server, receiver)
    assert settled(server) == 2
    told = [(request.document, request.data.HasField("value")) for request in receiver.requests]
    assert sorted(told) == [("orders/o1", True), ("orders/o2", True)]
