"""What targets receive and what their answers lead to, over real HTTP."""

from __future__ import annotations

import base64
import json
import threading
import time
from datetime import UTC, datetime, timedelta

import pytest
from google.api_core import exceptions
from google.cloud.tasks_v2 import HttpMethod
from google.protobuf.duration_pb2 import Duration

from tests.emulator.tasks.client import Client, http_task
from tests.emulator.tasks.conftest import MakeQueue
from tests.emulator.tasks.target import Received, Target, eventually

EMAIL = "tasks@demo.iam.gserviceaccount.com"
ONE_ATTEMPT = {"max_attempts": 1}


def gone(tasks: Client, name: str) -> bool:
    try:
        tasks.get_task(name=name)
    except exceptions.NotFound:
        return True
    return False


def claims_of(request: Received) -> dict[str, object]:
    scheme, _, token = request.headers["authorization"].partition(" ")
    assert scheme == "Bearer"
    header, payload, signature = token.split(".")
    assert json.loads(base64.urlsafe_b64decode(header + "==")) == {"alg": "none", "typ": "JWT"}
    assert signature == ""
    claims: dict[str, object] = json.loads(base64.urlsafe_b64decode(payload + "=="))
    return claims


@pytest.mark.parametrize("method", ["POST", "GET", "HEAD", "PUT", "DELETE", "PATCH"])
def test_a_request_arrives_as_given(tasks: Client, make_queue: MakeQueue, target: Target, method: str) -> None:
    queue = make_queue()
    body = b'{"data":1}' if method in ("POST", "PUT", "PATCH") else b""
    task = http_task(
        f"{target.url}/a%20b c/é?x=1&y",
        f"{queue}/tasks/it",
        http_method=getattr(HttpMethod, method),
        body=body,
        headers={"Content-Type": "application/json", "X-Own": "yes", "User-Agent": "me", "X-CloudTasks-TaskName": "me"},
    )
    tasks.create_task(parent=queue, task=task)
    (request,) = target.wait_for(1)
    assert (request.method, request.path, request.body) == (method, "/work/a%20b%20c/%C3%A9?x=1&y", body)
    expected = {"content-type": "application/json", "x-own": "yes", "user-agent": "Google-Cloud-Tasks"}
    assert expected.items() <= request.headers.items()
    assert request.headers["x-cloudtasks-taskname"] == "it"
    assert request.headers["x-cloudtasks-queuename"] == "work"
    eventually(lambda: gone(tasks, task["name"]))


def test_headers_count_attempts_and_answers(tasks: Client, make_queue: MakeQueue, target: Target) -> None:
    answers = iter([503, 404, 302, 204])
    target.answer = lambda request: next(answers)
    queue = make_queue(
        retry_config={"min_backoff": Duration(nanos=1_000_000), "max_backoff": Duration(nanos=1_000_000)}
    )
    created = tasks.create_task(parent=queue, task=http_task(target.url))
    counted = [
        tuple(
            request.headers.get(f"x-cloudtasks-task{name}")
            for name in ("retrycount", "executioncount", "previousresponse", "retryreason")
        )
        for request in target.wait_for(4)
    ]
    assert counted == [("0", "0", None, None), ("1", "0", "503", ""), ("2", "1", "404", ""), ("3", "2", "302", "")]
    etas = [float(request.headers["x-cloudtasks-tasketa"]) for request in target.requests]
    assert etas[0] == pytest.approx(created.schedule_time.timestamp(), abs=1e-6)
    assert etas == sorted(etas)
    eventually(lambda: gone(tasks, created.name))
    assert len(target.requests) == 4


def test_an_oidc_token_says_who_calls_whom(tasks: Client, make_queue: MakeQueue, target: Target) -> None:
    queue = make_queue()
    for number, audience in enumerate([{}, {"audience": "it"}], 1):
        token = {"service_account_email": EMAIL, **audience}
        task = http_task(target.url, oidc_token=token, headers={"authorization": "Basic forged"})
        tasks.create_task(parent=queue, task=task)
        target.wait_for(number)
    first, second = map(claims_of, target.wait_for(2))
    assert (first["aud"], second["aud"]) == (target.url, "it")
    assert (first["iss"], first["email"], first["email_verified"]) == ("https://accounts.google.com", EMAIL, True)
    assert first["sub"] == second["sub"] == first["azp"]
    now = time.time()
    assert isinstance(first["iat"], int) and first["iat"] <= now < first["iat"] + 60
    assert first["exp"] == first["iat"] + 3600


