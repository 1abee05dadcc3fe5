"""Work for later: one way to put a task into a queue, named after the work so that doing it twice is harmless.

A queue is the function of its name: `firebase_functions.tasks_fn.on_task_dispatched` declares both, with rate limits
and retries in its options, from where they get into the manifest and, on deployment, to Cloud Tasks. Queue ids may not
contain an underscore, so neither may the names of these functions.
"""

import json
import re
import threading
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from lib.domain.errors import InvalidInput, Unavailable
from lib.domain.ids import derived_id
from lib.platform import clock, deployment, logs

if TYPE_CHECKING:
    from google.cloud.tasks_v2 import CloudTasksClient

SCHEDULE_AHEAD_MAX = timedelta(days=30)
"""Cloud Tasks takes no task for a later time. What is due later is found by the job that queries due dates."""

_ATTEMPT_SECONDS = 5.0
_TOTAL_SECONDS = 15.0
_QUEUE_ID = re.compile(r"[A-Za-z0-9-]{1,100}")

_clients: dict[str | None, Any] = {}
_lock = threading.Lock()


def enqueue(queue: str, work: Sequence[str], payload: Mapping[str, Any], at: datetime | None = None) -> None:
    """Have the function `queue` called with `payload` (JSON), at once or at a time (UTC) up to 30 days ahead.

    `work` names what is to be done, such as ("send", org_id, message_id); the task's name derives from it. Enqueueing
    the same work again does nothing while its task waits and for an hour after it is done. Later it would run again, as
    it may anyhow, since Cloud Tasks delivers at least once: handlers look first whether there is anything left to do.

    Raises Unavailable when Cloud Tasks cannot be reached or does not have the queue (yet), InvalidInput for a time too
    far ahead, ValueError for what can be no queue or no work.
    """
    if not _QUEUE_ID.fullmatch(queue):
        raise ValueError(f"{queue!r} cannot be a queue: letters, digits and hyphens only")
    if not work:
        raise ValueError("work without a name")
    if at is not None and at > clock.now() + SCHEDULE_AHEAD_MAX:
        raise InvalidInput("a task can be scheduled at most 30 days ahead", pointer="/at", reason="too_far_ahead")
    _create(queue, derived_id(*work), json.dumps({"data": payload}, allow_nan=False).encode(), at)


def enqueue_or_leave(queue: str, work: Sequence[str], payload: Mapping[str, Any]) -> None:
    """Like `enqueue`, for work that is on record: what cannot be enqueued now is logged and left to its sweep."""
    try:
        enqueue(queue, work, payload)
    except Unavailable as error:
        logs.task_left_to_sweep(queue, error)


def _create(queue: str, task_id: str, body: bytes, at: datetime | None) -> None:
    # A third of a second of import time that a cold start need not pay before it has something to enqueue.
    from google.api_core import exceptions
    from google.auth.exceptions import RefreshError, TransportError

    parent = f"projects/{deployment.project()}/locations/{deployment.REGION}/queues/{queue}"
    url = deployment.function_url(queue)
    task: dict[str, Any] = {
        "name": f"{parent}/tasks/{task_id}",
        "http_request": {
            "url": url,
            "headers": {"Content-Type": "application/json"},
            "body": body,
            "oidc_token": {"service_account_email": deployment.tasks_account(), "audience": url},
        },
    }
    if at is not None:
        task["schedule_time"] = at
    try:
        _client().create_task({"parent": parent, "task": task}, retry=_retry(), timeout=_ATTEMPT_SECONDS)
    except exceptions.AlreadyExists:
        return
    except (exceptions.InvalidArgument, exceptions.PermissionDenied):
        # A mistake in the code or the deployment, which trying again would not mend.
        raise
    except (exceptions.GoogleAPIError, RefreshError, TransportError) as error:
        raise Unavailable("the task queue cannot be reached, try again", reason="queue_unavailable") from error


def _retry() -> Any:
    """Creating a named task twice is harmless, so what may or may not have been done is tried again."""
    from google.api_core import exceptions
    from google.api_core.retry import Retry, if_exception_type

    transient = if_exception_type(
        exceptions.ServiceUnavailable, exceptions.DeadlineExceeded, exceptions.InternalServerError, exceptions.Aborted
    )
    return Retry(predicate=transient, initial=0.1, maximum=2.0, timeout=_TOTAL_SECONDS)


def _client() -> "CloudTasksClient":
    """Made on first use, one for each host the environment has named; shared by all threads."""
    emulator = deployment.tasks_emulator()
    client = _clients.get(emulator)
    if client is None:
        with _lock:
            client = _clients.get(emulator) or _new_client(emulator)
            _clients[emulator] = client
    return client


def _new_client(emulator: str | None) -> "CloudTasksClient":
    from google.cloud.tasks_v2 import CloudTasksClient

    if emulator is None:
        return CloudTasksClient()
    import grpc
    from google.cloud.tasks_v2.services.cloud_tasks.transports import CloudTasksGrpcTransport

    return CloudTasksClient(transport=CloudTasksGrpcTransport(channel=grpc.insecure_channel(emulator)))
