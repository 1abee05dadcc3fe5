"""The page behind the unsubscribe link: who may do what with which token, and what an opt-out reaches."""

import base64

import pytest
import requests

from lib.domain.consent import Channel
from lib.domain.unsubscribe import SigningKeys, make_token
from tests.functions.messages.conftest import Shop

ANN = "ann@example.com"
ONE_CLICK = {"List-Unsubscribe": "One-Click"}


def legacy(shop: Shop, email: str = ANN) -> str:
    return base64.urlsafe_b64encode(f"{email}|{shop.org_id}".encode()).decode().rstrip("=")


def test_a_one_click_reaches_every_profile_and_list(shop: Shop) -> None:
    first = shop.customer("1", email=ANN, emailConsent=True, smsConsent=True, phone="+14155552671")
    second = shop.customer("2", email=ANN, emailConsent=True)
    other = shop.customer("3", email="bob@example.com", emailConsent=True)
    shop.client.document("weekly_campaign_subscribers", f"wsub_{shop.org_id}").set(
        {"orgId": shop.org_id, "email": ANN, "status": "active"}
    )
    answer = shop.visit(shop.token(Channel.EMAIL, ANN), **ONE_CLICK)
    assert (answer.status_code, "You are unsubscribed." in answer.text) == (200, True)
    for customer_id in (first, second):
        profile = shop.profile(customer_id)
        assert profile["emailConsent"] is False
        assert profile["emailUnsubscribedAt"].endswith("Z")
        assert shop.marketing(Channel.EMAIL, ANN, customer_id) == "opted_out"
    assert shop.profile(first)["smsConsent"] is True
    assert shop.profile(other) == {"orgId": shop.org_id, "email": "bob@example.com", "emailConsent": True}
    assert [row["status"] for row in shop.rows("weekly_campaign_subscribers")] == ["unsubscribed"]
    (row,) = shop.rows("customer_unsubscribes")
    assert (row["email"], row["channel"], row["customerId"]) == (ANN, "email", first)
    assert shop.log(Channel.EMAIL, ANN) == [("marketing_withdrawn", "signed_link")]
    assert shop.state(Channel.EMAIL, ANN)["customerIds"] == [first, second]


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_reading_the_page_changes_nothing(shop: Shop, method: str) -> None:
    customer_id = shop.customer("1", email=ANN, emailConsent=True)
    answer = shop.visit(shop.token(Channel.EMAIL, ANN), method)
    assert answer.status_code == 200
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
    assert (answer.headers["Cache-Control"], answer.headers["Referrer-Policy"]) == ("no-store", "no-referrer")
    assert shop.profile(customer_id) == {"orgId": shop.org_id, "email": ANN, "emailConsent": True}
    assert shop.state(Channel.EMAIL, ANN) == {}


def test_a_link_that_is_replayed_does_not_make_the_log_grow(shop: Shop) -> None:
    token = shop.token(Channel.SMS, "+14155552671")
    assert [shop.visit(token, **ONE_CLICK).status_code for _ in range(4)] == [200] * 4
    assert shop.log(Channel.SMS, "+14155552671") == [("marketing_withdrawn", "signed_link")]


def test_only_the_holder_of_a_signed_link_subscribes_again(shop: Shop) -> None:
    customer_id = shop.customer("1", email=ANN, emailConsent=True)
    token = shop.token(Channel.EMAIL, ANN)
    assert "Subscribe again" in shop.visit(token, **ONE_CLICK).text
    refused = shop.visit(legacy(shop), choice="subscribe")
    assert (refused.status_code, "can only unsubscribe" in refused.text) == (200, True)
    assert shop.marketing(Channel.EMAIL, ANN, customer_id) == "opted_out"
    assert "again" in shop.visit(token, choice="subscribe").text
    assert shop.marketing(Channel.EMAIL, ANN, customer_id) is None
    assert shop.profile(customer_id)["emailConsent"] is True


def test_the_dashboards_old_token_unsubscribes_and_shows_nothing(shop: Shop) -> None:
    customer_id = shop.customer("1", email=ANN, emailConsent=True, firstName="Ann")
    page = shop.visit(legacy(shop), "GET")
    assert (page.status_code, ANN in page.text, "Ann" in page.text) == (200, False, False)
    answer = requests.post(shop.api.url("unsubscribe"), data={"token": legacy(shop)}, timeout=60)
    assert (answer.status_code, "Subscribe again" in answer.text) == (200, False)
    assert shop.marketing(Channel.EMAIL, ANN, customer_id) == "opted_out"
    assert shop.log(Channel.EMAIL, ANN) == [("marketing_withdrawn", "legacy_link")]


def test_a_token_with_any_bit_turned_over_is_refused(shop: Shop) -> None:
    token = shop.token(Channel.EMAIL, ANN)
    # Every bit: tests/domain/test_unsubscribe.py. Here one of every seventh sign, since floods are turned away.
    for position in range(0, len(token), 7):
        altered = token[:position] + chr(ord(token[position]) ^ 1 << position % 6) + token[position + 1 :]
        answer = shop.visit(altered, **ONE_CLICK)
        assert (answer.status_code, "not valid" in answer.text) == (200, True), position
    assert shop.state(Channel.EMAIL, ANN) == {}


def test_tokens_that_are_not_ours(shop: Shop) -> None:
    forged = make_token(shop.org_id, Channel.EMAIL, ANN, SigningKeys({"2026": b"not the secret we have"}, "2026"))
    nowhere = base64.urlsafe_b64encode(f"{ANN}|no_such_org".encode()).decode()
    script = "<script>alert(1)</script>"
    for token in (forged, nowhere, script, "", "x" * 3000, "u1.2026..", "é"):
        answer = shop.visit(token, "GET")
        assert (answer.status_code, script in answer.text) == (404, False)
        assert shop.visit(token, **ONE_CLICK).status_code == 200
    assert shop.state(Channel.EMAIL, ANN) == {}
    assert not shop.client.collection("tenants", "no_such_org", "consents").limit(1).get()


def test_a_link_signed_with_last_years_key_still_works(shop: Shop) -> None:
    old = SigningKeys({"2025": b"the secret of last year"}, "2025")
    shop.visit(make_token(shop.org_id, Channel.EMAIL, ANN, old), **ONE_CLICK)
    assert shop.marketing(Channel.EMAIL, ANN) == "opted_out"


def test_what_is_too_much_or_of_another_kind_is_refused(shop: Shop) -> None:
    token = shop.token(Channel.EMAIL, ANN)
    assert shop.visit(token, choice="x" * 9000).status_code == 413
    assert shop.visit(token, "PUT").status_code == 405
    assert shop.state(Channel.EMAIL, ANN) == {}
