"""Mailjet's Send API v3.1: the body of a batch, and the result of each message in its answer."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from lib.domain.errors import InvalidInput
from lib.vendors.fields import object_in
from lib.vendors.senders import EmailAddress, EmailMessage, Outcome, SendResult

_CODE = re.compile(r"[A-Za-z0-9_.-]{1,40}")
_CONTROL = re.compile(r"[\x00-\x1f\x7f\x85\u2028\u2029]")
_HEADER_NAME = re.compile(r"[A-Za-z0-9-]{1,76}")
# CustomID and CustomCampaign are cut at this length by the vendor, and an id that is cut names nothing.
_ID_LENGTH_MAX = 64


def message_body(message: EmailMessage, sender: EmailAddress) -> dict[str, Any]:
    """One element of `Messages`. The vendor builds headers from these values, so none may hold a line break.

    Raises InvalidInput, naming the field, for a message that must not be sent as it is.
    """
    source = message.sender or sender
    one_line = {
        "Subject": message.subject,
        "To/Name": message.to.name,
        "To/Email": message.to.email,
        "From/Name": source.name,
        "From/Email": source.email,
        **{f"Headers/{name}": value for name, value in message.headers.items()},
    }
    for where, value in one_line.items():
        if _CONTROL.search(value):
            raise InvalidInput("must be one line", pointer=f"/{where}", reason="line_break")
    if not all(_HEADER_NAME.fullmatch(name) for name in message.headers):
        raise InvalidInput("is not the name of a header", pointer="/Headers", reason="header_name")
    if not 0 < len(message.message_id) <= _ID_LENGTH_MAX:
        raise InvalidInput(f"must have 1 to {_ID_LENGTH_MAX} characters", pointer="/CustomID", reason="custom_id")
    body: dict[str, Any] = {
        "From": _address(source),
        "To": [_address(message.to)],
        "Subject": message.subject,
        "HTMLPart": message.html,
        "CustomID": message.message_id,
        "TrackOpens": "enabled",
        "TrackClicks": "enabled",
    }
    optional = {"TextPart": message.text, "Headers": dict(message.headers)}
    optional |= {"CustomCampaign": message.campaign[:_ID_LENGTH_MAX]}
    return body | {name: value for name, value in optional.items() if value}


def results_in(body: object, messages: Sequence[EmailMessage]) -> tuple[SendResult, ...] | None:
    """One result for each message, in their order; None for a body in which they cannot be told apart.

    Matched by CustomID where the answer repeats it (a success does), else by place.
    """
    entries = object_in(body).get("Messages")
    if not isinstance(entries, list) or len(entries) != len(messages):
        return None
    by_id = {entry.get("CustomID"): entry for entry in entries if isinstance(entry, Mapping)}
    found = [by_id.get(message.message_id) or entries[index] for index, message in enumerate(messages)]
    if len({id(entry) for entry in found}) != len(found):
        return None
    return tuple(_result(entry) for entry in found)


def _result(entry: object) -> SendResult:
    fields = object_in(entry)
    status = str(fields.get("Status", "")).lower()
    if status == "success":
        return SendResult(Outcome.ACCEPTED, provider_id=_provider_id(fields))
    if status != "error":
        return SendResult(Outcome.UNKNOWN, reason="unknown_shape")
    errors = fields.get("Errors")
    first = object_in(errors[0]) if isinstance(errors, list) and errors else {}
    code = first.get("ErrorCode")
    known_code = code if isinstance(code, str) and _CODE.fullmatch(code) else ""
    match first.get("StatusCode"):
        case 429:
            return SendResult(Outcome.RETRY, reason="throttled", code=known_code)
        case 401 | 403:
            return SendResult(Outcome.RETRY, reason="credentials", code=known_code)
        case int() as number if number >= 500:
            return SendResult(Outcome.RETRY, reason="server_error", code=known_code)
    return SendResult(Outcome.REFUSED, reason="rejected", code=known_code)


def _provider_id(fields: Mapping[str, Any]) -> str:
    """MessageID, which events carry too; a number of up to 19 digits, kept as text."""
    to = fields.get("To")
    first = object_in(to[0]) if isinstance(to, list) and to else {}
    value = first.get("MessageID")
    return str(value) if isinstance(value, str | int) and not isinstance(value, bool) else ""


def _address(address: EmailAddress) -> dict[str, str]:
    return {"Email": address.email, "Name": address.name} if address.name else {"Email": address.email}
