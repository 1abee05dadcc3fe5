"""Mailjet's events, as its Event API documents them, for one message that it took."""

from __future__ import annotations

from typing import Any

Json = dict[str, Any]

_READER: Json = {"ip": "203.0.113.7", "geo": "US", "agent": "Mozilla/5.0 (Macintosh)"}
_EXTRA: dict[str, Json] = {
    "sent": {"smtp_reply": "sent (250 2.0.0 OK 1433333948 fa5si855896wjc.199 - gsmtp)"},
    "open": _READER,
    "click": _READER | {"url": "https://shop.example/"},
    "bounce": {
        "blocked": False,
        "hard_bounce": True,
        "error_related_to": "recipient",
        "error": "user unknown",
        "comment": "Host or domain name not found.",
    },
    "blocked": {"error_related_to": "recipient", "error": "preblocked"},
    "spam": {"source": "JMRPP"},
    "unsub": {"mj_list_id": 1} | _READER,
}


def event_of(name: str, message: Json, time: int, overrides: Json) -> Json:
    """The event of that name for a message of the inbox; `overrides` are fields in Mailjet's own names."""
    common = {
        "event": name,
        "time": time,
        "MessageID": message["id"],
        "Message_GUID": message["uuid"],
        "email": message["to"],
        "mj_campaign_id": 7257,
        "mj_contact_id": 4,
        "customcampaign": message["campaign"],
        "CustomID": message["customId"],
        "Payload": message["payload"],
    }
    own = {"mj_message_id": str(message["id"])} if name == "sent" else {}
    return common | own | _EXTRA.get(name, {}) | overrides
