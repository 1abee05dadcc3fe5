"""Task functions at the edge: what is declared, who may call, and which failures the queue is told to try again."""

from __future__ import annotations

import json
import time
from typing import Any

import flask
import pytest
from google.api_core.exceptions import ServiceUnavailable
from werkzeug.test import EnvironBuilder

from emulator.tasks.oidc import mint
from functions import edge
from functions.edge.tasks import TIMEOUT_SECONDS
from lib.domain.errors import FailedPrecondition, InvariantBroken, NotFound, Unavailable

URL = "https://us-central1-shop.cloudfunctions.net/send"
ACCOUNT = "tasks@shop.iam.gserviceaccount.com"

raised: list[Exception | None] = [None]
sent: list[str] = []


class SendTask(edge.Payload):
    message_id: edge.DocumentId


@edge.on_task(
    SendTask,
    limits=edge.Limits(per_second=7, concurrent=3),
    retries=edge.Retries(attempts=5, min_backoff_seconds=4, max_backoff_seconds=60),
)
def send(task: SendTask) -> None:
    """Notes what is to be sent, and raises what a test wants."""
    if raised[0] is not None:
        raise raised[0]
    sent.append(task.message_id)


@pytest.fixture(autouse=True)
def shop(monkeypatch: pytest.MonkeyPatch) -> None:
    raised[0] = None
    sent.clear()
    monkeypatch.setenv("GOOGLE_CLOUD_PROJECT", "shop")
    monkeypatch.setenv("CLOUD_TASKS_EMULATOR_HOST", "127.0.0.1:1")
    for name in ("FUNCTIONS_EMULATOR_HOST", "TASKS_SERVICE_ACCOUNT"):
        monkeypatch.delenv(name, raising=False)


def call(body: Any, *, authorization: str | None = "the queue", content_type: str = "application/json") -> int:
    """The status that the queue is answered."""
    headers = {"Content-Type": content_type}
    if authorization == "the queue":
        authorization = f"Bearer {mint(ACCOUNT, URL, int(time.time()))}"
    if authorization is not None:
        headers["Authorization"] = authorization
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    builder = EnvironBuilder("/", method="POST", data=data, headers=list(headers.items()))
    with flask.Flask("test").request_context(builder.get_environ()):
        response = send(flask.request._get_current_object())  # type: ignore[attr-defined]
    status: int = response.status_code
    return status


def task(message_id: str = "m1") -> dict[str, Any]:
    return {"data": {"messageId": message_id}}


def test_limits_and_retries_are_in_the_manifest() -> None:
    endpoint: Any = send.__firebase_endpoint__  # type: ignore[attr-defined]
    assert (endpoint.entryPoint, endpoint.timeoutSeconds) == ("send", TIMEOUT_SECONDS)
    limits, retries = endpoint.taskQueueTrigger["rateLimits"], endpoint.taskQueueTrigger["retryConfig"]
    assert (limits["maxDispatchesPerSecond"], limits["maxConcurrentDispatches"]) == (7, 3)
    assert (retries["maxAttempts"], retries["minBackoffSeconds"], retries["maxBackoffSeconds"]) == (5, 4, 60)


def test_a_name_with_an_underscore_can_be_no_queue() -> None:
    def send_message(task: SendTask) -> None:
        """Never called."""

    with pytest.raises(ValueError, match="no underscores"):
        edge.on_task(SendTask)(send_message)


def test_the_handler_gets_the_payload() -> None:
    assert (call(task()), sent) == (200, ["m1"])


@pytest.mark.parametrize(
    ("authorization", "status"),
    [
        (None, 401),
        ("Bearer x.y.z", 401),
        ("Basic YTpi", 401),
        (f"Bearer {mint(ACCOUNT, URL.replace('send', 'other'), int(time.time()))}", 403),
        (f"Bearer {mint('somebody@shop.iam.gserviceaccount.com', URL, int(time.time()))}", 403),
    ],
)
def test_nobody_but_the_queue_is_let_in(authorization: str | None, status: int) -> None:
    assert (call(task(), authorization=authorization), sent) == (status, [])
    assert call(b"nonsense", authorization=authorization) == status


@pytest.mark.parametrize(
    "body",
    [b"", b"nonsense", b"[" * 100_000, [], {}, {"data": {}, "more": 1}, {"data": None}, {"data": {"messageId": 5}}],
    ids=str,
)
def test_what_can_never_be_worked_is_not_sent_again(body: Any, capsys: pytest.CaptureFixture[str]) -> None:
    assert call(body) in (200, 204)
    assert sent == []
    assert '"task refused"' in capsys.readouterr().err


def test_a_payload_of_another_type_is_not_sent_again(capsys: pytest.CaptureFixture[str]) -> None:
    assert call(task(), content_type="text/plain") in (200, 204)
    assert call({"data": {"messageId": "m1", "phone": "2015550123"}}) == 200
    logged = capsys.readouterr()
    assert "2015550123" not in logged.err + logged.out


@pytest.mark.parametrize(
    ("error", "status", "logged"),
    [
        (FailedPrecondition("no", reason="too_late"), 200, "too_late"),
        (NotFound("no such message"), 200, "not-found"),
        (InvariantBroken("sent twice"), 200, "sent twice"),
        (Unavailable("busy"), 503, ""),
        (ServiceUnavailable("down"), 503, ""),
        (KeyError("ann@example.com"), 500, "KeyError"),
    ],
)
def test_only_what_a_retry_may_mend_is_sent_again(
    error: Exception, status: int, logged: str, capsys: pytest.CaptureFixture[str]
) -> None:
    raised[0] = error
    assert call(task()) == status
    output = capsys.readouterr()
    assert logged in output.err
    assert "ann@example.com" not in output.err + output.out
