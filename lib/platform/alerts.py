"""Alerts to the people who operate this deployment: a log line that Cloud Monitoring alerts on, and a chat message.

The chats are Discord (ALERT_DISCORD_URL) and whatever takes Slack's webhooks (ALERT_SLACK_URL); neither has to be
configured. The addresses are secrets: whoever knows one can post there. They are never logged.
"""

import os
import time
from collections.abc import Callable, Mapping
from typing import Any

from lib.domain.alerts import Alert
from lib.domain.errors import PerennialError
from lib.platform import logs

_TIMEOUT_SECONDS = (3.0, 5.0)
# A chat that asks for more patience than this will not hear of it; the log line is there.
_PATIENCE_SECONDS = 2.0
_RED = 0xC0392B


def raise_alert(alert: Alert, claim: Callable[[Alert], bool]) -> None:
    """Tells the operators, once for each kind, org and day. Never fails: what could not be delivered is logged.

    `claim` answers whether this is the first alert of its key. One that cannot tell is taken for a yes: to be alerted
    twice is better than not at all.
    """
    logs.alert(alert)
    if not _is_first(alert, claim):
        return
    for target, variable, encode in _TARGETS:
        if url := os.environ.get(variable, "").strip():
            _deliver(alert, target, url, encode(alert))


def discord(alert: Alert) -> dict[str, Any]:
    """The body of a Discord webhook. No name in it may call anybody: `allowed_mentions` is empty."""
    fields = [{"name": name, "value": f"{figure:,}", "inline": True} for name, figure in alert.figures]
    return {
        "embeds": [{"title": alert.title, "description": _description(alert), "color": _RED, "fields": fields}],
        "allowed_mentions": {"parse": []},
    }


def slack(alert: Alert) -> dict[str, Any]:
    """The body of a Slack webhook; `<` and `&` would begin a mention or a link."""
    figures = ", ".join(f"{name} {figure:,}" for name, figure in alert.figures)
    text = "\n".join(part for part in (f"*{alert.title}*", _description(alert), figures) if part)
    return {"text": text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")}


_TARGETS: tuple[tuple[str, str, Callable[[Alert], Mapping[str, Any]]], ...] = (
    ("discord", "ALERT_DISCORD_URL", discord),
    ("slack", "ALERT_SLACK_URL", slack),
)


def _description(alert: Alert) -> str:
    return f"{alert.subject}, {alert.day:%Y-%m-%d} ({alert.kind})"


def _is_first(alert: Alert, claim: Callable[[Alert], bool]) -> bool:
    from google.api_core.exceptions import GoogleAPIError
    from google.auth.exceptions import GoogleAuthError

    try:
        return claim(alert)
    except (PerennialError, GoogleAPIError, GoogleAuthError) as error:
        logs.unexpected_error("raise_alert", error)
        return True


def _deliver(alert: Alert, target: str, url: str, body: Mapping[str, Any]) -> None:
    # Not needed where nothing is wrong: a cold start need not pay for it.
    from requests import RequestException

    try:
        answer = _post(url, body)
        if answer.status_code == 429 and (seconds := _retry_after_seconds(answer)) <= _PATIENCE_SECONDS:
            time.sleep(seconds)
            answer = _post(url, body)
    except RequestException as error:
        # Its message quotes the address.
        logs.alert_undelivered(alert, target, type(error).__qualname__)
        return
    if not 200 <= answer.status_code < 300:
        logs.alert_undelivered(alert, target, f"HTTP {answer.status_code}")


def _post(url: str, body: Mapping[str, Any]) -> Any:
    import requests

    # Where a chat sends us on to is nobody's business but its own.
    return requests.post(url, json=body, timeout=_TIMEOUT_SECONDS, allow_redirects=False)


def _retry_after_seconds(answer: Any) -> float:
    """Discord says it in the body, everybody else in the header."""
    try:
        body = answer.json()
        said = body.get("retry_after") if isinstance(body, dict) else None
        return max(0.0, float(said if said is not None else answer.headers.get("Retry-After", 0)))
    except (ValueError, TypeError):
        return 0.0
