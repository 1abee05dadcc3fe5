"""Which message an opt-out is put down to: the one its vendor names, else the last one that the address was sent."""

from datetime import timedelta

from lib.domain.consent import Channel
from lib.domain.recent_messages import RecentMessages, Sending
from lib.store import recent_messages
from lib.store import transaction as transactions
from lib.store.org import OrgStore
from tests.functions.messages.conftest import NOW, Shop

ANN, PHONE = "ann@example.com", "+14155552671"


def remember(shop: Shop, channel: Channel, address: str, *message_ids: str) -> None:
    """That these went to the address, one after the other, the last of them an hour ago."""
    ages = range(len(message_ids), 0, -1)
    sent = {
        message_id: Sending(NOW - timedelta(hours=age), message_id)
        for age, message_id in zip(ages, message_ids, strict=True)
    }
    org = OrgStore(shop.org_id)
    transactions.run(lambda running: recent_messages.write(running, org, channel, address, RecentMessages(sent)))


def opted_out(shop: Shop, *message_ids: str) -> list[bool]:
    return [shop.message(message_id)["unsubscribedAt"] is not None for message_id in message_ids]


def test_a_link_is_put_down_to_the_last_mail(shop: Shop) -> None:
    customer_id = shop.customer("1", email=ANN, emailConsent=True)
    older, newer = (shop.sent(Channel.EMAIL, customer_id, ANN, number) for number in ("1", "2"))
    remember(shop, Channel.EMAIL, ANN, older, newer)
    shop.visit(shop.token(Channel.EMAIL, ANN))
    assert opted_out(shop, older, newer) == [False, True]
    at = shop.message(newer)["unsubscribedAt"]
    # Again, and after a second thought: the first time stands.
    shop.visit(shop.token(Channel.EMAIL, ANN))
    shop.visit(shop.token(Channel.EMAIL, ANN), choice="subscribe")
    shop.visit(shop.token(Channel.EMAIL, ANN))
    assert shop.message(newer)["unsubscribedAt"] == at


def test_a_stop_is_put_down_to_the_last_text(shop: Shop) -> None:
    customer_id = shop.customer("1", phone=PHONE, smsConsent=True)
    older, newer = (shop.sent(Channel.SMS, customer_id, PHONE, number) for number in ("1", "2"))
    remember(shop, Channel.SMS, PHONE, older, newer)
    shop.post(shop.blackleaf_webhook, {"from": PHONE, "body": "what is this?", "timestamp": NOW.isoformat()})
    shop.worked(1)
    assert opted_out(shop, older, newer) == [False, False]
    shop.post(shop.blackleaf_webhook, {"from": PHONE, "body": "STOP", "timestamp": NOW.isoformat()})
    shop.worked(2)
    assert opted_out(shop, older, newer) == [False, True]
    assert shop.message(newer)["state"] == "sent"


def test_an_event_is_put_down_to_the_mail_that_it_names(shop: Shop) -> None:
    customer_id = shop.customer("1", email=ANN, emailConsent=True)
    older, newer = (shop.sent(Channel.EMAIL, customer_id, ANN, number) for number in ("1", "2"))
    remember(shop, Channel.EMAIL, ANN, older, newer)
    event = {"event": "unsub", "time": int(NOW.timestamp()), "MessageID": 1, "email": ANN, "CustomID": older}
    shop.post(shop.mailjet_webhook, event)
    shop.worked(1)
    assert opted_out(shop, older, newer) == [True, False]


def test_an_opt_out_of_somebody_who_was_sent_nothing_is_nobodys(shop: Shop) -> None:
    customer_id = shop.customer("1", email=ANN, emailConsent=True)
    message_id = shop.sent(Channel.EMAIL, customer_id, ANN, "1")
    shop.visit(shop.token(Channel.EMAIL, ANN))
    assert opted_out(shop, message_id) == [False]
    assert shop.marketing(Channel.EMAIL, ANN) == "opted_out"
