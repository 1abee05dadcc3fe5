"""The HTTP request of an attempt: the task's own, with the headers by which a target knows queue, task and attempt."""

from __future__ import annotations

from dataclasses import dataclass

from emulator.tasks.oidc import mint
from emulator.tasks.task_queue import QueuedTask
from emulator.tasks.wire import METHODS, SECOND, HttpRequest, micros

_REPLACED = frozenset({"host", "content-length", "user-agent", "connection", "transfer-encoding"})
_REPLACED_PREFIXES = ("x-google-", "x-appengine-", "x-cloudtasks-")


@dataclass(frozen=True, slots=True)
class Call:
    """What is sent: absolute URL, headers without Host and Content-Length, and for how long to wait for an answer."""

    method: str
    url: str
    headers: tuple[tuple[str, str], ...]
    body: bytes
    deadline_seconds: float


def call_of(task: QueuedTask, queue_id: str, now_micros: int) -> Call:
    """The request of the attempt that has just begun."""
    message = task.message
    request: HttpRequest = message.http_request
    return Call(
        method=METHODS[request.http_method],
        url=request.url,
        headers=(*_own_headers(request, now_micros), *_queue_headers(task, queue_id)),
        body=request.body,
        deadline_seconds=micros(message.dispatch_deadline) / SECOND,
    )


def _own_headers(request: HttpRequest, now_micros: int) -> list[tuple[str, str]]:
    """The task's headers but for those that the service sets, in the order of their names."""
    signed = request.HasField("oidc_token")
    headers = [
        (name, request.headers[name])
        for name in sorted(request.headers)
        if name.lower() not in _REPLACED
        and not name.lower().startswith(_REPLACED_PREFIXES)
        and not (signed and name.lower() == "authorization")
    ]
    if signed:
        token = request.oidc_token
        bearer = mint(token.service_account_email, token.audience or request.url, now_micros // SECOND)
        headers.append(("Authorization", f"Bearer {bearer}"))
    return headers


def _queue_headers(task: QueuedTask, queue_id: str) -> list[tuple[str, str]]:
    retries = task.message.dispatch_count - 1
    seconds, rest = divmod(micros(task.message.schedule_time), SECOND)
    headers = [
        ("User-Agent", "Google-Cloud-Tasks"),
        ("X-CloudTasks-QueueName", queue_id),
        ("X-CloudTasks-TaskName", task.id),
        ("X-CloudTasks-TaskRetryCount", str(retries)),
        ("X-CloudTasks-TaskExecutionCount", str(task.executions)),
        ("X-CloudTasks-TaskETA", f"{seconds}.{rest:06}"),
    ]
    if retries:
        # Production sends the reason without a text for HTTP targets.
        headers.append(("X-CloudTasks-TaskRetryReason", ""))
    if task.previous_response:
        headers.append(("X-CloudTasks-TaskPreviousResponse", str(task.previous_response)))
    return headers
