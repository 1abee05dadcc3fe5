"""Fixtures for whatever runs on the local stack; each pytest-xdist worker has a stack of its own.

- `project`: a project id nobody else uses, and an environment in which the product, run in this process, works on it.
- `firestore`: a client of that project's database.
- `stack`: main.py's functions, served over HTTP and hearing of writes. One project a worker, so tests that use it keep
  apart by org ids of their own (`fresh_id`); `project` and `firestore` are then the stack's.
"""

from __future__ import annotations

import os
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from google.cloud import firestore as firestore_library

from emulator.client import StackClient
from emulator.stack import AUTH_EMULATOR, Stack


@pytest.fixture(scope="session")
def firestore_emulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """host:port of the worker's Firestore; the one FIRESTORE_EMULATOR_HOST names, where it names one."""
    logs = tmp_path_factory.mktemp("firestore")
    with Stack(with_functions=False, log_folder=logs) as stack:
        yield stack.firestore


@pytest.fixture(scope="session")
def _worker_stack(firestore_emulator: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    project = f"demo-stack-{uuid.uuid4().hex[:8]}"
    logs = tmp_path_factory.mktemp("functions")
    with Stack(project, firestore=firestore_emulator, with_tasks=True, log_folder=logs) as stack:
        yield stack


@pytest.fixture
def stack(_worker_stack: Stack, project: str) -> Iterator[StackClient]:
    """The worker's stack: `call` functions, `drain` events, read `usage`, make `token`s."""
    _worker_stack.check()
    client = StackClient(_worker_stack.project, _worker_stack.firestore, _worker_stack.functions)
    yield client
    client.reset_events()
    client.close()


@pytest.fixture
def project(request: pytest.FixtureRequest, firestore_emulator: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """A fresh project id, or the stack's in tests that use `stack`."""
    if "stack" in request.fixturenames:
        project: str = request.getfixturevalue("_worker_stack").project
    else:
        project = f"demo-{uuid.uuid4().hex[:12]}"
    monkeypatch.setenv("FIRESTORE_EMULATOR_HOST", firestore_emulator)
    monkeypatch.setenv("GCLOUD_PROJECT", project)
    monkeypatch.setenv("GOOGLE_CLOUD_PROJECT", project)
    monkeypatch.setenv("FIREBASE_AUTH_EMULATOR_HOST", os.environ.get("FIREBASE_AUTH_EMULATOR_HOST") or AUTH_EMULATOR)
    return project


@pytest.fixture
def firestore(firestore_emulator: str, project: str) -> Iterator[Any]:
    """A google.cloud.firestore.Client of the project's default database."""
    client = firestore_library.Client(project=project)
    yield client
    client.close()


@pytest.fixture
def usage(project: str, firestore_emulator: str) -> Iterator[StackClient]:
    """The project's counters and switches without functions: `usage()`, `reset_usage()`, `clear()`."""
    client = StackClient(project, firestore_emulator)
    yield client
    client.close()


@pytest.fixture
def fresh_id() -> Callable[[str], str]:
    """`fresh_id("org")` is an id such as "org_3f2a..." that no other test uses."""
    return lambda prefix: f"{prefix}_{uuid.uuid4().hex[:12]}"


@pytest.fixture(scope="session")
def root() -> Path:
    """The folder of main.py."""
    return Path(__file__).resolve().parent.parent
