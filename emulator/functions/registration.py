"""Tells the Firestore emulator which document events the functions want, as the Firebase CLI does it."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Any
from urllib.parse import quote

import requests

from emulator.functions.loader import EventTrigger, Function

_log = logging.getLogger(__name__)

_TIMEOUT_SECONDS = 10


def register_triggers(functions: Sequence[Function], project: str, firestore: str, host: str) -> list[str]:
    """Register every document trigger with the emulator at `firestore` (host:port); events go to `host` (host:port).

    Returns the keys the emulator refused or could not be told of: an emulator that is not ours may know no triggers,
    and the functions are of use without them.
    """
    refused = []
    with requests.Session() as session:
        for function in functions:
            trigger = function.trigger
            if trigger is None or not trigger.is_document_event:
                continue
            for key in function.trigger_keys:
                body = _registration(trigger, f"http://{host}/functions/projects/{quote(project)}/triggers/{key}")
                url = f"http://{firestore}/emulator/v1/projects/{quote(project)}/eventarcTrigger"
                if not _post(session, url, key, body):
                    refused.append(key)
    return refused


def _registration(trigger: EventTrigger, uri: str) -> dict[str, Any]:
    pattern = trigger.patterns.get("document")
    exact = trigger.filters.get("document", "")
    return {
        "eventType": trigger.event_type,
        "database": trigger.filters.get("database", "(default)"),
        "namespace": trigger.filters.get("namespace", "(default)"),
        "document": {"value": pattern or exact, "matchType": "PATH_PATTERN" if pattern else "EXACT"},
        "destination": {"httpEndpoint": {"uri": uri}},
        "retry": trigger.retry,
    }


def _post(session: requests.Session, url: str, key: str, body: dict[str, Any]) -> bool:
    try:
        answer = session.post(url, params={"eventarcTriggerId": key}, json=body, timeout=_TIMEOUT_SECONDS)
    except requests.RequestException as error:
        _log.warning("trigger %s could not be registered: %s", key, error)
        return False
    if not answer.ok:
        _log.warning("trigger %s was refused: %d %s", key, answer.status_code, answer.text[:200])
    return answer.ok
