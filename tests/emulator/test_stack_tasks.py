"""A stack with Cloud Tasks: task functions get their queues, are called through them, and keep their tasks."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from google.cloud.tasks_v2 import Queue

from emulator.functions.queues import queue_of
from emulator.stack import Stack
from lib.platform import deployment, tasks
from lib.platform.queue_identity import require_queue
from tests.emulator.tasks.client import client_of, http_task
from tests.emulator.tasks.target import eventually, listening

MAIN = '''
import json, os, pathlib
from firebase_functions import options, tasks_fn

@tasks_fn.on_task_dispatched(
    rate_limits=options.RateLimits(max_concurrent_dispatches=2, max_dispatches_per_second=5),
    retry_config=options.RetryConfig(max_attempts=4, min_backoff_seconds=1, max_backoff_seconds=9, max_doublings=2),
)
def work(request):
    names = ("CLOUD_TASKS_EMULATOR_HOST", "FUNCTIONS_EMULATOR_HOST")
    seen = {"data": request.data, "headers": dict(request.raw_request.headers.items())}
    seen["environment"] = {name: os.environ[name] for name in names}
    file = pathlib.Path(__file__).with_name("seen.json")
    file.with_suffix(".part").write_text(json.dumps(seen))
    file.with_suffix(".part").rename(file)

@tasks_fn.on_task_dispatched()
def no_queue(request):
    """Its name cannot be a queue's."""
'''


@pytest.fixture
def source(tmp_path: Path) -> Path:
    (tmp_path / "main.py").write_text(MAIN)
    return tmp_path


@pytest.fixture
def stack(firestore_emulator: str, source: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stack]:
    project = f"demo-{uuid.uuid4().hex[:12]}"
    monkeypatch.delenv("TASKS_SERVICE_ACCOUNT", raising=False)
    with Stack(project, firestore=firestore_emulator, source=source, with_tasks=True, log_folder=source) as stack:
        for name, value in stack.environment.items():
            monkeypatch.setenv(name, value)
        yield stack


def test_functions_are_called_through_their_queues(stack: Stack, source: Path) -> None:
    assert stack.environment["CLOUD_TASKS_EMULATOR_HOST"] == stack.tasks
    location = f"projects/{stack.project}/locations/{deployment.REGION}"
    with client_of(stack.tasks) as client:
        (queue,) = client.list_queues(parent=location)
    assert queue.name == f"{location}/queues/work"
    limits, retry = queue.rate_limits, queue.retry_config
    assert (limits.max_concurrent_dispatches, limits.max_dispatches_per_second) == (2, 5)
    assert (retry.max_attempts, retry.max_doublings) == (4, 2)
    assert (retry.min_backoff.total_seconds(), retry.max_backoff.total_seconds()) == (1, 9)
    assert "no_queue was refused: Queue name must be formatted" in (source / "functions.log").read_text()

    tasks.enqueue("work", ("shard", "3"), {"shard": 3})
    eventually((source / "seen.json").exists)
    seen = json.loads((source / "seen.json").read_text())
    assert seen["data"] == {"shard": 3}
    addresses = {"CLOUD_TASKS_EMULATOR_HOST": stack.tasks, "FUNCTIONS_EMULATOR_HOST": stack.functions}
    assert seen["environment"] == addresses
    headers = {name.lower(): value for name, value in seen["headers"].items()}
    assert headers["x-cloudtasks-queuename"] == "work"
    require_queue("work", headers["authorization"])
    stack.check()


def test_tasks_are_kept_beside_the_documents(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("FIRESTORE_EMULATOR_HOST", raising=False)
    project, parent = "demo-kept", "projects/demo-kept/locations/us-central1"

    def stack() -> Stack:
        folder = tmp_path / "data"
        return Stack(project, with_functions=False, with_tasks=True, data_dir=folder, log_folder=tmp_path)

    with listening() as target:
        with stack() as first, client_of(first.tasks) as client:
            assert set(first.pids) == {"firestore", "tasks"}
            assert "FUNCTIONS_EMULATOR_HOST" not in first.environment
            queue = client.create_queue(parent=parent, queue=Queue(name=f"{parent}/queues/work")).name
            client.pause_queue(name=queue)
            client.create_task(parent=queue, task=http_task(target.url, f"{queue}/tasks/kept"))
        with stack() as second, client_of(second.tasks) as client:
            client.resume_queue(name=queue)
            assert target.wait_for(1)[0].task_id == "kept"


def test_what_a_manifest_leaves_open_is_what_the_firebase_cli_sets() -> None:
    queue = queue_of("q", {"rateLimits": None, "retryConfig": None})
    assert queue.retry_config.max_attempts == 3
    assert "min_backoff" not in queue.retry_config
    assert (queue.rate_limits.max_dispatches_per_second, queue.rate_limits.max_concurrent_dispatches) == (0, 0)


class _Parameter:
    """Stands for a parameter of the functions' SDK."""

    value = 7


@pytest.mark.parametrize(("given", "attempts"), [(5, 5), (_Parameter(), 7), (object(), 3), (None, 3)])
def test_settings_may_be_parameters(given: Any, attempts: int) -> None:
    assert queue_of("q", {"retryConfig": {"maxAttempts": given}}).retry_config.max_attempts == attempts
