"""Enqueueing against a local Cloud Tasks: names from the work, what arrives, what goes wrong."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest
from google.api_core import exceptions

from functions.edge import runtime
from lib.domain.errors import InvalidInput, Unavailable
from lib.platform import deployment, tasks
from lib.platform.queue_identity import require_queue
from tests.emulator.tasks.target import eventually
from tests.platform.conftest import Deployment

WORK = ("send", "org_a", "message-1")


def test_the_function_is_called_with_the_payload_by_its_queue(deployed: Deployment) -> None:
    queue = deployed.make_queue("send")
    tasks.enqueue("send", WORK, {"messageId": "message-1", "naïve": [1, None]})
    (request,) = deployed.target.wait_for(1)
    assert (request.method, request.path) == ("POST", f"/{deployed.project}/us-central1/send")
    assert request.headers["content-type"] == "application/json"
    assert json.loads(request.body) == {"data": {"messageId": "message-1", "naïve": [1, None]}}
    assert request.headers["x-cloudtasks-queuename"] == "send"
    require_queue("send", request.headers["authorization"])
    eventually(lambda: not list(deployed.client.list_tasks(parent=queue)))


def test_the_same_work_is_enqueued_once(deployed: Deployment) -> None:
    queue = deployed.make_queue("send", paused=True)
    for payload in ({"try": 1}, {"try": 2}):
        tasks.enqueue("send", WORK, payload)
    assert len(list(deployed.client.list_tasks(parent=queue))) == 1
    deployed.client.resume_queue(name=queue)
    eventually(lambda: not list(deployed.client.list_tasks(parent=queue)))
    # Done, and still known by its name.
    tasks.enqueue("send", WORK, {"try": 3})
    assert list(deployed.client.list_tasks(parent=queue)) == []
    assert [json.loads(request.body) for request in deployed.target.requests] == [{"data": {"try": 1}}]


def test_other_work_is_another_task(deployed: Deployment) -> None:
    queue = deployed.make_queue("send", paused=True)
    for work in (("a", "b"), ("ab",), ("a", "b", ""), ("b", "a"), ('a","b',)):
        tasks.enqueue("send", work, {})
    names = [task.name.rpartition("/")[2] for task in deployed.client.list_tasks(parent=queue)]
    assert len(names) == 5
    assert all(len(name) == 32 and name.isalnum() for name in names)


def test_work_for_later_waits_for_its_time(deployed: Deployment) -> None:
    queue = deployed.make_queue("send")
    at = datetime.now(UTC) + timedelta(days=29)
    tasks.enqueue("send", WORK, {}, at)
    (task,) = deployed.client.list_tasks(parent=queue)
    assert task.schedule_time == at
    with pytest.raises(InvalidInput, match="30 days") as refused:
        tasks.enqueue("send", ("later",), {}, at + timedelta(days=2))
    assert refused.value.pointer == "/at"


def test_a_queue_that_is_not_there_yet_may_be_there_soon(deployed: Deployment) -> None:
    with pytest.raises(Unavailable) as refused:
        tasks.enqueue("missing", WORK, {})
    assert refused.value.retryable
    deployed.make_queue("missing")
    tasks.enqueue("missing", WORK, {})
    deployed.target.wait_for(1)


def test_a_service_that_cannot_be_reached(deployed: Deployment, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLOUD_TASKS_EMULATOR_HOST", "127.0.0.1:9")
    monkeypatch.setattr(tasks, "_TOTAL_SECONDS", 0.3)
    with pytest.raises(Unavailable, match="cannot be reached") as refused:
        tasks.enqueue("send", WORK, {})
    assert (refused.value.retryable, refused.value.reason) == (True, "queue_unavailable")


def test_mistakes_are_not_worth_a_retry(deployed: Deployment, monkeypatch: pytest.MonkeyPatch) -> None:
    for queue in ("send_message", "", "a/b", "a" * 101):
        with pytest.raises(ValueError, match="cannot be a queue"):
            tasks.enqueue(queue, WORK, {})
    with pytest.raises(ValueError, match="without a name"):
        tasks.enqueue("send", (), {})
    deployed.make_queue("send")
    monkeypatch.setenv("TASKS_SERVICE_ACCOUNT", "nobody")
    with pytest.raises(exceptions.InvalidArgument):
        tasks.enqueue("send", WORK, {})


def test_addresses_and_accounts_of_a_deployment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("CLOUD_TASKS_EMULATOR_HOST", "FUNCTIONS_EMULATOR_HOST", "TASKS_SERVICE_ACCOUNT"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("GOOGLE_CLOUD_PROJECT", "shop")
    assert deployment.function_url("send") == "https://us-central1-shop.cloudfunctions.net/send"
    assert deployment.tasks_emulator() is None
    with pytest.raises(KeyError, match="TASKS_SERVICE_ACCOUNT"):
        deployment.tasks_account()
    monkeypatch.setenv("TASKS_SERVICE_ACCOUNT", "queues@shop.iam.gserviceaccount.com")
    assert deployment.tasks_account() == "queues@shop.iam.gserviceaccount.com"


def test_queues_are_where_the_functions_are() -> None:
    assert deployment.REGION == runtime.REGION
