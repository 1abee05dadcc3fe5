"""What a crash leaves: every acknowledged queue, task and deletion, and what is told of attempts."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from google.api_core import exceptions
from google.cloud.tasks_v2 import Queue, Task
from google.protobuf.duration_pb2 import Duration

from tests.emulator.tasks.client import Client, http_task
from tests.emulator.tasks.killable import Serve, serving
from tests.emulator.tasks.target import Received, Target, eventually

LOCATION = "projects/demo-kept/locations/us-central1"
QUEUE = f"{LOCATION}/queues/work"
PARALLEL = 8


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Serve]:
    with serving(tmp_path / "data") as serve:
        yield serve


def make_queue(client: Client, name: str = QUEUE, **fields: object) -> None:
    client.create_queue(parent=LOCATION, queue=Queue({"name": name, **fields}))


def test_a_crash_takes_nothing_back(serve: Serve) -> None:
    server = serve()
    later = datetime.now(UTC) + timedelta(days=3)
    with server.client() as client:
        make_queue(client, retry_config={"max_attempts": 7})
        make_queue(client, f"{LOCATION}/queues/left")
        make_queue(client, f"{LOCATION}/queues/gone")
        client.pause_queue(name=f"{LOCATION}/queues/left")
        client.delete_queue(name=f"{LOCATION}/queues/gone")
        for id in ("stays", "goes"):
            given = http_task("http://localhost/", f"{QUEUE}/tasks/{id}", body=b"payload", schedule_time=later)
            client.create_task(parent=QUEUE, task=given)
        client.delete_task(name=f"{QUEUE}/tasks/goes")
        before = client.get_task(request={"name": f"{QUEUE}/tasks/stays", "response_view": Task.View.FULL})
    server.kill()
    with serve().client() as client:
        assert client.get_queue(name=QUEUE).retry_config.max_attempts == 7
        assert client.get_queue(name=f"{LOCATION}/queues/left").state == Queue.State.PAUSED
        assert client.get_task(request={"name": before.name, "response_view": Task.View.FULL}) == before
        assert before.schedule_time == later
        with pytest.raises(exceptions.AlreadyExists, match="existed too recently"):
            client.create_task(parent=QUEUE, task=http_task("http://localhost/", f"{QUEUE}/tasks/goes"))
        with pytest.raises(exceptions.FailedPrecondition, match="existed too recently"):
            make_queue(client, f"{LOCATION}/queues/gone")


def test_killed_under_load_it_has_every_task_it_acknowledged(serve: Serve) -> None:
    server, acknowledged = serve(), set[str]()
    many = threading.Event()
    with server.client() as client, ThreadPoolExecutor(PARALLEL) as threads:
        make_queue(client)
        client.pause_queue(name=QUEUE)

        def create(worker: int) -> None:
            number = 0
            while True:
                name = f"{QUEUE}/tasks/{worker}-{number}"
                try:
                    client.create_task(parent=QUEUE, task=http_task("http://localhost/", name), timeout=10)
                except exceptions.GoogleAPICallError:
                    return
                acknowledged.add(name)
                number += 1
                if len(acknowledged) > 200:
                    many.set()

        running = [threads.submit(create, worker) for worker in range(PARALLEL)]
        assert many.wait(20)
        server.kill()
        for each in running:
            each.result()
    with serve().client() as client:
        kept = {task.name for task in client.list_tasks(parent=QUEUE)}
    assert acknowledged <= kept
    # Beyond those at most what each worker was waiting for.
    assert len(kept - acknowledged) <= PARALLEL


def test_an_attempt_cut_off_is_made_again_and_counted(serve: Serve, target: Target) -> None:
    server, killed = serve(), threading.Event()

    def answer(request: Received) -> int:
        if request.headers["x-cloudtasks-taskretrycount"] == "0":
            return 404
        killed.wait(20)
        return 200

    target.answer = answer
    with server.client() as client:
        make_queue(client, retry_config={"min_backoff": Duration(nanos=1_000_000)})
        client.create_task(parent=QUEUE, task=http_task(target.url, f"{QUEUE}/tasks/it"))
        target.wait_for(2)
    server.kill()
    killed.set()
    with serve().client() as client:
        again = target.wait_for(3)[2]
        assert [again.headers[f"x-cloudtasks-task{name}"] for name in ("retrycount", "executioncount")] == ["2", "1"]
        eventually(lambda: not list(client.list_tasks(parent=QUEUE)))


def test_kept_tasks_can_be_held_until_their_targets_are_there(serve: Serve, target: Target, tmp_path: Path) -> None:
    server = serve()
    with server.client() as client:
        make_queue(client)
        client.pause_queue(name=QUEUE)
        for id in ("kept", "by-hand"):
            client.create_task(parent=QUEUE, task=http_task(target.url, f"{QUEUE}/tasks/{id}"))
    server.kill()
    file = tmp_path / "targets-are-there"
    with serve("--dispatch-after", str(file)).client() as client:
        client.resume_queue(name=QUEUE)
        client.run_task(name=f"{QUEUE}/tasks/by-hand")
        assert target.wait_for(1)[0].task_id == "by-hand"
        file.touch()
        assert target.wait_for(2)[1].task_id == "kept"


def test_the_end_in_order_keeps_everything_too(serve: Serve) -> None:
    server = serve()
    with server.client() as client:
        make_queue(client)
        client.pause_queue(name=QUEUE)
        client.create_task(parent=QUEUE, task=http_task("http://localhost/", f"{QUEUE}/tasks/a"))
    assert server.stop() == 0
    with serve().client() as client:
        assert [task.name for task in client.list_tasks(parent=QUEUE)] == [f"{QUEUE}/tasks/a"]


def test_a_directory_serves_one_server(serve: Serve) -> None:
    serve()
    assert serve().wait() == 1


def test_a_port_serves_one_server(serve: Serve, tmp_path: Path) -> None:
    assert serve(port=serve().port, data=tmp_path / "another").wait() == 1


def test_a_file_of_another_format_is_left_alone(serve: Serve, tmp_path: Path) -> None:
    folder = tmp_path / "data"
    folder.mkdir()
    with sqlite3.connect(folder / "tasks.sqlite3") as connection:
        connection.execute("PRAGMA user_version = 99")
    connection.close()
    assert serve().wait() == 1
