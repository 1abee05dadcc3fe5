"""The vendors' webhooks over HTTP: documented payloads, who may call, and events that come twice or in any order."""

import base64
import json
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import requests

from lib.domain.consent import Channel
from lib.domain.vendor_events import Happened, VendorEvent
from lib.store import vendor_events
from lib.store.org import OrgStore
from lib.usecases import engagement
from tests.emulator.tasks.target import eventually
from tests.functions.messages.conftest import NOW, PASSWORD, PURPOSES, SECRET, Shop

FIXTURES = Path(__file__).resolve().parents[2] / "vendors"
PHONE, ANN = "+14155552671", "ann@example.com"


def fixture(vendor: str, name: str, **fields: Any) -> dict[str, Any]:
    return {**json.loads((FIXTURES / vendor / "fixtures" / f"{name}.json").read_text()), **fields}


def mail_event(message_id: str, name: str, second: int = 0, **fields: Any) -> dict[str, Any]:
    """An event of a mail, so many seconds after now."""
    common = {"CustomID": message_id, "email": ANN, "MessageID": 42, "time": int(NOW.timestamp()) - 1800 + second}
    return fixture("mailjet", f"event_{name}", **{**common, **fields})


def outcomes(inbox: dict[str, dict[str, Any]]) -> list[str]:
    return sorted(item["outcome"] for item in inbox.values())


def test_what_becomes_of_a_mail(shop: Shop) -> None:
    customer_id = shop.customer("1", email=ANN, emailConsent=True, loyalty={"seq": 3}, points=7)
    message_id = shop.sent(Channel.EMAIL, customer_id, ANN, "42")
    # Grouped, the last ones first, each twice.
    events = [mail_event(message_id, name, second) for name, second in (("click", 30), ("open", 20), ("sent", 10))]
    for _ in range(2):
        assert shop.post(shop.mailjet_webhook, events).json() == {"received": 3}
    assert outcomes(shop.worked(3)) == ["clicked", "delivered", "opened"]
    told = shop.message(message_id)
    assert (told["state"], told["status"]) == ("clicked", "clicked")
    times = [told[name].timestamp() - NOW.timestamp() + 1800 for name in ("deliveredAt", "openedAt", "clickedAt")]
    assert times == [10, 20, 30]
    profile = shop.profile(customer_id)
    assert profile["lastEmailOpen"] == told["openedAt"]
    assert profile["lastEmailClick"] == told["clickedAt"]
    assert (profile["loyalty"], profile["points"], profile["emailConsent"]) == ({"seq": 3}, 7, True)
    assert not shop.client.collection("customers", customer_id, "ledger").limit(1).get()


@pytest.mark.parametrize(
    ("name", "fields", "state", "reason", "suppression"),
    [
        ("bounce", {}, "bounced", "undeliverable", "bounce"),
        ("bounce", {"hard_bounce": False}, "bounced", None, None),
        ("blocked", {"error": "preblocked"}, "failed", "undeliverable", "bounce"),
        ("blocked", {}, "failed", None, None),
        ("spam", {}, "sent", "complained", "complaint"),
        ("unsub", {}, "sent", "opted_out", None),
    ],
)
def test_what_ends_the_mailing(
    shop: Shop, name: str, fields: dict[str, Any], state: str, reason: str | None, suppression: str | None
) -> None:
    address = f"{shop.org_id}@example.com"
    customer_id = shop.customer("1", email=address, emailConsent=True)
    message_id = shop.sent(Channel.EMAIL, customer_id, address, "42")
    shop.post(shop.mailjet_webhook, mail_event(message_id, name, email=address, **fields))
    shop.worked(1)
    assert shop.message(message_id)["state"] == state
    assert shop.marketing(Channel.EMAIL, address, customer_id) == reason
    found = shop.client.document("email_suppressions", address).get().to_dict() or {}
    assert found.get("reason") == suppression


def test_events_of_mails_we_do_not_know_and_of_kinds_nobody_knows_are_kept(shop: Shop) -> None:
    unknown = {"event": "grouped_by_moon", "time": 1, "nested": [[{"a": 1.5}]]}
    shop.post(shop.mailjet_webhook, [unknown, mail_event("no such message", "open")])
    inbox = shop.worked(2)
    assert outcomes(inbox) == ["unknown_event", "unknown_message"]
    (kept,) = (item for item in inbox.values() if item["status"] == "kept")
    assert (json.loads(kept["payload"]), kept["expiresAt"]) == (unknown, None)


