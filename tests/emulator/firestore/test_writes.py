"""What a write does to a document: sets, masks with quoted paths, deletes, no-ops, times."""

from __future__ import annotations

import datetime
import math
from typing import Any

import pytest
from google.api_core.exceptions import InvalidArgument, NotFound
from google.cloud import firestore
from google.cloud.firestore_v1 import types
from google.cloud.firestore_v1.services.firestore import FirestoreClient
from google.cloud.firestore_v1.vector import Vector

EVERYTHING: dict[str, Any] = {
    "null": None,
    "bool": True,
    "int": -(2**63),
    "double": 5e-324,
    "infinite": -math.inf,
    "time": datetime.datetime(2026, 1, 2, 3, 4, 5, 678901, tzinfo=datetime.UTC),
    "text": "naïve 中 😀 \x00",
    "bytes": b"\x00\xff",
    "point": firestore.GeoPoint(-12.5, 99.25),
    "list": [1, {"deeper": []}, None],
    "map": {"empty": {}, "a.b": 1, "`": 2, "\\": 3},
    "vector": Vector([1.0, 2.5]),
}


def test_every_type_comes_back_as_it_was_stored(client: firestore.Client) -> None:
    document = client.document("c/d")
    data = EVERYTHING | {"reference": client.document("a/b/c/d")}
    document.set(data)
    assert document.get().to_dict() == data


def test_set_replaces_and_merge_keeps(client: firestore.Client) -> None:
    document = client.document("c/d")
    document.set({"a": 1, "m": {"x": 1, "y": 2}})
    document.set({"m": {"x": 3}}, merge=True)
    assert document.get().to_dict() == {"a": 1, "m": {"x": 3, "y": 2}}
    document.set({"m": {"x": 4}}, merge=["m"])  # type: ignore[arg-type]  # field paths are allowed
    assert document.get().to_dict() == {"a": 1, "m": {"x": 4}}
    document.set({"b": 2})
    assert document.get().to_dict() == {"b": 2}


def test_an_empty_merge_creates_an_empty_document(client: firestore.Client) -> None:
    client.document("c/d").set({}, merge=True)
    assert client.document("c/d").get().to_dict() == {}


@pytest.mark.parametrize(
    ("before", "update", "after"),
    [
        ({"a": {"b": 1, "c": 2}}, {"a.b": 9}, {"a": {"b": 9, "c": 2}}),
        ({"a": {"b": 1}}, {"a": {"c": 2}}, {"a": {"c": 2}}),
        ({"a": {"b": 1, "c": 2}}, {"a.b": firestore.DELETE_FIELD}, {"a": {"c": 2}}),
        ({"a": {"b": 1}}, {"a.b": firestore.DELETE_FIELD}, {"a": {}}),
        ({"a": 1}, {"a.b.c": 2}, {"a": {"b": {"c": 2}}}),
        ({"a": 1}, {"x.y": firestore.DELETE_FIELD}, {"a": 1}),
        ({"a": 1}, {"a.b": firestore.DELETE_FIELD}, {"a": 1}),
        ({"a.b": 1, "a": {"b": 2}}, {"`a.b`": 3}, {"a.b": 3, "a": {"b": 2}}),
        ({"m": {"x y": 1, "0": 2}}, {"m.`x y`": 3, "m.`0`": 4}, {"m": {"x y": 3, "0": 4}}),
        ({}, {"m.`tick\\`and\\\\slash`": 1}, {"m": {"tick`and\\slash": 1}}),
        ({"ä": 1}, {"`ä`": firestore.DELETE_FIELD, "b": 2}, {"b": 2}),
    ],
)
def test_update_touches_only_the_named_paths(
    client: firestore.Client, before: dict[str, Any], update: dict[str, Any], after: dict[str, Any]
) -> None:
    document = client.document("c/d")
    document.set(before)
    document.update(update)
    assert document.get().to_dict() == after


@pytest.mark.parametrize("paths", [["a", "a.b"], ["a..b"], ["`a"], [""], [".a"], ["a."]])
def test_malformed_masks_are_refused(stub: FirestoreClient, documents: str, paths: list[str]) -> None:
    document = types.Document(name=f"{documents}/c/d", fields={"a": types.Value(integer_value=1)})
    with pytest.raises(InvalidArgument):
        stub.update_document(types.UpdateDocumentRequest(document=document, update_mask={"field_paths": paths}))
    with pytest.raises(NotFound):
        stub.get_document({"name": document.name})


