"""Fixtures of the point of sale: a shop with an account at the sandboxed till, pulled in this process."""

from __future__ import annotations

import functools
from collections.abc import Iterator

import pytest
from google.cloud.firestore import Client

from emulator.launch import launched
from emulator.vendors.client import SandboxClient
from lib.platform import tasks
from lib.usecases.pos import account
from lib.vendors.alleaves.client import Alleaves
from lib.vendors.limiter import Rate
from tests.usecases.pos.shop import Enqueued, Shop
from tests.vendors.alleaves.shop import QUICK


@pytest.fixture(scope="session")
def pos_vendors() -> Iterator[str]:
    """host:port of the sandboxes."""
    with launched("vendors") as vendors:
        yield vendors.address


@pytest.fixture
def enqueued(monkeypatch: pytest.MonkeyPatch) -> Enqueued:
    """What was put into queues, instead of there."""
    queue = Enqueued()
    monkeypatch.setattr(tasks, "enqueue", queue.enqueue)
    return queue


@pytest.fixture
def shop(firestore: Client, pos_vendors: str, enqueued: Enqueued, monkeypatch: pytest.MonkeyPatch) -> Iterator[Shop]:
    sandbox = SandboxClient(pos_vendors, "alleaves")
    monkeypatch.setenv("ALLEAVES_BASE_URL", sandbox.base_url)
    # The till's rate limit is tested with its client; here it would only be waited for.
    monkeypatch.setattr(account, "Alleaves", functools.partial(Alleaves, budget=QUICK, rate=Rate(10_000)))
    for name in ("ALERT_DISCORD_URL", "ALERT_SLACK_URL"):
        monkeypatch.delenv(name, raising=False)
    yield Shop(firestore, sandbox, enqueued)
    sandbox.heal()
    sandbox.close()
