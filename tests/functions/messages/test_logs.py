"""What goes wrong is logged without saying whom it is about: no address, no number, no words, no secret."""

from __future__ import annotations

import contextlib
from datetime import timedelta
from pathlib import Path

import requests

from emulator.client import CallFailed
from lib.domain.consent import Channel
from lib.platform import tasks
from tests.emulator.tasks.target import eventually
from tests.functions.messages.conftest import NOW, PASSWORD, SECRET, Shop

EMAIL, PHONE, NAME, WORDS = "quiet.reader@example.com", "+14155557788", "Quietreader", "stop-reading-this"

MET = ("sendsms", "sendemail", "workevent")


def test_nothing_personal_is_logged(shop: Shop, logs: Path) -> None:
    customer_id = shop.customer("1", email=EMAIL, phone=PHONE, firstName=NAME, smsConsent=True)
    damaged = {
        "orgId": shop.org_id, "state": "queued", "channel": "sms", "customerEmail": PHONE[1:], "body": WORDS,
        "sendAfter": NOW - timedelta(hours=1), "attempts": 0, "messageType": WORDS, "customerId": customer_id,
    }  # fmt: skip
    shop.client.document("customer_communications", f"{shop.org_id}-damaged").set(damaged)
    shop.client.document("tenants", shop.org_id, "settings", "messaging").set({"sms": {"enabled": True}})
    event = {"status": "received", "kind": "mailjet", "happened": WORDS, "address": EMAIL, "text": WORDS}
    shop.client.document("tenants", shop.org_id, "inbox", "mailjet:damaged").set(event)
    tasks.enqueue("sendsms", (shop.org_id, "1"), {"orgId": shop.org_id, "messageId": f"{shop.org_id}-damaged"})
    tasks.enqueue("sendemail", (shop.org_id, "2"), {"orgId": shop.org_id, "messageId": f"{shop.org_id}-damaged"})
    tasks.enqueue("workevent", (shop.org_id, "3"), {"orgId": shop.org_id, "itemIds": ["mailjet:damaged"]})
    tasks.enqueue("workevent", (shop.org_id, "4"), {"orgId": shop.org_id, "itemIds": EMAIL, PHONE: NAME})

    for body in (f'{{"from": "{PHONE}"', f'["{EMAIL}"]', '{"event": "x", "email": "' + EMAIL + '"}'):
        shop.post(shop.mailjet_webhook, body.encode())
        shop.post(f"{shop.api.url('blackleaf_webhook')}/{shop.org_id}/wrong-{WORDS}", body.encode())
    shop.visit(shop.token(Channel.EMAIL, EMAIL))
    shop.visit(f"u1.2026.{EMAIL}")
    requests.get(f"{shop.api.url('click')}/{EMAIL}", timeout=60)
    for name, data in (
        ("set_consent", {"channel": "sms", "address": WORDS, "statement": "revoke_all"}),
        ("preview_message", {"sms": {"body": f"{{{{ {NAME} }}}} {EMAIL} {{{{"}, "values": {NAME: PHONE}}),
        ("get_consent", {"address": EMAIL, PHONE: EMAIL}),
    ):
        with contextlib.suppress(CallFailed):
            shop.call(name, role="owner", **data)

    log = logs / "functions.log"
    # Both damaged documents were met, and a task that could not be read.
    eventually(lambda: [log.read_text().count(f'"function": "{it}"') > 0 for it in MET] == [True] * len(MET))
    personal = (EMAIL, "quiet.reader", PHONE[2:], NAME, WORDS, SECRET, PASSWORD, "u1.2026")
    found = {path.name: [it for it in personal if it in path.read_text()] for path in logs.glob("*.log")}
    assert set(found) >= {"functions.log", "tasks.log", "vendors.log"}
    assert not any(found.values()), found
    # Their tasks would go on failing while others are tested.
    shop.client.document("customer_communications", f"{shop.org_id}-damaged").delete()
    shop.client.document("tenants", shop.org_id, "inbox", "mailjet:damaged").delete()
