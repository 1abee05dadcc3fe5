"""Working a shard: visit a batch of members at a time, record how far that has come, look whether to go on.

Order is what makes it safe: claim the shard, then read the run, then visit. Whoever stops a run changes it first and
then looks for claimed shards, so either the worker sees that the run was stopped or the other sees the worker.
"""

import random
import secrets
import time
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

from lib.domain.errors import FailedPrecondition, PerennialError, Unavailable
from lib.domain.runs import REFRESH, Run, in_progress, own_counts
from lib.domain.shards import Problem, Shard, ShardState, Tally, Visits, advanced, claimed, counted, released
from lib.platform import clock, logs
from lib.platform.transient import TRANSIENT
from lib.store import runs as store
from lib.store import shards
from lib.store import transaction as transactions
from lib.store.org import OrgStore
from lib.store.transaction import Transaction
from lib.usecases.runs.failures import is_transient, reason_of
from lib.usecases.runs.finishing import finish
from lib.usecases.runs.jobs import Job, Jobs
from lib.usecases.runs.queues import work_later

WORK_SECONDS = 240.0
"""How long a worker goes on before it leaves the rest to another task; less than a function may run."""
THREADS = 8
"""Members visited at a time: they wait for Firestore, not for the processor."""
PAUSE_SECONDS = 0.2

_TRIES = 3


def work(jobs: Jobs, org_id: str, run_id: str, shard_id: str) -> None:
    """Works one shard of an open run as far as it goes. A second call meanwhile leaves, and sees to it that somebody
    looks again when this one's lease has run out.

    Raises Unavailable, for the queue to try again, when no member can be visited at the moment; FailedPrecondition when
    there is no such job (any more).
    """
    org = OrgStore(org_id)
    run = store.load(org, run_id)
    if run is None or not run.is_open:
        return
    job = jobs.get(run.job)
    if job is None:
        raise FailedPrecondition("no such job", reason="unknown_job")
    worker = secrets.token_hex(8)
    shard = _claim(org, run, shard_id, worker)
    if shard.is_held_by(worker):
        shard = _Worker(org, run, job, worker).work(shard)
    elif shard.is_open and shard.lease_until:
        work_later(org_id, run_id, shard_id, f"lease:{shard.lease_until.isoformat()}", shard.lease_until)
        return
    finish(org, run_id)
    if shard.state is ShardState.WAITING and shard.failures:
        raise Unavailable("no member of the shard can be visited at the moment", reason="members_busy")


def _claim(org: OrgStore, run: Run, shard_id: str, worker: str) -> Shard:
    """The shard, under a lease of this worker's if it could be had."""

    def attempt(transaction: Transaction) -> Shard:
        shard = shards.get(transaction, org, run.id, shard_id)
        after = claimed(shard, worker, clock.now())
        if after is not None:
            shards.save(transaction, org, after)
        return after or shard

    return transactions.run(attempt)


class _Worker:
    """One attempt at a shard of an open run."""

    def __init__(self, org: OrgStore, run: Run, job: Job, name: str) -> None:
        self._org, self._run, self._job, self._name = org, run, job, name
        self._deadline = time.monotonic() + WORK_SECONDS

    def work(self, shard: Shard) -> Shard:
        """Visits the members of a claimed shard until it is closed, the run is stopped, the time is up, the lease is
        lost, or nobody can be visited; returns the shard as it is left."""
        with ThreadPoolExecutor(THREADS) as pool:
            while shard.is_held_by(self._name):
                run = store.load(self._org, shard.run_id)
                if run is None or not run.is_open:
                    return self._update(shard, released(shard, clock.now()))
                if time.monotonic() > self._deadline:
                    left = self._update(shard, released(shard, clock.now()))
                    work_later(self._org.org_id, run.id, shard.id, f"claim:{left.claims}")
                    return left
                self._show_progress(run, shard)
                batch = shard.batch
                visits = _together(pool.map(self._visit, batch))
                shard = self._update(shard, advanced(shard, batch, visits, clock.now()))
        return shard

    def _update(self, before: Shard, after: Shard) -> Shard:
        """Saves `after` in place of `before`, unless the lease was taken away meanwhile: then what is stored counts,
        and this worker's last batch is its successor's."""

        def attempt(transaction: Transaction) -> Shard:
            stored = shards.get(transaction, self._org, before.run_id, before.id)
            if not stored.is_held_by(self._name):
                return stored
            shards.save(transaction, self._org, after)
            return after

        return transactions.run(attempt)

    def _visit(self, member_id: str) -> Visits:
        """What came of one member: counted, poisoned or, after some tries, busy."""
        for attempt in range(_TRIES):
            if attempt:
                time.sleep(random.uniform(0, PAUSE_SECONDS * 4**attempt))
            try:
                return Visits(counted(self._job.visit(self._org, self._run.params, member_id)))
            except Exception as error:  # noqa: BLE001  # one member's mistake must not stop the others
                if not is_transient(error):
                    logs.member_skipped(self._org.org_id, self._job.name, error)
                    return Visits(Tally(skipped=1), poisoned=(Problem(member_id, reason_of(error)),))
        return Visits(busy=(member_id,))

    def _show_progress(self, run: Run, shard: Shard) -> None:
        """Writes the run's totals, if nobody has for some seconds; each worker waits a little differently.

        The first to claim the turn adds up. Progress is for people, so nothing is done about its failing.
        """
        patience = REFRESH * (1 + int(shard.id[:2], 16) / 255)
        if clock.now() - run.updated_at < patience:
            return
        try:
            if self._take_turn(run, patience):
                self._add_up(run, shard)
        except (PerennialError, *TRANSIENT):
            return

    def _take_turn(self, run: Run, patience: timedelta) -> bool:
        def attempt(transaction: Transaction) -> bool:
            current, now = store.get(transaction, self._org, run.id), clock.now()
            if not current.is_open or now - current.updated_at < patience:
                return False
            store.save(transaction, self._org, replace(current, updated_at=now))
            return True

        return transactions.run(attempt)

    def _add_up(self, run: Run, shard: Shard) -> None:
        sums = shards.progress(self._org, run, {*own_counts(run), *shard.tally.counts})

        def attempt(transaction: Transaction) -> None:
            current = store.get(transaction, self._org, run.id)
            if current.is_open:
                store.save(transaction, self._org, in_progress(current, sums, clock.now()))

        transactions.run(attempt)


def _together(visits: Iterable[Visits]) -> Visits:
    tally = Tally()
    poisoned: list[Problem] = []
    busy: list[str] = []
    for visit in visits:
        tally += visit.tally
        poisoned += visit.poisoned
        busy += visit.busy
    return Visits(tally, tuple(poisoned), tuple(busy))
