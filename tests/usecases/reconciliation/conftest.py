"""A connected shop for each test; whatever the test did there, every invariant holds in the end."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from google.cloud.firestore import Client

from emulator.launch import launched
from emulator.vendors.client import SandboxClient
from lib.usecases.audit import audit
from lib.usecases.reconciliation import connection
from lib.vendors.http import Budget
from tests.usecases.reconciliation.shop import Clock, Shop, small_blocks


@pytest.fixture(scope="session")
def alpine_iq_address() -> Iterator[str]:
    with launched("vendors") as vendors:
        yield vendors.address


@pytest.fixture
def sandbox(alpine_iq_address: str) -> Iterator[SandboxClient]:
    client = SandboxClient(alpine_iq_address, "alpine_iq")
    yield client
    client.reset()
    client.close()


@pytest.fixture
def open_shop(
    firestore: Client, sandbox: SandboxClient, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[..., Shop]]:
    """`open_shop(policy=…)` is a shop connected so, with two customers a block."""
    opened: list[Shop] = []

    # Patience with the vendor is for production.
    quick = Budget("bulk", read_seconds=0.6, total_seconds=20, tries=2, backoff_seconds=0.001)
    monkeypatch.setattr(connection, "BULK", quick)

    def open_shop(**integration: Any) -> Shop:
        small_blocks(monkeypatch)
        opened.append(Shop(firestore, sandbox, Clock(), monkeypatch, **integration))
        return opened[-1]

    yield open_shop
    for shop in opened:
        assert [str(violation) for violation in audit(shop.org_id).violations] == []


@pytest.fixture
def shop(open_shop: Callable[..., Shop]) -> Shop:
    return open_shop()
