"""What tests of the local Firestore need beside the worker's own: its client by a name that shadows no module."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from google.cloud import firestore as firestore_library
from google.cloud.firestore_v1.services.firestore import FirestoreClient

from emulator.client import StackClient
from emulator.stack import Stack
from tests.emulator.firestore.authorized import stub_of
from tests.emulator.firestore.guarded import RULES, As, callers, put_rules


@pytest.fixture(scope="session")
def firestore_emulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A Firestore of the worker's own that runs every query, whether or not the product has an index for it."""
    logs = tmp_path_factory.mktemp("firestore-unindexed")
    with Stack(with_functions=False, index_check=False, log_folder=logs) as stack:
        yield stack.firestore


@pytest.fixture
def client(firestore: firestore_library.Client) -> firestore_library.Client:
    """The client of the test's own project."""
    return firestore


@pytest.fixture
def database(project: str) -> str:
    """The resource name of the test's default database."""
    return f"projects/{project}/databases/(default)"


@pytest.fixture
def documents(database: str) -> str:
    """The resource name below which the test's documents are."""
    return f"{database}/documents"


@pytest.fixture(scope="session")
def stub(firestore_emulator: str) -> Iterator[FirestoreClient]:
    """The generated client, for what the hand-written one does not send."""
    with stub_of(firestore_emulator) as stub:
        yield stub


@pytest.fixture
def as_(firestore_emulator: str, project: str) -> Iterator[As]:
    """The generated client as somebody: `as_("ada")`, `as_(None)`; the project has the rules of guarded.py."""
    put_rules(firestore_emulator, project, RULES)
    with callers(firestore_emulator, project) as as_:
        yield as_


Billed = Callable[[], tuple[int, int, int]]


@pytest.fixture
def billed(usage: StackClient) -> Billed:
    """`billed()` is (reads, writes, deletes) since it was last called."""

    def since_last_call() -> tuple[int, int, int]:
        report = usage.reset_usage()
        return report["reads"], report["writes"], report["deletes"]

    return since_last_call
