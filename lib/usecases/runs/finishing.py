"""The end of a run: once no shard of it is worked any more, its totals are added up exactly, once."""

from lib.domain.alerts import Alert, AlertKind
from lib.domain.runs import Run, RunState, Sums, finished
from lib.domain.shards import ShardState, released
from lib.platform import alerts, clock
from lib.store import alerts as raised
from lib.store import runs as store
from lib.store import shards
from lib.store import transaction as transactions
from lib.store.org import OrgStore
from lib.store.transaction import Transaction

# More than are ever worked at a time.
_WORKED_MAX = 2000


def finish(org: OrgStore, run_id: str) -> None:
    """Finishes the run if there is nothing left to do for it; else leaves it to those who are at work.

    Each of them calls this when it ends, so the last one finds that it was. The run is read before its shards: whoever
    claims one of them afterwards reads the run again, sees it stopped and visits nobody (lib/usecases/runs/working.py).
    Operators are told of a run that has failed, before that is on record: whoever dies in between is followed by
    another who tells them; and so it is with shards that have to be kept on. A read a shard, once a run.
    """
    run = store.load(org, run_id)
    if run is None or run.finished_at or run.state is RunState.PLANNING or _is_worked(org, run):
        return
    sums = shards.sums(org, run_id)
    _alert(run, sums)
    shards.keep_on(org, run, clock.now())

    def work(transaction: Transaction) -> None:
        current = store.get(transaction, org, run_id)
        if (current.state, current.resumes, current.finished_at) == (run.state, run.resumes, None):
            store.save(transaction, org, finished(current, sums, clock.now()))

    transactions.run(work)


def _alert(run: Run, sums: Sums) -> None:
    now = clock.now()
    if finished(run, sums, now).state is RunState.FAILED:
        alert = Alert(AlertKind.RUN_FAILED, run.org_id, now.date(), {"members": run.members, "failed": sums.failed})
        alerts.raise_alert(alert, lambda alert: raised.claim(alert, now))


def _is_worked(org: OrgStore, run: Run) -> bool:
    """Whether something is left to do for a running run; for one that was stopped, whether a worker is still there."""
    if run.state is RunState.RUNNING:
        return shards.has_open(org, run.id)
    working = shards.in_state(org, run.id, ShardState.WORKING, _WORKED_MAX)
    return not all(_is_free(org, run, shard_id) for shard_id in working)


def _is_free(org: OrgStore, run: Run, shard_id: str) -> bool:
    """Whether nobody can move the shard on any more: a lease that has run out is taken away."""

    def work(transaction: Transaction) -> bool:
        shard, now = shards.get(transaction, org, run.id, shard_id), clock.now()
        if shard.state is ShardState.WORKING and not shard.is_leased(now):
            shards.save(transaction, org, released(shard, now))
        return not shard.is_leased(now)

    return transactions.run(work)
