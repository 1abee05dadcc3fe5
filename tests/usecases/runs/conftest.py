"""Fixtures for runs: a clock and a queue in the test's hand, small shards, and orgs with members."""

import random
from collections.abc import Iterator

import pytest
from google.cloud.firestore import Client

from lib.domain import runs as domain
from lib.domain import shards
from lib.platform import clock, tasks
from lib.store.transaction import Transaction
from lib.usecases.audit import audit
from lib.usecases.runs import planning, working
from tests.usecases.runs.delivery import Clock, Killer, Open, Shop, Tasks


@pytest.fixture
def time(monkeypatch: pytest.MonkeyPatch) -> Clock:
    moved = Clock()
    monkeypatch.setattr(clock, "now", moved.now)
    return moved


@pytest.fixture
def killer(monkeypatch: pytest.MonkeyPatch) -> Killer:
    killer = Killer()
    monkeypatch.setattr(Transaction, "commit", lambda transaction: killer.commit(transaction))
    return killer


@pytest.fixture
def queue(time: Clock, killer: Killer, monkeypatch: pytest.MonkeyPatch) -> Tasks:
    """Small shards, batches and pages, so that few members make many of them."""
    monkeypatch.setattr(domain, "MEMBERS_MAX", 3)
    monkeypatch.setattr(shards, "BATCH_MEMBERS", 2)
    monkeypatch.setattr(planning, "PAGE_MEMBERS", 4)
    monkeypatch.setattr(working, "PAUSE_SECONDS", 0)
    queue = Tasks(time, killer)
    monkeypatch.setattr(tasks, "enqueue", queue.enqueue)
    return queue


@pytest.fixture
def open_shop(firestore: Client, queue: Tasks, killer: Killer) -> Iterator[Open]:
    """`open_shop(n)` is an org of n members, whose job the queue knows; its runs hold every invariant at the end."""
    opened: list[Shop] = []

    def open_shop(members: int) -> Shop:
        shop = Shop(firestore, f"org_{random.getrandbits(48):x}", members)
        queue.jobs = {**queue.jobs, "mark": shop.job}
        opened.append(shop)
        return shop

    yield open_shop
    killer.arm(None)
    assert [str(violation) for shop in opened for violation in audit(shop.org_id).violations] == []
