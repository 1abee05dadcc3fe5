"""Callables and HTTP functions as clients reach them: the callable protocol, CORS, errors, concurrency."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import requests

from emulator.client import CallFailed, StackClient
from emulator.tokens import id_token


def test_a_callable_gets_its_data_and_answers_with_its_result(host: StackClient) -> None:
    data = {"text": "é", "list": [1, 2.5, None, True], "nested": {"a": {}}}
    assert host.call("echo", data) == {"data": data, "uid": None}


def test_a_callable_knows_who_calls(host: StackClient) -> None:
    token = host.token("org_a", "budtender", uid="u7")
    assert host.call("whoami", token=token) == {"uid": "u7", "orgId": "org_a", "role": "budtender"}


@pytest.mark.parametrize("token", ["", "nonsense", id_token("demo-another-project", "u7")])
def test_a_token_that_is_none_is_refused(token: str, host: StackClient) -> None:
    with pytest.raises(CallFailed) as refused:
        host.call("echo", {}, token=token)
    assert (refused.value.code, refused.value.status) == (401, "UNAUTHENTICATED")


@pytest.mark.parametrize(
    ("asked", "code", "status"),
    [
        ("invalid-argument", 400, "INVALID_ARGUMENT"),
        ("unauthenticated", 401, "UNAUTHENTICATED"),
        ("permission-denied", 403, "PERMISSION_DENIED"),
        ("not-found", 404, "NOT_FOUND"),
        ("already-exists", 409, "ALREADY_EXISTS"),
        ("failed-precondition", 400, "FAILED_PRECONDITION"),
        ("resource-exhausted", 429, "RESOURCE_EXHAUSTED"),
        ("unavailable", 503, "UNAVAILABLE"),
        ("no such code", 500, "INTERNAL"),
    ],
)
def test_errors_have_their_canonical_status(asked: str, code: int, status: str, host: StackClient) -> None:
    with pytest.raises(CallFailed) as failed:
        host.call("refuse", asked)
    assert (failed.value.code, failed.value.status) == (code, status)
    expected = None if status == "INTERNAL" else {"asked": asked}
    assert failed.value.details == expected


@pytest.mark.parametrize(
    ("method", "headers", "body"),
    [
        ("GET", {}, b""),
        ("POST", {"Content-Type": "text/plain"}, b'{"data": 1}'),
        ("POST", {"Content-Type": "application/json"}, b'{"no": "data"}'),
        ("POST", {"Content-Type": "application/json"}, b'{"data": 1, "more": 2}'),
        ("POST", {"Content-Type": "application/json"}, b"{"),
    ],
)
def test_what_is_not_a_call_is_refused(method: str, headers: dict[str, str], body: bytes, host: StackClient) -> None:
    answer = requests.request(method, host.url("echo"), headers=headers, data=body, timeout=10)
    assert answer.status_code >= 400
    assert "error" in answer.json()


def test_a_browser_may_call_from_another_origin(host: StackClient) -> None:
    """The preflight the JavaScript SDK's httpsCallable causes, and the call itself."""
    asks = {
        "Origin": "http://localhost:3000",
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "authorization,content-type",
    }
    preflight = requests.options(host.url("echo"), headers=asks, timeout=10)
    assert preflight.status_code == 200
    assert preflight.headers["Access-Control-Allow-Origin"] in ("*", asks["Origin"])
    assert "POST" in preflight.headers["Access-Control-Allow-Methods"]
    assert preflight.headers["Access-Control-Allow-Headers"].lower() == "authorization, content-type"
    call = requests.post(host.url("echo"), json={"data": 1}, headers={"Origin": asks["Origin"]}, timeout=10)
    assert call.headers["Access-Control-Allow-Origin"] in ("*", asks["Origin"])


@pytest.mark.parametrize("path", ["", "/", "/orders/17"])
def test_an_http_function_sees_the_path_below_its_own(path: str, host: StackClient) -> None:
    answer = host.get("page", path, a="1")
    assert answer.json() == {"path": path or "/", "query": {"a": "1"}, "method": "GET"}


def test_an_http_function_that_raises_answers_500_and_says_nothing(host: StackClient) -> None:
    answer = host.get("page", "/broken")
    assert (answer.status_code, answer.text) == (500, "Internal Server Error")


def test_eight_slow_calls_are_served_at_the_same_time(host: StackClient) -> None:
    def call(number: int) -> Any:
        return requests.post(host.url("meet"), json={"data": None}, timeout=30).json()["result"]

    with ThreadPoolExecutor(8) as callers:
        assert sorted(callers.map(call, range(8))) == list(range(8))


def test_schedules_and_tasks_can_be_run_over_http(host: StackClient, database: Any) -> None:
    schedule = requests.post(host.url("nightly"), headers={"X-CloudScheduler-JobName": "j1"}, timeout=10)
    task = requests.post(host.url("work"), json={"data": {"shard": 3}}, timeout=10)
    assert (schedule.status_code, task.status_code) == (200, 200)
    assert database.document("notes/nightly").get().to_dict() == {"job": "j1"}
    assert database.document("notes/work").get().to_dict() == {"data": {"shard": 3}}


def test_the_front_page_lists_every_function(host: StackClient) -> None:
    base = host.url("x").rsplit("/", 3)[0]
    listing = requests.get(base, timeout=10).json()
    assert listing["project"] == host.project
    kinds = {it["name"]: it["kind"] for it in listing["functions"]}
    assert kinds == {
        "echo": "callable",
        "meet": "callable",
        "nightly": "schedule",
        "on_created": "event",
        "on_faulty": "event",
        "on_flaky": "event",
        "on_shelf": "event",
        "on_written": "event",
        "page": "https",
        "refuse": "callable",
        "whoami": "callable",
        "work": "task",
    }
    (flaky,) = (it for it in listing["functions"] if it["name"] == "on_flaky")
    assert flaky["retry"] is True
    assert flaky["filters"]["document"] == "flaky/{id}"


@pytest.mark.parametrize("path", ["/{p}/us-central1/absent", "/{p}/mars/echo", "/other/us-central1/echo", "/x"])
def test_other_addresses_are_not_found(path: str, host: StackClient) -> None:
    base = host.url("x").rsplit("/", 3)[0]
    answer = requests.post(base + path.format(p=host.project), json={"data": 1}, timeout=10)
    assert answer.status_code == 404
    assert "This project has: echo" in answer.text
