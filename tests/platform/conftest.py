"""A local Cloud Tasks, and an environment in which the product, run in this process, uses it."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from google.cloud.tasks_v2 import Queue

from emulator.launch import launched
from lib.platform import deployment
from tests.emulator.tasks.client import Client, client_of
from tests.emulator.tasks.target import Target, listening


@dataclass(frozen=True)
class Deployment:
    """A project with a queue, and a target that stands where its functions are."""

    project: str
    client: Client
    target: Target

    @property
    def location(self) -> str:
        return f"projects/{self.project}/locations/{deployment.REGION}"

    def make_queue(self, queue: str, *, paused: bool = False) -> str:
        """The name of a new queue."""
        name = f"{self.location}/queues/{queue}"
        self.client.create_queue(parent=self.location, queue=Queue(name=name))
        if paused:
            self.client.pause_queue(name=name)
        return name


@pytest.fixture(scope="session")
def tasks_emulator() -> Iterator[str]:
    with launched("tasks") as tasks:
        yield tasks.address


@pytest.fixture
def deployed(tasks_emulator: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Deployment]:
    project = f"demo-{uuid.uuid4().hex[:12]}"
    with listening() as target, client_of(tasks_emulator) as client:
        monkeypatch.setenv("CLOUD_TASKS_EMULATOR_HOST", tasks_emulator)
        monkeypatch.setenv("FUNCTIONS_EMULATOR_HOST", target.url.removeprefix("http://").removesuffix("/work"))
        monkeypatch.setenv("GOOGLE_CLOUD_PROJECT", project)
        monkeypatch.delenv("TASKS_SERVICE_ACCOUNT", raising=False)
        yield Deployment(project, client, target)
