"""The two queues of runs, named after their functions, and the tasks that go into them."""

from datetime import datetime

from lib.platform import tasks

PLAN_QUEUE = "planrun"
WORK_QUEUE = "workshard"


def plan_later(org_id: str, run_id: str, token: str, step: str = "", after: str | None = None) -> None:
    """Has a run planned, handed out or finished, whichever it needs.

    `token` says on whose account (the start, a resumption, a sweep): tasks of one token are enqueued once. `step` tells
    the tasks of one token apart, `after` is the shard after which handing out continues.
    """
    payload = {"orgId": org_id, "runId": run_id, "token": token, "after": after}
    tasks.enqueue(PLAN_QUEUE, ("planrun", org_id, run_id, token, step), payload)


def work_later(org_id: str, run_id: str, shard_id: str, token: str, at: datetime | None = None) -> None:
    """Has a shard worked, at once or at a time (UTC)."""
    payload = {"orgId": org_id, "runId": run_id, "shardId": shard_id}
    tasks.enqueue(WORK_QUEUE, ("workshard", org_id, run_id, shard_id, token), payload, at)
