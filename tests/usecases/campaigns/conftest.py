"""An org that sends campaigns, beside the fixtures of an org that sends messages."""

from collections.abc import Callable, Iterator

import pytest
from google.cloud.firestore import Client

from emulator.launch import launched
from emulator.vendors.client import SandboxClient
from lib.domain import runs as run_domain
from lib.domain import shards
from lib.platform import clock, tasks
from lib.store import audiences
from lib.store.transaction import Transaction
from lib.usecases.audit import audit
from lib.usecases.runs import planning, working
from tests.usecases.campaigns.buying import Till
from tests.usecases.campaigns.office import Office, Tasks
from tests.usecases.runs.delivery import Clock, Killer
from tests.usecases.sending.desk import Desk


@pytest.fixture(scope="session")
def vendors() -> Iterator[str]:
    """host:port of the sandboxes."""
    with launched("vendors") as started:
        yield started.address


@pytest.fixture
def office(
    firestore: Client, vendors: str, fresh_id: Callable[[str], str], monkeypatch: pytest.MonkeyPatch
) -> Iterator[Office]:
    """An org whose channels are on, small shards and pages, so that few customers make many of them; every invariant
    holds in the end."""
    time, killer = Clock(), Killer()
    queue = Tasks(time, killer)
    monkeypatch.setattr(clock, "now", time.now)
    monkeypatch.setattr(tasks, "enqueue", queue.enqueue)
    monkeypatch.setattr(Transaction, "commit", lambda transaction: killer.commit(transaction))
    monkeypatch.setattr(run_domain, "MEMBERS_MAX", 3)
    monkeypatch.setattr(shards, "BATCH_MEMBERS", 2)
    monkeypatch.setattr(planning, "PAGE_MEMBERS", 4)
    monkeypatch.setattr(working, "PAUSE_SECONDS", 0)
    monkeypatch.setattr(audiences, "_PAGE", 2)
    sandboxes = {name: SandboxClient(vendors, name) for name in ("blackleaf", "mailjet")}
    desk = Desk(firestore, fresh_id("org"), sandboxes, time, killer, queue)
    for name, value in desk.environment.items():
        monkeypatch.setenv(name, value)
    desk.open()
    yield Office(desk, queue)
    killer.arm(None)
    assert [str(it) for it in audit(desk.org_id).violations if str(it).startswith(("M", "F", "G", "V"))] == []
    for sandbox in sandboxes.values():
        sandbox.reset()
        sandbox.close()


@pytest.fixture
def till(office: Office) -> Till:
    """Sells to the office's customers, and follows its campaigns."""
    return Till(office)
