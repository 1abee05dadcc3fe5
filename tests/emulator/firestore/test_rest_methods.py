"""REST: the methods with a verb (commit, queries, transactions), refusals in JSON, and what a browser asks first."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import requests

from emulator.client import StackClient
from tests.emulator.firestore.rest_client import RestClient


@pytest.fixture
def rest(firestore_emulator: str, project: str) -> Iterator[RestClient]:
    client = RestClient(firestore_emulator, project)
    yield client
    client.close()


def _number(value: int) -> dict[str, Any]:
    return {"fields": {"n": {"integerValue": str(value)}}}


def _where(op: str, value: int) -> dict[str, Any]:
    field = {"fieldPath": "n"}
    return {"fieldFilter": {"field": field, "op": op, "value": {"integerValue": str(value)}}}


def test_commit_applies_all_writes_or_none(rest: RestClient) -> None:
    increment = {"fieldPath": "n", "increment": {"integerValue": 5}}
    transform = {"document": rest.name("c/b"), "fieldTransforms": [increment]}
    writes = [{"update": {"name": rest.name("c/a"), **_number(1)}}, {"transform": transform}]
    committed = rest.call("POST", ":commit", {"writes": writes})
    first, second = committed["writeResults"]
    assert first == {"updateTime": committed["commitTime"]}
    assert second["transformResults"] == [{"integerValue": "5"}]
    failing = [{"delete": rest.name("c/a")}, {"delete": rest.name("c/z"), "currentDocument": {"exists": True}}]
    assert rest.refused("POST", ":commit", {"writes": failing})[:2] == (404, "NOT_FOUND")
    assert rest.call("GET", "/c/a")["fields"] == _number(1)["fields"]


def test_verify_writes_of_the_web_sdk_hold_what_was_read(rest: RestClient) -> None:
    read = rest.call("PATCH", "/c/read", _number(1))
    long_path = "/".join(["c", "x" * 200])
    verifies = [
        {"verify": rest.name("c/read"), "currentDocument": {"updateTime": read["updateTime"]}},
        {"verify": rest.name(long_path), "currentDocument": {"exists": False}},
    ]
    write = {"update": {"name": rest.name("c/written"), **_number(2)}}
    assert len(rest.call("POST", ":commit", {"writes": [*verifies, write]})["writeResults"]) == 3
    rest.call("PATCH", "/c/read", _number(3))
    assert rest.refused("POST", ":commit", {"writes": [*verifies, write]})[:2] == (400, "FAILED_PRECONDITION")
    both = {"verify": rest.name("c/read"), "delete": rest.name("c/read")}
    assert rest.refused("POST", ":commit", {"writes": [both]})[:2] == (400, "INVALID_ARGUMENT")


def test_independent_writes_have_a_status_each(rest: RestClient) -> None:
    writes = [
        {"update": {"name": rest.name("c/a")}},
        {"delete": rest.name("c/b"), "currentDocument": {"exists": True}},
    ]
    answer = rest.call("POST", ":batchWrite", {"writes": writes})
    assert [status.get("code", 0) for status in answer["status"]] == [0, 5]
    assert "updateTime" in answer["writeResults"][0]


def test_reading_several_documents(rest: RestClient) -> None:
    rest.call("PATCH", "/c/a", _number(1))
    request = {"documents": [rest.name("c/a"), rest.name("c/z")], "mask": {"fieldPaths": ["n"]}}
    found, missing = rest.call("POST", ":batchGet", request)
    assert found["found"]["fields"] == _number(1)["fields"]
    assert missing["missing"] == rest.name("c/z")
    assert found["readTime"] == missing["readTime"]


def test_queries_answer_with_an_array(rest: RestClient) -> None:
    for number in range(4):
        rest.call("PATCH", f"/parent/p/c/{number}", _number(number))
    query: dict[str, Any] = {"from": [{"collectionId": "c"}], "where": _where("GREATER_THAN", 1), "limit": 5}
    rows = rest.call("POST", "/parent/p:runQuery", {"structuredQuery": query})
    assert [row["document"]["name"] for row in rows] == [rest.name(f"parent/p/c/{number}") for number in (2, 3)]
    (empty,) = rest.call("POST", ":runQuery", {"structuredQuery": query})
    assert empty.keys() == {"readTime"}
    group = {**query, "from": [{"collectionId": "c", "allDescendants": True}]}
    assert len(rest.call("POST", ":runQuery", {"structuredQuery": group})) == 2
    aggregations = [{"alias": "count", "count": {}}, {"alias": "sum", "sum": {"field": {"fieldPath": "n"}}}]
    counted = {"structuredAggregationQuery": {"structuredQuery": query, "aggregations": aggregations}}
    (answer,) = rest.call("POST", "/parent/p:runAggregationQuery", counted)
    assert answer["result"]["aggregateFields"] == {"count": {"integerValue": "2"}, "sum": {"integerValue": "5"}}


def test_collection_ids(rest: RestClient) -> None:
    rest.call("PATCH", "/a/1/sub/2", {})
    rest.call("PATCH", "/b/1", {})
    assert rest.call("POST", ":listCollectionIds", {}) == {"collectionIds": ["a", "b"]}
    first = rest.call("POST", ":listCollectionIds", {"pageSize": 1})
    rest_of_it = rest.call("POST", ":listCollectionIds", {"pageSize": 1, "pageToken": first["nextPageToken"]})
    assert (first["collectionIds"], rest_of_it) == (["a"], {"collectionIds": ["b"]})
    assert rest.call("POST", "/a/1:listCollectionIds", {}) == {"collectionIds": ["sub"]}


def test_a_transaction_reads_commits_and_is_over(rest: RestClient) -> None:
    transaction = rest.call("POST", ":beginTransaction", {"options": {"readWrite": {}}})["transaction"]
    assert rest.refused("GET", "/c/d", params={"transaction": transaction})[:2] == (404, "NOT_FOUND")
    write = {"update": {"name": rest.name("c/d"), **_number(1)}}
    rest.call("POST", ":commit", {"transaction": transaction, "writes": [write]})
    assert rest.call("GET", "/c/d")["fields"] == _number(1)["fields"]
    status, name, _ = rest.refused("GET", "/c/d", params={"transaction": transaction})
    assert (status, name) == (400, "INVALID_ARGUMENT")
    other = rest.call("POST", ":beginTransaction")["transaction"]
    assert rest.call("POST", ":rollback", {"transaction": other}) == {}
    (begun, *_) = rest.call("POST", ":batchGet", {"documents": [rest.name("c/d")], "newTransaction": {"readOnly": {}}})
    assert begun["transaction"]


@pytest.mark.parametrize(
    ("method", "path", "body", "parameters"),
    [
        ("POST", ":commit", {"writes": [{"updat": {}}]}, {}),
        ("POST", ":commit", {"writes": 5}, {}),
        ("POST", ":commit", {"writes": [{"update": {"fields": {"a": {"integerValue": 1.5}}}}]}, {}),
        ("POST", ":commit", {"writes": [{"update": {"fields": {"a": {"timestampValue": "yesterday"}}}}]}, {}),
        ("POST", ":commit", {"writes": [{"verify": 5}]}, {}),
        ("POST", ":commit", [], {}),
        ("POST", ":commit", {}, {"writes": "x"}),
        ("POST", ":runQuery", {}, {}),
        ("POST", ":runQuery", {"structuredQuery": {"from": [{"collectionId": "c"}], "limit": -1}}, {}),
        ("GET", "/c/d", None, {"nothing": "x"}),
        ("GET", "/c/d", None, {"name": "x"}),
        ("GET", "/c/d", None, {"mask": "x"}),
        ("GET", "/c/d", None, {"readTime.seconds": "1"}),
        ("GET", "/c/d", None, {"mask.fieldPaths.x": "1"}),
        ("GET", "/c", None, {"pageSize": "many"}),
        ("GET", "/c", None, {"showMissing": "1"}),
        ("PATCH", "/c", {}, {}),
        ("DELETE", "/c", None, {}),
        ("POST", "/c/d", {}, {}),
        ("PATCH", "/c/d", {"fields": {"a": 1}}, {}),
        ("PATCH", "/c/d", {}, {"document.name": "x"}),
    ],
)
def test_malformed_requests_are_the_callers_fault(
    rest: RestClient, method: str, path: str, body: Any, parameters: dict[str, str]
) -> None:
    status, name, message = rest.refused(method, path, body, params=parameters)
    assert (status, name) == (400, "INVALID_ARGUMENT"), message


@pytest.mark.parametrize("data", [b"{", b"nothing", b"[" * 100_000, b"\xff", b'"text"'])
def test_bodies_that_are_no_object(rest: RestClient, data: bytes) -> None:
    assert rest.refused("POST", ":commit", data=data)[:2] == (400, "INVALID_ARGUMENT")


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", ""), ("POST", ""), ("POST", "/c/d:commit"), ("POST", "/c/d:batchGet"), ("GET", "/c/d/")],
)
def test_addresses_without_a_method(rest: RestClient, method: str, path: str) -> None:
    expected = (400, "INVALID_ARGUMENT") if path == "/c/d/" else (404, "NOT_FOUND")
    assert rest.refused(method, path)[:2] == expected


def test_refused_streams_answer_with_an_array_as_successful_ones_do(rest: RestClient) -> None:
    answer = rest.send("POST", ":runQuery", {"structuredQuery": {"from": [{"collectionId": "a/b"}]}})
    (element,) = answer.json()
    assert (answer.status_code, element["error"]["status"]) == (400, "INVALID_ARGUMENT")


def test_system_parameters_change_nothing(rest: RestClient) -> None:
    rest.call("PATCH", "/c/d", {}, params={"key": "any", "$alt": "json;enum-encoding=int", "prettyPrint": "false"})
    assert rest.call("POST", ":listCollectionIds", {}, params={"key": "any"}) == {"collectionIds": ["c"]}


def test_a_page_in_a_browser_may_ask_and_read(firestore_emulator: str, rest: RestClient) -> None:
    origin = {"Origin": "http://localhost:3000"}
    preflight = requests.options(
        f"http://{firestore_emulator}/v1/{rest.root}:runQuery",
        headers={
            **origin,
            "Access-Control-Request-Method": "POST",
            "Access-Control-Request-Headers": "authorization,x-goog-api-client,x-firebase-gmpid",
        },
        timeout=30,
    )
    assert preflight.status_code == 200
    assert preflight.headers["Access-Control-Allow-Origin"] == "*"
    assert "POST" in preflight.headers["Access-Control-Allow-Methods"]
    assert "authorization" in preflight.headers["Access-Control-Allow-Headers"]
    refused = rest.send("GET", "/c/d", headers=origin)
    assert (refused.status_code, refused.headers["Access-Control-Allow-Origin"]) == (404, "*")
    # The JavaScript SDK says text/plain so that the browser need not ask first.
    plain = rest.send("POST", ":commit", data=b'{"writes":[]}', headers={**origin, "Content-Type": "text/plain"})
    assert (plain.status_code, plain.headers["Access-Control-Allow-Origin"]) == (200, "*")


def test_what_is_billed_does_not_depend_on_the_face(rest: RestClient, usage: StackClient) -> None:
    rest.call("PATCH", "/c/d", {})
    rest.call("GET", "/c/d")
    rest.call("DELETE", "/c/d")
    assert usage.usage() == {"reads": 1, "writes": 1, "deletes": 1}
