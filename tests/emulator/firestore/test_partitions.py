"""PartitionQuery: the parts of a collection group are disjoint, complete and alike in size."""

from __future__ import annotations

from typing import Any

import pytest
from google.api_core.exceptions import InvalidArgument, PermissionDenied
from google.cloud import firestore
from google.cloud.firestore_v1 import types
from google.cloud.firestore_v1.services.firestore import FirestoreClient

from emulator.client import StackClient
from tests.emulator.firestore.authorized import stub_of
from tests.emulator.firestore.rest_client import RestClient

SIZE = 20
GROUP: dict[str, Any] = {
    "from_": [{"collection_id": "c", "all_descendants": True}],
    "order_by": [{"field": {"field_path": "__name__"}, "direction": "ASCENDING"}],
}


@pytest.fixture
def group(client: firestore.Client) -> firestore.CollectionGroup:
    """SIZE documents in collections `c` at two depths."""
    batch = client.batch()
    for n in range(SIZE):
        batch.set(client.document(f"p/{n % 3}/c/{n:02}" if n % 2 else f"c/{n:02}"), {"n": n})
    batch.set(client.document("other/d"), {"n": -1})
    batch.commit()
    return client.collection_group("c")


def _cursors(response: Any) -> list[str]:
    """The ids of the documents that the cursors of all pages name."""
    return [cursor.values[0].reference_value.rpartition("/")[2] for cursor in response]


@pytest.mark.parametrize("count", [1, 3, 7, SIZE - 1, 100])
def test_the_parts_make_up_the_group(group: firestore.CollectionGroup, count: int) -> None:
    parts = [[snapshot.get("n") for snapshot in part.query().stream()] for part in group.get_partitions(count)]
    assert len(parts) == min(count + 1, SIZE)
    assert [n for part in parts for n in part] == [
        snapshot.get("n") for snapshot in group.order_by("__name__").stream()
    ]
    sizes = [len(part) for part in parts]
    assert max(sizes) - min(sizes) <= 1


def test_a_group_too_small_is_one_part(client: firestore.Client) -> None:
    assert [part.start_at for part in client.collection_group("none").get_partitions(5)] == [None]


def test_a_past_group_is_partitioned_as_it_was(client: firestore.Client, group: firestore.CollectionGroup) -> None:
    before: Any = client.document("c/extra").set({"n": 99}).update_time
    client.recursive_delete(client.collection("c"))
    now, then = list(group.get_partitions(100)), list(group.get_partitions(100, read_time=before))
    assert (len(now), len(then)) == (SIZE // 2, SIZE + 1)


def test_pages_are_of_one_moment(
    client: firestore.Client, group: firestore.CollectionGroup, stub: FirestoreClient, documents: str
) -> None:
    request = {"parent": documents, "structured_query": GROUP, "partition_count": 10}
    whole = _cursors(stub.partition_query(request))
    pages = stub.partition_query({**request, "page_size": 4}).pages
    first = next(pages)
    client.recursive_delete(client.collection("c"))
    rest = list(pages)
    assert [len(page.partitions) for page in (first, *rest)] == [4, 4, 2]
    assert whole == [name for page in (first, *rest) for name in _cursors(page.partitions)]
    assert rest[-1].next_page_token == ""


@pytest.mark.parametrize(
    "changes",
    [
        {"partition_count": 0},
        {"page_size": -1},
        {"page_token": "??"},
        {"page_token": "AAAA"},
        {"parent": "/c/d"},
        {"structured_query": {**GROUP, "from_": [{"collection_id": "c"}]}},
        {"structured_query": {**GROUP, "limit": {"value": 1}}},
        {"structured_query": {**GROUP, "offset": 1}},
        {"structured_query": {**GROUP, "start_at": {"values": []}}},
        {"structured_query": {**GROUP, "order_by": [{"field": {"field_path": "n"}}]}},
        {"structured_query": {**GROUP, "order_by": [{"field": {"field_path": "__name__"}, "direction": "DESCENDING"}]}},
    ],
)
def test_what_cannot_be_partitioned_is_refused(stub: FirestoreClient, documents: str, changes: dict[str, Any]) -> None:
    request = {"parent": documents, "structured_query": GROUP, "partition_count": 2, **changes}
    if "parent" in changes:
        request["parent"] = documents + changes["parent"]
    with pytest.raises(InvalidArgument):
        stub.partition_query(types.PartitionQueryRequest(request))


def test_rules_never_allow_it(firestore_emulator: str, usage: StackClient, documents: str) -> None:
    token = usage.token("north", "owner")
    request = {"parent": documents, "structured_query": GROUP, "partition_count": 2}
    with stub_of(firestore_emulator, f"Bearer {token}") as stub, pytest.raises(PermissionDenied):
        stub.partition_query(request)


def test_over_rest(group: firestore.CollectionGroup, firestore_emulator: str, project: str) -> None:
    rest = RestClient(firestore_emulator, project)
    query = {
        "from": [{"collectionId": "c", "allDescendants": True}],
        "orderBy": [{"field": {"fieldPath": "__name__"}, "direction": "ASCENDING"}],
    }
    answer = rest.call("POST", ":partitionQuery", {"structuredQuery": query, "partitionCount": "3"})
    assert len(answer["partitions"]) == 3
    rest.close()
