"""Listen again from where a stream ended: only what has changed since, or all of it when that is no longer known."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import pytest
from google.cloud import firestore
from google.cloud.firestore_v1 import types
from google.cloud.firestore_v1.base_query import FieldFilter
from google.cloud.firestore_v1.services.firestore import FirestoreClient

from tests.emulator.firestore.wire_listener import WireListener

SEEDS = range(3)
COMMITS = 60
QUERIES: dict[str, Callable[[Any], Any]] = {
    "all": lambda c: c,
    "range": lambda c: c.where(filter=FieldFilter("n", ">", 3)),
    "limit": lambda c: c.order_by("n", direction="DESCENDING").limit(3),
    "offset": lambda c: c.order_by("n").offset(2).limit(2),
    "cursors": lambda c: c.order_by("n").start_at({"n": 2}).end_before({"n": 8}),
    "in": lambda c: c.where(filter=FieldFilter("n", "in", [1, 4, 5])).limit(4),
}


@pytest.fixture
def token(client: firestore.Client, stub: FirestoreClient, database: str) -> bytes:
    """As of a time when c/a, c/b and c/out existed, the last not in any query of these tests."""
    for path, n in (("c/a", 1), ("c/b", 2), ("c/out", -1)):
        client.document(path).set({"n": n})
    with WireListener(stub, database) as listener:
        listener.add_documents(1, "c/a")
        return listener.token


def _positive(client: firestore.Client) -> firestore.Query:
    return client.collection("c").where(filter=FieldFilter("n", ">", 0))


def test_only_changes_since_the_token_are_sent(
    client: firestore.Client, stub: FirestoreClient, database: str, token: bytes
) -> None:
    client.document("c/a").delete()
    client.document("c/out").update({"n": 3})
    client.document("c/out").update({"n": 4})
    client.document("d/other").set({"n": 1})
    with WireListener(stub, database) as listener:
        told = listener.add_query(1, _positive(client), resume_token=token)
        assert told == ["ADD 1", "delete c/a 1", "set c/out 1", "count 1: 2", "CURRENT 1"]
        told = listener.add_documents(2, "c/a", "c/b", "c/out", resume_token=token)
        assert told == ["ADD 2", "delete c/a 2", "set c/out 2", "count 2: 2", "CURRENT 2"]
        client.document("c/b").update({"n": -1})
        assert sorted(listener.snapshot()) == ["leave c/b 1", "set c/b 2"]


def test_nothing_is_sent_when_nothing_changed(
    client: firestore.Client, stub: FirestoreClient, database: str, token: bytes
) -> None:
    with WireListener(stub, database) as listener:
        told = listener.add_query(1, _positive(client), resume_token=token, expected_count=2)
        assert told == ["ADD 1", "count 1: 2", "CURRENT 1"]


def test_a_read_time_does_as_well_as_a_token(client: firestore.Client, stub: FirestoreClient, database: str) -> None:
    read_time = client.document("c/a").set({"n": 1}).update_time
    client.document("c/b").set({"n": 1})
    with WireListener(stub, database) as listener:
        told = listener.add_query(1, _positive(client), read_time=read_time)
        assert told == ["ADD 1", "set c/b 1", "count 1: 2", "CURRENT 1"]


def test_a_token_of_another_server_starts_afresh(
    client: firestore.Client, stub: FirestoreClient, database: str, token: bytes
) -> None:
    long_ago, far_ahead = (1).to_bytes(8, "big"), (1 << 62).to_bytes(8, "big")
    for unknown in (long_ago, far_ahead):
        with WireListener(stub, database) as listener:
            told = listener.add_query(1, _positive(client), resume_token=unknown)
            assert told == ["ADD 1", "RESET 1", "set c/a 1", "set c/b 1", "CURRENT 1"]
    with WireListener(stub, database) as listener:
        assert listener.add_query(1, _positive(client), resume_token=b"?") == ["REMOVE 1 because 3"]


@pytest.mark.parametrize("seed", SEEDS)
def test_every_snapshot_is_the_query_at_its_time(
    client: firestore.Client, stub: FirestoreClient, database: str, seed: int
) -> None:
    """What a client makes of the messages, over several streams, is what the query returns at each snapshot's time."""
    chance = random.Random(seed)
    targets = dict(enumerate(QUERIES.values(), start=1))
    kept: dict[int, dict[str, types.Document]] = {target_id: {} for target_id in targets}
    token = b""
    for _ in range(4):
        with WireListener(stub, database) as listener:
            listener.documents = kept
            for target_id, query in targets.items():
                resumed = {"resume_token": token} if token else {}
                told = listener.add_query(target_id, query(client.collection("c")), **resumed)
                assert not token or f"count {target_id}: {len(kept[target_id])}" in told
            for _ in range(COMMITS // 4):
                _commit(client, chance)
                # A target whose news can be waited for: it is told of every commit, in the commit's snapshot or later.
                last = client.document("c/last").set({"n": chance.random()}).update_time
                while listener.time < last:
                    listener.snapshot()
                    _compare(client, listener, targets)
            token = listener.token
        _commit(client, chance)


def _commit(client: firestore.Client, chance: random.Random) -> None:
    batch = client.batch()
    for document_id in chance.sample("abcdefgh", k=chance.randint(1, 3)):
        reference = client.document(f"c/{document_id}")
        if chance.random() < 0.3:
            batch.delete(reference)
        else:
            batch.set(reference, {"n": chance.randint(0, 9)})
    batch.commit()


def _compare(client: firestore.Client, listener: WireListener, targets: dict[int, Callable[[Any], Any]]) -> None:
    for target_id, query in targets.items():
        found = query(client.collection("c")).get(read_time=listener.time)
        expected = {f"c/{snapshot.id}": snapshot.update_time for snapshot in found}
        told = {path: document.update_time for path, document in listener.documents[target_id].items()}
        assert told == expected, f"target {target_id} at {listener.time}"
