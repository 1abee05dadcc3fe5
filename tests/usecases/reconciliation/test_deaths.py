"""A sync whose process ends after any of its writes: whoever repeats it ends where it would have, none twice."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from google.cloud.firestore import Client, DocumentReference, FieldFilter

from emulator.client import StackClient
from emulator.vendors.client import SandboxClient
from lib.domain import shards
from lib.platform import tasks
from lib.store.transaction import Transaction
from lib.usecases import reconciliation, runs
from lib.usecases.audit import audit
from lib.usecases.runs import Job, working
from tests.usecases.reconciliation.shop import STAFF, Clock, Shop, small_blocks
from tests.usecases.runs.delivery import Killed, Killer, Tasks

SYNC = Job(reconciliation.JOB, reconciliation.members, reconciliation.visit)
RECONCILES = FieldFilter("kind", "==", "reconcile")
# What no two nights have in common, beside instants.
SEALS = frozenset({"hash", "prevHash", "headHash"})


class Moved(Clock):
    """The test's time, which queues can move too."""

    def advance(self, by: timedelta) -> None:
        self.pass_(seconds=by.total_seconds())


class Night:
    """A shop at two o'clock, made anew as often as it is asked for, and the queue that works its sync."""

    def __init__(
        self,
        firestore: Client,
        sandbox: SandboxClient,
        usage: StackClient,
        killer: Killer,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        self._made = (firestore, sandbox, monkeypatch)
        self._usage, self._killer = usage, killer
        self.open()

    def open(self) -> None:
        """Two are far apart, one of them with a hold, which no override touches; one agrees, one is no member."""
        firestore, sandbox, monkeypatch = self._made
        self._killer.arm(None)
        self._usage.clear()
        time = Moved()
        self.shop = shop = Shop(firestore, sandbox, time, monkeypatch)
        self.queue = Tasks(time, self._killer)  # type: ignore[arg-type]  # a clock that is moved alike
        self.queue.jobs = {SYNC.name: SYNC}
        monkeypatch.setattr(tasks, "enqueue", self.queue.enqueue)
        self.ids = [shop.both("ada", 100, 250), shop.both("ben", 400, 100), shop.both("cem", 80, 80)]
        self.ids += [shop.customer("eve", 10)]
        shop.till.held(self.ids[1], 250)

    def sync(self, *, dies_after: int | None) -> bool:
        """The whole run, by whoever is left when one has died; whether anybody has."""
        self._killer.arm(dies_after)
        try:
            run_id = self._start()
        except Killed:
            self._killer.arm(None)
            run_id = self._start()
        self.queue.deliver_and_sweep(self.shop.org_id, run_id)
        has_died = dies_after is not None and self._killer._after is None
        self._killer.arm(None)
        return has_died

    def _start(self) -> str:
        params = reconciliation.begin(self.shop.org_id, "tonight")
        return runs.start(self.shop.org_id, SYNC.name, "tonight", params, STAFF).id

    @property
    def left_behind(self) -> dict[str, Any]:
        """All that syncs write of customers, by path, and their entries."""
        client, org = self.shop.client, self.shop.org_id
        found = [client.document("customers", customer_id).get() for customer_id in self.ids]
        for customer_id in self.ids:
            entries = client.collection("customers", customer_id, "ledger").where(filter=RECONCILES)
            found += list(entries.stream())
        for name in ("discrepancies", "alpine_contacts"):
            found += list(client.collection("tenants", org, name).stream())
        return {document.reference.path: _settled(document.to_dict()) for document in found}


def _settled(value: Any) -> Any:
    """Without what differs from night to night."""
    if isinstance(value, dict):
        kept = {name: part for name, part in value.items() if name not in SEALS and not isinstance(part, datetime)}
        return {name: _settled(part) for name, part in kept.items()}
    return [_settled(part) for part in value] if isinstance(value, list) else value


@pytest.fixture
def killer(monkeypatch: pytest.MonkeyPatch) -> Killer:
    """Counts transactions and what is written without one."""
    killer, put = Killer(), DocumentReference.set

    def put_and_count(self: Any, *arguments: Any, **options: Any) -> Any:
        killer._breathe()
        answer = put(self, *arguments, **options)
        killer.written()
        return answer

    monkeypatch.setattr(Transaction, "commit", lambda transaction: killer.commit(transaction))
    monkeypatch.setattr(DocumentReference, "set", put_and_count)
    monkeypatch.setattr(working, "PAUSE_SECONDS", 0)
    monkeypatch.setattr(shards, "BATCH_MEMBERS", 2)
    small_blocks(monkeypatch)
    return killer


@pytest.fixture
def night(
    firestore: Client,
    sandbox: SandboxClient,
    usage: StackClient,
    killer: Killer,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Night]:
    yield Night(firestore, sandbox, usage, killer, monkeypatch)
    killer.arm(None)


def test_after_any_write(night: Night) -> None:
    """Found again by the queue, which delivers once more, and by the sweep, in turn."""
    night.sync(dies_after=None)
    undisturbed = night.left_behind
    after, has_died = 0, True
    while has_died:
        after += 1
        night.open()
        night.queue.redelivers = bool(after % 2)
        has_died = night.sync(dies_after=after)
        assert night.left_behind == undisturbed, f"after {after} writes"
        assert [str(violation) for violation in audit(night.shop.org_id).violations] == []
    assert after > 12


def test_once_more_after_everything(night: Night) -> None:
    """All tasks come a second time, and the schedule starts the same night again."""
    night.queue.twice = True
    night.sync(dies_after=None)
    undisturbed = night.left_behind
    assert not night.sync(dies_after=None)
    assert night.left_behind == undisturbed
    kinds = {customer_id: night.shop.till.kinds(customer_id) for customer_id in night.ids}
    assert [kinds[customer_id].count("reconcile") for customer_id in night.ids] == [1, 1, 0, 0]
