"""Reading the past: documents, queries, listings and aggregations as they were."""

from __future__ import annotations

import datetime
from typing import Any

import pytest
from google.cloud import firestore


@pytest.fixture
def past(client: firestore.Client) -> datetime.datetime:
    """A time at which only c/changed, c/deleted and old/d existed, before everything was turned over."""
    client.document("c/changed").set({"n": 1})
    client.document("c/deleted").set({"n": 1})
    written: Any = client.document("old/d").set({})
    client.document("c/changed").set({"n": 2})
    client.document("c/changed").set({"n": 3})
    client.document("c/deleted").delete()
    client.document("c/created").set({"n": 1})
    client.document("new/d").set({})
    client.document("old/d").delete()
    time: datetime.datetime = written.update_time
    return time


def test_documents(client: firestore.Client, past: datetime.datetime) -> None:
    def read(path: str) -> dict[str, int] | None:
        data: dict[str, int] | None = client.document(path).get(read_time=past).to_dict()
        return data

    assert [read(f"c/{name}") for name in ("changed", "deleted", "created")] == [{"n": 1}, {"n": 1}, None]
    snapshots = client.get_all([client.document("c/deleted"), client.document("c/created")], read_time=past)
    assert {snapshot.id: snapshot.exists for snapshot in snapshots} == {"deleted": True, "created": False}
    assert client.document("c/changed").get(read_time=past).read_time == past


def test_queries(client: firestore.Client, past: datetime.datetime) -> None:
    collection = client.collection("c")
    assert [snapshot.id for snapshot in collection.stream(read_time=past)] == ["changed", "deleted"]
    assert [snapshot.id for snapshot in collection.stream()] == ["changed", "created"]
    assert collection.count().get(read_time=past)[0][0].value == 2
    assert collection.sum("n").get(read_time=past)[0][0].value == 2
    assert [snapshot.id for snapshot in client.collection_group("old").stream(read_time=past)] == ["d"]


def test_listings(client: firestore.Client, past: datetime.datetime) -> None:
    assert [collection.id for collection in client.collections(read_time=past)] == ["c", "old"]
    assert [collection.id for collection in client.collections()] == ["c", "new"]
    listed = client.collection("c").list_documents(read_time=past)
    assert [document.id for document in listed] == ["changed", "deleted"]
