"""Short links: signed, counted, and leading to nothing but what their message holds."""

from datetime import datetime

import pytest
import requests

from lib.domain.consent import Channel
from lib.domain.short_links import make_code
from lib.domain.unsubscribe import SigningKeys
from tests.functions.messages.conftest import KEYS, Shop

PHONE, PAGE = "+14155552671", "https://shop.example/menu?a=1"


def follow(shop: Shop, code: str, method: str = "GET", **query: str) -> requests.Response:
    url = f"{shop.api.url('click')}/{code}"
    return requests.request(method, url, params=query, timeout=60, allow_redirects=False)


def test_a_click_leads_to_the_stored_page_and_is_counted(shop: Shop) -> None:
    customer_id = shop.customer("1", phone=PHONE)
    message_id = shop.sent(Channel.SMS, customer_id, PHONE, "p1", PAGE)
    code = make_code(message_id, KEYS)
    assert follow(shop, code, "HEAD").headers["Location"] == PAGE
    assert "lastSmsClick" not in shop.profile(customer_id)
    answer = follow(shop, code, url="https://evil.example/", to="https://evil.example/")
    assert (answer.status_code, answer.headers["Location"]) == (302, PAGE)
    clicked = shop.message(message_id)
    assert (clicked["state"], clicked["status"]) == ("clicked", "clicked")
    assert isinstance(clicked["clickedAt"], datetime)
    seen = shop.profile(customer_id)["lastSmsClick"]
    assert follow(shop, code).status_code == 302
    assert (shop.message(message_id), shop.profile(customer_id)["lastSmsClick"]) == (clicked, seen)


def test_codes_that_are_not_ours_lead_nowhere(shop: Shop) -> None:
    message_id = shop.sent(Channel.SMS, shop.customer("1", phone=PHONE), PHONE, "p1", PAGE)
    code = make_code(message_id, KEYS)
    forged = make_code(message_id, SigningKeys({"2026": b"not the secret we have"}, "2026"))
    altered = [code[:at] + ("A" if code[at] != "A" else "B") + code[at + 1 :] for at in range(len(code))]
    for wrong in (*altered, forged, code + "A", code[:-1], "", "https://evil.example"):
        assert follow(shop, wrong).status_code == 404
    assert shop.message(message_id)["state"] == "sent"


@pytest.mark.parametrize(
    "more",
    [
        "//evil.example",
        "/https://evil.example",
        "/..//evil.example",
        "@evil.example",
        "%2f%2fevil.example",
        "%0d%0aLocation:%20https://evil.example",
        "%00",
        ".evil.example",
        "\\evil.example",
    ],
)
def test_nothing_beside_a_code_leads_elsewhere(shop: Shop, more: str) -> None:
    code = make_code(shop.sent(Channel.SMS, shop.customer("1", phone=PHONE), PHONE, "p1", PAGE), KEYS)
    for path in (code + more, more + code, more.lstrip("/")):
        answer = follow(shop, path, next="https://evil.example")
        assert (answer.status_code, "Location" in answer.headers) == (404, False), path


@pytest.mark.parametrize(("method", "status"), [("POST", 302), ("PUT", 405), ("DELETE", 405)])
def test_only_whoever_reads_follows(shop: Shop, method: str, status: int) -> None:
    message_id = shop.sent(Channel.SMS, shop.customer("1", phone=PHONE), PHONE, "p1", PAGE)
    answer = follow(shop, make_code(message_id, KEYS), method)
    assert (answer.status_code, shop.message(message_id)["state"]) == (status, "sent")


def test_a_message_without_a_page_and_one_of_another_scheme_lead_nowhere(shop: Shop) -> None:
    customer_id = shop.customer("1", phone=PHONE)
    for number, page in enumerate(("", "javascript:alert(1)", "http://shop.example/")):
        code = make_code(shop.sent(Channel.SMS, customer_id, PHONE, f"p{number}", page), KEYS)
        assert follow(shop, code).status_code == 404
