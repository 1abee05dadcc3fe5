"""Schedules at the edge: what is declared, who may call, what is answered, and the old callers' door beside it."""

from __future__ import annotations

import hmac
import inspect
import json
import time
from typing import Any

import flask
import pytest
from werkzeug.test import EnvironBuilder

import main
from emulator.client import StackClient
from emulator.tasks.oidc import mint
from functions import edge
from functions.edge import schedules
from lib.domain.errors import FailedPrecondition, InvariantBroken, Unavailable

SECRET = "a-secret-of-the-old-callers"

raised: list[Exception | None] = [None]
ran: list[str] = []


@edge.on_schedule("7 * * * *")
def age_customers() -> None:
    """Notes that it ran, and raises what a test wants."""
    ran.append("age_customers")
    if raised[0] is not None:
        raise raised[0]


@edge.on_cron
def cron(schedule: str) -> edge.Schedule | None:
    """Knows one schedule."""
    return {"age_customers": age_customers}.get(schedule)


@pytest.fixture(autouse=True)
def shop(monkeypatch: pytest.MonkeyPatch) -> None:
    raised[0] = None
    ran.clear()
    monkeypatch.setenv("GOOGLE_CLOUD_PROJECT", "shop")
    monkeypatch.setenv("FUNCTIONS_EMULATOR", "true")
    monkeypatch.setenv("CRON_SECRET", SECRET)
    for name in ("FUNCTIONS_EMULATOR_HOST", "SCHEDULER_SERVICE_ACCOUNT"):
        monkeypatch.delenv(name, raising=False)


def ask(
    endpoint: edge.Schedule, path: str = "/", *, method: str = "POST", authorization: str | None = None
) -> flask.Response:
    headers = {} if authorization is None else {"Authorization": authorization}
    app, builder = flask.Flask("test"), EnvironBuilder(path=path, method=method, headers=list(headers.items()))
    with app.request_context(builder.get_environ()):
        return endpoint(flask.request._get_current_object())  # type: ignore[attr-defined]


def call(authorization: str | None = None) -> flask.Response:
    """A call as the scheduler makes it, unless said otherwise."""
    url = "https://us-central1-shop.cloudfunctions.net/age_customers"
    token = mint("scheduler@shop.iam.gserviceaccount.com", url, int(time.time()))
    return ask(age_customers, authorization=authorization or f"Bearer {token}")


def problem(response: flask.Response) -> tuple[int, str]:
    assert response.content_type == "application/problem+json"
    return response.status_code, str(json.loads(response.get_data())["detail"])


class TestSchedule:
    def test_the_manifest_says_when(self) -> None:
        endpoint: Any = age_customers.__firebase_endpoint__  # type: ignore[attr-defined]
        assert (endpoint.entryPoint, endpoint.timeoutSeconds) == ("age_customers", schedules.SECONDS_MAX)
        trigger = endpoint.scheduleTrigger
        assert (trigger["schedule"], trigger["timeZone"]) == ("7 * * * *", "UTC")
        assert trigger["retryConfig"]["retryCount"] == 3
        apis: Any = vars(age_customers)["__required_apis"]
        assert [api["api"] for api in apis] == ["cloudscheduler.googleapis.com"]

    def test_the_scheduler_is_let_in(self) -> None:
        response = call()
        assert (response.status_code, response.get_json()) == (200, {"ran": "age_customers"})
        assert ran == ["age_customers"]

    @pytest.mark.parametrize("authorization", ["Bearer x", f"Bearer {SECRET}", "Basic x"])
    def test_nobody_else_is(self, authorization: str) -> None:
        assert problem(call(authorization))[0] == 401
        assert ran == []

    @pytest.mark.parametrize(
        ("error", "status", "detail", "logged"),
        [
            (Unavailable("the database is away"), 503, "the database is away", "schedule failed"),
            (FailedPrecondition("not today"), 409, "not today", "schedule failed"),
            (InvariantBroken("sums differ"), 500, "internal error", "invariant broken"),
            (RuntimeError("555-0100"), 500, "internal error", "unexpected error"),
        ],
    )
    def test_what_goes_wrong_is_logged_and_tried_again(
        self, error: Exception, status: int, detail: str, logged: str, capsys: pytest.CaptureFixture[str]
    ) -> None:
        raised[0] = error
        assert problem(call()) == (status, detail)
        (line,) = capsys.readouterr().err.splitlines()
        assert json.loads(line)["message"].startswith(logged)
        assert json.loads(line)["function"] == "age_customers"
        assert "555" not in line

    @pytest.mark.parametrize("text", ["", "every 5 minutes", "* * * *", "* * * * * *", "7 * * * *\n", "@hourly"])
    def test_what_is_no_cron_expression_is_refused(self, text: str) -> None:
        with pytest.raises(ValueError, match="not a cron expression"):
            edge.on_schedule(text)


