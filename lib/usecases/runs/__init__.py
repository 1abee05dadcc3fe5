"""Runs: a job for many members of an org, planned into shards, worked by tasks, watched, cancelled and resumed.

Whatever dies on the way, the next task or the sweep finds the documents in a state that says what is left. Billed
beside the visits, for each member: one read for its id, 0.07 reads and 0.03 writes for shards and checkpoints.
"""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from lib.domain import answers, runs
from lib.domain.answers import Answer
from lib.domain.commands import Command
from lib.domain.ledger import Actor
from lib.domain.runs import RESUMABLE, STALLED, Refusal, Run
from lib.domain.shards import Shard
from lib.platform import clock, logs
from lib.store import receipts, shards
from lib.store import runs as store
from lib.store import transaction as transactions
from lib.store.org import OrgStore
from lib.store.transaction import Transaction
from lib.usecases.runs.jobs import Job, Jobs
from lib.usecases.runs.planning import plan
from lib.usecases.runs.queues import plan_later
from lib.usecases.runs.working import work

__all__ = ["IDS_MAX", "Job", "Jobs", "cancel", "plan", "resume", "start", "sweep", "wake", "work"]

IDS_MAX = 5000
"""Members that a run may be started with; jobs with more of them find them by their `members`."""

_SWEEP_EVERY = timedelta(minutes=10)
_RUNS_A_SWEEP = 500


def start(
    org_id: str, job: str, key: str, params: Mapping[str, Any], actor: Actor, ids: Sequence[str] | None = None
) -> Run:
    """Starts the run of `job` for `key`, or finds the one that was started with them before, in whatever state it is.

    `params` are plain JSON for the job. `ids` are the members, in any order; None has the job find them. Two writes and
    one for each 250 of `ids`. Raises ValueError for more than `IDS_MAX`, InvariantBroken for what can be no document
    id, Unavailable when its first task cannot be enqueued: starting it again then does so.
    """
    org, now = OrgStore(org_id), clock.now()
    wanted = runs.new_run(org_id, job, key, params, actor, now)
    planned: tuple[Shard, ...] = ()
    if ids is not None:
        if len(ids) > IDS_MAX:
            raise ValueError(f"a run can be started with {IDS_MAX} members at most")
        wanted, planned = runs.with_members(wanted, sorted(set(ids)), now, is_last=True)

    def attempt(transaction: Transaction) -> Run:
        found = store.find(transaction, org, wanted.id)
        if found is None:
            store.save(transaction, org, wanted)
            shards.create(transaction, org, planned)
        return found or wanted

    run = transactions.run(attempt)
    if run.finished_at is None:
        plan_later(org_id, run.id, "start")
    return run


def cancel(command: Command, run_id: str) -> Answer:
    """Stops a run: what is being visited this moment is still visited and counted, nothing after it.

    Refusal: `run_not_open`. Raises NotFound for a run this org does not have.
    """

    def work(transaction: Transaction, org: OrgStore) -> Answer:
        run = store.get(transaction, org, run_id)
        if not run.is_open:
            return answers.refusal(Refusal.RUN_NOT_OPEN.value, run=answers.of_run(run))
        return _save(transaction, org, runs.cancelled(run, command.at))

    return _told(command, run_id, receipts.run_once(command, work))


def resume(command: Command, run_id: str) -> Answer:
    """Has a run that was cancelled or has failed continue with what is left; skipped members stay skipped.

    Refusals: `run_not_stopped`, `run_too_old` (after 14 days: what is left is for a new run).
    Raises NotFound for a run this org does not have.
    """

    def work(transaction: Transaction, org: OrgStore) -> Answer:
        run = store.get(transaction, org, run_id)
        if not run.is_stopped:
            return answers.refusal(Refusal.RUN_NOT_STOPPED.value, run=answers.of_run(run))
        if command.at - run.created_at > RESUMABLE:
            return answers.refusal(Refusal.RUN_TOO_OLD.value, run=answers.of_run(run))
        return _save(transaction, org, runs.resumed(run, command.at))

    return _told(command, run_id, receipts.run_once(command, work))


def wake(org_id: str, run_id: str, token: str) -> None:
    """Has a run looked at that somebody has written together with what it is about; the sweep would, too, in minutes.

    `token` names the occasion: the same one has it looked at once. Raises Unavailable when that cannot be enqueued.
    """
    plan_later(org_id, run_id, token)


def sweep() -> int:
    """Puts every unfinished run on its way again that has not moved for a while; how many those were.

    Its tasks may have been lost, or its workers have died. A read for each such run, and one if there is none.
    """
    now = clock.now()
    turn = int(now.timestamp() // _SWEEP_EVERY.total_seconds())
    stalled = store.stalled(now - STALLED, _RUNS_A_SWEEP)
    for org_id, run_id in stalled:
        plan_later(org_id, run_id, f"sweep:{turn}")
    logs.swept("runs", {"restarted": len(stalled)})
    return len(stalled)


def _save(transaction: Transaction, org: OrgStore, run: Run) -> Answer:
    store.save(transaction, org, run)
    return {"ok": True, "run": answers.of_run(run)}


def _told(command: Command, run_id: str, answer: Answer) -> Answer:
    """Has the run look at what was decided; also when the call is repeated, since the first may have died here."""
    if answer["ok"]:
        plan_later(command.org_id, run_id, f"{command.function}:{command.id_of('run')}")
    return answer
