"""What a run needs between its start and its end, one step after the other: planning, handing out, finishing.

Members are written into shards page by page, each page in one transaction with the cursor, so that a planner may die
anywhere and two of them cannot plan a member twice. Only then are the shards handed out, in the order of their ids,
which are hashes: neighbours in the key space, which were planned together, are not worked together.
"""

import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

from lib.domain.runs import Run, RunState, given_up, running, with_members
from lib.domain.shards import Shard, ShardState, reopened
from lib.platform import clock, logs
from lib.store import runs as store
from lib.store import shards
from lib.store import transaction as transactions
from lib.store.org import OrgStore
from lib.store.transaction import Transaction
from lib.usecases.runs.failures import is_transient, reason_of
from lib.usecases.runs.finishing import finish
from lib.usecases.runs.jobs import Job, Jobs
from lib.usecases.runs.queues import plan_later, work_later

PAGE_MEMBERS = 5000
"""Members planned by one transaction: twenty shards, well below what Firestore takes in a commit."""
STEP_SECONDS = 120.0
"""How long one task plans or hands out before another one goes on."""

_HANDED_OUT_A_PAGE = 500
_REOPENED_A_PAGE = 50
_THREADS = 8


def plan(jobs: Jobs, org_id: str, run_id: str, token: str, after: str | None = None) -> None:
    """Takes the run as far as it goes without its workers, or for `STEP_SECONDS`; then another task takes over.

    `token` is the account on which its tasks are enqueued (see queues.py), `after` the shard after which handing out
    goes on. Doing it again does nothing twice. Raises what is retryable as it comes, for the queue to try again.
    """
    org, deadline = OrgStore(org_id), time.monotonic() + STEP_SECONDS
    run = store.load(org, run_id)
    if run is None or run.finished_at:
        return
    if run.is_open:
        job = jobs.get(run.job)
        if job is None:
            _save(org, run, given_up(run, "unknown_job", clock.now()))
        elif not _taken_further(org, run, job, token, after, deadline):
            return
    finish(org, run_id)


def _taken_further(org: OrgStore, run: Run, job: Job, token: str, after: str | None, deadline: float) -> bool:
    """Plans and hands out an open run; False if another task goes on with that."""
    # A sweep does not know which of many waiting shards have lost their task: it pushes some, and more the next time.
    is_push = run.state is RunState.RUNNING and token.startswith("sweep")
    while run.state is RunState.PLANNING:
        if time.monotonic() > deadline:
            plan_later(org.org_id, run.id, token, f"plan:{run.resumes}:{run.cursor}")
            return False
        following = _planned_further(org, run, job)
        if following is None:
            return False
        run = following
    if run.state is RunState.RUNNING:
        left = _hand_out(org, run, token, after, deadline, only_one_page=is_push)
        if left is not None:
            plan_later(org.org_id, run.id, token, f"hand out:{left}", left)
            return False
    return True


def _planned_further(org: OrgStore, run: Run, job: Job) -> Run | None:
    """The run one step further in its plan; None when another task has changed it meanwhile, and so goes on with it."""
    if run.resumes and _reopen_failed(org, run):
        return run
    if run.planned:
        return _save(org, run, running(run, clock.now()))
    try:
        ids = job.members(org, run.params, run.cursor, PAGE_MEMBERS)
        following, planned = with_members(run, ids, clock.now(), is_last=len(ids) < PAGE_MEMBERS)
    except Exception as error:
        if is_transient(error):
            raise
        logs.run_not_planned(org.org_id, run.job, error)
        return _save(org, run, given_up(run, reason_of(error), clock.now()))
    return _save(org, run, following, planned)


def _save(org: OrgStore, before: Run, after: Run, planned: Sequence[Shard] = ()) -> Run | None:
    def work(transaction: Transaction) -> Run | None:
        if _place(store.get(transaction, org, before.id)) != _place(before):
            return None
        store.save(transaction, org, after)
        shards.create(transaction, org, planned)
        return after

    return transactions.run(work)


def _place(run: Run) -> tuple[object, ...]:
    """Where in its plan a run is. Its progress, which stragglers from before it was resumed may still write, is not."""
    return run.state, run.resumes, run.cursor, run.planned


def _reopen_failed(org: OrgStore, run: Run) -> bool:
    """Gives some of the shards that were given up their attempts back; False when there are none left."""
    failed = shards.in_state(org, run.id, ShardState.FAILED, _REOPENED_A_PAGE)

    def work(transaction: Transaction) -> None:
        for shard in shards.get_all(transaction, org, run.id, failed):
            if shard.state is ShardState.FAILED:
                shards.save(transaction, org, reopened(shard, clock.now()))

    transactions.run(work)
    return bool(failed)


def _hand_out(
    org: OrgStore, run: Run, token: str, after: str | None, deadline: float, *, only_one_page: bool
) -> str | None:
    """Enqueues a task for every open shard after `after`; the last one done where there was no time for all, or None.

    Also for shards that are being worked: should their worker have died, that task waits for the end of its lease.
    """
    with ThreadPoolExecutor(_THREADS) as pool:
        while True:
            page = shards.open_ids(org, run.id, after, _HANDED_OUT_A_PAGE)
            list(pool.map(lambda shard_id: work_later(org.org_id, run.id, shard_id, token), page))
            if len(page) < _HANDED_OUT_A_PAGE or only_one_page:
                return None
            after = page[-1]
            if time.monotonic() > deadline:
                return after
