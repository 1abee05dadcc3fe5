"""The methods about queues, through the google-cloud-tasks client."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

import pytest
from google.api_core import exceptions
from google.cloud.tasks_v2 import Queue
from google.protobuf.duration_pb2 import Duration
from google.protobuf.field_mask_pb2 import FieldMask

from tests.emulator.tasks.client import Client, http_task
from tests.emulator.tasks.conftest import MakeQueue
from tests.emulator.tasks.target import Target


def test_a_queue_gets_productions_defaults(tasks: Client, make_queue: MakeQueue) -> None:
    name = make_queue("defaults")
    queue = tasks.get_queue(name=name)
    assert queue.name == name
    assert queue.state == Queue.State.RUNNING
    limits = queue.rate_limits
    assert (limits.max_dispatches_per_second, limits.max_burst_size, limits.max_concurrent_dispatches) == (
        500.0,
        100,
        1000,
    )
    retry = queue.retry_config
    assert (retry.max_attempts, retry.max_doublings) == (100, 16)
    assert (retry.min_backoff.total_seconds(), retry.max_backoff.total_seconds()) == (0.1, 3600)
    assert retry.max_retry_duration.total_seconds() == 0


def test_what_is_given_is_kept(tasks: Client, make_queue: MakeQueue) -> None:
    name = make_queue(
        rate_limits={"max_dispatches_per_second": 2.5, "max_concurrent_dispatches": 7},
        retry_config={"max_attempts": -1, "max_retry_duration": Duration(seconds=60), "max_doublings": 2},
        stackdriver_logging_config={"sampling_ratio": 0.5},
    )
    queue = tasks.get_queue(name=name)
    assert (queue.rate_limits.max_dispatches_per_second, queue.rate_limits.max_burst_size) == (2.5, 3)
    assert queue.rate_limits.max_concurrent_dispatches == 7
    assert (queue.retry_config.max_attempts, queue.retry_config.max_doublings) == (-1, 2)
    assert queue.retry_config.max_retry_duration.total_seconds() == 60
    assert queue.stackdriver_logging_config.sampling_ratio == 0.5


def test_an_update_changes_what_its_mask_names(tasks: Client, make_queue: MakeQueue) -> None:
    name = make_queue(retry_config={"max_attempts": 5}, rate_limits={"max_concurrent_dispatches": 9})
    tasks.pause_queue(name=name)
    mask = FieldMask(paths=["rate_limits.max_dispatches_per_second"])
    given = Queue(name=name, rate_limits={"max_dispatches_per_second": 3}, retry_config={"max_attempts": 8})
    queue = tasks.update_queue(queue=given, update_mask=mask)
    assert (queue.rate_limits.max_dispatches_per_second, queue.rate_limits.max_burst_size) == (3, 3)
    assert (queue.rate_limits.max_concurrent_dispatches, queue.retry_config.max_attempts) == (9, 5)
    assert queue.state == Queue.State.PAUSED
    # Without a mask everything changes, and what is not given is production's choice again.
    queue = tasks.update_queue(queue=given)
    assert (queue.rate_limits.max_concurrent_dispatches, queue.retry_config.max_attempts) == (1000, 8)
    assert tasks.get_queue(name=name) == queue


def test_an_update_makes_a_queue_that_is_not_there(tasks: Client, location: str) -> None:
    name = f"{location}/queues/new"
    tasks.update_queue(queue=Queue(name=name, retry_config={"max_attempts": 2}))
    assert tasks.get_queue(name=name).retry_config.max_attempts == 2


@pytest.mark.parametrize("path", ["color", "rate_limits.color", "rate_limits.max_burst_size.color", "name.color"])
def test_an_update_of_fields_there_are_not(tasks: Client, make_queue: MakeQueue, path: str) -> None:
    with pytest.raises(exceptions.InvalidArgument, match="Invalid field in update mask"):
        tasks.update_queue(queue=Queue(name=make_queue()), update_mask=FieldMask(paths=[path]))


def test_listing_goes_by_pages_and_stays_in_its_location(tasks: Client, make_queue: MakeQueue, location: str) -> None:
    names = [make_queue(f"q-{number}") for number in range(5)]
    other = f"projects/demo-{uuid.uuid4().hex}/locations/us-central1"
    tasks.create_queue(parent=other, queue=Queue(name=f"{other}/queues/elsewhere"))
    pages = list(tasks.list_queues(request={"parent": location, "page_size": 2}).pages)
    assert [[queue.name for queue in page.queues] for page in pages] == [names[:2], names[2:4], names[4:]]


def test_a_deleted_queue_is_gone_with_its_tasks_and_its_name_is_taken(
    tasks: Client, make_queue: MakeQueue, location: str
) -> None:
    name = make_queue()
    tasks.pause_queue(name=name)
    task = tasks.create_task(parent=name, task=http_task("http://localhost/"))
    tasks.delete_queue(name=name)
    for call in (tasks.get_queue, tasks.pause_queue, tasks.resume_queue, tasks.purge_queue):
        with pytest.raises(exceptions.NotFound, match="Queue does not exist"):
            call(name=name)
    with pytest.raises(exceptions.NotFound, match="Requested entity was not found"):
        tasks.get_task(name=task.name)
    with pytest.raises(exceptions.NotFound, match="Requested entity was not found"):
        tasks.delete_queue(name=name)
    with pytest.raises(exceptions.NotFound, match="Queue does not exist"):
        tasks.create_task(parent=name, task=http_task("http://localhost/"))
    with pytest.raises(exceptions.FailedPrecondition, match="existed too recently"):
        make_queue()


def test_a_queue_there_is(tasks: Client, make_queue: MakeQueue) -> None:
    make_queue("twice")
    with pytest.raises(exceptions.AlreadyExists, match="Queue already exists"):
        make_queue("twice")


@pytest.mark.parametrize("id", ["with_underscore", "", "a" * 101, "a/b", "ä"])
def test_names_production_refuses(make_queue: MakeQueue, id: str) -> None:
    with pytest.raises(exceptions.InvalidArgument, match="Queue name must be formatted"):
        make_queue(id)


@pytest.mark.parametrize(
    ("field", "values"),
    [
        ("rate_limits", {"max_dispatches_per_second": 500.1}),
        ("rate_limits", {"max_dispatches_per_second": -1}),
        ("rate_limits", {"max_concurrent_dispatches": 5001}),
        ("retry_config", {"max_attempts": -2}),
    ],
)
def test_settings_production_refuses(make_queue: MakeQueue, field: str, values: dict[str, Any]) -> None:
    with pytest.raises(exceptions.InvalidArgument):
        make_queue(**{field: values})


def test_a_queue_of_another_location(tasks: Client, location: str) -> None:
    with pytest.raises(exceptions.InvalidArgument, match="must be in the location"):
        tasks.create_queue(parent=location, queue=Queue(name="projects/other/locations/us-central1/queues/q"))


def test_what_is_not_served_says_so(tasks: Client, make_queue: MakeQueue, location: str) -> None:
    name = make_queue()
    refused: list[Callable[[], Any]] = [
        lambda: list(tasks.list_queues(request={"parent": location, "filter": "state: PAUSED"})),
        lambda: tasks.get_iam_policy(resource=name),
        lambda: make_queue("routed", http_target={"http_method": "POST"}),
    ]
    for call in refused:
        with pytest.raises(exceptions.MethodNotImplemented):
            call()


def test_purging_deletes_what_waits(tasks: Client, make_queue: MakeQueue, target: Target) -> None:
    name = make_queue()
    tasks.pause_queue(name=name)
    for number in range(3):
        tasks.create_task(parent=name, task=http_task(target.url, f"{name}/tasks/{number}"))
    queue = tasks.purge_queue(name=name)
    assert queue.purge_time.timestamp() > 0
    assert list(tasks.list_tasks(parent=name)) == []
    tasks.resume_queue(name=name)
    tasks.create_task(parent=name, task=http_task(target.url, f"{name}/tasks/after"))
    assert [request.task_id for request in target.wait_for(1)] == ["after"]
