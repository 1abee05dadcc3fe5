"""A shop of its own, whose clock and tasks are in the test's hand."""

from collections.abc import Callable

import pytest
from google.cloud.firestore import Client

from lib.platform import clock, tasks
from lib.store.transaction import Transaction
from tests.usecases.automations.corner import Corner
from tests.usecases.runs.delivery import Clock, Killer, Tasks


@pytest.fixture
def corner(firestore: Client, fresh_id: Callable[[str], str], monkeypatch: pytest.MonkeyPatch) -> Corner:
    """An org that answers nothing yet. It is midnight in London on 1 November 2026."""
    time, killer = Clock(), Killer()
    queue = Tasks(time, killer)
    monkeypatch.setattr(clock, "now", time.now)
    monkeypatch.setattr(tasks, "enqueue", queue.enqueue)
    monkeypatch.setattr(Transaction, "commit", lambda transaction: killer.commit(transaction))
    return Corner(firestore, fresh_id("org"), time, killer, queue)
