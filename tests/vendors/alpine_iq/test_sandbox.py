"""The client against the sandbox: every endpoint, and what time and Alpine IQ's habits do."""

from __future__ import annotations

from datetime import timedelta

import pytest

from lib.vendors.alpine_iq.client import AlpineIq
from lib.vendors.alpine_iq.config import AlpineIqConfig
from lib.vendors.alpine_iq.wire import Member
from lib.vendors.errors import Malformed, NotFound, Refused
from tests.vendors.alpine_iq.shop import ADA, NOW, QUICK, Shop, many, sale


def test_all_contacts_in_pages(shop: Shop) -> None:
    shop.seed(*many(25))
    assert [len(page) for page in shop.client.contacts(10)] == [10, 10, 5]
    assert shop.asked == 4
    assert [contact.loyalty_points for contact in shop.all(10)] == list(range(24, -1, -1))


def test_one_request_for_2000_contacts_and_one_that_shows_that_these_are_all(shop: Shop) -> None:
    shop.seed(*many(2000))
    assert len(shop.all()) == 2000
    assert shop.sandbox.requests()["byRoute"] == {"GET /api/v1.1/piis/<uid>": 2}


def test_an_account_without_contacts(shop: Shop) -> None:
    assert shop.all() == []


@pytest.mark.parametrize("text", ["4155550101", "email:ada@example.com", "Ada"])
def test_search(shop: Shop, text: str) -> None:
    shop.seed({**ADA, "firstName": "Ada"}, {"contactID": "bo", "mobilePhone": "4155550102", "firstName": "Bo"})
    assert [contact.contact_id for contact in shop.client.search(text)] == ["ada"]


@pytest.mark.parametrize("points", [0, 420])
def test_a_members_points_zero_included(shop: Shop, points: int) -> None:
    shop.seed({**ADA, "loyaltyPoints": points, "loyaltyTier": "Gold"})
    for identifier in ("ada@example.com", "4155550101"):
        member = shop.client.lookup(identifier)
        assert (member.contact.contact_id, member.wallet.points, member.wallet.tier) == ("ada", points, "Gold")
    assert shop.points() == shop.client.wallet("4155550101").points == points


def test_who_is_not_a_member_is_not_found(shop: Shop) -> None:
    shop.seed({**ADA, "loyalty": False, "loyaltyPoints": 5})
    for ask in (shop.client.lookup, shop.client.wallet):
        for phone in ("4155550101", "4155550199"):
            with pytest.raises(NotFound):
                ask(phone)
    with pytest.raises(NotFound):
        shop.client.contact("nobody")


def test_adjusting_is_seen_in_the_balance_and_among_the_changes(shop: Shop) -> None:
    shop.seed({**ADA, "loyaltyPoints": 100})
    shop.client.adjust("ada", -30, note="reconciled", campaign_id="perennial", at=NOW)
    assert shop.points() == 70
    (change,) = shop.client.adjustments(NOW - timedelta(hours=1), NOW + timedelta(hours=1))
    assert (change.contact_id, change.points, change.note, change.campaign_id) == (
        "ada",
        -30,
        "reconciled",
        "perennial",
    )
    assert list(shop.client.adjustments(NOW - timedelta(hours=2), NOW - timedelta(hours=1))) == []
    with pytest.raises(NotFound):
        shop.client.adjust("nobody", 5, note="", campaign_id="", at=NOW)


def test_a_balance_below_zero_is_zeroed_silently(shop: Shop) -> None:
    shop.seed({**ADA, "loyaltyPoints": 100})
    shop.client.adjust("ada", -150, note="", campaign_id="", at=NOW)
    assert shop.points() == 0
    shop.behave(zeroNegatives=False)
    shop.client.adjust("ada", -150, note="", campaign_id="", at=NOW)
    assert shop.points() == -150


def test_redemptions_at_their_till(shop: Shop) -> None:
    shop.seed({**ADA, "loyaltyPoints": 100})
    shop.sandbox.ask("POST", f"/accounts/{shop.uid}/redemptions", {"contactID": "ada", "points": 40})
    (change,) = shop.client.redemptions(NOW - timedelta(hours=1), NOW + timedelta(hours=1))
    assert (change.contact_id, change.points, shop.points()) == ("ada", 40, 60)


def test_merges_and_edits_move_balances_without_an_entry(shop: Shop) -> None:
    shop.seed({**ADA, "loyaltyPoints": 100}, {"contactID": "old", "loyaltyPoints": 7})
    shop.sandbox.ask("POST", f"/accounts/{shop.uid}/merges", {"kept": "ada", "gone": "old"})
    assert shop.points() == 107
    shop.seed({"contactID": "ada", "loyaltyPoints": 3})
    assert shop.points() == 3
    assert list(shop.client.adjustments(NOW - timedelta(hours=1), NOW + timedelta(hours=1))) == []


