"""A Firestore in a time of its own for whatever lives through months: the worker's other tests go on in theirs."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from emulator import clock
from emulator.stack import Stack
from emulator.vendors.client import SandboxClient


@pytest.fixture
def _timed_stack(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Stack]:
    # One for each test: a Firestore whose time is set back goes on from the latest that it has had. Started before the
    # environment names the worker's Firestore, which it would take for its own.
    with_vendors = "alpine_iq" in request.fixturenames
    with Stack(with_functions=False, with_vendors=with_vendors, log_folder=tmp_path) as stack:
        yield stack


@pytest.fixture
def timed_project(_timed_stack: Stack, project: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """A project nobody else uses on a Firestore whose clock may be moved, and an environment for the product."""
    monkeypatch.setenv("FIRESTORE_EMULATOR_HOST", _timed_stack.firestore)
    monkeypatch.setenv(clock.VARIABLE, _timed_stack.environment[clock.VARIABLE])
    return project


@pytest.fixture
def alpine_iq(_timed_stack: Stack) -> Iterator[SandboxClient]:
    """An empty sandbox on the same clock."""
    sandbox = SandboxClient(_timed_stack.vendors, "alpine_iq")
    yield sandbox
    sandbox.close()
