"""Alleaves' addresses, and those by which its sandbox is seeded and sends webhooks.

Below /sandbox/alleaves/accounts/{username}:

| Address | What |
|---|---|
| `PUT ` | an account: `password`, `pin`, `tokenSeconds` (null: tokens without exp), `shape`, `dateField` |
| `GET ` | all it remembers |
| `POST /customers`, `POST /orders` | `{"customers": […]}`: add, or change the named fields of known ones |
| `DELETE /tokens` | no token is accepted any more |
| `POST /webhooks` | `{"url", "secret", "event", "data"}`: send a signed event; answers with the status it got |

`shape` of the lists: `array`, `named` (customers, orders), `data`, `numbered` (customers) and `results` (orders).
"""

from __future__ import annotations

import hashlib
import hmac
import json
import uuid
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from typing import Any

import flask
import jwt
import requests

from emulator.vendors.sandbox import Refusal, Sandbox, body_object

Json = dict[str, Any]

_KEY = uuid.uuid4().hex
_WEBHOOK_SECONDS = 30


@dataclass
class Account:
    """One user's view of a shop, in Alleaves' own names."""

    username: str
    password: str = ""
    pin: str = ""
    token_seconds: float | None = 86_400.0
    shape: str = "named"
    date_field: str = "date_created"
    customers: dict[str, Json] = field(default_factory=dict)
    orders: dict[str, Json] = field(default_factory=dict)
    tokens: dict[str, float | None] = field(default_factory=dict)


class AlleavesSandbox(Sandbox):
    """Accounts by user name."""

    name = "alleaves"

    def __init__(self, now: Callable[[], float]) -> None:
        super().__init__(now)
        self._accounts: dict[str, Account] = {}

    def reset(self) -> None:
        self._accounts.clear()

    def refusal(self, status: int, code: str) -> Json:
        return {"success": False, "code": status, "error": code}

    def add_routes(self, blueprint: flask.Blueprint) -> None:
        routes: list[tuple[str, str, Callable[..., Any]]] = [
            ("POST", "/auth", self._log_in),
            ("POST", "/customer/search", self._search),
            ("GET", "/order", self._list_orders),
        ]
        for method, rule, view in routes:
            blueprint.add_url_rule(rule, view.__name__, self.locked(view), methods=[method])

    def add_control(self, blueprint: flask.Blueprint) -> None:
        account = "/accounts/<username>"
        routes: list[tuple[str, str, Callable[..., Any]]] = [
            ("PUT", account, self._put_account),
            ("GET", account, self._get_account),
            ("POST", f"{account}/<any(customers, orders):kind>", self._put_records),
            ("DELETE", f"{account}/tokens", self._revoke),
        ]
        for method, rule, view in routes:
            blueprint.add_url_rule(rule, view.__name__, self.locked(view), methods=[method])
        # Not under the lock: whoever receives it may ask us before it answers.
        blueprint.add_url_rule(f"{account}/webhooks", "webhooks", self._send_webhook, methods=["POST"])

    def _log_in(self) -> Any:
        body = body_object()
        account = self._accounts.get(str(body.get("username")))
        if account is None or (body.get("password"), body.get("pin")) != (account.password, account.pin):
            raise Refusal(401, "invalid_credentials")
        claims: Json = {"sub": account.username, "jti": uuid.uuid4().hex}
        expires_at = None if account.token_seconds is None else self.now() + account.token_seconds
        if expires_at is not None:
            claims["exp"] = int(expires_at)
        token = jwt.encode(claims, _KEY, algorithm="HS256")
        account.tokens[token] = expires_at
        return flask.jsonify({"id_user": 1, "token": token})

    def _search(self) -> Any:
        account, body = self._open(), body_object()
        found = list(account.customers.values())
        return _listed(account, "customers", found, body.get("page", 1), body.get("pageSize"))

    def _list_orders(self) -> Any:
        account, query = self._open(), flask.request.args
        begin, end = query.get("startDate", ""), query.get("endDate", "9999")
        found = [it for it in account.orders.values() if begin <= str(it.get(account.date_field, ""))[:10] <= end]
        return _listed(account, "orders", found, query.get("page", 1, int), query.get("pageSize", 100, int))

    def _put_account(self, username: str) -> Any:
        names = {"tokenSeconds": "token_seconds", "dateField": "date_field"}
        account = self._accounts.setdefault(username, Account(username))
        for name, value in body_object().items():
            if name in ("password", "pin", "shape", *names):
                setattr(account, names.get(name, name), value)
        return flask.jsonify({"username": username})

    def _get_account(self, username: str) -> Any:
        told = asdict(self._known(username))
        return flask.jsonify({name: told[name] for name in ("customers", "orders", "shape")})

    def _put_records(self, username: str, kind: str) -> Any:
        account = self._known(username)
        known = account.customers if kind == "customers" else account.orders
        for record in body_object()[kind]:
            names = ("id_customer",) if kind == "customers" else ("id", "id_order")
            record_id = str(next(record[name] for name in names if name in record))
            known[record_id] = {**known.get(record_id, {}), **record}
        return flask.jsonify({"count": len(known)})

    def _revoke(self, username: str) -> Any:
        self._known(username).tokens.clear()
        return "", 204

    def _send_webhook(self, username: str) -> Any:
        body = body_object()
        at = datetime.fromtimestamp(self.now(), UTC).isoformat()
        event = json.dumps({"event": body["event"], "data": body.get("data", {}), "timestamp": at}).encode()
        signature = hmac.new(body["secret"].encode(), event, hashlib.sha256).hexdigest()
        headers = {"Content-Type": "application/json", "x-alleaves-signature": signature}
        answer = requests.post(body["url"], data=event, headers=headers, timeout=_WEBHOOK_SECONDS)
        return flask.jsonify({"status": answer.status_code})

    def _known(self, username: str) -> Account:
        account = self._accounts.get(username)
        if account is None:
            raise Refusal(404, "unknown_account")
        return account

    def _open(self) -> Account:
        """The account whose token came along."""
        token = flask.request.headers.get("Authorization", "").removeprefix("Bearer ")
        account = next((it for it in self._accounts.values() if token in it.tokens), None)
        expires_at = None if account is None else account.tokens[token]
        if account is None or (expires_at is not None and expires_at <= self.now()):
            raise Refusal(401, "invalid_token")
        return account


def _listed(account: Account, name: str, records: list[Json], page: int, size: int | None) -> flask.Response:
    size = size or 100
    part = records[(page - 1) * size : page * size]
    if account.shape == "array":
        return flask.jsonify(part)
    if account.shape == "numbered":
        return flask.jsonify({str(index): record for index, record in enumerate(part)} or [])
    return flask.jsonify({name if account.shape == "named" else account.shape: part})
