"""A functions host for the sample functions, on the worker's Firestore."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from google.cloud import firestore as firestore_library

from emulator.client import StackClient
from emulator.stack import Stack

SAMPLE = Path(__file__).parent / "sample"


@pytest.fixture(scope="session")
def sample(firestore_emulator: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    project = f"demo-sample-{uuid.uuid4().hex[:8]}"
    logs = tmp_path_factory.mktemp("sample")
    with Stack(project, firestore=firestore_emulator, source=SAMPLE, log_folder=logs) as stack:
        yield stack


@pytest.fixture
def host(sample: Stack) -> Iterator[StackClient]:
    client = StackClient(sample.project, sample.firestore, sample.functions)
    yield client
    client.reset_events()
    client.clear()
    client.close()


@pytest.fixture
def database(sample: Stack, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """A client of the sample's project."""
    monkeypatch.setenv("FIRESTORE_EMULATOR_HOST", sample.firestore)
    client = firestore_library.Client(project=sample.project)
    yield client
    client.close()