def test_a_sale_earns_at_once_or_late(shop: Shop) -> None:
    shop.seed({**ADA, "loyaltyPoints": 0})
    shop.client.push_sale(sale("o1", 4999))
    assert shop.points() == 49
    shop.behave(lagSeconds=3600)
    shop.client.push_sale(sale("o2", 1000))
    assert shop.points() == 49
    assert shop.client.contact("ada").spent_cents == 5999
    pushed = shop.sandbox.account(shop.uid)["sales"][0]
    assert pushed["member"] == {"mobilePhone": "4155550101"}
    assert pushed["visit"] == {
        "pos_id": "o1",
        "pos_user": "till",
        "pos_type": "alleaves",
        "transaction_date": f"{NOW:%Y-%m-%d %H:%M:%S} +0000",
        "location": "north",
        "visit_details_attributes": [
            {
                "sku": "sku1",
                "category": "Edibles",
                "name": "Sour Gummies",
                "price": 49.99,
                "discount": 0.0,
                "quantity": 1,
            }
        ],
        "transaction_total": 49.99,
        "send_notification": False,
    }


def test_a_sale_of_somebody_unknown_makes_a_contact_but_no_member(shop: Shop) -> None:
    shop.client.push_sale(sale("o1", 4999, Member(email="bo@example.com", first_name="Bo")))
    (contact,) = shop.client.search("email:bo@example.com")
    assert (contact.first_name, contact.loyalty, contact.loyalty_points, contact.spent_cents) == (
        "Bo",
        False,
        None,
        4999,
    )


@pytest.mark.parametrize(("knows_sales", "points"), [(False, 20), (True, 10)])
def test_a_sale_told_twice(shop: Shop, knows_sales: bool, points: int) -> None:
    shop.behave(knowsSales=knows_sales)
    shop.seed({**ADA, "loyaltyPoints": 0})
    for _ in range(2):
        shop.client.push_sale(sale("o1", 1000))
    assert shop.points() == points


def test_enrolling_makes_a_member(shop: Shop) -> None:
    shop.client.enrol(Member(email="bo@example.com", mobile_phone="4155550102"))
    assert shop.client.lookup("4155550102").wallet.points == 0


def test_opting_in_and_out(shop: Shop) -> None:
    shop.client.opt_in_text("4155550101", True)
    shop.client.opt_in_text("4155550101", False)
    shop.client.opt_in_email("jo+e@example.com", False)
    assert shop.sandbox.account(shop.uid)["opt_ins"] == {"text:4155550101": False, "email:jo+e@example.com": False}


def test_a_wrong_key_is_refused_and_asked_once(shop: Shop) -> None:
    wrong = AlpineIq(AlpineIqConfig(shop.uid, "wrong", shop.config.base_url), budget=QUICK)
    with pytest.raises(Refused) as raised:
        wrong.contact("ada")
    assert (raised.value.reason, raised.value.status, shop.asked) == ("credentials", 403, 1)


def test_a_key_opens_its_own_account_only(shop: Shop) -> None:
    other = Shop(shop.sandbox)
    with pytest.raises(Refused):
        AlpineIq(AlpineIqConfig(other.uid, shop.config.api_key, shop.config.base_url)).contact("ada")


def test_a_wrong_base_address_makes_nobody_a_stranger(shop: Shop) -> None:
    shop.seed({**ADA})
    misled = AlpineIq(AlpineIqConfig(shop.uid, shop.config.api_key, shop.config.base_url + "/v3"), budget=QUICK)
    with pytest.raises(Malformed) as raised:
        misled.lookup("4155550101")
    assert raised.value.reason == "foreign_404"


def test_what_it_has_told_of_whom_is_kept_until_it_is_asked_for(shop: Shop) -> None:
    shop.seed({**ADA, "loyaltyPoints": 40})
    shop.points()
    shop.client.search("4155550101")
    told = {"contactID": "ada", "loyalty": True, "loyaltyPoints": 40}
    assert shop.sandbox.ask("DELETE", f"/accounts/{shop.uid}/told") == [told, told]
    assert shop.sandbox.ask("DELETE", f"/accounts/{shop.uid}/told") == []


def test_a_list_that_shifts_while_it_is_read_passes_over_some(shop: Shop) -> None:
    shop.seed(*many(10))
    shop.behave(pageMax=3, shifts=True)
    told = [contact.contact_id for contact in shop.all()]
    assert shop.asked > 4
    assert len(set(told)) < 10
