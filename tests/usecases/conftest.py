"""Fixtures for use cases: the product runs in this process on a project of its own."""

from collections.abc import Iterator

import pytest
from google.cloud.firestore import Client

from lib.platform import clock, tasks
from lib.usecases.audit import audit
from tests.usecases.counter import ORG, Counter, pos
from tests.usecases.programme import Programme, Time
from tests.usecases.runs.delivery import Clock, Killer, Tasks
from tests.usecases.till import Till


@pytest.fixture
def till(firestore: Client) -> Till:
    """Staff of an org of the fresh project."""
    return Till(firestore)


@pytest.fixture
def counter(firestore: Client) -> Iterator[Counter]:
    """A counter at which, whatever the test did there, every invariant holds in the end."""
    opened = Counter(firestore)
    yield opened
    for org_id in (ORG, "org_b"):
        assert [str(violation) for violation in audit(org_id).violations] == []


@pytest.fixture
def warm(counter: Counter) -> Counter:
    """A counter that knows Ann, and whose org's settings are cached."""
    counter.sell("first", customerId=None, **pos("77", email="ann@example.com", phone="2015550123", name="Ann Lee"))
    return counter


@pytest.fixture
def programme(counter: Counter, monkeypatch: pytest.MonkeyPatch) -> Iterator[Programme]:
    """The counter's programme, whose owners change it; time is the test's, and has passed up to now in the end."""
    time, queue = Time(), Tasks(Clock(), Killer())
    monkeypatch.setattr(clock, "now", time.now)
    monkeypatch.setattr(tasks, "enqueue", queue.enqueue)
    changed = Programme(counter.client, queue, time)
    yield changed
    changed.let_time_pass()
