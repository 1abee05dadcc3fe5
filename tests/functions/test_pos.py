"""The point of sale on the whole stack: a pull, a webhook and a push, over HTTP, queues and events."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import flask
import pytest
import requests
from google.cloud.firestore import Client
from werkzeug.test import EnvironBuilder

from emulator.client import StackClient
from emulator.stack import Stack
from emulator.vendors.client import SandboxClient
from functions import edge
from functions.edge.webhooks import BODY_BYTES_MAX
from tests.emulator.tasks.target import eventually

ORG, SECRET, CRON_SECRET = "org_green", "s3cret", "the-secret-of-the-clock"
TILL, ACCOUNT, KEY = "till-1", "4711", "the-key"
NOW = datetime.now(UTC).isoformat()
SALE = {"id": 9001, "id_customer": 77, "status": "completed", "date_created": NOW, "date_updated": NOW, "total": "50"}


class Shop:
    """A shop on a stack with queues and vendors, and with accounts at both."""

    def __init__(self, stack: Stack, database: Client) -> None:
        self.stack = stack
        self.database = database
        self.client = StackClient(stack.project, stack.firestore, stack.functions)
        self.till = SandboxClient(stack.vendors, "alleaves")
        self.alpine = SandboxClient(stack.vendors, "alpine_iq")
        self.till.put_account(TILL, password="pa55", pin="1")
        self.alpine.put_account(ACCOUNT, apiKey=KEY)
        config = {"provider": "alleaves", "username": TILL, "password": "pa55", "pin": "1", "storeId": "1000"}
        database.document("locations", "main").set({"orgId": ORG, "posConfig": config})
        database.document("tenants", ORG).set({"name": "Green"})
        push = {"accountId": ACCOUNT, "push": {"sales": True}}
        database.document("tenants", ORG, "integrations", "alpine_iq").set(push)

    def close(self) -> None:
        for client in (self.client, self.till, self.alpine, self.database):
            client.close()

    def fields(self, *path: str) -> dict[str, Any]:
        return self.database.document(*path).get().to_dict() or {}

    def ledger(self) -> list[int]:
        entries = self.database.collection("customers", f"{ORG}_77", "ledger").order_by("seq").stream()
        return [entry.get("points") for entry in entries]

    def inbox(self) -> list[Any]:
        return list(self.database.collection("tenants", ORG, "inbox").stream())

    @property
    def webhook(self) -> str:
        return f"{self.client.url('alleaves_webhook')}/{ORG}"


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Shop]:
    monkeypatch.delenv("FIRESTORE_EMULATOR_HOST", raising=False)
    monkeypatch.setenv("ALLEAVES_WEBHOOK_SECRETS", json.dumps({ORG: SECRET}))
    monkeypatch.setenv("ALPINE_IQ_KEYS", json.dumps({ORG: KEY}))
    monkeypatch.setenv("CRON_SECRET", CRON_SECRET)
    with Stack("demo-pos", with_tasks=True, with_vendors=True, log_folder=tmp_path) as stack:
        for name, value in stack.environment.items():
            monkeypatch.setenv(name, value)
        opened = Shop(stack, Client(project=stack.project))
        yield opened
        opened.close()


def test_a_sale_at_the_till_is_in_the_ledger_at_alpine_iq_and_undone_by_a_webhook(shop: Shop) -> None:
    shop.till.put(TILL, "orders", [SALE])
    headers = {"Authorization": f"Bearer {CRON_SECRET}"}
    answer = requests.post(f"{shop.client.url('cron')}/pull_pos", headers=headers, timeout=30)
    assert answer.ok, answer.text
    eventually(lambda: shop.ledger() == [50])
    eventually(lambda: shop.fields("tenants", ORG, "pos_pulls", "main").get("state") == "done")
    assert "lastSyncAt" in shop.fields("tenants", ORG, "integrations", "pos")

    # Nobody at Alpine IQ is known by the till's number alone: the record says why nothing was told.
    pushed = shop.database.collection("tenants", ORG, "alpine_pushes")
    eventually(lambda: [found.get("reason") for found in pushed.stream()] == ["no_address"])
    shop.till.put(TILL, "orders", [{**SALE, "id": 9002, "email": "ann@example.com"}])
    order_event = {"url": shop.webhook, "secret": SECRET, "event": "order.created", "data": {"id": 9002}}
    assert shop.till.ask("POST", f"/accounts/{TILL}/webhooks", order_event) == {"status": 200}
    eventually(lambda: len(shop.alpine.account(ACCOUNT)["sales"]) == 1)
    assert shop.ledger() == [50, 50]

    shop.till.put(TILL, "orders", [{"id": 9002, "status": "voided", "date_updated": datetime.now(UTC).isoformat()}])
    void_event = {**order_event, "event": "order.updated"}
    assert shop.till.ask("POST", f"/accounts/{TILL}/webhooks", void_event) == {"status": 200}
    eventually(lambda: shop.ledger() == [50, 50, -50])
    eventually(lambda: all(found.get("status") == "worked" for found in shop.inbox()))

    body = b'{"event": "order.updated", "data": {"id": 9001}}'
    for signature in ("", "0" * 64):
        answer = requests.post(shop.webhook, body, headers={"x-alleaves-signature": signature}, timeout=10)
        assert (answer.status_code, answer.json()["reason"]) == (401, "invalid_signature")
    signed = {"x-alleaves-signature": hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()}
    for other in ("", "/org_other", f"/{ORG}/more"):
        answer = requests.post(shop.client.url("alleaves_webhook") + other, body, headers=signed, timeout=10)
        assert (answer.status_code, answer.json()["reason"]) == (404, "unknown_webhook")
    answer = requests.post(shop.webhook, body, headers=signed, timeout=10)
    assert answer.json() == {"success": True, "received": True, "event": "order.updated"}


received: list[edge.Webhook] = []


@edge.on_webhook(lambda text: text.upper())
def hook(delivery: edge.Webhook) -> edge.Json:
    """Notes what came."""
    received.append(delivery)
    return {"ok": True}


def ask(method: str = "POST", *, without: str = "", **request: Any) -> flask.Response:
    """The answer to a request; `without` one variable of its environment."""
    environ = EnvironBuilder(path="/green", method=method, **request).get_environ()
    environ.pop(without, None)
    with flask.Flask("test").request_context(environ):
        return hook(flask.request._get_current_object())  # type: ignore[attr-defined]


class TestTheEdge:
    def test_hands_on_the_bytes_that_were_signed(self) -> None:
        body = b'{"a":  "\xc3\xa9" }\n'
        answer = ask(data=body, headers={"X-Signature": "s"}, content_type="application/json")
        assert (answer.status_code, answer.get_json()) == (200, {"ok": True})
        delivery = received.pop()
        assert (delivery.body, delivery.path, delivery.headers["x-signature"]) == (body, "green", "s")

    def test_what_is_too_much_is_not_read(self) -> None:
        assert ask(data=b"x" * BODY_BYTES_MAX).status_code == 200
        assert ask(data=b"x" * (BODY_BYTES_MAX + 1)).status_code == 413
        assert len(received.pop().body) == BODY_BYTES_MAX
        assert not received

    def test_a_length_that_is_not_said_could_be_any(self) -> None:
        answer = ask(without="CONTENT_LENGTH")
        assert (answer.status_code, answer.content_type) == (411, "application/problem+json")

    def test_the_challenge_comes_back_as_text_that_nobody_renders(self) -> None:
        answer = ask("GET", query_string={"challenge": "abc"})
        assert (answer.get_data(), answer.content_type) == (b"ABC", "text/plain; charset=utf-8")
        assert answer.headers["X-Content-Type-Options"] == "nosniff"

    @pytest.mark.parametrize("method", ["PUT", "DELETE", "HEAD", "OPTIONS"])
    def test_nothing_else_is_allowed(self, method: str) -> None:
        answer = ask(method)
        assert (answer.status_code, answer.headers["Allow"]) == (405, "GET, POST")
