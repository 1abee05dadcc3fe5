"""A new task as a client gives it: what production refuses, and what it fills in."""

from __future__ import annotations

from urllib.parse import urlsplit

from emulator.tasks.errors import invalid_argument, unimplemented
from emulator.tasks.queue_config import complete_retry
from emulator.tasks.wire import BASIC, FULL, METHODS, SECOND, HttpRequest, Task, micros, timestamp

SCHEDULE_MICROS_MAX = 30 * 86400 * SECOND
DEADLINE_MICROS_DEFAULT = 600 * SECOND

_DEADLINE_MICROS_MIN, _DEADLINE_MICROS_MAX = 15 * SECOND, 1800 * SECOND
_URL_CHARACTERS_MAX = 2083
_HEADER_BYTES_MAX = 80 * 1024
_TASK_BYTES_MAX = 1 << 20
_WITH_BODY = frozenset({"POST", "PUT", "PATCH"})


def prepared(given: Task, name: str, now_micros: int) -> Task:
    """The task as it is stored under `name`; raises INVALID_ARGUMENT for what production would not take."""
    if given.HasField("app_engine_http_request"):
        raise unimplemented("The local Cloud Tasks dispatches to HTTP targets only, not to App Engine.")
    if not given.HasField("http_request"):
        raise invalid_argument("Task.message_type is required.")
    if given.ByteSize() > _TASK_BYTES_MAX:
        raise invalid_argument("Task size too large: the limit for HTTP tasks is 1 MiB.")
    _check_request(given.http_request)
    task = Task(name=name, schedule_time=timestamp(_schedule(given, now_micros)))
    task.create_time.seconds = now_micros // SECOND
    task.http_request.CopyFrom(given.http_request)
    task.http_request.http_method = given.http_request.http_method or 1
    if given.HasField("dispatch_deadline"):
        if not _DEADLINE_MICROS_MIN <= micros(given.dispatch_deadline) <= _DEADLINE_MICROS_MAX:
            raise invalid_argument("Task.dispatchDeadline must be between [15s, 30m].")
        task.dispatch_deadline.CopyFrom(given.dispatch_deadline)
    else:
        task.dispatch_deadline.seconds = DEADLINE_MICROS_DEFAULT // SECOND
    if given.HasField("retry_config"):
        task.retry_config.CopyFrom(complete_retry(given.retry_config))
    return task


def viewed(task: Task, view: int) -> Task:
    """A copy for a client: the basic view, which is the default, leaves out the body."""
    answer = Task()
    answer.CopyFrom(task)
    answer.view = FULL if view == FULL else BASIC
    if view != FULL:
        answer.http_request.ClearField("body")
    return answer


def _schedule(given: Task, now_micros: int) -> int:
    if not given.HasField("schedule_time"):
        return now_micros
    at = micros(given.schedule_time)
    if at > now_micros + SCHEDULE_MICROS_MAX:
        raise invalid_argument("Task.scheduleTime is too far in the future: it must be within 30 days from now.")
    return max(at, now_micros)


def _check_request(request: HttpRequest) -> None:
    if not request.url:
        raise invalid_argument("HttpRequest.url is required.")
    if not request.url.startswith(("http://", "https://")) or not _has_host(request.url):
        raise invalid_argument("HttpRequest.url must be a valid address that begins with 'http://' or 'https://'.")
    if len(request.url) > _URL_CHARACTERS_MAX:
        raise invalid_argument(f"HttpRequest.url must not be longer than {_URL_CHARACTERS_MAX} characters.")
    method = METHODS.get(request.http_method)
    if method is None:
        raise invalid_argument("HttpRequest.httpMethod is invalid.")
    if request.body and method not in _WITH_BODY:
        raise invalid_argument(f"HttpRequest.body is not allowed with the method {method}.")
    if sum(len(name) + len(value) for name, value in request.headers.items()) > _HEADER_BYTES_MAX:
        raise invalid_argument("HttpRequest.headers must be smaller than 80KB.")
    if request.HasField("oauth_token"):
        raise unimplemented("OAuth tokens are for Google's own APIs, which the local Cloud Tasks does not call.")
    if request.HasField("oidc_token") and "@" not in request.oidc_token.service_account_email:
        raise invalid_argument("OidcToken.serviceAccountEmail must be the email of a service account.")


def _has_host(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return bool(parts.hostname) and (parts.port is None or parts.port > 0)
    except ValueError:
        return False
