"""A local Cloud Tasks a worker, and for each test a location of its own, a client, and a target."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from google.cloud.tasks_v2 import Queue

from emulator.launch import launched
from tests.emulator.tasks.client import Client, client_of
from tests.emulator.tasks.target import Target, listening

MakeQueue = Callable[..., str]


@pytest.fixture(scope="session")
def tasks_emulator() -> Iterator[str]:
    """host:port of the worker's Cloud Tasks."""
    with launched("tasks") as tasks:
        yield tasks.address


@pytest.fixture(scope="session")
def tasks(tasks_emulator: str) -> Iterator[Client]:
    with client_of(tasks_emulator) as client:
        yield client


@pytest.fixture
def location() -> str:
    """A location nobody else uses, by a project of its own."""
    return f"projects/demo-{uuid.uuid4().hex[:12]}/locations/us-central1"


@pytest.fixture
def make_queue(tasks: Client, location: str) -> MakeQueue:
    """`make_queue(id, rate_limits={...})` creates a queue and returns its name."""

    def make(id: str = "work", **fields: Any) -> str:
        return str(tasks.create_queue(parent=location, queue=Queue(name=f"{location}/queues/{id}", **fields)).name)

    return make


@pytest.fixture
def target() -> Iterator[Target]:
    with listening() as target:
        yield target
