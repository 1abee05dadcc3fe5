"""Blackleaf's requests and answers, both generations: what is sent, and what an answer says of the message."""

import re
from collections.abc import Mapping
from typing import Any

from lib.vendors.blackleaf.config import BlackleafConfig, Generation
from lib.vendors.fields import object_in
from lib.vendors.http import Request
from lib.vendors.outcomes import Safety
from lib.vendors.senders import Outcome, SendResult, SmsMessage

_NOT_NOW = re.compile(r"rate.?limit|too many|throttl|try again|temporar", re.IGNORECASE)
_CODE = re.compile(r"[A-Za-z0-9_.-]{1,40}")


def request_for(message: SmsMessage, config: BlackleafConfig) -> Request:
    """The request that sends a text. To be made once: either generation knows no idempotency key, v1 even sends by GET.

    REFUSABLE: only 429, a 5xx with a JSON object, and a connection that was never made say that nothing was sent.
    """
    if config.generation is Generation.V1:
        query: dict[str, str | int] = {"to": message.to.removeprefix("+"), "body": message.body}
        if message.image_url:
            query["image"] = message.image_url
        query["apiKey"] = config.api_key
        return Request("GET", "/api/messaging/send/", Safety.REFUSABLE, query)
    # Ten digits in the US, the country's code before the number elsewhere.
    body = {"to": message.to.removeprefix("+1").removeprefix("+"), "body": message.body}
    headers = {"Authorization": f"Bearer {config.api_key}"}
    return Request("POST", "/messaging/send/text", Safety.REFUSABLE, body=body, headers=headers)


def result_in(body: object, generation: Generation) -> SendResult | None:
    """What an answer with a 2xx status says; None if it says neither that the text was taken nor that it was not.

    v1 says `status: success`. v2 is documented only to say `success: false` when it failed, so any other object of its
    is a success.
    """
    if not isinstance(body, Mapping):
        return None
    status = str(body.get("status", "")).lower()
    refused = body.get("success") is False or status in ("error", "failed", "failure")
    accepted = status == "success" if generation is Generation.V1 else True
    if refused:
        said = " ".join(str(body.get(name) or "") for name in ("error", "message", "code", "reason"))
        outcome, reason = (Outcome.RETRY, "throttled") if _NOT_NOW.search(said) else (Outcome.REFUSED, "rejected")
        return SendResult(outcome, reason=reason, code=_code(body))
    return SendResult(Outcome.ACCEPTED, provider_id=_message_id(body)) if accepted else None


def _message_id(body: Mapping[str, Any]) -> str:
    """v1 documents message-id, the dashboard reads messageId, v2 documents none."""
    for place in (body, object_in(body.get("data"))):
        for name in ("message-id", "messageId", "message_id", "id"):
            value = place.get(name)
            if isinstance(value, str | int) and not isinstance(value, bool) and str(value).strip():
                return str(value).strip()[:200]
    return ""


def _code(body: Mapping[str, Any]) -> str:
    code = body.get("code")
    return str(code) if isinstance(code, str | int) and _CODE.fullmatch(str(code)) else ""
