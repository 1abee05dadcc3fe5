"""The methods about tasks, through the google-cloud-tasks client."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from google.api_core import exceptions
from google.cloud.tasks_v2 import HttpMethod, Task
from google.protobuf.duration_pb2 import Duration

from tests.emulator.tasks.client import Client, http_task
from tests.emulator.tasks.conftest import MakeQueue

URL = "http://127.0.0.1:9/never-called"


@pytest.fixture
def queue(tasks: Client, make_queue: MakeQueue) -> str:
    """A paused queue: its tasks stay as they are."""
    name = make_queue()
    tasks.pause_queue(name=name)
    return name


def test_a_task_without_a_name_gets_one(tasks: Client, queue: str) -> None:
    names = {tasks.create_task(parent=queue, task=http_task(URL)).name for _ in range(3)}
    assert len(names) == 3
    assert all(re.fullmatch(rf"{queue}/tasks/\d{{19}}", name) for name in names)


def test_what_a_task_gets_and_what_its_views_show(tasks: Client, queue: str) -> None:
    before = datetime.now(UTC)
    created = tasks.create_task(parent=queue, task=http_task(URL, f"{queue}/tasks/a", body=b"secret"))
    after = datetime.now(UTC)
    assert created.view == Task.View.BASIC
    assert created.http_request.body == b""
    assert created.http_request.http_method == HttpMethod.POST
    assert created.dispatch_deadline.total_seconds() == 600
    assert before <= created.schedule_time <= after
    assert created.create_time == created.schedule_time.replace(microsecond=0)
    full = tasks.get_task(request={"name": created.name, "response_view": Task.View.FULL})
    assert (full.view, full.http_request.body) == (Task.View.FULL, b"secret")
    assert tasks.get_task(name=created.name) == created
    (listed,) = tasks.list_tasks(request={"parent": queue, "response_view": Task.View.FULL})
    assert listed == full


def test_a_name_is_taken_once(tasks: Client, queue: str) -> None:
    task = http_task(URL, f"{queue}/tasks/once")
    tasks.create_task(parent=queue, task=task)
    with pytest.raises(exceptions.AlreadyExists, match="Requested entity already exists"):
        tasks.create_task(parent=queue, task=task)
    tasks.delete_task(name=task["name"])
    with pytest.raises(exceptions.AlreadyExists, match="existed too recently"):
        tasks.create_task(parent=queue, task=task)
    for call in (tasks.get_task, tasks.delete_task, tasks.run_task):
        with pytest.raises(exceptions.NotFound, match="The task no longer exists"):
            call(name=task["name"])


def test_tasks_there_never_were(tasks: Client, queue: str, location: str) -> None:
    for name in (f"{queue}/tasks/none", f"{location}/queues/none/tasks/none"):
        for call in (tasks.get_task, tasks.delete_task, tasks.run_task):
            with pytest.raises(exceptions.NotFound, match="Requested entity was not found"):
                call(name=name)


def test_schedule_times_reach_thirty_days(tasks: Client, queue: str) -> None:
    now = datetime.now(UTC)
    near = tasks.create_task(parent=queue, task=http_task(URL, schedule_time=now + timedelta(days=30)))
    assert near.schedule_time == now + timedelta(days=30)
    with pytest.raises(exceptions.InvalidArgument, match="too far in the future"):
        tasks.create_task(parent=queue, task=http_task(URL, schedule_time=now + timedelta(days=30, minutes=1)))
    past = tasks.create_task(parent=queue, task=http_task(URL, schedule_time=now - timedelta(days=400)))
    assert past.schedule_time >= now


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"url": ""}, "url is required"),
        ({"url": "ftp://example.test/"}, "begins with"),
        ({"url": "http:///path"}, "begins with"),
        ({"url": "http://host:port/"}, "begins with"),
        ({"url": "http://host/" + "a" * 2083}, "longer than 2083"),
        ({"http_method": HttpMethod.GET, "body": b"x"}, "not allowed with the method GET"),
        ({"headers": {"a": "b" * 81 * 1024}}, "80KB"),
        ({"body": b"x" * (1 << 20)}, "too large"),
        ({"dispatch_deadline": Duration(seconds=14)}, "dispatchDeadline"),
        ({"dispatch_deadline": Duration(seconds=1801)}, "dispatchDeadline"),
        ({"oidc_token": {"service_account_email": "nobody"}}, "serviceAccountEmail"),
        ({"retry_config": {"max_attempts": -2}}, "maxAttempts"),
    ],
)
def test_tasks_production_refuses(tasks: Client, queue: str, fields: dict[str, Any], message: str) -> None:
    with pytest.raises(exceptions.InvalidArgument, match=message):
        tasks.create_task(parent=queue, task=http_task(fields.pop("url", URL), **fields))
    assert list(tasks.list_tasks(parent=queue)) == []


def test_a_task_without_a_target(tasks: Client, queue: str) -> None:
    with pytest.raises(exceptions.InvalidArgument, match="message_type is required"):
        tasks.create_task(parent=queue, task={})
    with pytest.raises(exceptions.MethodNotImplemented, match="App Engine"):
        tasks.create_task(parent=queue, task={"app_engine_http_request": {"relative_uri": "/"}})


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("{queue}/tasks/not a valid id", 'Task ID "not a valid id" can contain only letters'),
        ("{queue}/tasks/", "between 1 and 500"),
        ("{queue}/tasks/" + "a" * 501, "between 1 and 500"),
        ("{queue}-other/tasks/a", "must be the same as the queue name in the named task"),
        ("just-an-id", "Task name must be formatted"),
    ],
)
def test_names_production_refuses(tasks: Client, queue: str, name: str, message: str) -> None:
    with pytest.raises(exceptions.InvalidArgument, match=message):
        tasks.create_task(parent=queue, task=http_task(URL, name.format(queue=queue)))


def test_listing_goes_by_pages_however_much_comes_and_goes(tasks: Client, queue: str) -> None:
    names = [f"{queue}/tasks/{number}" for number in range(7)]
    for name in names:
        tasks.create_task(parent=queue, task=http_task(URL, name))
    first = tasks.list_tasks(request={"parent": queue, "page_size": 3})
    assert [task.name for task in first.tasks] == names[:3]
    tasks.delete_task(name=names[2])
    tasks.delete_task(name=names[4])
    second = tasks.list_tasks(request={"parent": queue, "page_size": 3, "page_token": first.next_page_token})
    assert [task.name for task in second.tasks] == [names[3], names[5], names[6]]
    assert second.next_page_token == ""
    with pytest.raises(exceptions.InvalidArgument, match="page token"):
        tasks.list_tasks(request={"parent": queue, "page_token": "?"})
    with pytest.raises(exceptions.InvalidArgument, match="Page size"):
        tasks.list_tasks(request={"parent": queue, "page_size": 1001})
