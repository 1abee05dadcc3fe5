"""A Firestore in a time of its own for whatever lives through months: the worker's other tests go on in theirs."""

from collections.abc import Iterator

import pytest

from emulator import clock
from emulator.stack import Stack
from emulator.vendors.client import SandboxClient


@pytest.fixture(scope="session")
def _timed_stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    with Stack(with_functions=False, with_vendors=True, log_folder=tmp_path_factory.mktemp("timed")) as stack:
        yield stack


@pytest.fixture
def timed_project(project: str, _timed_stack: Stack, monkeypatch: pytest.MonkeyPatch) -> str:
    """A project nobody else uses on a Firestore whose clock may be moved, and an environment for the product."""
    monkeypatch.setenv("FIRESTORE_EMULATOR_HOST", _timed_stack.firestore)
    monkeypatch.setenv(clock.VARIABLE, _timed_stack.environment[clock.VARIABLE])
    return project


@pytest.fixture
def alpine_iq(_timed_stack: Stack) -> Iterator[SandboxClient]:
    """An empty sandbox on the same clock."""
    sandbox = SandboxClient(_timed_stack.vendors, "alpine_iq")
    yield sandbox
    sandbox.reset()
    sandbox.close()
