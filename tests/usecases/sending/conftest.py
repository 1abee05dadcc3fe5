"""An org that sends, the vendors' sandboxes, and a clock and a queue in the test's hand."""

from collections.abc import Callable, Iterator

import pytest
from google.cloud.firestore import Client

from emulator.launch import launched
from emulator.vendors.client import SandboxClient
from lib.platform import clock, tasks
from lib.store.transaction import Transaction
from tests.usecases.runs.delivery import Clock, Killer
from tests.usecases.sending.desk import Desk, Tasks


@pytest.fixture(scope="session")
def vendors() -> Iterator[str]:
    """host:port of the sandboxes."""
    with launched("vendors") as started:
        yield started.address


@pytest.fixture
def desk(
    firestore: Client, vendors: str, fresh_id: Callable[[str], str], monkeypatch: pytest.MonkeyPatch
) -> Iterator[Desk]:
    """An org whose channels are on, and accounts of its own at the vendors."""
    time, killer = Clock(), Killer()
    queue = Tasks(time, killer)
    monkeypatch.setattr(clock, "now", time.now)
    monkeypatch.setattr(tasks, "enqueue", queue.enqueue)
    monkeypatch.setattr(Transaction, "commit", lambda transaction: killer.commit(transaction))
    sandboxes = {name: SandboxClient(vendors, name) for name in ("blackleaf", "mailjet")}
    opened = Desk(firestore, fresh_id("org"), sandboxes, time, killer, queue)
    for name, value in opened.environment.items():
        monkeypatch.setenv(name, value)
    opened.open()
    yield opened
    for sandbox in sandboxes.values():
        sandbox.reset()
        sandbox.close()
