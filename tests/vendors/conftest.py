"""The vendors' sandboxes, one process a worker, and raw servers for what a web server would not do."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from emulator.launch import launched
from emulator.vendors.client import SandboxClient
from tests.vendors.raw_server import RawServer


@pytest.fixture(scope="session")
def vendors_sandbox() -> Iterator[str]:
    """host:port of the sandboxes."""
    with launched("vendors") as vendors:
        yield vendors.address


@pytest.fixture
def raw_server() -> Iterator[RawServer]:
    with RawServer() as server:
        yield server


@pytest.fixture
def alpine_iq_sandbox(vendors_sandbox: str) -> Iterator[SandboxClient]:
    client = SandboxClient(vendors_sandbox, "alpine_iq")
    yield client
    client.reset()
    client.close()


@pytest.fixture
def alleaves_sandbox(vendors_sandbox: str) -> Iterator[SandboxClient]:
    client = SandboxClient(vendors_sandbox, "alleaves")
    yield client
    client.reset()
    client.close()


@pytest.fixture
def blackleaf_sandbox(vendors_sandbox: str) -> Iterator[SandboxClient]:
    client = SandboxClient(vendors_sandbox, "blackleaf")
    yield client
    client.reset()
    client.close()


@pytest.fixture
def mailjet_sandbox(vendors_sandbox: str) -> Iterator[SandboxClient]:
    client = SandboxClient(vendors_sandbox, "mailjet")
    yield client
    client.reset()
    client.close()


@pytest.fixture
def fixture(request: pytest.FixtureRequest) -> Callable[[str], bytes]:
    """`fixture("contacts")` is the body in fixtures/contacts.json beside the test."""
    folder = request.path.parent / "fixtures"
    return lambda name: (folder / f"{name}.json").read_bytes()