def test_an_authorization_of_the_tasks_own_is_left_alone(tasks: Client, make_queue: MakeQueue, target: Target) -> None:
    tasks.create_task(parent=make_queue(), task=http_task(target.url, headers={"Authorization": "Bearer own"}))
    assert target.wait_for(1)[0].headers["authorization"] == "Bearer own"


def test_a_task_that_uses_up_its_attempts_is_gone(tasks: Client, make_queue: MakeQueue, target: Target) -> None:
    target.answer = lambda request: 400
    queue = make_queue(retry_config=ONE_ATTEMPT)
    task = tasks.create_task(parent=queue, task=http_task(target.url))
    eventually(lambda: gone(tasks, task.name))
    assert len(target.requests) == 1


def test_a_target_that_is_not_there_is_tried_again(tasks: Client, make_queue: MakeQueue) -> None:
    gone_target = Target()
    gone_target.close()
    queue = make_queue(retry_config={"min_backoff": Duration(seconds=60)})
    task = tasks.create_task(parent=queue, task=http_task(gone_target.url))
    eventually(lambda: tasks.get_task(name=task.name).last_attempt.response_status.code == 14)
    waiting = tasks.get_task(name=task.name)
    assert (waiting.dispatch_count, waiting.response_count) == (1, 0)
    assert "UNAVAILABLE(14): ConnectionRefusedError" in waiting.last_attempt.response_status.message
    assert waiting.schedule_time > datetime.now(UTC) + timedelta(seconds=30)


def test_retry_after_is_heeded(tasks: Client, make_queue: MakeQueue, target: Target) -> None:
    target.answer, target.answer_headers = lambda request: 429, {"Retry-After": "1000"}
    task = tasks.create_task(parent=make_queue(), task=http_task(target.url))
    eventually(lambda: tasks.get_task(name=task.name).response_count == 1)
    waiting = tasks.get_task(name=task.name)
    assert waiting.last_attempt.response_status.message == "RESOURCE_EXHAUSTED(8): HTTP status code 429"
    assert waiting.schedule_time - waiting.last_attempt.response_time == timedelta(seconds=1000)


def test_no_more_at_once_than_the_queue_allows(tasks: Client, make_queue: MakeQueue, target: Target) -> None:
    three, together, alone = threading.Barrier(3), [0], threading.Lock()
    most = [0]

    def answer(request: Received) -> int:
        with alone:
            together[0] += 1
            most[0] = max(most[0], together[0])
        # Passes by threes only, so three do run at once; a fourth would be seen above.
        three.wait(20)
        with alone:
            together[0] -= 1
        return 200

    target.answer = answer
    queue = make_queue(rate_limits={"max_concurrent_dispatches": 3})
    for _ in range(9):
        tasks.create_task(parent=queue, task=http_task(target.url))
    eventually(lambda: not list(tasks.list_tasks(parent=queue)))
    assert (len(target.requests), most[0]) == (9, 3)


def test_a_paused_queue_keeps_its_tasks_until_it_is_resumed(
    tasks: Client, make_queue: MakeQueue, target: Target
) -> None:
    queue = make_queue()
    tasks.pause_queue(name=queue)
    tasks.create_task(parent=queue, task=http_task(target.url, f"{queue}/tasks/held"))
    # One of another queue, created later, has come and gone: the paused queue's would have too.
    other = make_queue("other")
    tasks.create_task(parent=other, task=http_task(target.url, f"{other}/tasks/passes"))
    eventually(lambda: gone(tasks, f"{other}/tasks/passes"))
    assert [request.task_id for request in target.requests] == ["passes"]
    tasks.resume_queue(name=queue)
    assert target.wait_for(2)[1].task_id == "held"


def test_a_task_can_be_run_by_hand_whatever_its_time_and_its_queue(
    tasks: Client, make_queue: MakeQueue, target: Target
) -> None:
    queue = make_queue()
    tasks.pause_queue(name=queue)
    later = datetime.now(UTC) + timedelta(days=7)
    created = tasks.create_task(parent=queue, task=http_task(target.url, schedule_time=later))
    ran = tasks.run_task(name=created.name)
    assert ran.dispatch_count == 1
    target.wait_for(1)
    eventually(lambda: gone(tasks, created.name))
    with pytest.raises(exceptions.NotFound, match="The task no longer exists"):
        tasks.run_task(name=created.name)