def test_another_orgs_message_is_not_touched(shop: Shop) -> None:
    shop.client.document("customer_communications", f"of-another-{shop.org_id}").set(
        {"orgId": "org_other", "customerId": "x", "channel": "email", "state": "sent"}
    )
    shop.post(shop.mailjet_webhook, mail_event(f"of-another-{shop.org_id}", "open"))
    assert outcomes(shop.worked(1)) == ["unknown_message"]
    assert shop.message(f"of-another-{shop.org_id}")["state"] == "sent"


def test_receipts_of_texts(shop: Shop) -> None:
    customer_id = shop.customer("1", phone=PHONE)
    provider_id = f"bl-{shop.org_id}"
    message_id = shop.sent(Channel.SMS, customer_id, PHONE, provider_id)
    receipts = [
        fixture("blackleaf", "click", id=provider_id),
        fixture("blackleaf", "receipt_delivered", **{"message-id": provider_id}),
        fixture("blackleaf", "unknown"),
    ]
    assert [shop.post(shop.blackleaf_webhook, receipt).status_code for receipt in receipts] == [200] * 3
    assert outcomes(shop.worked(3)) == ["clicked", "delivered", "unknown_event"]
    assert shop.message(message_id)["state"] == "clicked"
    assert shop.profile(customer_id)["lastSmsClick"] == shop.message(message_id)["clickedAt"]


def test_a_failed_text_is_told_and_suppresses_nobody(shop: Shop) -> None:
    customer_id = shop.customer("1", phone=PHONE, smsConsent=True)
    provider_id = f"bl-{shop.org_id}"
    message_id = shop.sent(Channel.SMS, customer_id, PHONE, provider_id)
    shop.post(shop.blackleaf_webhook, fixture("blackleaf", "receipt_failed", messageId=provider_id))
    shop.worked(1)
    assert shop.message(message_id)["status"] == "failed"
    assert shop.marketing(Channel.SMS, PHONE, customer_id) is None


def reply(shop: Shop, text: str) -> None:
    """Somebody writes back, by way of the vendor's sandbox; its webhook is delivered twice."""
    account = f"/accounts/key-of-{shop.org_id}/replies"
    told = shop.blackleaf.ask("POST", account, {"from": PHONE.removeprefix("+"), "body": text, "copies": 2})
    assert told == {"statuses": [200, 200]}


def answers(shop: Shop) -> list[str]:
    return [text["body"] for text in shop.blackleaf.account(f"key-of-{shop.org_id}")["texts"]]


def test_stop_start_and_help_are_obeyed_and_answered_once(shop: Shop) -> None:
    shop.blackleaf.put_account(f"key-of-{shop.org_id}", webhookUrl=shop.blackleaf_webhook)
    first = shop.customer("1", phone=PHONE, smsConsent=True, emailConsent=True)
    second = shop.customer("2", phone="(415) 555-2671", smsConsent=True)
    for number, text in enumerate(("Please stop texting me", "HELP", "when do you open?"), start=1):
        reply(shop, text)
        shop.worked(number)
    assert [shop.profile(it)["smsConsent"] for it in (first, second)] == [False, False]
    assert shop.profile(first)["emailConsent"] is True
    told = shop.told(channel="sms", customerId=second)
    assert told == {"marketing": (False, "stopped"), "transactional": (False, "stopped")}
    eventually(lambda: len(answers(shop)) == 2)
    assert ["unsubscribed" in answers(shop)[0], "STOP" in answers(shop)[1]] == [True, True]
    # Staff cannot lift it; the telephone can, in a later second: of two words in one second the objection holds.
    grant = {"channel": "sms", "statement": "grant", "wording": "May we text you?"}
    assert shop.call("set_consent", customerId=first, **grant) == {"ok": False, "reason": "stopped"}
    said_at = shop.state(Channel.SMS, PHONE)["allWithdrawnAt"].timestamp()
    eventually(lambda: time.time() > said_at + 1)
    reply(shop, "START")
    shop.worked(4)
    assert shop.marketing(Channel.SMS, PHONE, second) is None
    assert shop.log(Channel.SMS, PHONE) == [("all_withdrawn", "reply"), ("marketing_granted", "reply")]
    rows = [(row["direction"], row["customerId"], row["preview"][:4]) for row in shop.rows("customer_communications")]
    inbound = sorted(text for direction, _, text in rows if direction == "inbound")
    assert inbound == ["HELP", "Plea", "STAR", "when"]
    assert {customer_id for _, customer_id, _ in rows} == {first}


