"""Customers of the till: written where they are known already, made where they are not, and never twice."""

import pytest

from emulator.client import StackClient
from tests.usecases.pos.shop import ORG, Shop
from tests.usecases.pos.test_pulling import UNCHANGED, spent

ANN = {"name_first": "Ann", "name_last": "Lee", "email": "ann@example.com", "phone": "(201) 555-0123"}


def test_somebody_new(shop: Shop) -> None:
    shop.enrol(77, **ANN, date_of_birth="1990-05-17", customer_since="2024-02-29", alpine_user_code="a1b2")
    shop.pull()
    found = shop.customer(f"{ORG}_77")
    del found["createdAt"], found["updatedAt"]
    assert found == {
        "id": f"{ORG}_77",
        "orgId": ORG,
        "email": "ann@example.com",
        "phone": "+12015550123",
        "phoneDigits": "12015550123",
        "phoneLast4": "0123",
        "firstName": "Ann",
        "lastName": "Lee",
        "displayName": "Ann Lee",
        "firstNameLower": "ann",
        "alleavesCustomerId": "cid_77",
        "alleavesCustomerSince": "2024-02-29T00:00:00+00:00",
        "alpineUserId": "a1b2",
        "birthDate": "1990-05-17",
        "dateOfBirth": "1990-05-17",
        "birthdayMonthDay": "05-17",
        "source": "alleaves_sync",
    }


@pytest.mark.parametrize("email", ["no-email@alleaves.local", "", None])
def test_without_an_address_the_dashboards_list_shows_them_all_the_same(shop: Shop, email: str | None) -> None:
    shop.enrol(77, email=email)
    shop.enrol(78, email=email)
    shop.pull()
    assert shop.customer(f"{ORG}_77")["email"] == "customer_77@alleaves.local"
    assert shop.customer_ids() == {f"{ORG}_77", f"{ORG}_78"}


@pytest.mark.parametrize(
    ("document", "fields"),
    [
        (f"{ORG}_phone_2015550123", {}),
        (f"{ORG}_phone_12015550123", {}),
        (f"{ORG}_alleaves_77", {}),
        ("auto1", {"email": "ann@example.com"}),
        ("auto2", {"phone": "2015550123"}),
        ("auto3", {"alleavesCustomerId": "cid_77"}),
    ],
)
def test_who_is_known_already_is_not_made_again(shop: Shop, document: str, fields: dict[str, str]) -> None:
    shop.client.document("customers", document).set({"orgId": ORG, "customTags": ["vip"], "points": 9, **fields})
    shop.enrol(77, **ANN, alpine_user_code="a1b2")
    shop.pull()
    assert shop.customer_ids() == {document}
    found = shop.customer(document)
    assert (found["alleavesCustomerId"], found["alpineUserId"]) == ("cid_77", "a1b2")
    assert (found["customTags"], found["points"], "loyalty" in found) == (["vip"], 9, False)


def test_what_somebody_entered_stays(shop: Shop) -> None:
    entered = {"firstName": "Annie", "email": "a.lee@example.com", "phone": "+12015550199", "birthDate": "1991-01-01"}
    shop.client.document("customers", f"{ORG}_77").set({"orgId": ORG, **entered})
    shop.enrol(77, **ANN, date_of_birth="1990-05-17")
    shop.pull()
    found = shop.customer(f"{ORG}_77")
    assert {name: found[name] for name in entered} == entered
    assert found["dateOfBirth"] == "1990-05-17"
    assert "lastName" not in found


def test_a_placeholder_gives_way_to_an_address(shop: Shop) -> None:
    shop.enrol(77)
    shop.pull()
    shop.enrol(77, email="ann@example.com")
    shop.pull()
    assert shop.customer(f"{ORG}_77")["email"] == "ann@example.com"
    shop.enrol(77, email="no-email@alleaves.local")
    shop.pull()
    assert shop.customer(f"{ORG}_77")["email"] == "ann@example.com"


def test_a_household_that_shares_a_number_stays_two(shop: Shop) -> None:
    shop.enrol(77, phone="2015550123", alpine_user_code="first")
    shop.pull()
    shop.enrol(78, phone="2015550123", alpine_user_code="second")
    shop.pull()
    assert [shop.customer(f"{ORG}_{number}")["alpineUserId"] for number in (77, 78)] == ["first", "second"]


def test_an_order_finds_who_was_written(shop: Shop) -> None:
    shop.enrol(77, **ANN)
    shop.sell(1)
    shop.pull()
    shop.record(1)
    assert shop.customer_ids() == {f"{ORG}_77"}
    found = shop.customer(f"{ORG}_77")
    assert (found["points"], found["firstName"], found["email"]) == (50, "Ann", "ann@example.com")


def test_the_document_of_another_shop_is_left_alone(shop: Shop) -> None:
    shop.client.document("customers", f"{ORG}_77").set({"orgId": "org_b", "points": 5})
    shop.enrol(77, **ANN)
    assert shop.pull()
    assert shop.customer(f"{ORG}_77") == {"orgId": "org_b", "points": 5}


def test_what_the_till_adds_up_is_no_change(shop: Shop, usage: StackClient) -> None:
    shop.enrol(77, **ANN, total_spent=10, order_count=1)
    shop.pull()
    shop.enrol(77, total_spent=60, order_count=2, loyalty_points=5, last_order_date="2026-11-20")
    usage.reset_usage()
    shop.pull()
    assert spent(usage) == UNCHANGED
