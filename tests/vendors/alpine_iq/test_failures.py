"""The client against a sandbox that fails: each way of failing on each endpoint, one by one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from lib.vendors.alpine_iq.client import AlpineIq
from lib.vendors.alpine_iq.wire import Member
from lib.vendors.errors import Ambiguous, Malformed, Refused, Unavailable
from lib.vendors.http import Budget
from tests.vendors.alpine_iq.shop import ADA, NOW, Shop, many, sale

Read = Callable[[Shop], object]
READS: dict[str, Read] = {
    "contacts": lambda shop: shop.all(),
    "search": lambda shop: shop.client.search("4155550101"),
    "contact": lambda shop: shop.client.contact("ada"),
    "lookup": lambda shop: shop.client.lookup("4155550101"),
    "wallet": lambda shop: shop.client.wallet("4155550101"),
    "adjustments": lambda shop: shop.client.adjustments(NOW, NOW),
    "redemptions": lambda shop: shop.client.redemptions(NOW, NOW),
    "opt in": lambda shop: shop.client.opt_in_text("4155550101", True),
}
WRITES: dict[str, Read] = {
    "adjust": lambda shop: shop.client.adjust("ada", 5, note="", campaign_id="", at=NOW),
    "sale": lambda shop: shop.client.push_sale(sale("o1", 1000)),
    "enrol": lambda shop: shop.client.enrol(Member(email="bo@example.com")),
}
PASSING: dict[str, dict[str, Any]] = {
    "429": {"kind": "status", "status": 429, "retryAfter": 0},
    "500": {"kind": "status", "status": 500},
    "503 of a gateway": {"kind": "status", "status": 503, "html": True},
    "HTML": {"kind": "html"},
    "cut body": {"kind": "cut_body"},
    "cut JSON": {"kind": "cut_json"},
}


@pytest.mark.parametrize("fault", PASSING)
@pytest.mark.parametrize("read", READS)
def test_what_passes_is_read_again(shop: Shop, read: str, fault: str) -> None:
    shop.seed({**ADA, "loyaltyPoints": 5})
    expected = READS[read](shop)
    shop.sandbox.fail(**PASSING[fault], times=2)
    assert READS[read](shop) == expected


@pytest.mark.parametrize("fault", PASSING)
@pytest.mark.parametrize("read", READS)
def test_what_stays_is_unknown_and_never_an_answer(shop: Shop, read: str, fault: str) -> None:
    shop.seed({**ADA})
    shop.sandbox.fail(**PASSING[fault], times=None)
    with pytest.raises((Unavailable, Malformed)):
        READS[read](shop)
    assert shop.asked == 3


def times_done(shop: Shop, write: str) -> int:
    account = shop.sandbox.account(shop.uid)
    newcomers = [contact for contact in account["contacts"] if contact != "ada"]
    return len({"adjust": account["adjustments"], "sale": account["sales"], "enrol": newcomers}[write])


@pytest.mark.parametrize("write", WRITES)
@pytest.mark.parametrize("fault", [*[name for name in PASSING if name != "429"], "hang"])
def test_a_write_of_unknown_outcome_is_not_repeated(shop: Shop, write: str, fault: str) -> None:
    shop.seed({**ADA, "loyaltyPoints": 0})
    shop.sandbox.fail(**PASSING.get(fault, {"kind": "hang"}), afterEffect=True)
    with pytest.raises(Ambiguous):
        WRITES[write](shop)
    assert (shop.asked, times_done(shop, write)) == (1, 1)


@pytest.mark.parametrize("write", WRITES)
def test_a_write_that_was_throttled_is_done_once(shop: Shop, write: str) -> None:
    shop.seed({**ADA, "loyaltyPoints": 0})
    shop.sandbox.fail(**PASSING["429"], times=2)
    WRITES[write](shop)
    assert (shop.asked, times_done(shop, write)) == (3, 1)


@pytest.mark.parametrize("do", [*READS, *WRITES])
def test_success_false_is_a_refusal(shop: Shop, do: str) -> None:
    shop.sandbox.fail("success_false", times=None)
    with pytest.raises(Refused) as raised:
        (READS | WRITES)[do](shop)
    assert (raised.value.status, raised.value.code, shop.asked) == (200, "sandbox", 1)


def test_a_read_that_hangs_is_given_up_and_made_again(shop: Shop) -> None:
    shop.seed({**ADA, "loyaltyPoints": 5})
    shop.sandbox.fail("hang")
    assert shop.points() == 5
    shop.sandbox.fail("hang", times=None)
    with pytest.raises(Unavailable) as raised:
        shop.points()
    assert raised.value.reason == "timeout"


def test_half_a_page_loses_nobody(shop: Shop) -> None:
    shop.seed(*many(40))
    shop.sandbox.fail("half_page", skip=1, times=2)
    assert len({contact.contact_id for contact in shop.all(10)}) == 40
    assert len(shop.all(10)) == 40


def test_the_same_page_again_is_a_fault(shop: Shop) -> None:
    shop.seed(*many(40))
    shop.sandbox.fail("same_page", times=None)
    with pytest.raises(Malformed) as raised:
        shop.all(10)
    assert raised.value.reason == "page_repeated"


def test_contacts_that_come_twice_are_all_given(shop: Shop) -> None:
    shop.seed(*many(6))
    shop.sandbox.fail("duplicates", times=None)
    assert sorted(contact.contact_id or "" for contact in shop.all(10)) == sorted([f"c{n:05}" for n in range(6)] * 2)


def test_two_contacts_of_one_person_are_both_given(shop: Shop) -> None:
    shop.seed({**ADA}, {**ADA, "contactID": "ada2"})
    assert [contact.contact_id for contact in shop.client.search("4155550101")] == ["ada", "ada2"]


def test_points_of_a_wrong_type_are_neither_zero_nor_missing(shop: Shop) -> None:
    shop.seed({**ADA, "loyaltyPoints": 5, "spent": 12.5})
    shop.sandbox.fail("wrong_types", field="loyaltyPoints", times=None)
    (contact,) = shop.all()
    assert (contact.loyalty_points, contact.spent_cents) == (None, 1250)
    assert contact.unreadable == {"loyaltyPoints"}


def test_a_list_of_a_wrong_type_is_no_empty_list(shop: Shop) -> None:
    shop.seed({**ADA})
    shop.sandbox.fail("wrong_types", field="results")
    with pytest.raises(Malformed):
        shop.all()


def test_a_failure_in_the_middle_ends_a_list_with_an_error(shop: Shop) -> None:
    shop.seed(*many(40))
    shop.sandbox.fail("status", skip=2, times=None)
    pages = shop.client.contacts(10)
    assert len([next(pages), next(pages)]) == 2
    with pytest.raises(Unavailable):
        next(pages)


def test_the_till_waits_for_one_short_try(shop: Shop) -> None:
    shop.seed({**ADA})
    till = AlpineIq(shop.config, budget=Budget("counter", read_seconds=0.1, total_seconds=0.5, tries=1))
    shop.sandbox.fail("delay", seconds=5, times=None)
    with pytest.raises(Unavailable):
        till.contact("ada")
    assert shop.asked == 1
    shop.sandbox.heal()
    assert till.contact("ada").contact_id == "ada"


def test_an_answer_about_somebody_else_is_no_answer(shop: Shop) -> None:
    shop.seed(ADA, {"contactID": "bo", "mobilePhone": "4155550102", "loyalty": True, "loyaltyPoints": 7})
    shop.sandbox.fail("same_page", times=None)
    assert shop.client.contact("bo").loyalty_points == 7
    with pytest.raises(Malformed):
        shop.client.contact("ada")
