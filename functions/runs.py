"""Runs: the jobs there are, the task functions that plan and work them, the sweep, and callables to stop and go on."""

from functools import partial

from functions import edge
from functions.edge import Call, DocumentId, Json, Limits, Payload, Retries, WriteInput
from lib.domain.access import Action
from lib.usecases import (
    ageing,
    automations,
    campaigns,
    migration,
    recalculation,
    reconciliation,
    rerating,
    runs,
    sending,
)
from lib.usecases.runs import Job, Jobs

_ALL: tuple[Job, ...] = (
    Job(migration.JOB, migration.members, migration.visit),
    Job(ageing.JOB, ageing.members, ageing.visit),
    Job(recalculation.JOB, recalculation.members, recalculation.visit),
    Job(rerating.JOB, rerating.members, rerating.visit),
    Job(reconciliation.JOB, reconciliation.members, reconciliation.visit),
    Job(automations.JOB, automations.members, partial(automations.visit, sending.enqueue)),
    Job(campaigns.JOB, campaigns.members, partial(campaigns.visit, sending.enqueue)),
    Job(automations.KEYS_JOB, automations.key_members, automations.key_visit),
    Job(rerating.RESUME_JOB, rerating.resumed_members, rerating.resumed_visit),
)
JOBS: Jobs = {job.name: job for job in _ALL}
"""Every kind of run by its name."""

# Twenty to forty minutes of a dependency being down, before a shard is given up or left to the sweep.
_RETRIES = Retries(attempts=12, min_backoff_seconds=15, max_backoff_seconds=900)


class PlanTask(Payload):
    """`token`: on whose account the run's tasks are enqueued. `after`: the shard after which handing out goes on."""

    org_id: str
    run_id: DocumentId
    token: str
    after: DocumentId | None


class ShardTask(Payload):
    org_id: str
    run_id: DocumentId
    shard_id: DocumentId


class RunInput(WriteInput):
    run_id: DocumentId


@edge.on_task(PlanTask, limits=Limits(per_second=50, concurrent=20), retries=_RETRIES)
def planrun(task: PlanTask) -> None:
    """Finds a run's members, hands out its shards, or finishes it."""
    runs.plan(JOBS, task.org_id, task.run_id, task.token, task.after)


# Forty shards of eight members at a time: some ten thousand members a second, on instances that are made as needed.
@edge.on_task(ShardTask, limits=Limits(per_second=500, concurrent=40), retries=_RETRIES)
def workshard(task: ShardTask) -> None:
    """Visits the members of one shard."""
    runs.work(JOBS, task.org_id, task.run_id, task.shard_id)


@edge.on_schedule("*/10 * * * *")
def sweep_runs() -> None:
    """Puts runs on their way again that stand still."""
    runs.sweep()


@edge.on_call(Action.CANCEL_RUN, RunInput)
def cancel_run(call: Call[RunInput]) -> Json:
    """Stops a run."""
    return runs.cancel(call.command(), call.data.run_id)


@edge.on_call(Action.RESUME_RUN, RunInput)
def resume_run(call: Call[RunInput]) -> Json:
    """Has a stopped run go on with what is left."""
    return runs.resume(call.command(), call.data.run_id)
