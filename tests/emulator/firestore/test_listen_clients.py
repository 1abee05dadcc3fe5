"""Listeners as the Python client makes them: `on_snapshot` of documents, collections, queries and groups."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from queue import SimpleQueue
from typing import Any

from google.cloud import firestore
from google.cloud.firestore_v1.base_query import FieldFilter

_TIMEOUT_SECONDS = 30

Next = Callable[[], tuple[list[str], list[str]]]
"""The next snapshot: the documents in order, and what has changed, each as "id=n"."""


@contextmanager
def _listening(target: Any) -> Iterator[Next]:
    snapshots: SimpleQueue[tuple[list[str], list[str]]] = SimpleQueue()

    def on_snapshot(documents: list[Any], changes: list[Any], read_time: Any) -> None:
        changed = [f"{change.type.name} {_line(change.document)}" for change in changes]
        snapshots.put(([_line(document) for document in documents], changed))

    watch = target.on_snapshot(on_snapshot)
    try:
        yield lambda: snapshots.get(timeout=_TIMEOUT_SECONDS)
    finally:
        watch.unsubscribe()


def _line(document: Any) -> str:
    return f"{document.id}={document.get('n')}"


def test_a_document(client: firestore.Client) -> None:
    reference = client.document("c/a")
    with _listening(reference) as following:
        assert following() == ([], [])
        reference.set({"n": 1})
        assert following() == (["a=1"], ["ADDED a=1"])
        reference.update({"n": 2})
        assert following() == (["a=2"], ["MODIFIED a=2"])
        reference.delete()
        assert following() == ([], ["REMOVED a=2"])


def test_a_query_with_order_and_limit(client: firestore.Client) -> None:
    for name, n in (("a", 1), ("b", 2), ("c", 3)):
        client.document(f"c/{name}").set({"n": n})
    # Ascending: the library sorts what it is sent once more, and always that way.
    query = client.collection("c").where(filter=FieldFilter("n", ">=", 0)).order_by("n").limit(2)
    with _listening(query) as following:
        assert following() == (["a=1", "b=2"], ["ADDED a=1", "ADDED b=2"])
        client.document("c/c").update({"n": 0})
        assert following() == (["c=0", "a=1"], ["REMOVED b=2", "ADDED c=0"])
        client.document("c/a").delete()
        assert following() == (["c=0", "b=2"], ["REMOVED a=1", "ADDED b=2"])


def test_collections_and_groups_side_by_side(client: firestore.Client) -> None:
    with _listening(client.collection("c")) as collection, _listening(client.collection_group("c")) as group:
        assert collection() == group() == ([], [])
        client.document("p/q/c/deep").set({"n": 1})
        assert group() == (["deep=1"], ["ADDED deep=1"])
        client.document("c/flat").set({"n": 2})
        assert collection() == (["flat=2"], ["ADDED flat=2"])
        assert group() == (["flat=2", "deep=1"], ["ADDED flat=2"])
