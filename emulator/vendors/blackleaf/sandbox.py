"""Blackleaf's addresses, and those by which its sandbox is seeded, looked at, and sends receipts and replies.

+15555550101 is always refused, …0102 always rate limited. Below /sandbox/blackleaf:

| Address | What |
|---|---|
| `GET, DELETE /inbox` | texts that were taken, oldest first; `?to=` digits |
| `GET /accounts` | the keys of all accounts |
| `PUT /accounts/{key}` | an account: `perMinute`, `refused` (digits), `webhookUrl` |
| `GET /accounts/{key}` | its settings and texts |
| `POST /accounts/{key}/receipts` | `{"statuses": ["delivered"], "to"?, "order"?, "copies"?}` for its texts |
| `POST /accounts/{key}/replies` | `{"from", "body", "order"?, "copies"?}`: somebody writes back |

The payload of receipts and replies is documented nowhere; this one has the names of v1's answers.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import flask

from emulator.vendors.callbacks import Delivery, Json
from emulator.vendors.sandbox import Refusal, Sandbox, body_object

_ALWAYS_REFUSED = "15555550101"
_ALWAYS_LIMITED = "15555550102"
_WINDOW_SECONDS = 60.0


@dataclass
class Account:
    """One key. `texts` in the order in which they were taken."""

    api_key: str
    per_minute: int = 100
    refused: list[str] = field(default_factory=list)
    webhook_url: str = ""
    texts: list[Json] = field(default_factory=list)
    taken_at: list[float] = field(default_factory=list)


class BlackleafSandbox(Sandbox):
    """Accounts by key."""

    name = "blackleaf"

    def __init__(self, now: Callable[[], float]) -> None:
        super().__init__(now)
        self._accounts: dict[str, Account] = {}

    def reset(self) -> None:
        self._accounts.clear()

    def refusal(self, status: int, code: str) -> Json:
        said = "Rate limit exceeded" if status == 429 else "The sandbox says no."
        return {"success": False, "status": "error", "code": code, "message": said}

    def add_routes(self, blueprint: flask.Blueprint) -> None:
        blueprint.add_url_rule("/messaging/send/text", "v2", self.locked(self._send_v2), methods=["POST"])
        blueprint.add_url_rule("/api/messaging/send/", "v1", self.locked(self._send_v1), methods=["GET"])

    def add_control(self, blueprint: flask.Blueprint) -> None:
        account = "/accounts/<key>"
        blueprint.add_url_rule("/inbox", "inbox", self._inbox, methods=["GET", "DELETE"])
        blueprint.add_url_rule("/accounts", "accounts", self.locked(self._list_accounts))
        blueprint.add_url_rule(account, "put_account", self.locked(self._put_account), methods=["PUT"])
        blueprint.add_url_rule(account, "get_account", self.locked(self._get_account), methods=["GET"])
        # Not under the lock: the receiver of a webhook may send a text while it is being told.
        blueprint.add_url_rule(f"{account}/receipts", "receipts", self._receipts, methods=["POST"])
        blueprint.add_url_rule(f"{account}/replies", "replies", self._replies, methods=["POST"])

    def inbox(self) -> list[Json]:
        with self._lock:
            return [dict(text) for account in self._accounts.values() for text in account.texts]

    def _send_v2(self) -> Any:
        scheme, _, key = flask.request.headers.get("Authorization", "").partition(" ")
        account, body = self._open(key if scheme == "Bearer" else ""), body_object()
        to = str(body.get("to", ""))
        text = "\n".join(part for part in (body.get("body"), body.get("unsubscribeText")) if part)
        taken = self._take(account, f"1{to}" if len(to) == 10 else to, text, "v2", "")
        return flask.jsonify({"success": True, "messageId": taken["id"]})

    def _send_v1(self) -> Any:
        query = flask.request.args
        account = self._open(query.get("apiKey", ""))
        taken = self._take(account, query.get("to", ""), query.get("body", ""), "v1", query.get("image", ""))
        return flask.jsonify({"status": "success", "message": "Message sent", "message-id": taken["id"]})

    def _take(self, account: Account, to: str, text: str, generation: str, image: str) -> Json:
        if not to.isdecimal() or not 11 <= len(to) <= 15 or not text:
            raise Refusal(400, "invalid_message")
        if to == _ALWAYS_REFUSED or to in account.refused:
            raise Refusal(400, "unreachable_number")
        now = self.now()
        account.taken_at = [moment for moment in account.taken_at if moment > now - _WINDOW_SECONDS]
        if to == _ALWAYS_LIMITED or len(account.taken_at) >= account.per_minute:
            raise Refusal(429, "rate_limited")
        account.taken_at.append(now)
        taken = {"id": uuid.uuid4().hex, "channel": "sms", "to": to, "body": text, "image": image}
        account.texts.append(taken | {"generation": generation, "at": now})
        return taken

    def _inbox(self) -> Any:
        wanted = flask.request.args.get("to")
        told = sorted(
            (each for each in self.inbox() if wanted in (None, each["to"])), key=lambda each: float(each["at"])
        )
        if flask.request.method == "DELETE":
            with self._lock:
                for account in self._accounts.values():
                    account.texts.clear()
        return flask.jsonify(told)

    def _list_accounts(self) -> Any:
        return flask.jsonify(list(self._accounts))

    def _put_account(self, key: str) -> Any:
        body = body_object()
        account = self._accounts.setdefault(key, Account(key))
        account.per_minute = body.get("perMinute", account.per_minute)
        account.refused = body.get("refused", account.refused)
        account.webhook_url = body.get("webhookUrl", account.webhook_url)
        return flask.jsonify({})

    def _get_account(self, key: str) -> Any:
        account = self._known(key)
        settings = {"perMinute": account.per_minute, "refused": account.refused, "webhookUrl": account.webhook_url}
        return flask.jsonify(settings | {"texts": account.texts})

    def _receipts(self, key: str) -> Any:
        body = body_object()
        with self._lock:
            account, now = self._known(key), self.now()
            events = [
                {"message-id": text["id"], "status": status, "to": text["to"], "timestamp": int(now)}
                | ({"url": body.get("url", "")} if status == "clicked" else {})
                for text in account.texts
                if body.get("to") in (None, text["to"])
                for status in body.get("statuses", ["delivered"])
            ]
            delivery = Delivery.asked_for(body, account.webhook_url)
        return flask.jsonify({"statuses": delivery.send(events)})

    def _replies(self, key: str) -> Any:
        body = body_object()
        with self._lock:
            account = self._known(key)
            event = {"message-id": uuid.uuid4().hex, "status": "replied", "from": body["from"], "body": body["body"]}
            event |= {"timestamp": int(self.now())}
            delivery = Delivery.asked_for(body, account.webhook_url)
        return flask.jsonify({"statuses": delivery.send([event])})

    def _known(self, key: str) -> Account:
        account = self._accounts.get(key)
        if account is None:
            raise Refusal(404, "unknown_account")
        return account

    def _open(self, key: str) -> Account:
        account = self._accounts.get(key)
        if not key or account is None:
            raise Refusal(401, "invalid_key")
        return account
