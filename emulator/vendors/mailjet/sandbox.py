"""Mailjet's Send API v3.1, and the addresses by which its sandbox is seeded, looked at, and sends events.

Below /sandbox/mailjet:

| Address | What |
|---|---|
| `GET, DELETE /inbox` | mails that were taken, oldest first; `?to=` address |
| `GET /accounts` | the keys of all accounts |
| `PUT /accounts/{key}` | an account: `secret`, `refused`, `failing` (addresses), `partialStatus`, `webhookUrl` |
| `GET /accounts/{key}` | its settings and mails |
| `POST /accounts/{key}/events` | `{"events": ["sent", "open"], "to"?, "fields"?, "order"?, "copies"?, "grouped"?}` |

A batch with refused messages is answered with `partialStatus` (200, or 400 as some accounts see), and the others are
sent. Nothing is deduplicated: the same CustomID twice is two mails.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import flask

from emulator.vendors.callbacks import Delivery, Json
from emulator.vendors.mailjet.events import event_of
from emulator.vendors.sandbox import Refusal, Sandbox, body_object

_BATCH_MAX = 50
_FIRST_ID = 576_460_752_303_423_488


@dataclass
class Account:
    """One key. `mails` in the order in which they were taken."""

    api_key: str
    secret: str = ""
    refused: list[str] = field(default_factory=list)
    failing: list[str] = field(default_factory=list)
    partial_status: int = 200
    webhook_url: str = ""
    mails: list[Json] = field(default_factory=list)


class MailjetSandbox(Sandbox):
    """Accounts by key."""

    name = "mailjet"

    def __init__(self, now: Callable[[], float]) -> None:
        super().__init__(now)
        self._accounts: dict[str, Account] = {}
        self._last_id = _FIRST_ID

    def reset(self) -> None:
        self._accounts.clear()

    def refusal(self, status: int, code: str) -> Json:
        return {"ErrorIdentifier": str(uuid.uuid4()), "StatusCode": status, "ErrorCode": code, "ErrorMessage": "No."}

    def add_routes(self, blueprint: flask.Blueprint) -> None:
        blueprint.add_url_rule("/v3.1/send", "send", self.locked(self._send), methods=["POST"])

    def add_control(self, blueprint: flask.Blueprint) -> None:
        account = "/accounts/<key>"
        blueprint.add_url_rule("/inbox", "inbox", self._inbox, methods=["GET", "DELETE"])
        blueprint.add_url_rule("/accounts", "accounts", self.locked(self._list_accounts))
        blueprint.add_url_rule(account, "put_account", self.locked(self._put_account), methods=["PUT"])
        blueprint.add_url_rule(account, "get_account", self.locked(self._get_account), methods=["GET"])
        # Not under the lock: the receiver of an event may send a mail while it is being told.
        blueprint.add_url_rule(f"{account}/events", "events", self._events, methods=["POST"])

    def inbox(self) -> list[Json]:
        with self._lock:
            return [dict(mail) for account in self._accounts.values() for mail in account.mails]

    def _send(self) -> Any:
        given = flask.request.authorization
        account = self._accounts.get(given.username or "" if given else "")
        if account is None or given is None or given.password != account.secret or not account.secret:
            raise Refusal(401, "mj-0002")
        body = body_object()
        messages = body.get("Messages")
        if not isinstance(messages, list) or not messages or len(messages) > _BATCH_MAX:
            raise Refusal(400, "mj-0003")
        told = [self._take(account, message, deliver=not body.get("SandboxMode")) for message in messages]
        refused = any(result["Status"] == "error" for result in told)
        return flask.jsonify({"Messages": told}), account.partial_status if refused else 200

    def _take(self, account: Account, message: Any, *, deliver: bool) -> Json:
        problem = _problem(message)
        if problem:
            return _error(400, "mj-0013", problem)
        to = message["To"][0]["Email"]
        if to in account.refused:
            return _error(400, "mj-0013", "To[0].Email")
        if to in account.failing:
            return _error(500, "mj-0015", "To[0].Email")
        self._last_id += 1
        mail = {
            "id": self._last_id,
            "uuid": str(uuid.uuid4()),
            "channel": "email",
            "to": to,
            "from": message["From"]["Email"],
            "subject": message.get("Subject", ""),
            "html": message.get("HTMLPart", ""),
            "text": message.get("TextPart", ""),
            "headers": message.get("Headers", {}),
            "customId": message.get("CustomID", ""),
            "campaign": message.get("CustomCampaign", ""),
            "payload": message.get("EventPayload", ""),
            "at": self.now(),
        }
        if deliver:
            account.mails.append(mail)
        address = {"Email": to, "MessageUUID": mail["uuid"], "MessageID": mail["id"]}
        address["MessageHref"] = f"https://api.mailjet.com/v3/REST/message/{mail['id']}"
        return {"Status": "success", "CustomID": mail["customId"], "To": [address], "Cc": [], "Bcc": []}

    def _inbox(self) -> Any:
        wanted = flask.request.args.get("to")
        told = sorted(
            (each for each in self.inbox() if wanted in (None, each["to"])), key=lambda each: float(each["at"])
        )
        if flask.request.method == "DELETE":
            with self._lock:
                for account in self._accounts.values():
                    account.mails.clear()
        return flask.jsonify(told)

    def _list_accounts(self) -> Any:
        return flask.jsonify(list(self._accounts))

    def _put_account(self, key: str) -> Any:
        body = body_object()
        account = self._accounts.setdefault(key, Account(key))
        account.secret = body.get("secret", account.secret)
        account.refused = body.get("refused", account.refused)
        account.failing = body.get("failing", account.failing)
        account.partial_status = body.get("partialStatus", account.partial_status)
        account.webhook_url = body.get("webhookUrl", account.webhook_url)
        return flask.jsonify({})

    def _get_account(self, key: str) -> Any:
        account = self._known(key)
        settings = {"refused": account.refused, "failing": account.failing, "partialStatus": account.partial_status}
        return flask.jsonify(settings | {"webhookUrl": account.webhook_url, "mails": account.mails})

    def _events(self, key: str) -> Any:
        body = body_object()
        with self._lock:
            account, now = self._known(key), int(self.now())
            events = [
                event_of(name, mail, now, body.get("fields", {}))
                for mail in account.mails
                if body.get("to") in (None, mail["to"])
                for name in body.get("events", ["sent"])
            ]
            delivery = Delivery.asked_for(body, account.webhook_url)
        return flask.jsonify({"statuses": delivery.send(events)})

    def _known(self, key: str) -> Account:
        account = self._accounts.get(key)
        if account is None:
            raise Refusal(404, "unknown_account")
        return account


def _problem(message: Any) -> str:
    """The field that makes a message unacceptable, "" for none."""
    if not isinstance(message, dict):
        return "Messages"
    if "@" not in str((message.get("From") or {}).get("Email", "")):
        return "From.Email"
    to = message.get("To")
    if not isinstance(to, list) or not to or "@" not in str(to[0].get("Email", "")):
        return "To[0].Email"
    return "" if message.get("HTMLPart") or message.get("TextPart") else "TextPart"


def _error(status: int, code: str, related: str) -> Json:
    error = {"ErrorIdentifier": str(uuid.uuid4()), "ErrorCode": code, "StatusCode": status}
    error |= {"ErrorMessage": "The sandbox says no.", "ErrorRelatedTo": [related]}
    return {"Status": "error", "Errors": [error]}