@pytest.mark.parametrize("name", ["reply", "reply_without_status"])
def test_documented_replies_stop(shop: Shop, name: str) -> None:
    shop.post(shop.blackleaf_webhook, fixture("blackleaf", name))
    assert outcomes(shop.worked(1)) == ["stop"]
    assert shop.marketing(Channel.SMS, PHONE) == "stopped"
    # Nobody had this number then; whoever enrols or is imported with it later has stopped all the same.
    newcomer = shop.customer("new", phone="(415) 555-2671", smsConsent=True)
    assert shop.told(channel="sms", customerId=newcomer) == dict.fromkeys(PURPOSES, (False, "stopped"))


def test_an_older_start_that_comes_late_does_not_lift_a_stop(shop: Shop) -> None:
    at = int(NOW.timestamp()) - 600
    said = {"status": "replied", "from": PHONE}
    shop.post(shop.blackleaf_webhook, {**said, "message-id": "b", "body": "STOP", "timestamp": at})
    shop.worked(1)
    shop.post(shop.blackleaf_webhook, {**said, "message-id": "a", "body": "START", "timestamp": at - 60})
    shop.worked(2)
    assert shop.marketing(Channel.SMS, PHONE) == "stopped"


def test_who_does_not_know_the_address_or_the_password_is_refused(shop: Shop) -> None:
    event = mail_event("m", "spam")
    url = f"{shop.api.url('mailjet_webhook')}/{shop.org_id}"
    right = {"auth": ("mailjet", PASSWORD)}
    for path in ("", "/", "/wrong", f"/{SECRET}x", f"/{SECRET[:-1]}"):
        assert shop.post(f"{url}{path}", event, **right).status_code == 404
    wrong = base64.b64encode(b"mailjet:wrong").decode()
    for authorization in ("", "Basic", f"Basic {wrong}", f"Bearer {PASSWORD}", "Basic %%%"):
        headers = {"Authorization": authorization}
        assert shop.post(f"{url}/{SECRET}", event, headers=headers).status_code == 401
    sms = f"{shop.api.url('blackleaf_webhook')}/{shop.org_id}"
    for path in ("", "/wrong", f"/{SECRET}/"):
        told = shop.post(f"{sms}{path}", fixture("blackleaf", "reply"))
        assert told.status_code == (404 if path != f"/{SECRET}/" else 200)
    unknown = shop.api.url("mailjet_webhook") + f"/org_of_nobody/{SECRET}"
    assert shop.post(unknown, event, **right).status_code == 404
    assert all(item["kind"] == "blackleaf" for item in shop.inbox().values())


def test_what_is_no_event_is_refused(shop: Shop) -> None:
    for body in (b"", b"[", b"7", b"[]", b"[7]", b'{"a": NaN}'):
        assert shop.post(shop.mailjet_webhook, body).status_code == 400
    assert shop.post(shop.mailjet_webhook, b"x" * 600_000).status_code == 413
    assert requests.get(shop.mailjet_webhook, timeout=60).status_code == 405
    assert shop.inbox() == {}


def test_an_event_is_worked_once_however_often_its_task_comes(shop: Shop) -> None:
    customer_id = shop.customer("1", email=ANN)
    message_id = shop.sent(Channel.EMAIL, customer_id, ANN, "42")
    for _ in range(3):
        shop.post(shop.mailjet_webhook, [mail_event(message_id, "unsub")] * 3)
    shop.worked(1)
    assert shop.log(Channel.EMAIL, ANN) == [("marketing_withdrawn", "vendor")]


def test_an_event_whose_task_was_lost_is_found(shop: Shop) -> None:
    event = VendorEvent(
        "mailjet", "lost", Channel.EMAIL, Happened.UNSUBSCRIBED, "unsub", NOW, NOW - timedelta(hours=1), address=ANN
    )
    vendor_events.keep(OrgStore(shop.org_id), [(event, {})])
    engagement.sweep()
    assert outcomes(shop.worked(1)) == ["unsubscribed"]
    assert shop.marketing(Channel.EMAIL, ANN) == "opted_out"