class TestCron:
    @pytest.mark.parametrize("method", ["GET", "POST"])
    @pytest.mark.parametrize("scheme", ["Bearer", "bearer"])
    def test_who_knows_the_secret_may_run_a_schedule(self, method: str, scheme: str) -> None:
        response = ask(cron, "/age_customers", method=method, authorization=f"{scheme} {SECRET}")
        assert (response.status_code, response.get_json()) == (200, {"ran": "age_customers"})
        assert ran == ["age_customers"]

    @pytest.mark.parametrize(
        "authorization",
        [
            None,
            "",
            "Bearer",
            "Bearer ",
            SECRET,
            f"Basic {SECRET}",
            f"Bearer {SECRET}x",
            f"Bearer {SECRET[:-1]}",
            "Bearer ü",
        ],
    )
    def test_nobody_else_may(self, authorization: str | None, capsys: pytest.CaptureFixture[str]) -> None:
        for path in ("/age_customers", "/nonsense"):
            assert problem(ask(cron, path, authorization=authorization))[0] == 401
        assert ran == []
        shown = capsys.readouterr()
        assert SECRET[:-1] not in shown.err + shown.out

    @pytest.mark.parametrize("secret", [None, ""])
    def test_without_a_secret_the_door_is_shut(self, monkeypatch: pytest.MonkeyPatch, secret: str | None) -> None:
        monkeypatch.setenv("CRON_SECRET", "")
        if secret is None:
            monkeypatch.delenv("CRON_SECRET")
        for authorization in (None, "Bearer ", "Bearer None", f"Bearer {SECRET}"):
            assert problem(ask(cron, "/age_customers", authorization=authorization))[0] == 401

    def test_secrets_are_compared_in_constant_time(self, monkeypatch: pytest.MonkeyPatch) -> None:
        compared: list[tuple[bytes, bytes]] = []

        def compare(given: bytes, expected: bytes) -> bool:
            compared.append((given, expected))
            return hmac.compare_digest(given, expected)

        monkeypatch.setattr(schedules, "compare_digest", compare)
        for given in ("", "x", SECRET, SECRET * 100):
            ask(cron, "/age_customers", authorization=f"Bearer {given}")
        assert len(compared) == 4
        assert {len(part) for pair in compared for part in pair} == {32}

    def test_other_methods_and_other_schedules(self) -> None:
        right = f"Bearer {SECRET}"
        refusal = ask(cron, "/age_customers", method="DELETE", authorization=right)
        assert problem(refusal)[0] == 405
        assert refusal.headers["Allow"] == "GET, POST"
        for path in ("/", "/nonsense", "/age_customers/more", "/cron/age_customers"):
            assert problem(ask(cron, path, authorization=right)) == (404, "there is no such schedule")

    def test_what_goes_wrong_is_answered(self) -> None:
        raised[0] = Unavailable("the database is away")
        assert problem(ask(cron, "/age_customers", authorization=f"Bearer {SECRET}")) == (503, "the database is away")


def test_the_deployed_one_is_shut_while_no_secret_is_configured(stack: StackClient) -> None:
    answer = stack.get("cron", "/anything")
    assert (answer.status_code, answer.headers["Content-Type"]) == (401, "application/problem+json")


def test_every_deployed_schedule_can_be_called_the_old_way() -> None:
    deployed = {
        name: function
        for name, function in vars(main).items()
        if getattr(getattr(function, "__firebase_endpoint__", None), "scheduleTrigger", None)
    }
    assert deployed
    found: dict[str, Any] = {name: inspect.unwrap(main.cron)(name) for name in deployed}
    assert found == deployed, "functions/cron.py does not know it"
