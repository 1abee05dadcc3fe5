"""The point of sale: a schedule that has every till read, the task that reads one, and the till's webhook."""

from functions import edge
from functions.edge import DocumentId, Json, Limits, Payload, Retries, Webhook
from lib.usecases import pos


class PullTask(Payload):
    org_id: str
    location_id: DocumentId


class WebhookTask(Payload):
    """`key`: of the event in the org's inbox, `alleaves:{key}`."""

    org_id: str
    key: DocumentId


@edge.on_schedule("*/30 * * * *")
def pull_pos() -> None:
    """Has every till read."""
    pos.plan_pulls()


# Once: a pull that failed is made again in half an hour, and until then it is not made worse.
@edge.on_task(PullTask, limits=Limits(per_second=5, concurrent=10), retries=Retries(attempts=1))
def pulllocation(task: PullTask) -> None:
    """Reads a till's orders and customers."""
    pos.pull(task.org_id, task.location_id)


@edge.on_webhook(pos.challenge)
def alleaves_webhook(delivery: Webhook) -> Json:
    """`POST /alleaves_webhook/{orgId}`, signed: stored, answered, and worked by a task."""
    event = pos.receive(delivery.path, delivery.body, delivery.headers.get("x-alleaves-signature"))
    return {"success": True, "received": True, "event": event}


# One after the other: what the first one fetches, the next ones often need not.
@edge.on_task(
    WebhookTask,
    limits=Limits(per_second=2, concurrent=2),
    retries=Retries(attempts=4, min_backoff_seconds=15, max_backoff_seconds=300),
)
def workwebhook(task: WebhookTask) -> None:
    """Fetches what an event is about."""
    pos.work(task.org_id, task.key)
