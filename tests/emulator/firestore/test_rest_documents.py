"""REST: single documents and collections, the JSON form of values, and what the same data looks like over gRPC."""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from typing import Any

import pytest
from google.cloud import firestore

from tests.emulator.firestore.rest_client import RestClient


@pytest.fixture
def rest(firestore_emulator: str, project: str) -> Iterator[RestClient]:
    client = RestClient(firestore_emulator, project)
    yield client
    client.close()


EVERY_TYPE: dict[str, dict[str, Any]] = {
    "null": {"nullValue": None},
    "true": {"booleanValue": True},
    "false": {"booleanValue": False},
    "zero": {"integerValue": "0"},
    "largest": {"integerValue": "9223372036854775807"},
    "real": {"doubleValue": 1.5},
    "nan": {"doubleValue": "NaN"},
    "endless": {"doubleValue": "-Infinity"},
    "when": {"timestampValue": "2024-02-29T23:59:59.123456Z"},
    "text": {"stringValue": "a\u2028\U0001f600"},
    "empty": {"stringValue": ""},
    "bytes": {"bytesValue": "/+8="},
    "place": {"geoPointValue": {"latitude": 9.0765, "longitude": 7.3986}},
    "list": {"arrayValue": {"values": [{"integerValue": "1"}, {"mapValue": {}}]}},
    "nothing in it": {"arrayValue": {}},
    "map": {"mapValue": {"fields": {"a.b": {"stringValue": "c"}}}},
}


def test_every_type_of_value_survives_the_way_there_and_back(rest: RestClient) -> None:
    created = rest.call("POST", "/c", {"fields": EVERY_TYPE}, params={"documentId": "d"})
    assert created["name"] == rest.name("c/d")
    assert created["fields"] == EVERY_TYPE
    assert created["createTime"] == created["updateTime"]
    assert rest.call("GET", "/c/d") == created


def test_both_faces_show_one_database(rest: RestClient, client: firestore.Client) -> None:
    rest.call("PATCH", "/c/d", {"fields": {"n": {"integerValue": "7"}, "t": EVERY_TYPE["when"]}})
    when = datetime.datetime(2024, 2, 29, 23, 59, 59, 123456, datetime.UTC)
    assert client.document("c/d").get().to_dict() == {"n": 7, "t": when}
    client.document("c/d").update({"n": 8})
    assert rest.call("GET", "/c/d")["fields"]["n"] == {"integerValue": "8"}


def test_creating_picks_an_id_and_never_replaces(rest: RestClient) -> None:
    first, second = (rest.call("POST", "/c/d/sub", {})["name"] for _ in range(2))
    assert first != second
    assert first.startswith(rest.name("c/d/sub/"))
    path = first.removeprefix(rest.root)
    collection, _, document_id = path.rpartition("/")
    refused = rest.refused("POST", collection, {}, params={"documentId": document_id})
    assert refused[:2] == (409, "ALREADY_EXISTS")


def test_updating_by_mask_and_precondition(rest: RestClient) -> None:
    written = rest.call("PATCH", "/c/d", {"fields": {"a": {"integerValue": 1}, "b": {"integerValue": 2}}})
    masked = rest.call(
        "PATCH",
        "/c/d",
        {"fields": {"a": {"integerValue": 3}, "c": {"integerValue": 4}}},
        params={
            "updateMask.fieldPaths": ["a", "b"],
            "currentDocument.updateTime": written["updateTime"],
            "mask.fieldPaths": "a",
        },
    )
    assert masked["fields"] == {"a": {"integerValue": "3"}}
    assert rest.call("GET", "/c/d")["fields"] == {"a": {"integerValue": "3"}}
    stale = {"currentDocument.updateTime": written["updateTime"]}
    assert rest.refused("PATCH", "/c/d", {}, params=stale)[:2] == (400, "FAILED_PRECONDITION")
    assert rest.refused("PATCH", "/c/e", {}, params={"currentDocument.exists": "true"})[:2] == (404, "NOT_FOUND")
    assert rest.refused("PATCH", "/c/d", {}, params={"currentDocument.exists": "false"})[:2] == (409, "ALREADY_EXISTS")


def test_deleting(rest: RestClient) -> None:
    assert rest.refused("DELETE", "/c/d", params={"currentDocument.exists": "true"})[:2] == (404, "NOT_FOUND")
    assert rest.call("DELETE", "/c/d") == {}
    rest.call("PATCH", "/c/d", {})
    assert rest.call("DELETE", "/c/d", params={"currentDocument.exists": "true"}) == {}
    assert rest.refused("GET", "/c/d")[:2] == (404, "NOT_FOUND")


def test_listing_page_by_page(rest: RestClient) -> None:
    assert rest.call("GET", "/c") == {}
    for number in range(5):
        rest.call("PATCH", f"/c/{number}", {"fields": {"n": {"integerValue": -number}, "m": {"integerValue": 1}}})
    params: dict[str, Any] = {"pageSize": 2, "orderBy": "n", "mask.fieldPaths": ["n"]}
    pages = []
    while True:
        page = rest.call("GET", "/c", params=params)
        pages.append([document["fields"] for document in page["documents"]])
        if "nextPageToken" not in page:
            break
        params["pageToken"] = page["nextPageToken"]
    assert pages == [
        [{"n": {"integerValue": "-4"}}, {"n": {"integerValue": "-3"}}],
        [{"n": {"integerValue": "-2"}}, {"n": {"integerValue": "-1"}}],
        [{"n": {"integerValue": "0"}}],
    ]


def test_ids_with_signs_that_paths_use(rest: RestClient, client: firestore.Client) -> None:
    ids = ["a:b", "x:commit", "50%", "é ü", "a?b#c", "+49 30", "%2F"]
    for document_id in ids:
        client.document(f"c/{document_id}").set({})
    for encoded, document_id in zip(
        ["a:b", "x%3Acommit", "50%25", "%C3%A9%20%C3%BC", "a%3Fb%23c", "+49%2030", "%2F"], ids, strict=True
    ):
        assert rest.call("GET", f"/c/{encoded}")["name"] == rest.name(f"c/{document_id}")


def test_named_databases_and_past_times(firestore_emulator: str, project: str, rest: RestClient) -> None:
    before = rest.call("PATCH", "/c/d", {"fields": {"n": {"integerValue": 1}}})
    rest.call("PATCH", "/c/d", {"fields": {"n": {"integerValue": 2}}})
    then = rest.call("GET", "/c/d", params={"readTime": before["updateTime"]})
    assert then["fields"]["n"] == {"integerValue": "1"}
    named = RestClient(firestore_emulator, project, "named")
    assert named.refused("GET", "/c/d")[:2] == (404, "NOT_FOUND")
    named.close()


def test_missing_documents_are_listed_when_asked_for(rest: RestClient) -> None:
    rest.call("PATCH", "/c/absent/sub/d", {})
    assert rest.call("GET", "/c") == {}
    assert rest.call("GET", "/c", params={"showMissing": "true"}) == {"documents": [{"name": rest.name("c/absent")}]}
