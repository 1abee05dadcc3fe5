"""Alerts over HTTP to a chat: told once, never in the way of the work, and without a word about anybody."""

import json
import socket
from collections.abc import Iterator
from datetime import UTC, date, datetime
from typing import Any

import pytest
from google.api_core.exceptions import ServiceUnavailable

from lib.domain.alerts import TITLES, Alert, AlertKind
from lib.platform.alerts import raise_alert
from lib.store import alerts as store
from tests.platform.chat import Chat, listening

DAY = date(2026, 11, 21)
ALERT = Alert(AlertKind.AUDIT_VIOLATED, "org_a", DAY, {"violations": 1200, "A6": 1200})


@pytest.fixture
def chat(monkeypatch: pytest.MonkeyPatch) -> Iterator[Chat]:
    """A Discord that is configured, and no Slack."""
    monkeypatch.delenv("ALERT_SLACK_URL", raising=False)
    with listening() as listener:
        monkeypatch.setenv("ALERT_DISCORD_URL", listener.url)
        yield listener


def first(_: Alert) -> bool:
    return True


def logged(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in capsys.readouterr().err.splitlines()]


def test_discord_is_told_in_its_own_form(chat: Chat, capsys: pytest.CaptureFixture[str]) -> None:
    raise_alert(ALERT, first)
    assert chat.posted == [
        {
            "embeds": [
                {
                    "title": "The nightly audit found violations",
                    "description": "org_a, 2026-11-21 (audit_violated)",
                    "color": 0xC0392B,
                    "fields": [
                        {"name": "violations", "value": "1,200", "inline": True},
                        {"name": "A6", "value": "1,200", "inline": True},
                    ],
                }
            ],
            "allowed_mentions": {"parse": []},
        }
    ]
    facts = {"violations": 1200, "A6": 1200}
    line = {"alert": "audit_violated", "orgId": "org_a", "day": "2026-11-21", "facts": facts}
    assert logged(capsys) == [{"severity": "ERROR", "message": "alert", **line}]


def test_slack_is_told_as_text(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ALERT_DISCORD_URL", raising=False)
    with listening() as chat:
        monkeypatch.setenv("ALERT_SLACK_URL", chat.url)
        raise_alert(Alert(AlertKind.AUDIT_MISSING, "<!channel> & co", DAY), first)
        raise_alert(ALERT, first)
    assert [message["text"] for message in chat.posted] == [
        "*The nightly audit has not been done*\n&lt;!channel&gt; &amp; co, 2026-11-21 (audit_missing)",
        "*The nightly audit found violations*\norg_a, 2026-11-21 (audit_violated)\nviolations 1,200, A6 1,200",
    ]


def test_without_a_chat_there_is_the_log(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.delenv("ALERT_DISCORD_URL", raising=False)
    monkeypatch.setenv("ALERT_SLACK_URL", "  ")
    raise_alert(Alert(AlertKind.SWEEP_BEHIND, None, DAY), first)
    assert [line["orgId"] for line in logged(capsys)] == [None]


@pytest.mark.parametrize("kind", AlertKind)
def test_every_kind_has_a_title(kind: AlertKind) -> None:
    assert TITLES[kind]


def test_what_is_posted_is_small_whatever_happens(chat: Chat) -> None:
    raise_alert(Alert(AlertKind.AUDIT_VIOLATED, "o" * 128, DAY, {f"X{n}": 10**12 for n in range(500)}), first)
    assert len(json.dumps(chat.posted)) < 2500
    # Discord takes 25 fields.
    assert len(chat.posted[0]["embeds"][0]["fields"]) == 15


def test_one_alert_a_kind_an_org_and_a_day(chat: Chat, project: str, capsys: pytest.CaptureFixture[str]) -> None:
    def claim(alert: Alert) -> bool:
        return store.claim(alert, datetime.now(UTC))

    for _ in range(3):
        raise_alert(ALERT, claim)
    raise_alert(Alert(AlertKind.AUDIT_FAILED, "org_a", DAY), claim)
    raise_alert(Alert(AlertKind.AUDIT_VIOLATED, "org_b", DAY), claim)
    raise_alert(Alert(AlertKind.AUDIT_VIOLATED, None, DAY), claim)
    raise_alert(Alert(AlertKind.AUDIT_VIOLATED, "org_a", date(2026, 11, 22)), claim)
    assert len(chat.posted) == 5
    # The log line is there each time: it is cheap, and an alert policy has its own patience.
    assert len(logged(capsys)) == 7


def test_one_that_cannot_be_claimed_is_raised(chat: Chat, capsys: pytest.CaptureFixture[str]) -> None:
    def claim(_: Alert) -> bool:
        raise ServiceUnavailable("down")

    raise_alert(ALERT, claim)
    assert len(chat.posted) == 1
    assert [line["message"] for line in logged(capsys)] == ["alert", "unexpected error"]


@pytest.mark.parametrize(
    ("answers", "posts", "why"),
    [
        ([(500, {})], 1, ["HTTP 500"]),
        ([(404, {"message": "Unknown Webhook"})], 1, ["HTTP 404"]),
        ([(302, {})], 1, ["HTTP 302"]),
        ([(429, {"retry_after": 0.01})], 2, []),
        ([(429, {"retry_after": 0.01}), (429, {"retry_after": 0.01})], 2, ["HTTP 429"]),
        ([(429, {"retry_after": 3600})], 1, ["HTTP 429"]),
        ([(429, {"retry_after": "soon"})], 2, []),
    ],
)
def test_a_chat_that_fails_is_in_nobody_s_way(
    chat: Chat, capsys: pytest.CaptureFixture[str], answers: Any, posts: int, why: list[str]
) -> None:
    chat.answers = list(answers)
    raise_alert(ALERT, first)
    assert len(chat.posted) == posts
    told = capsys.readouterr().err
    assert "a-secret" not in told
    assert [line["why"] for line in map(json.loads, told.splitlines()) if "why" in line] == why


@pytest.mark.parametrize("url", ["http://127.0.0.1:1/hooks/a-secret", "no address a-secret", "ftp://x/a-secret"])
def test_a_chat_that_is_not_there_is_in_nobody_s_way(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], url: str
) -> None:
    monkeypatch.setenv("ALERT_DISCORD_URL", url)
    monkeypatch.delenv("ALERT_SLACK_URL", raising=False)
    raise_alert(ALERT, first)
    told = capsys.readouterr().err
    assert "alert not delivered" in told
    assert "a-secret" not in told


def test_a_chat_that_hangs_is_not_waited_for(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("lib.platform.alerts._TIMEOUT_SECONDS", (0.05, 0.05))
    with socket.create_server(("127.0.0.1", 0)) as silent:
        monkeypatch.setenv("ALERT_DISCORD_URL", f"http://127.0.0.1:{silent.getsockname()[1]}/")
        raise_alert(ALERT, first)
    assert logged(capsys)[-1]["why"] == "ReadTimeout"
