"""The methods that the Python client seldom or never calls: single documents, batches of writes, listings."""

from __future__ import annotations

import pytest
from google.api_core.exceptions import AlreadyExists, InvalidArgument, MethodNotImplemented, NotFound
from google.cloud import firestore
from google.cloud.firestore_v1 import types
from google.cloud.firestore_v1.services.firestore import FirestoreClient


def _fields(**numbers: int) -> dict[str, types.Value]:
    return {name: types.Value(integer_value=number) for name, number in numbers.items()}


def test_create_get_update_delete(stub: FirestoreClient, documents: str) -> None:
    created = stub.create_document(
        {"parent": documents, "collection_id": "c", "document_id": "d", "document": {"fields": _fields(a=1, b=2)}}
    )
    assert created.name == f"{documents}/c/d"
    assert created.create_time == created.update_time
    with pytest.raises(AlreadyExists):
        stub.create_document({"parent": documents, "collection_id": "c", "document_id": "d"})
    masked = stub.get_document({"name": created.name, "mask": {"field_paths": ["a", "missing"]}})
    assert set(masked.fields) == {"a"}
    updated = stub.update_document(
        types.UpdateDocumentRequest(
            document={"name": created.name, "fields": _fields(a=9, ignored=9)},
            update_mask={"field_paths": ["a", "b"]},
            mask={"field_paths": ["b"]},
        )
    )
    assert dict(updated.fields) == {}
    assert dict(stub.get_document({"name": created.name}).fields) == _fields(a=9)
    stub.delete_document({"name": created.name})
    with pytest.raises(NotFound, match="c/d"):
        stub.get_document({"name": created.name})


def test_create_without_an_id_makes_one(stub: FirestoreClient, documents: str) -> None:
    names = {stub.create_document({"parent": f"{documents}/a/b", "collection_id": "c"}).name for _ in range(3)}
    assert len(names) == 3
    assert all(name.startswith(f"{documents}/a/b/c/") and len(name.rpartition("/")[2]) == 20 for name in names)


def test_batch_get_answers_each_document_once(stub: FirestoreClient, documents: str, database: str) -> None:
    stub.create_document({"parent": documents, "collection_id": "c", "document_id": "d"})
    names = [f"{documents}/c/d", f"{documents}/c/x", f"{documents}/c/d"]
    responses = list(stub.batch_get_documents({"database": database, "documents": names}))
    assert [(response.found.name, response.missing) for response in responses] == [(names[0], ""), ("", names[1])]
    assert all(response.read_time for response in responses)


def test_batch_write_applies_each_write_on_its_own(client: firestore.Client, stub: FirestoreClient) -> None:
    database, documents = client._database_string, f"{client._database_string}/documents"
    client.document("c/there").set({"n": 1})
    writes = [
        types.Write(update={"name": f"{documents}/c/one", "fields": _fields(n=1)}),
        types.Write(update={"name": f"{documents}/c/there"}, current_document={"exists": False}),
        types.Write(update={"name": f"{documents}/c/missing"}, current_document={"exists": True}),
        types.Write(delete=f"{documents}/c/gone"),
        types.Write(update={"name": f"{documents}/c/two", "fields": _fields(n=2)}),
    ]
    response = stub.batch_write(types.BatchWriteRequest(database=database, writes=writes))
    assert [status.code for status in response.status] == [0, 6, 5, 0, 0]
    assert "Document already exists" in response.status[1].message
    assert [bool(result.update_time) for result in response.write_results] == [True, False, False, False, True]
    assert sorted(snapshot.id for snapshot in client.collection("c").stream()) == ["one", "there", "two"]


def test_batch_write_refuses_two_writes_of_one_document(client: firestore.Client, stub: FirestoreClient) -> None:
    name = f"{client._database_string}/documents/c/d"
    writes = [types.Write(update={"name": name}), types.Write(delete=name)]
    with pytest.raises(InvalidArgument):
        stub.batch_write(types.BatchWriteRequest(database=client._database_string, writes=writes))
    assert not client.document("c/d").get().exists


def test_documents_are_listed_in_pages(client: firestore.Client, stub: FirestoreClient, documents: str) -> None:
    for number in range(7):
        client.document(f"c/{number}").set({"n": -number, "m": number % 2})
    pager = stub.list_documents({"parent": documents, "collection_id": "c", "page_size": 3})
    assert [len(page.documents) for page in pager.pages] == [3, 3, 1]
    by_order = stub.list_documents(
        {
            "parent": documents,
            "collection_id": "c",
            "page_size": 2,
            "order_by": "m desc, n",
            "mask": {"field_paths": ["n"]},
        }
    )
    assert [document.name.rpartition("/")[2] for document in by_order] == ["5", "3", "1", "6", "4", "2", "0"]
    with pytest.raises(InvalidArgument):
        stub.list_documents({"parent": documents, "collection_id": "c", "page_token": "no token"})


def test_missing_documents_are_listed_when_asked_for(
    client: firestore.Client, stub: FirestoreClient, documents: str
) -> None:
    for path in ("c/a", "c/b/sub/x", "c/d/sub/x/deeper/y", "c/e", "other/z/c/w"):
        client.document(path).set({"n": 1})
    ids = [document.id for document in client.collection("c").list_documents(page_size=3)]
    assert ids == ["a", "b", "d", "e"]
    listed = list(stub.list_documents({"parent": documents, "collection_id": "c", "show_missing": True}))
    assert [bool(document.update_time) for document in listed] == [True, False, False, True]
    plain = stub.list_documents({"parent": documents, "collection_id": "c"})
    assert [document.name.rpartition("/")[2] for document in plain] == ["a", "e"]


def test_collections_are_listed_at_every_level(client: firestore.Client, stub: FirestoreClient, documents: str) -> None:
    paths = ["b/1", "a/1/x/1", "a/1/x-y/1", "a/1/x/1/deep/1", "a/2/only/1/below/1", "a-b/1", "a0/1"]
    for path in paths:
        client.document(path).set({})
    assert [collection.id for collection in client.collections()] == ["a", "a-b", "a0", "b"]
    assert [collection.id for collection in client.document("a/1").collections()] == ["x", "x-y"]
    assert [collection.id for collection in client.document("a/2").collections()] == ["only"]
    pager = stub.list_collection_ids({"parent": documents, "page_size": 3})
    assert [len(page.collection_ids) for page in pager.pages] == [3, 1]
    for path in paths:
        client.document(path).delete()
    assert list(client.collections()) == []


def test_what_is_not_there_says_so(stub: FirestoreClient, documents: str) -> None:
    nearest = types.StructuredQuery(
        from_=[{"collection_id": "c"}],
        find_nearest={"vector_field": {"field_path": "v"}, "query_vector": {}, "distance_measure": 1, "limit": 1},
    )
    with pytest.raises(MethodNotImplemented, match="find_nearest"):
        list(stub.run_query(types.RunQueryRequest(parent=documents, structured_query=nearest)))
