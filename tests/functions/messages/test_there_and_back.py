"""Messages by the real queues to the vendor's sandbox, and what comes back of them; in both generations of texts."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from lib.domain.consent import Channel
from lib.domain.errors import Unavailable
from lib.domain.frequency import MessageType
from lib.domain.message_wording import SmsTemplate
from lib.domain.messages import Cause, Message
from lib.domain.vendor_events import SETTLED_WITHIN, Happened, VendorEvent
from lib.store import message_templates, messages, vendor_events
from lib.store import transaction as transactions
from lib.store.org import OrgStore
from lib.usecases import engagement, sending
from tests.emulator.tasks.target import eventually
from tests.functions.messages.conftest import Shop

PHONE = "+14155552671"


def open_shop(shop: Shop, api: str) -> str:
    """Texts are on, and receipts come back; the account's key."""
    key = f"key-of-{shop.org_id}"
    shop.blackleaf.put_account(key, webhookUrl=shop.blackleaf_webhook)
    settings = {"sms": {"enabled": True, "api": api}}
    shop.call("update_messaging_settings", role="owner", settings=settings)
    return key


def queue(shop: Shop, customer_id: str, cause: str) -> str:
    """A word about an order, which goes at any hour; its id."""
    org, now = OrgStore(shop.org_id), datetime.now(UTC)
    message = Message(
        org_id=shop.org_id,
        customer_id=customer_id,
        channel=Channel.SMS,
        cause=Cause("order", cause),
        kind=MessageType.ORDER_UPDATE,
        template_id=message_templates.keep(org, SmsTemplate("It is ready."), now),
        created_at=now,
        send_after=now,
        good_until=now + timedelta(hours=1),
    )
    sending.enqueue(transactions.run(lambda transaction: messages.queue(transaction, org, message)))
    return message.id


@pytest.mark.parametrize("api", ["v1", "v2"])
def test_a_text_is_sent_received_and_answered_with_stop(shop: Shop, api: str) -> None:
    key = open_shop(shop, api)
    customer_id = shop.customer("1", phone=PHONE)
    sent = queue(shop, customer_id, "1")
    eventually(lambda: shop.message(sent)["state"] == "sent")
    (text,) = shop.blackleaf.account(key)["texts"]
    assert (text["to"], text["body"], text["generation"]) == ("14155552671", "It is ready.", api)

    receipts = {"statuses": ["sent", "delivered"], "order": "reversed", "copies": 2}
    assert shop.blackleaf.ask("POST", f"/accounts/{key}/receipts", receipts) == {"statuses": [200] * 4}
    eventually(lambda: shop.message(sent)["state"] == "delivered")
    shop.worked(2)

    shop.blackleaf.ask("POST", f"/accounts/{key}/replies", {"from": "14155552671", "body": "no more please"})
    shop.worked(3)
    refused = queue(shop, customer_id, "2")
    eventually(lambda: shop.message(refused)["state"] == "skipped")
    assert shop.message(refused)["reason"] == "stopped"
    assert [each["body"][:12] for each in shop.blackleaf.account(key)["texts"]] == ["It is ready.", "This shop: Y"]


def receipt(shop: Shop, provider_id: str, received_at: datetime) -> str:
    """Keeps a receipt as the webhook does; its id in the inbox."""
    names: dict[str, Any] = {"happened": Happened.DELIVERED, "name": "delivered", "provider_id": provider_id}
    event = VendorEvent(
        "blackleaf", provider_id, Channel.SMS, at=received_at, received_at=received_at, address=PHONE, **names
    )
    vendor_events.keep(OrgStore(shop.org_id), [(event, {})])
    return event.id


def test_a_receipt_that_overtakes_its_message_waits_for_it(shop: Shop) -> None:
    provider_id = f"early-{shop.org_id}"
    item_id = receipt(shop, provider_id, datetime.now(UTC))
    with pytest.raises(Unavailable):
        engagement.work_all(shop.org_id, [item_id])
    message_id = shop.sent(Channel.SMS, shop.customer("1", phone=PHONE), PHONE, provider_id)
    engagement.work_all(shop.org_id, [item_id])
    assert (shop.message(message_id)["state"], shop.inbox()[item_id]["outcome"]) == ("delivered", "delivered")


def test_a_receipt_of_somebody_elses_text_does_not_wait_for_long(shop: Shop) -> None:
    item_id = receipt(shop, "of-the-dashboard", datetime.now(UTC) - SETTLED_WITHIN)
    engagement.work_all(shop.org_id, [item_id])
    assert shop.inbox()[item_id]["outcome"] == "unknown_message"
