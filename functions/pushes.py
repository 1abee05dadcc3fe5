"""Telling Alpine IQ what has happened here: the task that tells one thing, and the schedule for what was missed.

Their client is nothing other functions need to load: the use case is imported where it is used.
"""

from functions import edge
from functions.edge import DocumentId, Limits, Payload, Retries


class PushTask(Payload):
    """`pushId`: the document in `tenants/{org}/alpine_pushes`."""

    org_id: str
    push_id: DocumentId


# Their limit is five requests a second, and the nightly sync wants some of it.
@edge.on_task(
    PushTask,
    limits=Limits(per_second=4, concurrent=4),
    retries=Retries(attempts=4, min_backoff_seconds=10, max_backoff_seconds=120),
)
def pushalpine(task: PushTask) -> None:
    """Tells one thing."""
    from lib.usecases import pushes

    pushes.push(task.org_id, task.push_id)


@edge.on_schedule("*/10 * * * *")
def sweep_pushes() -> None:
    """Has told what still waits."""
    from lib.usecases import pushes

    pushes.sweep()