@pytest.mark.parametrize(
    "name",
    [
        "{documents}/c",
        "{documents}/c//d/e",
        "{documents}/",
        "{documents}/c/..",
        "projects/p/databases/(default)/c/d",
        "",
    ],
)
def test_malformed_names_are_refused(stub: FirestoreClient, database: str, documents: str, name: str) -> None:
    write = types.Write(update=types.Document(name=name.format(documents=documents)))
    with pytest.raises(InvalidArgument):
        stub.commit(types.CommitRequest(database=database, writes=[write]))


def test_a_commit_stays_within_its_database(stub: FirestoreClient, database: str) -> None:
    write = types.Write(delete="projects/other/databases/(default)/documents/c/d")
    with pytest.raises(InvalidArgument):
        stub.commit(types.CommitRequest(database=database, writes=[write]))


def test_times_grow_with_every_commit(client: firestore.Client) -> None:
    document = client.document("c/d")
    times: list[Any] = [document.set({"n": number}).update_time for number in range(50)]
    assert times == sorted(set(times))
    snapshot = document.get()
    assert (snapshot.create_time, snapshot.update_time) == (times[0], times[-1])
    assert snapshot.read_time >= times[-1]


def test_a_write_that_changes_nothing_keeps_the_update_time(client: firestore.Client) -> None:
    document = client.document("c/d")
    first: Any = document.set({"a": math.nan, "b": {"c": [1]}})
    assert document.set({"b": {"c": [1]}, "a": math.nan}).update_time == first.update_time
    assert document.update({"b.c": [1]}).update_time == first.update_time
    # 1 and 1.0 are equal in queries, but not the same value.
    changed: Any = document.update({"b.c": [1.0]})
    assert changed.update_time > first.update_time


def test_a_document_created_again_is_a_new_one(client: firestore.Client) -> None:
    document = client.document("c/d")
    document.set({"a": 1})
    document.delete()
    assert not document.get().exists
    again = document.set({"b": 1})
    assert document.get().create_time == again.update_time


def test_a_commit_is_all_or_nothing(client: firestore.Client) -> None:
    client.document("c/kept").set({"n": 1})
    batch = client.batch()
    batch.set(client.document("c/new"), {"n": 1})
    batch.update(client.document("c/kept"), {"n": 2})
    batch.delete(client.document("c/kept"))
    batch.update(client.document("c/missing"), {"n": 2})
    with pytest.raises(NotFound):
        batch.commit()
    assert {snapshot.id: snapshot.to_dict() for snapshot in client.collection("c").stream()} == {"kept": {"n": 1}}


def test_writes_to_one_document_in_one_commit_build_on_each_other(client: firestore.Client) -> None:
    document = client.document("c/d")
    batch = client.batch()
    batch.create(document, {"n": 1, "l": ["a"]})
    batch.update(document, {"n": firestore.Increment(1)})
    batch.update(document, {"n": firestore.Increment(1), "l": firestore.ArrayUnion(["b"])})
    results = batch.commit()
    snapshot = document.get()
    assert snapshot.to_dict() == {"n": 3, "l": ["a", "b"]}
    assert {result.update_time for result in results} == {snapshot.update_time} == {snapshot.create_time}


def test_databases_and_projects_are_apart(firestore_emulator: str, client: firestore.Client, project: str) -> None:
    client.document("c/d").set({"where": "default"})
    named = firestore.Client(project=project, database="named-db")
    named.document("c/d").set({"where": "named"})
    other = firestore.Client(project=f"{project}-other")
    assert client.document("c/d").get().to_dict() == {"where": "default"}
    assert named.document("c/d").get().to_dict() == {"where": "named"}
    assert not other.document("c/d").get().exists
    for opened in (named, other):
        opened.close()


def test_a_large_document_comes_back_whole(client: firestore.Client) -> None:
    text = "x" * 1_000_000
    client.document("c/d").set({"text": text})
    assert client.document("c/d").get().get("text") == text
