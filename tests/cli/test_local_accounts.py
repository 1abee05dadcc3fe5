"""A stack as `./dev up` starts it sends, and hears what comes back, without a setting of its own."""

from __future__ import annotations

import contextlib
import json
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import requests

from cli import local_accounts
from emulator.client import StackClient
from emulator.vendors.client import SandboxClient
from lib.domain.frequency import MessageType
from lib.domain.message_wording import EmailTemplate, SmsTemplate
from lib.domain.messages import Cause, Message
from lib.platform import links, secrets
from lib.store import message_templates, messages
from lib.store import transaction as transactions
from lib.store.client import database
from lib.store.org import OrgStore
from lib.usecases import sending

ORG = "org_of_a_newcomer"
PAGE = "https://shop.example/menu"
SETTINGS = {
    "sms": {"enabled": True},
    "email": {"enabled": True, "fromEmail": "shop@example.com", "postalAddress": "1 Main Street, Albany NY 12207"},
}
_DEADLINE_SECONDS = 60
_VARIABLES = ("LINK_KEYS", "BLACKLEAF_KEYS", "MAILJET_KEYS", "BLACKLEAF_WEBHOOK_SECRETS")


@pytest.fixture
def own_environment(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """Without keys of whoever runs the tests."""
    for name in (*_VARIABLES, "MAILJET_WEBHOOK_SECRETS", "MAILJET_WEBHOOK_PASSWORDS", "FIRESTORE_EMULATOR_HOST"):
        monkeypatch.delenv(name, raising=False)
    return monkeypatch


@pytest.fixture
def stack(root: Path, tmp_path: Path, own_environment: pytest.MonkeyPatch) -> Iterator[dict[str, Any]]:
    """What the ready-file of `./dev up` says; its environment is ours, its secrets are not."""
    ready = tmp_path / "ready"
    command = [sys.executable, "-m", "cli.up", "--project", "demo-newcomer", "--port", "0", "--org", ORG]
    with (tmp_path / "output").open("wb") as output:
        process = subprocess.Popen([*command, "--ready", str(ready)], cwd=root, stdout=output, stderr=output)
    try:
        _until(lambda: ready.exists() or process.poll() is not None)
        assert ready.exists(), (tmp_path / "output").read_text()
        told: dict[str, Any] = json.loads(ready.read_text())
        assert f"Inbox        http://{told['vendors']}/inbox" in (tmp_path / "output").read_text()
        for name, value in told["env"].items():
            own_environment.setenv(name, value)
        yield told
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.terminate()
        process.wait(_DEADLINE_SECONDS)


def _until(found: Callable[[], Any]) -> Any:
    deadline = time.monotonic() + _DEADLINE_SECONDS
    while not (result := found()):
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.02)
    return result


def _queue(customer_id: str, template: SmsTemplate | EmailTemplate) -> Message:
    """A message that goes at any hour."""
    org, now = OrgStore(ORG), datetime.now(UTC)
    message = Message(
        org_id=ORG,
        customer_id=customer_id,
        channel=template.channel,
        cause=Cause("order", "1"),
        kind=MessageType.ORDER_UPDATE,
        template_id=message_templates.keep(org, template, now),
        created_at=now,
        send_after=now,
        good_until=now + timedelta(hours=1),
        link_url=PAGE,
    )
    sending.enqueue(transactions.run(lambda transaction: messages.queue(transaction, org, message)))
    return message


def test_messages_links_receipts_replies_and_unsubscribes_work_out_of_the_box(stack: dict[str, Any]) -> None:
    api = StackClient(stack["project"], stack["firestore"], stack["functions"])
    call = {"orgId": ORG, "idempotencyKey": "on", "settings": SETTINGS}
    assert api.call("update_messaging_settings", call, token=api.token(ORG, "owner"))["ok"]
    customer_id = f"{ORG}_1"
    reach = {"email": "ann@example.com", "phone": "+14155552671"}
    database().document("customers", customer_id).set({"orgId": ORG, **reach})
    text = _queue(customer_id, SmsTemplate("It is ready: {{link}}"))
    mail = _queue(customer_id, EmailTemplate("Ready", "It is ready: {{link}} {{unsubscribeUrl}}"))

    inbox = f"http://{stack['vendors']}/inbox"
    sent = _until(lambda: len(found := requests.get(inbox, timeout=60).json()) == 2 and found)
    bodies = {each["channel"]: each.get("body") or each["text"] for each in sent}
    (link,) = re.findall(r"http\S+/click/\S+", bodies["sms"])
    assert requests.get(link, allow_redirects=False, timeout=60).headers["Location"] == PAGE

    for vendor, path, body in (
        ("blackleaf", "receipts", {"statuses": ["delivered"]}),
        ("mailjet", "events", {"events": ["open"]}),
        ("blackleaf", "replies", {"from": "14155552671", "body": "STOP"}),
    ):
        sandbox = SandboxClient(stack["vendors"], vendor)
        (account,) = sandbox.ask("GET", "/accounts")
        assert sandbox.ask("POST", f"/accounts/{account}/{path}", body) == {"statuses": [200]}
        sandbox.close()
    org = OrgStore(ORG)
    _until(lambda: (org.message(text.id).get().to_dict() or {})["deliveredAt"])
    _until(lambda: (org.message(mail.id).get().to_dict() or {})["openedAt"])
    (page,) = re.findall(r"http\S+/unsubscribe\S+", bodies["email"])
    assert "You are unsubscribed." in requests.post(page, timeout=60).text

    def refusals() -> dict[str, str]:
        asked = {"orgId": ORG, "customerId": customer_id}
        channels = api.call("get_consent", asked, token=api.token(ORG, "owner"))["channels"]
        return {name: told["marketing"]["reason"] for name, told in channels.items()}

    _until(lambda: refusals() == {"sms": "stopped", "email": "opted_out"})
    api.close()


class TestEnvironment:
    def test_secrets_are_made_up_for_each_org_and_start(self, own_environment: pytest.MonkeyPatch) -> None:
        first, second = (local_accounts.environment(["a", "b"]) for _ in range(2))
        assert not {value for value in first.values() if value in second.values()}
        for name, value in first.items():
            own_environment.setenv(name, value)
        assert links.signing_keys() is not None
        for of_org in (
            secrets.blackleaf_key,
            secrets.mailjet_keys,
            secrets.blackleaf_webhook_secret,
            secrets.mailjet_webhook_secret,
            secrets.mailjet_webhook_password,
        ):
            assert None not in (of_org("a"), of_org("b"))
            assert of_org("a") != of_org("b")
            assert of_org("c") is None

    def test_what_is_set_stands(self, own_environment: pytest.MonkeyPatch) -> None:
        own_environment.setenv("LINK_KEYS", "mine")
        made = local_accounts.environment(["a"])
        assert "LINK_KEYS" not in made
        assert "BLACKLEAF_KEYS" in made

    def test_with_data_that_is_kept_they_are_kept(self, own_environment: pytest.MonkeyPatch, tmp_path: Path) -> None:
        first = local_accounts.environment(["a"], tmp_path / "data")
        later = local_accounts.environment(["a", "b"], tmp_path / "data")
        assert later["LINK_KEYS"] == first["LINK_KEYS"]
        keys = [json.loads(each["MAILJET_KEYS"]) for each in (first, later)]
        assert (keys[0]["a"], set(keys[1])) == (keys[1]["a"], {"a", "b"})
