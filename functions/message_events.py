"""What comes back of messages: the vendors' webhooks, the task that works their events, and the links people follow.

The use case knows the vendors' clients, which other functions need not load: it is imported where it is used.
"""

from http import HTTPStatus
from typing import Annotated

from flask import Response
from pydantic import Field, StringConstraints

from functions import edge
from functions.edge import Json, Limits, Payload, Retries, Visit, Webhook

# Mailjet groups up to a hundred events of about a thousand bytes.
_BODY_BYTES_MAX = 512 * 1024

_ItemId = Annotated[str, StringConstraints(min_length=1, max_length=200)]


class EventsTask(Payload):
    """`itemIds`: documents in `tenants/{org}/inbox`."""

    org_id: str
    item_ids: Annotated[list[_ItemId], Field(min_length=1, max_length=100)]


@edge.on_webhook(body_bytes_max=_BODY_BYTES_MAX)
def blackleaf_webhook(delivery: Webhook) -> Json:
    """`POST /blackleaf_webhook/{orgId}/{secret}`: receipts of texts, and what people write back."""
    from lib.usecases import engagement

    return {"received": engagement.receive_blackleaf(delivery.path, delivery.body)}


@edge.on_webhook(body_bytes_max=_BODY_BYTES_MAX)
def mailjet_webhook(delivery: Webhook) -> Json:
    """`POST /mailjet_webhook/{orgId}/{secret}` with Basic credentials: what became of e-mails, alone or grouped."""
    from lib.usecases import engagement

    authorization = delivery.headers.get("authorization")
    return {"received": engagement.receive_mailjet(delivery.path, authorization, delivery.body)}


@edge.on_task(
    EventsTask,
    limits=Limits(per_second=50, concurrent=20),
    retries=Retries(attempts=20, min_backoff_seconds=2, max_backoff_seconds=600),
)
def workevent(task: EventsTask) -> None:
    """Works events of the vendors."""
    from lib.usecases import engagement

    engagement.work_all(task.org_id, task.item_ids)


@edge.on_schedule("*/10 * * * *")
def sweep_events() -> None:
    """Has worked what still waits."""
    from lib.usecases import engagement

    engagement.sweep()


@edge.on_page
def click(visit: Visit) -> Response:
    """`GET /click/{code}`: sends the reader of a text on to the page that its message names, and to no other."""
    from lib.usecases import engagement

    url = engagement.follow_link(visit.path, counts=visit.reads)
    if url is None:
        return edge.page("This link leads nowhere.", status=HTTPStatus.NOT_FOUND)
    return edge.to_address(url)
