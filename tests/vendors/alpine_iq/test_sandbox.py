"""The client against the sandbox: every endpoint, what time and Alpine IQ's habits do, and each failure, one by one."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from emulator.vendors.client import SandboxClient
from lib.vendors.alpine_iq.client import AlpineIq
from lib.vendors.alpine_iq.config import AlpineIqConfig
from lib.vendors.alpine_iq.wire import Contact, Member, Sale, SaleLine
from lib.vendors.errors import Ambiguous, Malformed, NotFound, Refused, Unavailable
from lib.vendors.http import Budget
from lib.vendors.limiter import Rate

QUICK = Budget("quick", read_seconds=0.5, total_seconds=30, tries=3, backoff_seconds=0.001)
ADA = {"contactID": "ada", "email": "ada@example.com", "mobilePhone": "4155550101", "loyalty": True}
NOW = datetime.now(UTC)


class Shop:
    """An account of its own, its sandbox and a client."""

    def __init__(self, sandbox: SandboxClient) -> None:
        self.sandbox = sandbox
        self.uid = str(uuid.uuid4().int)[:12]
        self.config = AlpineIqConfig(self.uid, uuid.uuid4().hex, sandbox.base_url)
        self.client = AlpineIq(self.config, budget=QUICK, rate=Rate(1000))
        self.behave(apiKey=self.config.api_key)

    def behave(self, **settings: Any) -> None:
        self.sandbox.put_account(self.uid, **settings)

    def seed(self, *contacts: dict[str, Any]) -> None:
        self.sandbox.put(self.uid, "contacts", contacts)

    def points(self, contact_id: str = "ada") -> int | None:
        return self.client.contact(contact_id).loyalty_points

    def all(self, page_size: int = 2000) -> list[Contact]:
        return [contact for page in self.client.contacts(page_size) for contact in page]

    @property
    def asked(self) -> int:
        total: int = self.sandbox.requests()["total"]
        return total


@pytest.fixture
def shop(alpine_iq_sandbox: SandboxClient) -> Shop:
    return Shop(alpine_iq_sandbox)


def sale(pos_id: str, cents: int, member: Member | None = None) -> Sale:
    line = SaleLine("sku1", "Sour Gummies", "Edibles", cents, 1)
    return Sale(pos_id, member or Member(mobile_phone="4155550101"), NOW, cents, (line,), "north", "till", "alleaves")


def many(count: int) -> list[dict[str, Any]]:
    return [{"contactID": f"c{n:05}", "loyaltyPoints": n, "loyalty": True} for n in range(count)]


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
