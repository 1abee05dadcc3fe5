"""preview_message: what an author is shown is what is sent, and what is wrong is told with its place."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from emulator.client import CallFailed
from lib.domain.consent import Channel
from lib.domain.message_variables import FALLBACKS
from lib.domain.short_links import read_code
from tests.functions.messages.conftest import KEYS, Shop

ADDRESS = "1 Main Street, Albany NY 12207"
SETTINGS = {
    "shopName": "Corner",
    "sms": {"optOutLine": "Text STOP to end."},
    "email": {"fromEmail": "shop@green.example", "fromName": "Green", "postalAddress": ADDRESS},
}


def preview(shop: Shop, **data: Any) -> Any:
    token = shop.api.token(shop.org_id, "brand_member", "author")
    return shop.api.call("preview_message", {"orgId": shop.org_id, **data}, token=token)


@pytest.fixture
def author(shop: Shop) -> Shop:
    """A shop with wording of its own."""
    token = shop.api.token(shop.org_id, "owner", "owner")
    change = {"orgId": shop.org_id, "idempotencyKey": "wording", "settings": SETTINGS}
    shop.api.call("update_messaging_settings", change, token=token)
    return shop


def test_a_text_for_a_customer_as_it_will_be_sent(author: Shop) -> None:
    customer_id = author.customer("1", firstName="Zoë", points=340, phone="+14155552671", totalSpent=12.5)
    body = "{{orgName}}: Hi {{firstName}}, {{loyaltyPoints}} points — “free” {{tier}}"
    told = preview(author, sms={"body": body}, customerId=customer_id)
    assert (told["ok"], told["purpose"], told["email"], told["problems"]) == (True, "marketing", None, [])
    text = told["sms"]
    assert text["text"] == 'Corner: Hi Zoë, 340 points - "free"\n21+ only. Text STOP to end.'
    assert text["closing"] == "21+ only. Text STOP to end."
    assert (text["encoding"], text["units"], text["segments"]) == ("ucs_2", len(text["text"]), 1)
    assert text["costly"] == [{"character": "ë", "codePoint": "U+00EB", "name": "LATIN SMALL LETTER E WITH DIAERESIS"}]
    assert (text["missing"], text["findings"]) == (["tier"], [])


def test_findings_stand_where_javascript_finds_them(author: Shop) -> None:
    text = preview(author, sms={"body": "😀 {{firstName}}: weed at bit.ly/x"}, values={"firstName": "Ana"})["sms"]
    units = text["text"].encode("utf-16-le")
    found = {it["category"]: units[2 * it["start"] : 2 * it["end"]].decode("utf-16-le") for it in text["findings"]}
    assert found == {"cannabis": "weed", "shortened_link": "bit.ly/x"}
    assert {it["severity"] for it in text["findings"]} == {"refused"}
    assert text["costly"] == [{"character": "😀", "codePoint": "U+1F600", "name": "GRINNING FACE"}]


def test_an_email_as_it_will_be_sent(author: Shop) -> None:
    email = {
        "subject": "{{firstName}}, {{bonusPoints}} points",
        "body": "Hi {{firstName}}",
        "htmlBody": "<body>Hi {{firstName}}</body>",
    }
    values = {"firstName": "<b>Ana</b>\r\nBcc: all@evil.example", "bonusPoints": 50}
    told = preview(author, messageType="birthday", email=email, values=values)
    mail = told["email"]
    assert (told["ok"], told["sms"]) == (True, None)
    assert mail["from"] == {"email": "shop@green.example", "name": "Green"}
    # A name that holds a web address is no name.
    assert mail["subject"] == "there, 50 points"
    assert (ADDRESS in mail["html"], ADDRESS in mail["text"], "21+ only." in mail["text"]) == (True, True, True)
    assert mail["html"].endswith("</body>")
    assert "/unsubscribe?token=u1.2026." in mail["text"]
    # The stack has no https, which the header needs.
    assert mail["headers"] == {}


def test_a_receipt_has_no_closing(author: Shop) -> None:
    told = preview(author, messageType="order_update", sms={"body": "Ready, {{firstName}}"})
    assert (told["purpose"], told["sms"]["text"], told["sms"]["closing"]) == ("transactional", "Ready, there", "")


def test_links_of_a_preview_are_as_long_as_genuine_ones_and_open_nothing(author: Shop) -> None:
    customer_id = author.customer("1", email="ann@example.com", phone="+14155552671")
    email = {"subject": "Hi", "body": "{{unsubscribeUrl}}"}
    sms = {"body": "{{link}}"}
    told = preview(author, sms=sms, email=email, customerId=customer_id, linkUrl="https://shop.example/")
    (code,) = re.findall(r"/click/(\S+)", told["sms"]["text"])
    assert (len(code), read_code(code, KEYS)) == (34, None)
    (token,) = re.findall(r"token=(\S+)", told["email"]["text"])
    genuine = author.token(Channel.EMAIL, "ann@example.com")
    assert (len(token), token != genuine) == (len(genuine), True)
    assert "not valid" in author.visit(token, choice="subscribe").text
    assert author.log(Channel.EMAIL, "ann@example.com") == []


def test_everything_that_is_wrong_is_told_with_its_place(author: Shop) -> None:
    email = {
        "subject": "{{ frstName }}",
        "body": "Hi\n{{loyaltyPoints | shout}} {{ x }}",
        "htmlBody": "{% include 'x' %}",
    }
    told = preview(author, sms={"body": "{% if tier %}x{% endif %}"}, email=email)
    assert (told["ok"], told["reason"], told["sms"], told["email"]) == (False, "invalid_template", None, None)
    places = [(it["pointer"], it["reason"], it["line"], it["column"]) for it in told["problems"]]
    assert places == [
        ("/sms/body", "empty", None, None),
        ("/email/subject", "unknown_variable", 1, 4),
        ("/email/body", "unknown_filter", 2, 19),
        ("/email/body", "unknown_variable", 2, 30),
        ("/email/htmlBody", "syntax", 1, 4),
    ]


def test_one_channel_may_be_wrong_and_the_other_shown(author: Shop) -> None:
    told = preview(author, sms={"body": "á" * 700}, email={"subject": "Hi", "body": "Hello"})
    assert [(it["pointer"], it["reason"]) for it in told["problems"]] == [("/sms/body", "too_long")]
    assert told["email"]["subject"] == "Hi"


@pytest.mark.parametrize(
    ("data", "pointer"),
    [
        ({}, ""),
        ({"sms": {"body": "x"}, "values": {"bonusPoints": 5}}, "/values/bonusPoints"),
        ({"sms": {"body": "x"}, "values": {"loyaltyPoints": "5"}}, "/values/loyaltyPoints"),
        ({"sms": {"body": "x", "imageUrl": "javascript:x"}}, "/sms/imageUrl"),
        ({"sms": {"body": "x"}, "linkUrl": "http://shop.example"}, "/linkUrl"),
        ({"sms": {"body": "x"}, "messageType": "spam"}, "/messageType"),
        ({"sms": {"body": "x" * 100_001}}, "/sms/body"),
        ({"sms": {"body": "x"}, "customerId": "a/b"}, "/customerId"),
    ],
)
def test_input_that_cannot_be_right(shop: Shop, data: dict[str, Any], pointer: str) -> None:
    with pytest.raises(CallFailed) as refusal:
        preview(shop, **data)
    assert refusal.value.status == "INVALID_ARGUMENT"
    assert (refusal.value.details or {}).get("pointer", "") == pointer


def test_customers_of_others_are_nobody(author: Shop) -> None:
    author.client.document("customers", f"{author.org_id}_x").set({"orgId": "org_other", "firstName": "Eve"})
    for customer_id in (f"{author.org_id}_x", "nobody"):
        with pytest.raises(CallFailed) as refusal:
            preview(author, sms={"body": "{{firstName}}"}, customerId=customer_id)
        assert refusal.value.status == "NOT_FOUND"
        assert "Eve" not in json.dumps(refusal.value.details)


def test_it_writes_nothing(author: Shop) -> None:
    customer_id = author.customer("1", firstName="Ana")
    body = "".join(f"{{{{{name}}}}}" for name in FALLBACKS)
    preview(author, sms={"body": body}, customerId=customer_id)
    assert not author.client.collection("tenants", author.org_id, "message_templates").limit(1).get()
    assert author.rows("customer_communications") == []
